//! Columns: any file of numbers with a time column, for expressions and equity curves.
//!
//! Promises: times strictly rise; an empty cell is NaN; a column without a single number is left
//! out with a note; a text among numbers refuses the file and names its row.
//! Not here: prices; what is traded goes through `load` and its data check.

use std::{collections::BTreeMap, path::PathBuf};

use dirigent_core::Timestamp;

use super::{
    error::Error,
    header::{Header, Role},
    load::reader_of,
    problem::{CheckReport, Kind, Problem},
    source::FileFact,
    stamp,
    table::{Cell, Plan, ReadFile, Table},
};

/// Which file of numbers to read, and how its times are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnsRequest {
    /// The file: Parquet or Arrow if its name ends so, otherwise CSV.
    pub path: PathBuf,
    /// The IANA zone of times without one; UTC where absent.
    pub timezone: Option<String>,
    /// How times are written: a strptime pattern, or `s`, `ms`, `us`, `ns`.
    pub date_format: Option<String>,
}

/// The numbers of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Strictly rising.
    pub time: Vec<Timestamp>,
    /// Name and values of each column, in the order of the file; NaN where a cell is empty.
    pub columns: Vec<(String, Vec<f64>)>,
    /// The file that was read.
    pub file: FileFact,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Reads the times and all columns of numbers of a file.
///
/// # Errors
/// The file cannot be read, has no time column or no numbers, or rows are wrong.
pub fn read_columns(request: &ColumnsRequest) -> Result<Columns, Error> {
    let name = request.timezone.as_deref().unwrap_or("UTC");
    let zone = stamp::Zone::named(name).ok_or_else(|| super::load::no_zone(name))?;
    let stamps = stamp::Reader::new(zone, request.date_format.as_deref());
    let ReadFile { mut table, fact } = reader_of(&request.path)(&request.path, stamps, &choose)?;
    if table.time.first() > table.time.last() {
        table.reverse();
        table.notes.push("the file is sorted newest first; it was turned around".into());
    }
    let report = check(&mut table);
    if report.is_refused() {
        return Err(Error::Refused(Box::new(report)));
    }
    let mut notes = std::mem::take(&mut table.notes);
    let columns = numbers(&mut table, &mut notes)?;
    let time = table.time.into_iter().map(Timestamp::from_nanos).collect();
    Ok(Columns { time, columns, file: fact, notes })
}

fn choose(header: &Header) -> Result<Plan, Error> {
    let roles = header.time_roles();
    let Some(time) = roles.get(&Role::Time) else {
        return Err(
            header.error("has no column for the time", "name it `timestamp`, `date` or `time`")
        );
    };
    let clock = roles.get(&Role::Clock);
    let mut slots = 0..;
    let cell = |column: usize| match column {
        column if column == *time => Cell::Time,
        column if Some(&column) == clock => Cell::Clock,
        _ => Cell::MaybeNumber(slots.next().unwrap_or_default()),
    };
    Ok(Plan { cells: (0..header.names.len()).map(cell).collect() })
}

/// Everything that refuses the file: unreadable times, and times that do not rise.
fn check(table: &mut Table) -> CheckReport {
    let mut report = CheckReport { rows_read: table.rows_read, ..CheckReport::default() };
    for row in 1..table.time.len() {
        let (before, now) = (table.time[row - 1], table.time[row]);
        if now <= before {
            let kind = if now == before { Kind::DuplicateTime } else { Kind::OutOfOrder };
            let detail =
                format!("is not after the row before, `{}`", Timestamp::from_nanos(before));
            let column = table.plan.cells.iter().position(|c| *c == Cell::Time);
            let (line, value) = (table.lines.of(row), Timestamp::from_nanos(now).to_string());
            table.problem(None, line, column, value.as_bytes(), kind, detail);
        }
    }
    for (_, problem) in table.problems.drain(..) {
        report.add(problem);
    }
    report.merge(std::mem::take(&mut table.uncounted));
    report
}

/// The columns that hold numbers.
fn numbers(table: &mut Table, notes: &mut Vec<String>) -> Result<Vec<(String, Vec<f64>)>, Error> {
    let misread: BTreeMap<usize, Problem> = std::mem::take(&mut table.misread);
    let mut columns = Vec::new();
    let mut texts = Vec::new();
    for (column, cell) in table.plan.cells.iter().enumerate() {
        let Cell::MaybeNumber(slot) = cell else { continue };
        let values = std::mem::take(&mut table.numbers[*slot]);
        let name = table.header.names[column].clone();
        match misread.get(&column) {
            None => columns.push((name, values)),
            Some(problem) if values.iter().any(|v| !v.is_nan()) => {
                let mut report = CheckReport::default();
                report.add(problem.clone());
                return Err(Error::Refused(Box::new(report)));
            }
            Some(_) => texts.push(format!("`{}`", table.header.name(column))),
        }
    }
    if !texts.is_empty() {
        notes.push(format!("columns without numbers were left out: {}", texts.join(", ")));
    }
    if columns.is_empty() {
        return Err(table.header.error("has no column of numbers", "give a file with numbers"));
    }
    Ok(columns)
}
