//! Records of a small file: all cells as text.

use std::path::Path;

use super::{header_of, no_rows, record::Fields};
use crate::data::{
    error::Error,
    header::Header,
    source::{FileFact, Source},
};

/// The largest file that is read as records, in bytes.
const RECORDS_BYTES_MAX: u64 = 64 << 20;

/// One line of a file.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

/// Reads a whole file as text, line by line; blank lines are left out.
///
/// # Errors
/// The file cannot be read, is no CSV, has no rows, or is too large.
pub(crate) fn records(path: &Path) -> Result<(Header, Vec<Record>, FileFact), Error> {
    let mut source = Source::open(path, RECORDS_BYTES_MAX)?;
    let mut bytes = vec![0; usize::try_from(source.bytes()).unwrap_or(usize::MAX)];
    let filled = source.fill(&mut bytes)?;
    bytes.truncate(filled);
    let Some((header, separator, mut at)) = header_of(path, &bytes, true)? else {
        return Err(no_rows(path));
    };
    let (mut fields, mut line, mut found) = (Fields::default(), 2, Vec::new());
    while at < bytes.len() {
        let Some(next) = fields.split(&bytes, at, separator, true) else { break };
        if !fields.is_blank() {
            let cells = fields.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
            found.push(Record { line, cells: cells.collect() });
        }
        line += 1 + fields.lines_inside;
        at = next;
    }
    if found.is_empty() {
        return Err(no_rows(path));
    }
    let fact = source.finish(found.len() as u64)?;
    Ok((header, found, fact))
}
