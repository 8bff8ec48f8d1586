//! The careful path: any row, field by field, with a problem for whatever is wrong in it.

use super::{LINE_BYTES_MAX, Parser, cell_number, cell_price, too_long};
use crate::data::{
    error::Error,
    problem::Kind,
    stamp::Refusal,
    table::{Cell, MISSING, Table},
};

impl Parser {
    /// Reads the record at `at`, whatever it looks like; `None` if it is not complete yet.
    pub(super) fn any_row(
        &mut self,
        text: &[u8],
        at: usize,
        is_last: bool,
    ) -> Result<Option<usize>, Error> {
        let line = self.line;
        let Some(next) = self.fields.split(text, at, self.separator, is_last) else {
            return Ok(None);
        };
        if next - at > LINE_BYTES_MAX {
            return Err(too_long(&self.table.header.path, line, next - at));
        }
        self.line += 1 + self.fields.lines_inside;
        if self.fields.is_blank() {
            // An empty line is no row at all; a row of separators is worth a note.
            self.blank_rows += u64::from(self.fields.len() > 1);
            return Ok(Some(next));
        }
        self.table.rows_read += 1;
        if self.is_ragged(line) {
            return Ok(Some(next));
        }
        let rows = self.table.time.len();
        match self.cells(line) {
            Some(time) => {
                self.table.time.push(time);
                self.table.lines.note(rows, line);
            }
            None => self.table.truncate(rows),
        }
        Ok(Some(next))
    }

    /// Notes a row with the wrong number of fields. Empty fields at its end are forgiven.
    fn is_ragged(&mut self, line: u64) -> bool {
        let (found, expected) = (self.fields.len(), self.table.plan.cells.len());
        let extra_is_blank =
            || (expected..found).all(|i| self.fields.get(i).trim_ascii().is_empty());
        let detail = if self.fields.is_unclosed {
            "a quote is opened and never closed".to_owned()
        } else if found < expected || !extra_is_blank() {
            format!("the row has {found} fields, the header has {expected}")
        } else {
            return false;
        };
        self.table.problem(None, line, None, b"", Kind::Ragged, detail);
        true
    }

    /// Reads all cells of the row into the columns; `None` if one of them is wrong.
    fn cells(&mut self, line: u64) -> Option<i64> {
        let time = self.time(line);
        let mut is_whole = time.is_some();
        for column in 0..self.table.plan.cells.len() {
            let cell = self.table.plan.cells[column];
            let bytes = self.fields.get(column);
            match cell {
                Cell::Skip | Cell::Time | Cell::Clock => {}
                Cell::Symbol => {
                    let number = self.symbols.number(bytes.trim_ascii());
                    self.table.symbol.push(number);
                }
                Cell::MaybeNumber(slot) => {
                    let number = cell_number(&String::from_utf8_lossy(bytes));
                    self.table.numbers[slot].push(*number.as_ref().unwrap_or(&f64::NAN));
                    if let Err(refusal) = number {
                        self.table.misread(line, column, bytes, refusal);
                    }
                }
                Cell::Price(_) | Cell::MaybePrice(_) | Cell::Number(_) => {
                    let result = read_cell(cell, bytes);
                    if let Err(refusal) = store(&mut self.table, cell, result) {
                        let (kind, detail) = (refusal.kind, refusal.detail);
                        self.table.problem(time, line, Some(column), bytes, kind, detail);
                        is_whole &= matches!(cell, Cell::MaybePrice(_));
                    }
                }
            }
        }
        time.filter(|_| is_whole)
    }

    fn time(&mut self, line: u64) -> Option<i64> {
        let cells = &self.table.plan.cells;
        let column = cells.iter().position(|c| *c == Cell::Time)?;
        let clock = cells.iter().position(|c| *c == Cell::Clock);
        let bytes = match clock {
            None => self.fields.get(column).to_owned(),
            Some(clock) => {
                [self.fields.get(column).trim_ascii(), self.fields.get(clock).trim_ascii()]
                    .join(&b' ')
            }
        };
        match self.stamps.read(&String::from_utf8_lossy(&bytes)) {
            Ok(nanos) => Some(nanos),
            Err(Refusal { kind, detail }) => {
                self.table.problem(None, line, Some(column), &bytes, kind, detail);
                None
            }
        }
    }
}

/// A cell that was read.
enum Value {
    Price(Option<i64>),
    Number(f64),
}

fn read_cell(cell: Cell, bytes: &[u8]) -> Result<Value, Refusal> {
    let text = String::from_utf8_lossy(bytes);
    match cell {
        Cell::Number(_) => cell_number(&text).map(Value::Number),
        _ => cell_price(&text).map(Value::Price),
    }
}

/// Puts a value into its column, or a stand-in if it is wrong, so that all columns stay even.
fn store(table: &mut Table, cell: Cell, value: Result<Value, Refusal>) -> Result<(), Refusal> {
    match (cell, value) {
        (Cell::Number(slot), Ok(Value::Number(number))) => table.numbers[slot].push(number),
        (Cell::Number(slot), Err(refusal)) => {
            table.numbers[slot].push(f64::NAN);
            return Err(refusal);
        }
        (Cell::Price(slot) | Cell::MaybePrice(slot), Ok(Value::Price(Some(raw)))) => {
            table.prices[slot].push(raw);
        }
        (Cell::MaybePrice(slot), Ok(_)) => table.prices[slot].push(MISSING),
        (Cell::Price(slot), Ok(_)) => {
            table.prices[slot].push(MISSING);
            return Err(Refusal { kind: Kind::Missing, detail: "has no value".into() });
        }
        (Cell::Price(slot) | Cell::MaybePrice(slot), Err(refusal)) => {
            table.prices[slot].push(MISSING);
            return Err(refusal);
        }
        _ => {}
    }
    Ok(())
}
