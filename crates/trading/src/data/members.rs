//! Members: the file of a universe, read.
//!
//! A CSV with the columns `symbol`, `from` and `to`, in any order; dates as `2024-03-01`, both
//! included; an empty `to` is no end.

use std::path::Path;

use dirigent_core::Timestamp;

use super::{
    csv::{self, Record},
    error::Error,
    header::{Header, plain},
    load::parse_date,
    problem::shown,
    source::{FileFact, check_symbol},
};
use crate::universe::Universe;

/// Names of the columns, best first, as `plain` writes them.
const SYMBOLS: &[&str] = &["symbol", "ticker", "sym"];
const FROMS: &[&str] = &["from", "start", "startdate", "datefrom", "begin"];
const TOS: &[&str] = &["to", "end", "enddate", "dateto", "until", "thru"];

/// Reads the file of a universe.
///
/// # Errors
/// The file cannot be read, lacks a column, or has a row that makes no sense.
pub fn read_universe(path: &Path) -> Result<(Universe, FileFact), Error> {
    let (header, records, fact) = csv::records(path)?;
    let [symbol, from, to] =
        [("symbol", SYMBOLS), ("from", FROMS), ("to", TOS)].map(|(name, names)| {
            let found = column(&header, names);
            found.ok_or_else(|| {
                let hint = "a universe has the columns `symbol`, `from` and `to`";
                header.error(format!("has no column `{name}`"), hint)
            })
        });
    let (symbol, from, to) = (symbol?, from?, to?);
    let dates: Result<Vec<_>, Error> = records
        .iter()
        .map(|record| {
            let name = cell(record, symbol);
            check_symbol(name).map_err(|error| wrong(path, record.line, &error.to_string()))?;
            let first = date(path, record, from)?;
            let last = match cell(record, to) {
                "" => Timestamp::from_nanos(i64::MAX),
                _ => date(path, record, to)?,
            };
            if last < first {
                return Err(wrong(path, record.line, "`to` is before `from`"));
            }
            Ok((name.to_owned(), first, last))
        })
        .collect();
    Ok((Universe::new(dates?), fact))
}

fn column(header: &Header, names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| header.names.iter().position(|column| plain(column) == *name))
}

fn cell(record: &Record, column: usize) -> &str {
    record.cells.get(column).map_or("", |cell| cell.trim())
}

fn date(path: &Path, record: &Record, column: usize) -> Result<Timestamp, Error> {
    let text = cell(record, column);
    parse_date(text).ok_or_else(|| {
        let what = format!("`{}` is no date such as `2024-03-01`", shown(text.as_bytes()));
        wrong(path, record.line, &what)
    })
}

fn wrong(path: &Path, line: u64, what: &str) -> Error {
    Error::Setting {
        what: format!("`{}` row {line}: {what}", path.display()),
        hint: "correct the file that `data.universe` names".into(),
    }
}
