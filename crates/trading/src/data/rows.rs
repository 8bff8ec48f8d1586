//! Rows: the unchecked bars of one symbol, with the way back to their lines in the file.
//!
//! Invariant: all columns have the same length, also after rows are removed or moved.

use std::path::{Path, PathBuf};

use dirigent_core::Timestamp;

use super::{
    bars::Bars,
    layout::{Layout, Slots},
    problem::{Kind, Outcome, Problem},
    table::{Lines, MISSING, Table},
};
use crate::price::Price;

/// The unchecked bars of one symbol.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) symbol: String,
    pub(crate) path: PathBuf,
    /// The names of open, high, low, close, adj_close and volume in the file; empty for what it has not.
    pub(crate) names: [String; 6],
    pub(crate) time: Vec<i64>,
    /// Open, high, low, close.
    pub(crate) prices: [Vec<i64>; 4],
    pub(crate) adj_close: Option<Vec<i64>>,
    pub(crate) volume: Vec<f64>,
    pub(crate) is_dated: bool,
    pub(crate) is_close_only: bool,
    lines: Lines,
    /// Where each row stood in the table; empty while nothing was removed or moved.
    origin: Vec<usize>,
}

pub(crate) const OPEN: usize = 0;
pub(crate) const HIGH: usize = 1;
pub(crate) const LOW: usize = 2;
pub(crate) const CLOSE: usize = 3;
pub(crate) const ADJ_CLOSE: usize = 4;
pub(crate) const VOLUME: usize = 5;

impl Rows {
    /// The rows of each requested symbol.
    pub(crate) fn of_table(mut table: Table, layout: &Layout, symbols: &[String]) -> Vec<Self> {
        match layout {
            Layout::Single(slots) => vec![Self::of_columns(&mut table, *slots, &symbols[0])],
            Layout::Panel => symbols
                .iter()
                .enumerate()
                .map(|(slot, symbol)| Self::of_panel(&mut table, slot, symbol))
                .collect(),
            Layout::Long(slots) => {
                let number = std::mem::take(&mut table.symbol);
                let names = std::mem::take(&mut table.symbols);
                let all = Self::of_columns(&mut table, *slots, "");
                let part = |symbol: &String| {
                    let wanted = names.iter().position(|n| n == symbol);
                    let rows: Vec<usize> = (0..number.len())
                        .filter(|row| usize::try_from(number[*row]).ok() == wanted)
                        .collect();
                    let mut part = all.picked(&rows);
                    part.symbol.clone_from(symbol);
                    part
                };
                symbols.iter().map(part).collect()
            }
        }
    }

    fn of_columns(table: &mut Table, slots: Slots, symbol: &str) -> Self {
        let mut column = |slot: usize| std::mem::take(&mut table.prices[slot]);
        let close = column(slots.close);
        let adj_close = slots.adj_close.map(&mut column);
        let prices = match slots.ohl {
            Some([open, high, low]) => [column(open), column(high), column(low), close],
            None => [close.clone(), close.clone(), close.clone(), close],
        };
        let volume = match slots.has_volume {
            true => std::mem::take(&mut table.numbers[0]),
            false => vec![0.0; table.time.len()],
        };
        Self {
            symbol: symbol.to_owned(),
            path: table.header.path.clone(),
            names: names_of(table, slots),
            time: std::mem::take(&mut table.time),
            prices,
            adj_close,
            volume,
            is_dated: table.is_dated,
            is_close_only: slots.ohl.is_none(),
            lines: table.lines.clone(),
            origin: Vec::new(),
        }
    }

