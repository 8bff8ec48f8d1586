//! Table: what a file holds after reading and before checking, column by column.
//!
//! Invariant: all columns have the same length; cells that could not be read are either
//! `MISSING` (where the plan allows it) or their row is absent and a problem is on the list.

use std::collections::BTreeMap;

use super::{
    header::Header,
    problem::{CheckReport, Kind, Outcome, Problem},
    source::FileFact,
    stamp::{self, Refusal},
};

/// A price cell without a value.
pub(crate) const MISSING: i64 = i64::MIN;
/// The most columns of a file.
pub const COLUMNS_MAX: usize = 4_096;
/// The most rows of a file.
pub const ROWS_MAX: u64 = 200_000_000;

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Not read.
    Skip,
    /// The time of the row.
    Time,
    /// The time of day, where the date has a column of its own.
    Clock,
    /// The symbol of the row.
    Symbol,
    /// A price for this slot; an empty cell is a problem.
    Price(usize),
    /// A price for this slot that may be missing.
    MaybePrice(usize),
    /// A number for this slot; empty is NaN.
    Number(usize),
    /// A number for this slot; whatever is none is NaN, and the first such cell is remembered.
    MaybeNumber(usize),
}

/// Which columns of a file are read, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// One entry per column of the file.
    pub(crate) cells: Vec<Cell>,
}

impl Plan {
    pub(crate) fn prices(&self) -> usize {
        let slot = |c: &Cell| matches!(c, Cell::Price(_) | Cell::MaybePrice(_));
        self.cells.iter().filter(|c| slot(c)).count()
    }

    pub(crate) fn numbers(&self) -> usize {
        let slots = self.cells.iter().filter_map(|cell| match cell {
            Cell::Number(slot) | Cell::MaybeNumber(slot) => Some(slot + 1),
            _ => None,
        });
        slots.max().unwrap_or(0) // one may have been taken out of the plan again
    }
}

/// Where rows stand in the file: mostly one after the other, so only the jumps are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// (row, line of that row) at the start of each unbroken stretch.
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    /// Says that row `row` is line `line`; rows come in order.
    #[inline]
    pub(crate) fn note(&mut self, row: usize, line: u64) {
        let follows = self.jumps.last().is_some_and(|(r, l)| l + (row - r) as u64 == line);
        if !follows {
            self.jumps.push((row, line));
        }
    }

    /// The line of a row.
    pub(crate) fn of(&self, row: usize) -> u64 {
        let at = self.jumps.partition_point(|(first, _)| *first <= row);
        let (first, line) = at.checked_sub(1).map_or((0, 1), |at| self.jumps[at]);
        line + row.saturating_sub(first) as u64
    }
}

/// The columns that were read.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) header: Header,
    pub(crate) plan: Plan,
    pub(crate) time: Vec<i64>,
    pub(crate) prices: Vec<Vec<i64>>,
    pub(crate) numbers: Vec<Vec<f64>>,
    /// For each row the position in `symbols`; empty without a symbol column.
    pub(crate) symbol: Vec<u32>,
    pub(crate) symbols: Vec<String>,
    pub(crate) lines: Lines,
    /// Problems of single cells and rows, with the time of their row where it was readable.
    pub(crate) problems: Vec<(Option<i64>, Problem)>,
    /// For columns that may hold text, the first cell that is no number.
    pub(crate) misread: BTreeMap<usize, Problem>,
    /// Problems beyond those that are kept.
    pub(crate) uncounted: CheckReport,
    pub(crate) rows_read: u64,
    /// Whether the times are session dates: midnight UTC of a date.
    pub(crate) is_dated: bool,
    /// Notes about how the file was understood.
    pub(crate) notes: Vec<String>,
}

/// How many problems of one file are kept with their time.
const PROBLEMS_KEPT_MAX: usize = 10_000;

