//! Arrow: a file of the IPC format (`.arrow`, `.feather` in version 2, streams) becomes a table.
//!
//! Read are flat columns: times as timestamps, dates, numbers or text; prices as floats, decimals,
//! integers or text; text also by dictionary; uncompressed or with LZ4, as pyarrow and pandas write
//! by default.
//! Promises: the bytes that are hashed are the bytes that are parsed (the file is read into memory
//! first); any bytes give a table or an error, and sizes are looked at before anything is made of
//! them; rows are counted from 1.
//! Not here: nested columns, Zstandard and Feather of version 1; their errors say what to do.

mod column;
mod size;

use std::{io::Cursor, path::Path};

use arrow_array::RecordBatchReader;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Schema};

use super::{
    caught::caught,
    csv::Choose,
    error::Error,
    groups::{Rows, refuse_clock},
    header::Header,
    source::Source,
    stamp,
    table::{COLUMNS_MAX, Cell, ReadFile, Table},
};

/// The largest Arrow file, in bytes; it is held in memory while it is read.
pub const ARROW_BYTES_MAX: u64 = 2 << 30;
/// How far the columns of one batch may grow when they are unpacked, in bytes.
pub const ARROW_UNPACKED_BYTES_MAX: i64 = 8 << 30;
/// How a file begins and ends.
const MAGIC: &[u8] = b"ARROW1";
/// What stands before each message.
const MARK: [u8; 4] = [0xff; 4];

/// Reads a whole file.
///
/// # Errors
/// The file cannot be read, is damaged, or uses what is not supported.
pub(crate) fn read(
    path: &Path,
    stamps: stamp::Reader,
    choose: &Choose<'_>,
) -> Result<ReadFile, Error> {
    let mut source = Source::open(path, ARROW_BYTES_MAX)?;
    let mut bytes = vec![0; usize::try_from(source.bytes()).unwrap_or(usize::MAX)];
    let filled = source.fill(&mut bytes)?;
    bytes.truncate(filled);
    refuse_other_formats(path, &bytes)?;
    let table = match caught(|| read_bytes(path, &bytes, stamps, choose)) {
        Some(table) => table?,
        None => return Err(damaged(path, "its parts contradict each other")),
    };
    let fact = source.finish(table.rows_read)?;
    if table.rows_read == 0 {
        return Err(Error::Empty { path: path.to_owned(), what: "columns but no rows" });
    }
    Ok(ReadFile { table, fact })
}

fn read_bytes(
    path: &Path,
    bytes: &[u8],
    mut stamps: stamp::Reader,
    choose: &Choose<'_>,
) -> Result<Table, Error> {
    size::check(path, bytes)?;
    let broken = |why: ArrowError| damaged(path, &one_line(&why));
    let schema = open(bytes, None).map_err(broken)?.schema();
    let header = header(path, &schema)?;
    let mut plan = choose(&header)?;
    refuse_clock(&header, &plan.cells)?;
    refuse_unreadable(path, &schema, &mut plan.cells)?;
    let columns = in_order(&plan.cells);
    let mut table = Table::new(header, plan, 0);
    let mut rows = Rows::default();
    let mut sorted = columns.clone();
    sorted.sort_unstable();
    for batch in open(bytes, Some(sorted.clone())).map_err(broken)? {
        let batch = batch.map_err(broken)?;
        for column in &columns {
            let place = sorted.binary_search(column).unwrap_or_default();
            let array = batch.column(place);
            let meaning = column::meaning(array.data_type());
            for (from, part) in column::parts(array) {
                let values = column::values(&part);
                rows.store(&mut table, &mut stamps, (*column, from), meaning, values);
            }
        }
        rows.end_group(&mut table);
    }
    table.symbols = std::mem::take(&mut rows.symbols).into_names();
    rows.remove_wrong(&mut table);
    table.note_stamps(&stamps);
    Ok(table)
}

/// Begins to read a file or a stream; of its columns all, or some by their places.
fn open(
    bytes: &[u8],
    columns: Option<Vec<usize>>,
) -> Result<Box<dyn RecordBatchReader + '_>, ArrowError> {
    Ok(match is_stream(bytes) {
        true => Box::new(StreamReader::try_new(bytes, columns)?),
        false => Box::new(FileReader::try_new(Cursor::new(bytes), columns)?),
    })
}

/// Whether bytes begin with the mark that comes before each message, and not as a file.
fn is_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(&MARK)
}

/// The columns that are read, the time first: problems of others name it.
fn in_order(cells: &[Cell]) -> Vec<usize> {
    let time = (0..cells.len()).filter(|column| cells[*column] == Cell::Time);
    let is_read = |column: &usize| !matches!(cells[*column], Cell::Time | Cell::Skip);
    time.chain((0..cells.len()).filter(is_read)).collect()
}

fn header(path: &Path, schema: &Schema) -> Result<Header, Error> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    if names.len() > COLUMNS_MAX {
        return Err(too_many(path, "columns", names.len() as u64, COLUMNS_MAX as u64));
    }
    Ok(Header { path: path.to_owned(), names })
}

/// Refuses planned columns of a type that is not read; columns that need not be numbers are left
/// out instead.
fn refuse_unreadable(path: &Path, schema: &Schema, cells: &mut [Cell]) -> Result<(), Error> {
    for (field, cell) in schema.fields().iter().zip(cells) {
        if *cell == Cell::Skip || column::is_readable(field.data_type()) {
            continue;
        }
        if matches!(cell, Cell::MaybeNumber(_)) {
            *cell = Cell::Skip;
            continue;
        }
        return Err(Error::Format {
            path: path.to_owned(),
            what: format!(
                "holds values of type {} in column `{}`",
                field.data_type(),
                field.name()
            ),
            hint: "write one number, text or time per row and column".into(),
        });
    }
    Ok(())
}

fn refuse_other_formats(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let format = |what: &str, hint: &str| {
        Err(Error::Format { path: path.to_owned(), what: what.into(), hint: hint.into() })
    };
    match (bytes.starts_with(MAGIC), bytes.ends_with(MAGIC)) {
        (true, true) if bytes.len() > 24 => Ok(()),
        _ if is_stream(bytes) => Ok(()),
        (true, _) => {
            format("is a truncated Arrow file: its end is missing", "copy or write the file again")
        }
        _ if bytes.starts_with(b"FEA1") => format(
            "is a Feather file of version 1",
            "write it again: `pyarrow.feather.write_feather(table, path)`",
        ),
        _ if bytes.starts_with(b"PAR1") => {
            format("is a Parquet file", "set `data.source: parquet`")
        }
        _ => format(
            "is not an Arrow file: it does not start with `ARROW1`",
            "give an Arrow file, or set `data.source: csv`",
        ),
    }
}

fn too_many(path: &Path, what: &str, found: u64, limit: u64) -> Error {
    Error::TooLarge { path: path.to_owned(), what: format!("too many {what}"), found, limit }
}

fn one_line(why: &ArrowError) -> String {
    let text = why.to_string();
    super::problem::shown_long(text.lines().next().unwrap_or_default())
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::Format {
        path: path.to_owned(),
        what: format!("is a damaged Arrow file: {why}"),
        hint: "copy or write the file again".into(),
    }
}
