//! Parquet: a columnar file becomes a table.
//!
//! Read are flat columns: times as TIMESTAMP, DATE, INT96, numbers or text; prices as DOUBLE,
//! FLOAT, DECIMAL, integers or text; uncompressed or with snappy, as pandas writes by default.
//! Promises: the bytes that are hashed are the bytes that are parsed (the file is read into
//! memory first); any bytes give a table or an error; rows are counted from 1.
//! Not here: nested columns, gzip, zstd, brotli and LZ4; their errors say what to do.

mod cell;
mod column;
mod pages;
mod write;

use std::path::Path;

use bytes::Bytes;
use parquet::{
    basic::Compression,
    column::reader::get_column_reader,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData},
        reader::{FileReader as _, RowGroupReader},
        serialized_reader::SerializedFileReader,
    },
};

use pages::Pages;
pub use write::{Cells, write_parquet};

use super::{
    caught::caught,
    csv::Choose,
    error::Error,
    groups::{Rows, refuse_clock},
    header::Header,
    source::Source,
    stamp,
    table::{COLUMNS_MAX, Cell, ROWS_MAX, ReadFile, Table},
};

/// The largest Parquet file, in bytes; it is held in memory while it is read.
pub const PARQUET_BYTES_MAX: u64 = 2 << 30;
/// How far the column that is read may grow when it is unpacked, in bytes.
pub const PARQUET_UNPACKED_BYTES_MAX: i64 = 8 << 30;

/// Reads a whole file.
///
/// # Errors
/// The file cannot be read, is damaged, or uses what is not supported.
pub(crate) fn read(
    path: &Path,
    stamps: stamp::Reader,
    choose: &Choose<'_>,
) -> Result<ReadFile, Error> {
    let mut source = Source::open(path, PARQUET_BYTES_MAX)?;
    let size = usize::try_from(source.bytes()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; size];
    let filled = source.fill(&mut bytes)?;
    bytes.truncate(filled);
    refuse_other_formats(path, &bytes)?;
    let bytes = Bytes::from(bytes);
    let table = match caught(|| read_bytes(path, bytes, stamps, choose)) {
        Some(table) => table?,
        None => return Err(damaged(path, "its pages contradict each other")),
    };
    let fact = source.finish(table.rows_read)?;
    if table.rows_read == 0 {
        return Err(Error::Empty { path: path.to_owned(), what: "columns but no rows" });
    }
    Ok(ReadFile { table, fact })
}

fn read_bytes(
    path: &Path,
    bytes: Bytes,
    mut stamps: stamp::Reader,
    choose: &Choose<'_>,
) -> Result<Table, Error> {
    let reader = SerializedFileReader::new(bytes).map_err(|why| broken(path, &why))?;
    let facts = reader.metadata();
    let header = header(path, facts)?;
    let mut plan = choose(&header)?;
    refuse_clock(&header, &plan.cells)?;
    refuse_unreadable(path, facts, &mut plan.cells)?;
    let mut table = Table::new(header, plan, 0);
    let mut rows = Rows::default();
    for group in 0..facts.num_row_groups() {
        let group = reader.get_row_group(group).map_err(|why| broken(path, &why))?;
        read_group(path, group.as_ref(), &mut table, &mut stamps, &mut rows)?;
        if table.rows_read > ROWS_MAX {
            return Err(too_many(path, "rows", table.rows_read, ROWS_MAX));
        }
    }
    table.symbols = std::mem::take(&mut rows.symbols).into_names();
    rows.remove_wrong(&mut table);
    table.note_stamps(&stamps);
    Ok(table)
}

/// Reads the planned columns of one row group, the time first: problems of others name it.
fn read_group(
    path: &Path,
    group: &dyn RowGroupReader,
    table: &mut Table,
    stamps: &mut stamp::Reader,
    rows: &mut Rows,
) -> Result<(), Error> {
    let expected = u64::try_from(group.metadata().num_rows())
        .map_err(|_| damaged(path, "a row group has a negative number of rows"))?;
    let cells = table.plan.cells.clone();
    let time = (0..cells.len()).filter(|c| cells[*c] == Cell::Time);
    let rest = (0..cells.len()).filter(|c| !matches!(cells[*c], Cell::Time | Cell::Skip));
    for column in time.chain(rest) {
        let facts = group.metadata().column(column);
        let pages = group.get_column_page_reader(column).map_err(|why| broken(path, &why))?;
        let reader = get_column_reader(facts.column_descr_ptr(), Box::new(Pages(pages)));
        let (meaning, mut from) = (cell::meaning(facts.column_descr()), 0);
        let mut take = |values: Vec<_>| {
            let count = values.len();
            rows.store(table, stamps, (column, from), meaning, values);
            from += count;
        };
        let count = column::values(reader, facts.column_descr(), expected, &mut take)
            .map_err(|why| broken(path, &why))?;
        if count != expected {
            return Err(damaged(path, "its columns have different numbers of rows"));
        }
    }
    rows.end_group(table);
    Ok(())
}

