//! CSV: a text file becomes a table, in one pass over its bytes.
//!
//! Separators `,` `;` tab and `|` are told apart by the header; quotes, CRLF, a byte-order mark
//! and blank lines are understood. Plain rows go through `fast`, all others through `row`.
//! Promises: any bytes give a table or an error, never a panic; memory is the columns, one block
//! and one line; a line is at most `LINE_BYTES_MAX` long.

mod fast;
mod number;
mod record;
mod records;
mod row;
mod sniff;

use std::path::Path;

use super::{
    error::Error,
    header::Header,
    source::{FILE_BYTES_MAX, Source},
    stamp,
    table::{COLUMNS_MAX, Plan, ROWS_MAX, ReadFile, Symbols, Table},
};

pub(crate) use number::{cell_number, cell_price};
pub(crate) use records::{Record, records};

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much is read at once; small enough to stay in the cache between hashing and parsing.
const BLOCK_BYTES: usize = 256 << 10;
/// Rows that are reserved ahead, at most.
const ROWS_RESERVED_MAX: u64 = 4_000_000;

/// Decides from the header which columns are read.
pub(crate) type Choose<'a> = dyn Fn(&Header) -> Result<Plan, Error> + 'a;

/// Reads a whole file.
///
/// # Errors
/// The file cannot be read, is not a CSV, or breaks a limit. Wrong cells are no errors; they are
/// in the table's problems.
pub(crate) fn read(
    path: &Path,
    stamps: stamp::Reader,
    choose: &Choose<'_>,
) -> Result<ReadFile, Error> {
    let mut source = Source::open(path, FILE_BYTES_MAX)?;
    let mut parser: Option<Parser> = None;
    let mut stamps = Some(stamps);
    // One byte more than the file, so that a block that is not full means its end.
    let size = usize::try_from(source.bytes()).unwrap_or(usize::MAX);
    let mut block = vec![0_u8; BLOCK_BYTES.min(size.saturating_add(1))];
    let mut held = 0;
    loop {
        let filled = source.fill(&mut block[held..])?;
        let end = held + filled;
        let is_last = end < block.len();
        let text = &block[..end];
        let used = match (&mut parser, stamps.take()) {
            (Some(parser), _) => parser.feed(text, is_last)?,
            (None, Some(reader)) => match header_of(path, text, is_last)? {
                Some((header, separator, start)) => {
                    let rows = rows_expected(source.bytes(), &text[start..]);
                    let table = Table::new(header.clone(), choose(&header)?, rows);
                    let parser = parser.insert(Parser::new(table, reader, separator));
                    start + parser.feed(&text[start..], is_last)?
                }
                None => {
                    stamps = Some(reader);
                    0
                }
            },
            (None, None) => unreachable!("the reader leaves only into the parser"),
        };
        if is_last {
            break;
        }
        block.copy_within(used..end, 0);
        held = end - used;
        if held == block.len() {
            let line = parser.as_ref().map_or(1, |p| p.line);
            if held > LINE_BYTES_MAX {
                return Err(too_long(path, line, held));
            }
            block.resize(2 * held, 0);
        }
    }
    let mut table = parser.ok_or_else(|| no_rows(path))?.finish();
    let fact = source.finish(table.rows_read)?;
    if table.rows_read == 0 {
        return Err(no_rows(path));
    }
    table.notes.retain(|note| !note.is_empty());
    Ok(ReadFile { table, fact })
}

fn no_rows(path: &Path) -> Error {
    Error::Empty { path: path.to_owned(), what: "a header but no rows" }
}

fn too_long(path: &Path, line: u64, bytes: usize) -> Error {
    Error::TooLarge {
        path: path.to_owned(),
        what: format!("too many bytes in line {line}"),
        found: bytes as u64,
        limit: LINE_BYTES_MAX as u64,
    }
}

/// The header, the separator and where the rows start; `None` while the first line is incomplete.
fn header_of(
    path: &Path,
    text: &[u8],
    is_last: bool,
) -> Result<Option<(Header, u8, usize)>, Error> {
    let skip = sniff::refuse_other_formats(path, text)?;
    let text = &text[skip..];
    let mut fields = record::Fields::default();
    let separator = sniff::separator(text);
    let Some(end) = fields.split(text, 0, separator, is_last) else {
        return Ok(None);
    };
    if end > LINE_BYTES_MAX {
        return Err(too_long(path, 1, end));
    }
    let names = fields.iter().map(|f| String::from_utf8_lossy(f).trim().to_owned()).collect();
    let header = Header { path: path.to_owned(), names };
    if header.names.len() > COLUMNS_MAX {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            what: "too many columns".into(),
            found: header.names.len() as u64,
            limit: COLUMNS_MAX as u64,
        });
    }
    sniff::refuse_missing_header(&header)?;
    Ok(Some((header, separator, skip + end)))
}

/// A guess from the first rows at how many there are, to reserve memory once.
fn rows_expected(file_bytes: u64, rows: &[u8]) -> usize {
    const LOOKED_AT: usize = 16 << 10;
    let seen = &rows[..rows.len().min(LOOKED_AT)];
    #[expect(clippy::naive_bytecount, reason = "a few kilobytes, once per file")]
    let lines = seen.iter().filter(|b| **b == b'\n').count().max(1) as u64;
    let rows = file_bytes.saturating_mul(lines) / (seen.len().max(1) as u64);
    let reserved = (rows + rows / 32 + 16).min(ROWS_RESERVED_MAX);
    usize::try_from(reserved).unwrap_or(0)
}

/// Reads rows into a table.
struct Parser {
    table: Table,
    stamps: stamp::Reader,
    separator: u8,
    /// The line of the next row.
    line: u64,
    fields: record::Fields,
    symbols: Symbols,
    blank_rows: u64,
}

impl Parser {
    fn new(table: Table, stamps: stamp::Reader, separator: u8) -> Self {
        Self {
            table,
            stamps,
            separator,
            line: 2,
            fields: record::Fields::default(),
            symbols: Symbols::default(),
            blank_rows: 0,
        }
    }

    /// Reads the complete rows of `text` (all of them, if it is the last); says how much was used.
    fn feed(&mut self, text: &[u8], is_last: bool) -> Result<usize, Error> {
        let complete = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let mut at = 0;
        while at < complete {
            let rows = self.table.time.len();
            let mark = self.stamps.mark();
            at = match self.fast_row(&text[..complete], at) {
                Some(next) => {
                    self.table.lines.note(rows, self.line);
                    self.line += 1;
                    self.table.rows_read += 1;
                    next
                }
                None => {
                    self.table.truncate(rows);
                    self.stamps.rewind(mark);
                    match self.any_row(text, at, is_last)? {
                        Some(next) => next,
                        None => return Ok(at),
                    }
                }
            };
            if self.table.rows_read > ROWS_MAX {
                return Err(self.too_many_rows());
            }
        }
        if is_last && at < text.len() {
            at = self.any_row(text, at, true)?.unwrap_or(text.len());
        }
        Ok(at)
    }

    fn too_many_rows(&self) -> Error {
        Error::TooLarge {
            path: self.table.header.path.clone(),
            what: "too many rows".into(),
            found: self.table.rows_read,
            limit: ROWS_MAX,
        }
    }

    fn finish(mut self) -> Table {
        if self.blank_rows > 0 {
            self.table.notes.push(format!("{} empty rows were skipped", self.blank_rows));
        }
        self.table.note_stamps(&self.stamps);
        self.table.symbols = self.symbols.into_names();
        self.table
    }
}