    fn of_panel(table: &mut Table, slot: usize, symbol: &str) -> Self {
        let values = std::mem::take(&mut table.prices[slot]);
        let origin: Vec<usize> = (0..values.len()).filter(|r| values[*r] != MISSING).collect();
        let close: Vec<i64> = origin.iter().map(|row| values[*row]).collect();
        let name = symbol.to_owned();
        Self {
            symbol: symbol.to_owned(),
            path: table.header.path.clone(),
            names: std::array::from_fn(
                |of| if of == VOLUME { String::new() } else { name.clone() },
            ),
            time: origin.iter().map(|row| table.time[*row]).collect(),
            volume: vec![0.0; close.len()],
            prices: [close.clone(), close.clone(), close.clone(), close],
            adj_close: None,
            is_dated: table.is_dated,
            is_close_only: true,
            lines: table.lines.clone(),
            origin,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether the file has a volume for this symbol.
    pub(crate) fn has_volume(&self) -> bool {
        !self.names[VOLUME].is_empty()
    }

    /// The line of a row in its file.
    pub(crate) fn line(&self, row: usize) -> u64 {
        self.lines.of(self.origin.get(row).copied().unwrap_or(row))
    }

    /// The rows at these places, in this order.
    fn picked(&self, rows: &[usize]) -> Self {
        let pick = |column: &Vec<i64>| rows.iter().map(|row| column[*row]).collect();
        let origin = |row: &usize| self.origin.get(*row).copied().unwrap_or(*row);
        Self {
            symbol: self.symbol.clone(),
            path: self.path.clone(),
            names: self.names.clone(),
            time: pick(&self.time),
            prices: [0, 1, 2, 3].map(|column| pick(&self.prices[column])),
            adj_close: self.adj_close.as_ref().map(pick),
            volume: rows.iter().map(|row| self.volume[*row]).collect(),
            is_dated: self.is_dated,
            is_close_only: self.is_close_only,
            lines: self.lines.clone(),
            origin: rows.iter().map(origin).collect(),
        }
    }

    /// Keeps the rows at these places, in this order.
    pub(crate) fn pick(&mut self, rows: &[usize]) {
        *self = self.picked(rows);
    }

    /// Keeps the rows whose time lies in `from..to`; costs nothing where that is all of them.
    pub(crate) fn cut(&mut self, from: i64, to: i64) {
        if let Some(rows) = within(&self.time, from, to) {
            self.pick(&rows);
        }
    }

    /// A problem of one row; `column` is a place in `names`.
    pub(crate) fn problem(
        &self,
        row: usize,
        column: Option<usize>,
        kind: Kind,
        detail: String,
        outcome: Outcome,
    ) -> Problem {
        let value = match column {
            None => Timestamp::from_nanos(self.time[row]).to_string(),
            Some(VOLUME) => self.volume[row].to_string(),
            Some(ADJ_CLOSE) => self.adj_close.as_ref().map_or(String::new(), |c| price(c[row])),
            Some(column) => price(self.prices[column][row]),
        };
        Problem {
            file: self.path.clone(),
            symbol: self.symbol.clone(),
            row: self.line(row),
            column: column.map_or(String::new(), |c| self.names[c].clone()),
            value,
            kind,
            detail,
            outcome,
        }
    }

    /// The bars; the rows must have been checked.
    pub(crate) fn into_bars(self) -> Bars {
        let [open, high, low, close] = self.prices.map(|column| {
            // The same bytes under another name: no copy is made.
            column.into_iter().map(Price::from_raw).collect()
        });
        Bars {
            symbol: self.symbol,
            time: self.time.into_iter().map(Timestamp::from_nanos).collect(),
            open,
            high,
            low,
            close,
            volume: self.volume,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The places of the times in `from..to`; `None` if that is all of them.
pub(crate) fn within(times: &[i64], from: i64, to: i64) -> Option<Vec<usize>> {
    let inside = |time: &i64| (from..to).contains(time);
    if times.iter().all(inside) {
        return None;
    }
    Some((0..times.len()).filter(|row| inside(&times[*row])).collect())
}

/// A raw price as text.
pub(crate) fn price(raw: i64) -> String {
    if raw == MISSING { String::new() } else { Price::from_raw(raw).to_string() }
}

fn names_of(table: &Table, slots: Slots) -> [String; 6] {
    use super::table::Cell;
    let of = |wanted: Option<Cell>| {
        let column = wanted.and_then(|w| table.plan.cells.iter().position(|c| *c == w));
        column.map(|c| table.header.name(c)).unwrap_or_default()
    };
    let close = of(Some(Cell::Price(slots.close)));
    let ohl = slots.ohl.map(|s| s.map(|slot| of(Some(Cell::Price(slot)))));
    let [open, high, low] = ohl.unwrap_or_else(|| std::array::from_fn(|_| close.clone()));
    let adjusted = of(slots.adj_close.map(Cell::MaybePrice));
    [open, high, low, close, adjusted, of(slots.has_volume.then_some(Cell::Number(0)))]
}
