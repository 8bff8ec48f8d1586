//! Groups: how the columns of a columnar file go into the table, some rows at a time.

use super::{
    error::Error,
    header::Header,
    problem::Kind,
    scalar::{Meaning, Scalar},
    stamp::{self, Refusal},
    table::{Cell, MISSING, Symbols, Table},
};

/// How many values of a column are taken apart at once: few enough to stay in the cache until they
/// are stored, and in memory that is at hand.
pub(crate) const VALUES_AT_ONCE: usize = 2_048;

/// Rows that are being read.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) symbols: Symbols,
    /// Rows with a wrong cell, in no order.
    wrong: Vec<usize>,
    /// Rows of earlier groups.
    before: usize,
    /// For each row of this group whether its time was read.
    has_time: Vec<bool>,
}

impl Rows {
    /// Puts values of one column of a group, from this row of the group on, into the table.
    pub(crate) fn store(
        &mut self,
        table: &mut Table,
        stamps: &mut stamp::Reader,
        (column, from): (usize, usize),
        meaning: Meaning,
        values: Vec<Option<Scalar>>,
    ) {
        for (index, value) in values.into_iter().enumerate() {
            let row = self.before + from + index;
            let cell = table.plan.cells[column];
            let stored = match cell {
                Cell::Time => {
                    let moment = meaning.moment(value.as_ref(), stamps);
                    self.has_time.push(moment.is_ok());
                    table.time.push(*moment.as_ref().unwrap_or(&0));
                    moment.map(|_| ())
                }
                Cell::Symbol => {
                    let name = value.as_ref().map(Scalar::text).unwrap_or_default();
                    let number = self.symbols.number(name.trim().as_bytes());
                    table.symbol.push(number);
                    Ok(())
                }
                Cell::Number(slot) => {
                    let number = meaning.number(value.as_ref());
                    table.numbers[slot].push(*number.as_ref().unwrap_or(&f64::NAN));
                    number.map(|_| ())
                }
                Cell::MaybeNumber(slot) => {
                    let number = meaning.number(value.as_ref());
                    table.numbers[slot].push(*number.as_ref().unwrap_or(&f64::NAN));
                    if let Err(refusal) = number {
                        let text = value.as_ref().map(Scalar::text).unwrap_or_default();
                        table.misread(row as u64 + 1, column, text.as_bytes(), refusal);
                    }
                    Ok(())
                }
                Cell::Price(slot) | Cell::MaybePrice(slot) => {
                    let price = meaning.price(value.as_ref());
                    table.prices[slot].push(*price.as_ref().unwrap_or(&MISSING));
                    match price {
                        Ok(MISSING) if matches!(cell, Cell::Price(_)) => Err(missing()),
                        other => other.map(|_| ()),
                    }
                }
                Cell::Clock | Cell::Skip => Ok(()),
            };
            if let Err(refusal) = stored {
                self.refuse(table, row, column, value.as_ref(), refusal);
            }
        }
    }

    fn refuse(
        &mut self,
        table: &mut Table,
        row: usize,
        column: usize,
        value: Option<&Scalar>,
        refusal: Refusal,
    ) {
        let known = self.has_time.get(row - self.before).copied().unwrap_or(false);
        let time = known.then(|| table.time[row]);
        if !matches!(table.plan.cells[column], Cell::MaybePrice(_)) {
            self.wrong.push(row);
        }
        let text = value.map(Scalar::text).unwrap_or_default();
        let line = row as u64 + 1;
        table.problem(time, line, Some(column), text.as_bytes(), refusal.kind, refusal.detail);
    }

    pub(crate) fn end_group(&mut self, table: &mut Table) {
        self.before = table.time.len();
        self.has_time.clear();
        table.rows_read = self.before as u64;
    }

    /// Removes rows with a wrong cell and notes where the others stood.
    pub(crate) fn remove_wrong(mut self, table: &mut Table) {
        self.wrong.sort_unstable();
        self.wrong.dedup();
        let rows = table.time.len();
        let kept = |row: usize| self.wrong.binary_search(&row).is_err();
        (0..rows).filter(|row| kept(*row)).enumerate().for_each(|(new, old)| {
            table.lines.note(new, old as u64 + 1);
        });
        if self.wrong.is_empty() {
            return;
        }
        let keep: Vec<bool> = (0..rows).map(kept).collect();
        retain(&mut table.time, &keep);
        retain(&mut table.symbol, &keep);
        table.prices.iter_mut().for_each(|column| retain(column, &keep));
        table.numbers.iter_mut().for_each(|column| retain(column, &keep));
    }
}

/// Refuses a time of day in a column of its own: only the texts of a CSV are put together.
pub(crate) fn refuse_clock(header: &Header, cells: &[Cell]) -> Result<(), Error> {
    match cells.iter().position(|cell| *cell == Cell::Clock) {
        None => Ok(()),
        Some(clock) => Err(Error::Format {
            path: header.path.clone(),
            what: format!("has the time of day in a column of its own, `{}`", header.name(clock)),
            hint: "write date and time as one column of timestamps, or the file as CSV".into(),
        }),
    }
}

fn missing() -> Refusal {
    Refusal { kind: Kind::Missing, detail: "has no value".into() }
}

fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    column.retain(|_| keep.next().copied().unwrap_or(true));
}