/// The columns of the file; those inside others are named by their path.
fn header(path: &Path, facts: &ParquetMetaData) -> Result<Header, Error> {
    let columns = facts.file_metadata().schema_descr().columns();
    if columns.len() > COLUMNS_MAX {
        return Err(too_many(path, "columns", columns.len() as u64, COLUMNS_MAX as u64));
    }
    let names = columns.iter().map(|c| c.path().string()).collect();
    Ok(Header { path: path.to_owned(), names })
}

/// Refuses planned columns that are nested or compressed in a way that is not built in; columns
/// that need not be numbers are left out instead where they are nested.
fn refuse_unreadable(
    path: &Path,
    facts: &ParquetMetaData,
    cells: &mut [Cell],
) -> Result<(), Error> {
    let descriptors = facts.file_metadata().schema_descr();
    for (column, cell) in cells.iter_mut().enumerate().filter(|(_, cell)| **cell != Cell::Skip) {
        let descriptor = descriptors.column(column);
        let name = descriptor.path().string();
        if descriptor.max_rep_level() > 0 || !cell::is_readable(&descriptor) {
            if matches!(cell, Cell::MaybeNumber(_)) {
                *cell = Cell::Skip;
                continue;
            }
            return Err(Error::Format {
                path: path.to_owned(),
                what: format!("holds {} in column `{name}`", cell::describe(&descriptor)),
                hint: "write one number, text or time per row and column".into(),
            });
        }
        for group in facts.row_groups() {
            refuse_chunk(path, &name, group.column(column))?;
        }
    }
    Ok(())
}

/// Refuses a column of a row group by what the file says about it.
fn refuse_chunk(path: &Path, name: &str, chunk: &ColumnChunkMetaData) -> Result<(), Error> {
    let method = chunk.compression();
    if !matches!(method, Compression::SNAPPY | Compression::UNCOMPRESSED) {
        return Err(compressed(path, method));
    }
    let start = chunk.dictionary_page_offset().unwrap_or(0).min(chunk.data_page_offset());
    let unpacked = chunk.uncompressed_size();
    if start.min(chunk.compressed_size()).min(unpacked) < 0 {
        return Err(damaged(path, "a column has a negative size"));
    }
    if unpacked > PARQUET_UNPACKED_BYTES_MAX {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            what: format!("too many bytes in column `{name}` once unpacked"),
            found: unpacked.unsigned_abs(),
            limit: PARQUET_UNPACKED_BYTES_MAX.unsigned_abs(),
        });
    }
    Ok(())
}

fn compressed(path: &Path, method: Compression) -> Error {
    let text = method.to_string();
    let method = text.split('(').next().unwrap_or_default().to_ascii_lowercase();
    Error::Format {
        path: path.to_owned(),
        what: format!("is compressed with {method}; snappy and uncompressed files can be read"),
        hint: "write it again: polars `df.write_parquet(path, compression=\"snappy\")`, pandas \
               `df.to_parquet(path, compression=\"snappy\")`"
            .into(),
    }
}

fn refuse_other_formats(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    const MAGIC: &[u8] = b"PAR1";
    let format = |what: &str, hint: &str| {
        Err(Error::Format { path: path.to_owned(), what: what.into(), hint: hint.into() })
    };
    match (bytes.starts_with(MAGIC), bytes.ends_with(MAGIC)) {
        (true, true) if bytes.len() >= 12 => Ok(()),
        (true, _) => format(
            "is a truncated Parquet file: its end is missing",
            "copy or write the file again",
        ),
        _ if bytes.starts_with(b"PARE") || bytes.ends_with(b"PARE") => {
            format("is an encrypted Parquet file", "write it without encryption")
        }
        _ if bytes.starts_with(b"ARROW1") => format("is an Arrow file", "set `data.source: arrow`"),
        _ => format(
            "is not a Parquet file: it does not start with `PAR1`",
            "give a Parquet file, or set `data.source: csv`",
        ),
    }
}

fn too_many(path: &Path, what: &str, found: u64, limit: u64) -> Error {
    Error::TooLarge { path: path.to_owned(), what: format!("too many {what}"), found, limit }
}

fn broken(path: &Path, why: &ParquetError) -> Error {
    let text = why.to_string();
    let first = text.lines().next().unwrap_or_default();
    damaged(path, &super::problem::shown_long(first))
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::Format {
        path: path.to_owned(),
        what: format!("is a damaged Parquet file: {why}"),
        hint: "copy or write the file again".into(),
    }
}
