//! Trades: files of single trades, read and checked like files of bars.
//!
//! A file has columns for time, price and size, and for the symbol if it holds several. Trades of
//! one time keep the order of the file; equal trades are different trades.
//! Not here: how trades become bars; see `ticks`.

use std::{collections::BTreeMap, path::PathBuf};

use dirigent_core::Timestamp;

use super::{
    Request,
    check::OnError,
    error::Error,
    header::{Header, Role, plain},
    problem::{CheckReport, Kind, Outcome, Problem},
    rows::{price, within},
    table::{Cell, Lines, Plan, Table},
    ticks::Tick,
};
use crate::price::{Price, Quantity};

/// Names of the columns, best first, as `plain` writes them.
pub(super) const PRICES: &[&str] =
    &["price", "px", "tradeprice", "lastprice", "last", "close", "p"];
pub(super) const SIZES: &[&str] =
    &["size", "quantity", "qty", "volume", "tradesize", "lastsize", "amount", "vol", "q", "v"];
pub(super) const SYMBOLS: &[&str] = &["symbol", "ticker", "sym", "instrument"];

const PRICE: usize = 0;
const SIZE: usize = 1;

/// The unchecked trades of one symbol.
#[derive(Debug)]
pub(crate) struct Trades {
    pub(crate) symbol: String,
    path: PathBuf,
    /// The names of price and size in the file.
    names: [String; 2],
    pub(crate) time: Vec<i64>,
    cells: [Vec<i64>; 2],
    lines: Lines,
    /// Where each trade stood in the table.
    origin: Vec<usize>,
}

/// Which columns of a file of trades are read.
///
/// # Errors
/// A column is missing, or several symbols cannot be told apart.
pub(crate) fn plan(header: &Header, request: &Request, is_template: bool) -> Result<Plan, Error> {
    let time = match request.columns.get("timestamp").or(request.columns.get("time")) {
        Some(name) => Some(named(header, name)?),
        None => header.time_roles().get(&Role::Time).copied(),
    };
    let Some(time) = time else {
        return Err(header.error(
            "has no column for the time",
            "name it `timestamp` or `time`, or set `data.columns: {timestamp: NAME}`",
        ));
    };
    let mut cells = vec![Cell::Skip; header.names.len()];
    cells[time] = Cell::Time;
    for (slot, key, names) in [(PRICE, "price", PRICES), (SIZE, "size", SIZES)] {
        let Some(column) = column(header, &request.columns, key, names)? else {
            return Err(header.error(
                format!("has no column for the {key} of a trade"),
                format!("name it `{key}`, or set `data.columns: {{{key}: NAME}}`"),
            ));
        };
        cells[column] = Cell::Price(slot);
    }
    let symbol = column(header, &request.columns, "symbol", SYMBOLS)?;
    match symbol.filter(|_| !is_template) {
        Some(column) => cells[column] = Cell::Symbol,
        None if is_template || request.symbols.len() == 1 => {}
        None => {
            return Err(header.error(
                format!("cannot tell {} symbols apart", request.symbols.len()),
                "put `{symbol}` into `data.path`, or add a `symbol` column",
            ));
        }
    }
    Ok(Plan { cells })
}

fn column(
    header: &Header,
    mapping: &BTreeMap<String, String>,
    key: &str,
    names: &[&str],
) -> Result<Option<usize>, Error> {
    if let Some(name) = mapping.get(key) {
        return named(header, name).map(Some);
    }
    let plain: Vec<String> = header.names.iter().map(|name| plain(name)).collect();
    Ok(names.iter().find_map(|name| plain.iter().position(|column| column == name)))
}

fn named(header: &Header, name: &str) -> Result<usize, Error> {
    let same = |column: &String| column.trim().eq_ignore_ascii_case(name.trim());
    header.names.iter().position(same).ok_or_else(|| {
        let name = super::problem::shown(name.as_bytes());
        header.error(format!("has no column `{name}`"), "correct `data.columns`")
    })
}