impl Table {
    pub(crate) fn new(header: Header, plan: Plan, rows: usize) -> Self {
        Self {
            time: Vec::with_capacity(rows),
            prices: (0..plan.prices()).map(|_| Vec::with_capacity(rows)).collect(),
            numbers: (0..plan.numbers()).map(|_| Vec::with_capacity(rows)).collect(),
            symbol: Vec::new(),
            symbols: Vec::new(),
            lines: Lines::default(),
            problems: Vec::new(),
            misread: BTreeMap::new(),
            uncounted: CheckReport::default(),
            rows_read: 0,
            is_dated: false,
            notes: Vec::new(),
            header,
            plan,
        }
    }

    /// Cuts all columns back to `rows` rows: undoes a row that was begun.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.time.truncate(rows);
        self.symbol.truncate(rows);
        self.prices.iter_mut().for_each(|column| column.truncate(rows));
        self.numbers.iter_mut().for_each(|column| column.truncate(rows));
    }

    /// Turns local midnights into session dates and says what else was done with the times.
    pub(crate) fn note_stamps(&mut self, stamps: &stamp::Reader) {
        self.is_dated = stamps.are_dates();
        if self.is_dated {
            self.time.iter_mut().for_each(|nanos| *nanos = stamps.as_date(*nanos));
        }
        if stamps.folds_resolved > 0 {
            self.notes.push(format!(
                "{} local times that daylight saving repeats were told apart by their order",
                stamps.folds_resolved
            ));
        }
    }

    /// Adds a problem of the row at `line`.
    pub(crate) fn problem(
        &mut self,
        time: Option<i64>,
        line: u64,
        column: Option<usize>,
        value: &[u8],
        kind: Kind,
        detail: impl Into<String>,
    ) {
        if self.problems.len() >= PROBLEMS_KEPT_MAX {
            self.uncounted.count(kind, Outcome::Refused, 1);
            return;
        }
        let problem = self.described(line, column, value, kind, detail.into());
        self.problems.push((time, problem));
    }

    /// Remembers the first cell of a column that is no number.
    pub(crate) fn misread(&mut self, line: u64, column: usize, value: &[u8], refusal: Refusal) {
        if !self.misread.contains_key(&column) {
            let Refusal { kind, detail } = refusal;
            let problem = self.described(line, Some(column), value, kind, detail);
            self.misread.insert(column, problem);
        }
    }

    fn described(
        &self,
        row: u64,
        column: Option<usize>,
        value: &[u8],
        kind: Kind,
        detail: String,
    ) -> Problem {
        Problem {
            file: self.header.path.clone(),
            symbol: String::new(),
            row,
            column: column.map(|c| self.header.name(c)).unwrap_or_default(),
            value: super::problem::shown(value),
            kind,
            detail,
            outcome: Outcome::Refused,
        }
    }

    /// Turns the order of the rows around.
    pub(crate) fn reverse(&mut self) {
        self.time.reverse();
        self.prices.iter_mut().for_each(|column| column.reverse());
        self.numbers.iter_mut().for_each(|column| column.reverse());
        let lines = std::mem::take(&mut self.lines);
        let rows = self.time.len();
        (0..rows).for_each(|row| self.lines.note(row, lines.of(rows - 1 - row)));
    }
}

/// Symbols of a long file in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    names: Vec<String>,
    index: BTreeMap<Vec<u8>, u32>,
}

impl Symbols {
    /// The number of a symbol that occurred before.
    pub(crate) fn known(&self, name: &[u8]) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// The number of a symbol, new or not.
    pub(crate) fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.known(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(String::from_utf8_lossy(name).into_owned());
        self.index.insert(name.to_owned(), number);
        number
    }

    /// The names in the order of their numbers.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }
}

/// A file that was read: its table and its facts.
#[derive(Debug)]
pub(crate) struct ReadFile {
    pub(crate) table: Table,
    pub(crate) fact: FileFact,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_jumps() {
        let mut lines = Lines::default();
        for (row, line) in [(0, 2), (1, 3), (2, 7), (3, 8)] {
            lines.note(row, line);
        }
        assert_eq!(lines.jumps.len(), 2);
        assert_eq!([0, 1, 2, 3, 4].map(|r| lines.of(r)), [2, 3, 7, 8, 9]);
    }
}
