//! What a file is, from its first bytes: refuses what is no CSV, with words that help.

use std::path::Path;

use crate::data::{error::Error, header::Header, problem::shown};

/// Checks that these first bytes can be a CSV; says how many of them are a byte-order mark.
pub(super) fn refuse_other_formats(path: &Path, text: &[u8]) -> Result<usize, Error> {
    let start = text.trim_ascii_start();
    let (what, hint) = match text {
        [0xEF, 0xBB, 0xBF, ..] => return Ok(3),
        [b'P', b'A', b'R', b'1', ..] => ("is a Parquet file", "set `data.source: parquet`"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => {
            ("is an Arrow file", "set `data.source: arrow`")
        }
        [0x1F, 0x8B, ..] => ("is compressed with gzip", "unpack it first: `gunzip FILE`"),
        [b'P', b'K', 3, 4, ..] => {
            ("is a ZIP archive or a spreadsheet", "unpack it, or save the sheet as CSV")
        }
        [0x28, 0xB5, 0x2F, 0xFD, ..] => ("is compressed with zstd", "unpack it: `unzstd FILE`"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => ("is UTF-16 text", "save it as UTF-8"),
        _ if start.starts_with(b"<") && !start.starts_with(b"<D") || starts_html(start) => {
            ("is HTML or XML, perhaps a page that says the download failed", "download it again")
        }
        _ if matches!(start.first(), Some(b'{' | b'[')) => {
            ("is JSON", "export it as CSV: a header line and one line per bar")
        }
        _ if text.iter().take(4_096).any(|b| *b == 0) => {
            ("is binary, not text", "give a CSV file, or set `data.source: parquet` or `arrow`")
        }
        _ => return Ok(0),
    };
    Err(Error::Format { path: path.to_owned(), what: what.into(), hint: hint.into() })
}

fn starts_html(text: &[u8]) -> bool {
    let start = &text[..text.len().min(9)];
    start.eq_ignore_ascii_case(b"<!doctype") || start.starts_with(b"<DIV")
}

/// The separator: the most frequent candidate in the first line, outside quotes.
pub(super) fn separator(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut in_quotes = false;
    for byte in text.iter().take_while(|b| **b != b'\n') {
        in_quotes ^= *byte == b'"';
        if let Some(entry) = counts.iter_mut().find(|(s, _)| s == byte && !in_quotes) {
            entry.1 += 1;
        }
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(s, _)| *s)
}

/// Refuses a first line that is already a row.
pub(super) fn refuse_missing_header(header: &Header) -> Result<(), Error> {
    let is_number = |name: &String| name.trim().parse::<f64>().is_ok();
    let numbers = header.names.iter().filter(|name| is_number(name)).count();
    let starts_as_row = header
        .names
        .first()
        .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()) && !name.contains(". "));
    if numbers > 0 && starts_as_row {
        return Err(Error::Format {
            path: header.path.clone(),
            what: format!(
                "has no header: its first line starts with `{}`",
                shown(header.names[0].as_bytes())
            ),
            hint: "add a first line such as `timestamp,open,high,low,close,volume`".into(),
        });
    }
    Ok(())
}