impl Trades {
    /// The trades of each requested symbol.
    pub(crate) fn of_table(table: &Table, symbols: &[String]) -> Vec<Self> {
        let name = |slot| {
            let column = table.plan.cells.iter().position(|cell| *cell == Cell::Price(slot));
            column.map(|column| table.header.name(column)).unwrap_or_default()
        };
        let names = [name(PRICE), name(SIZE)];
        let is_long = table.plan.cells.contains(&Cell::Symbol);
        let part = |symbol: &String| {
            let wanted = table.symbols.iter().position(|name| name == symbol);
            let fits = |row: &usize| !is_long || usize::try_from(table.symbol[*row]).ok() == wanted;
            let origin: Vec<usize> = (0..table.time.len()).filter(fits).collect();
            let pick = |column: &Vec<i64>| origin.iter().map(|row| column[*row]).collect();
            Self {
                symbol: symbol.clone(),
                path: table.header.path.clone(),
                names: names.clone(),
                time: pick(&table.time),
                cells: [pick(&table.prices[PRICE]), pick(&table.prices[SIZE])],
                lines: table.lines.clone(),
                origin,
            }
        };
        symbols.iter().map(part).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    /// Keeps the trades at these places, in this order.
    fn pick(&mut self, rows: &[usize]) {
        let pick = |column: &mut Vec<i64>| {
            *column = rows.iter().map(|row| column[*row]).collect();
        };
        pick(&mut self.time);
        self.cells.iter_mut().for_each(pick);
        self.origin = rows.iter().map(|row| self.origin[*row]).collect();
    }

    /// Keeps the trades whose time lies in `from..to`.
    pub(crate) fn cut(&mut self, from: i64, to: i64) {
        if let Some(rows) = within(&self.time, from, to) {
            self.pick(&rows);
        }
    }

    /// Checks the trades and puts them in the order of their times.
    pub(crate) fn check(
        &mut self,
        policy: OnError,
        now: Option<Timestamp>,
        notes: &mut Vec<String>,
    ) -> CheckReport {
        let mut report = CheckReport::default();
        let falls = self.time.windows(2).all(|pair| pair[0] >= pair[1]);
        if falls && self.time.first() != self.time.last() {
            let backwards: Vec<usize> = (0..self.len()).rev().collect();
            self.pick(&backwards);
            let symbol = &self.symbol;
            notes.push(format!("`{symbol}` is sorted newest first; it was turned around"));
        }
        let mut keep = Vec::with_capacity(self.len());
        let mut latest = i64::MIN;
        let mut is_sorted = true;
        for row in 0..self.len() {
            let is_late = self.time[row] < latest;
            latest = latest.max(self.time[row]);
            is_sorted &= !is_late;
            let is_left_out = self.is_wrong(row, policy, now, &mut report)
                || is_late && self.is_out_of_order(row, policy, &mut report);
            if !is_left_out {
                keep.push(row);
            }
        }
        if !is_sorted && policy == OnError::Repair {
            keep.sort_by_key(|row| self.time[*row]); // stable: equal times keep their order
        }
        if !is_sorted || keep.len() < self.len() {
            self.pick(&keep);
        }
        report.rows_kept = self.len() as u64;
        report
    }

    fn is_wrong(
        &self,
        row: usize,
        policy: OnError,
        now: Option<Timestamp>,
        report: &mut CheckReport,
    ) -> bool {
        let mut is_wrong = false;
        for (column, kind) in [(PRICE, Kind::NotPositive), (SIZE, Kind::NegativeVolume)] {
            if self.cells[column][row] <= 0 {
                let detail = "is not above zero".to_owned();
                report.add(self.problem(row, Some(column), kind, detail, policy.outcome()));
                is_wrong = true;
            }
        }
        if let Some(now) = now.filter(|now| self.time[row] > now.as_nanos()) {
            let detail = format!("is after the present, {now}");
            report.add(self.problem(row, None, Kind::Future, detail, policy.outcome()));
            is_wrong = true;
        }
        is_wrong
    }

    /// Reports a trade before one above it; says whether it is left out.
    fn is_out_of_order(&self, row: usize, policy: OnError, report: &mut CheckReport) -> bool {
        let outcome = match policy {
            OnError::Repair => Outcome::Repaired,
            OnError::Fail | OnError::Drop => policy.outcome(),
        };
        let detail = "is before the time of a row above".to_owned();
        report.add(self.problem(row, None, Kind::OutOfOrder, detail, outcome));
        policy != OnError::Repair
    }

    fn problem(
        &self,
        row: usize,
        column: Option<usize>,
        kind: Kind,
        detail: String,
        outcome: Outcome,
    ) -> Problem {
        Problem {
            file: self.path.clone(),
            symbol: self.symbol.clone(),
            row: self.lines.of(self.origin[row]),
            column: column.map(|column| self.names[column].clone()).unwrap_or_default(),
            value: column.map_or_else(
                || Timestamp::from_nanos(self.time[row]).to_string(),
                |column| price(self.cells[column][row]),
            ),
            kind,
            detail,
            outcome,
        }
    }

    /// The trades, checked and in order.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = Tick> {
        (0..self.len()).map(|row| Tick {
            time: Timestamp::from_nanos(self.time[row]),
            price: Price::from_raw(self.cells[PRICE][row]),
            size: Quantity::from_raw(self.cells[SIZE][row]),
        })
    }
}
