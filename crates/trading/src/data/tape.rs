//! Tape: files of quotes and of trades, as the source of fills between bars.
//!
//! A file of quotes has columns for time, bid and ask, and may have sizes for both; a file of trades
//! is one as `trades` reads. Both may hold several symbols in a column `symbol`, or be one file per
//! symbol. Times are texts or epoch numbers, told apart as in files of bars.
//! Promises: a crossed quote, a price or size that cannot be and a row before the one above are
//! refused with their rows, or left out where `on_error` says so; rows of one time keep their order.

mod plan;

use std::path::{Path, PathBuf};

use dirigent_core::Timestamp;

use super::{
    Bars,
    check::OnError,
    error::Error,
    header::Header,
    load::{no_zone, reader_of},
    problem::{CheckReport, Kind, Outcome, Problem},
    rows::price,
    source::{FileFact, path_of},
    stamp::{self, Zone},
    table::{Cell, ReadFile, Table},
};
use crate::price::{Price, Quantity};
use crate::venue::{Quotes, Tape, Trades};
use plan::plan;

/// Which files to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapeRequest {
    /// Quotes: Parquet or Arrow if the name ends so, otherwise CSV; `{symbol}` stands for each symbol.
    pub quotes: Option<String>,
    /// Trades, likewise.
    pub trades: Option<String>,
    /// The IANA zone of times without one; UTC where absent.
    pub timezone: Option<String>,
    /// What happens to wrong rows.
    pub on_error: OnError,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadTape {
    /// The quotes and trades of all symbols.
    pub tape: Tape,
    /// The files, each once.
    pub files: Vec<FileFact>,
    /// What a reader of the result should know.
    pub notes: Vec<String>,
}

/// A column of a file: its key, the names it may have, and whether it must be there.
struct Wanted {
    key: &'static str,
    names: &'static [&'static str],
    is_needed: bool,
}

const QUOTES: [Wanted; 4] = [
    Wanted { key: "bid", names: &["bid", "bidprice", "bestbid", "bidpx", "b"], is_needed: true },
    Wanted {
        key: "ask",
        names: &["ask", "askprice", "bestask", "askpx", "offer", "offerprice", "a"],
        is_needed: true,
    },
    Wanted {
        key: "bid_size",
        names: &["bidsize", "bidqty", "bidquantity", "bidamount", "bidvolume", "bs"],
        is_needed: false,
    },
    Wanted {
        key: "ask_size",
        names: &["asksize", "askqty", "askquantity", "askamount", "askvolume", "offersize", "as"],
        is_needed: false,
    },
];
const TRADES: [Wanted; 2] = [
    Wanted { key: "price", names: super::trades::PRICES, is_needed: true },
    Wanted { key: "size", names: super::trades::SIZES, is_needed: true },
];
const BID: usize = 0;
const ASK: usize = 1;
const BID_SIZE: usize = 2;
const ASK_SIZE: usize = 3;
const PRICE: usize = 0;
const SIZE: usize = 1;

/// Reads the quotes and trades of the symbols of `bars`; without quotes, trades stand for them.
///
/// # Errors
/// A file cannot be read, has no column that is needed, or holds rows that are refused.
pub fn read_tape(request: &TapeRequest, bars: &[Bars]) -> Result<ReadTape, Error> {
    let name = request.timezone.as_deref().unwrap_or("UTC");
    let zone = Zone::named(name).ok_or_else(|| no_zone(name))?;
    let mut reading = Reading {
        zone,
        on_error: request.on_error,
        files: Vec::new(),
        notes: Vec::new(),
        report: CheckReport::default(),
    };
    let symbols: Vec<&str> = bars.iter().map(|bars| bars.symbol.as_str()).collect();
    let of = |reading: &mut Reading, path: &Option<String>, wanted: &'static [Wanted]| {
        path.as_ref().map(|path| reading.file(path, wanted, &symbols)).transpose()
    };
    let quotes = of(&mut reading, &request.quotes, &QUOTES)?;
    let trades = of(&mut reading, &request.trades, &TRADES)?;
    if reading.report.is_refused() {
        return Err(Error::Refused(Box::new(reading.report)));
    }
    reading.tell_left_out();
    let names = || symbols.iter().map(|symbol| (*symbol).to_owned());
    let trades_of = |rows: Rows| rows.into_trades();
    let tape = match (quotes, trades) {
        (Some(quotes), trades) => {
            let trades = trades.map(|all| all.into_iter().map(trades_of).collect());
            let trades: Vec<Trades> =
                trades.unwrap_or_else(|| vec![Trades::default(); symbols.len()]);
            let quotes = quotes.into_iter().map(Rows::into_quotes);
            Tape::new(names().zip(quotes).zip(trades).map(|((name, q), t)| (name, q, t)))
        }
        (None, trades) => {
            let trades = trades.unwrap_or_default().into_iter().map(trades_of);
            Tape::of_trades(names().zip(trades))
        }
    };
    let tape = tape.map_err(|why| Error::Setting { what: why.to_string(), hint: String::new() })?;
    let Reading { files, notes, .. } = reading;
    Ok(ReadTape { tape, files, notes })
}

/// The unchecked rows of one symbol.
#[derive(Debug)]
struct Rows {
    time: Vec<i64>,
    /// By place in what was wanted; empty where the file has no such column.
    cells: Vec<Vec<i64>>,
}

impl Rows {
    fn pick(&mut self, rows: &[usize]) {
        let pick = |column: &mut Vec<i64>| {
            if !column.is_empty() {
                *column = rows.iter().map(|row| column[*row]).collect();
            }
        };
        pick(&mut self.time);
        self.cells.iter_mut().for_each(pick);
    }

    fn into_quotes(mut self) -> Quotes {
        let rows = self.time.len();
        let mut column = |at: usize| std::mem::take(&mut self.cells[at]);
        let prices = |column: Vec<i64>| column.into_iter().map(Price::from_raw).collect();
        // What is not told is as much as there can be.
        let sizes = |column: Vec<i64>| match column.is_empty() {
            true => vec![Quantity::from_raw(i64::MAX); rows],
            false => column.into_iter().map(Quantity::from_raw).collect(),
        };
        let (bid, ask) = (prices(column(BID)), prices(column(ASK)));
        let (bid_size, ask_size) = (sizes(column(BID_SIZE)), sizes(column(ASK_SIZE)));
        let time = self.time.into_iter().map(Timestamp::from_nanos).collect();
        Quotes { time, bid, ask, bid_size, ask_size }
    }

    fn into_trades(mut self) -> Trades {
        let mut column = |at: usize| std::mem::take(&mut self.cells[at]);
        let price = column(PRICE).into_iter().map(Price::from_raw).collect();
        let size = column(SIZE).into_iter().map(Quantity::from_raw).collect();
        Trades { time: self.time.into_iter().map(Timestamp::from_nanos).collect(), price, size }
    }
}

/// Reading under way.
struct Reading {
    zone: Zone,
    on_error: OnError,
    files: Vec<FileFact>,
    notes: Vec<String>,
    report: CheckReport,
}

impl Reading {
    /// The rows of each symbol in the files of a template, or in one file.
    fn file(
        &mut self,
        template: &str,
        wanted: &'static [Wanted],
        symbols: &[&str],
    ) -> Result<Vec<Rows>, Error> {
        if !template.contains("{symbol}") {
            let path = path_of(template, symbols.first().copied().unwrap_or_default())?;
            let table = self.table(&path, wanted, symbols.len())?;
            return self.split(table, wanted, symbols);
        }
        let mut all = Vec::new();
        for symbol in symbols {
            let table = self.table(&path_of(template, symbol)?, wanted, 1)?;
            all.extend(self.split(table, wanted, &[symbol])?);
        }
        Ok(all)
    }

    fn table(
        &mut self,
        path: &Path,
        wanted: &'static [Wanted],
        symbols: usize,
    ) -> Result<Table, Error> {
        let stamps = stamp::Reader::new(self.zone.clone(), None);
        let choose = |header: &Header| plan(header, wanted, symbols);
        let ReadFile { mut table, fact } = reader_of(path)(path, stamps, &choose)?;
        self.files.push(fact);
        self.report.rows_read += table.rows_read;
        let outcome = self.on_error.outcome();
        for (_, mut problem) in table.problems.drain(..) {
            problem.outcome = outcome;
            self.report.add(problem);
        }
        for (kind, outcomes) in std::mem::take(&mut table.uncounted.counts) {
            self.report.count(kind, outcome, outcomes.values().sum());
        }
        Ok(table)
    }

    /// The checked rows of each symbol of a table.
    fn split(
        &mut self,
        mut table: Table,
        wanted: &'static [Wanted],
        symbols: &[&str],
    ) -> Result<Vec<Rows>, Error> {
        let slots: Vec<Option<usize>> = (0..wanted.len())
            .map(|slot| table.plan.cells.iter().position(|cell| *cell == Cell::Price(slot)))
            .collect();
        let named = |slot: usize| slots[slot].map(|at| table.header.name(at)).unwrap_or_default();
        let names: Vec<String> = (0..wanted.len()).map(named).collect();
        let column = |(slot, at): (usize, &Option<usize>)| match at {
            Some(_) => std::mem::take(&mut table.prices[slot]),
            None => Vec::new(),
        };
        let cells = slots.iter().enumerate().map(column).collect();
        let whole = Rows { time: std::mem::take(&mut table.time), cells };
        let is_long = table.plan.cells.contains(&Cell::Symbol);
        let (path, mut parts) = (table.header.path.clone(), Vec::new());
        if let (false, [symbol]) = (is_long, symbols) {
            let lines = |row: usize| table.lines.of(row);
            let place = Place { path: path.clone(), symbol, names: &names };
            parts.push(self.check(whole, &place, &lines));
        } else {
            for symbol in symbols {
                let number = table.symbols.iter().position(|name| name == symbol);
                let is_its = |row: &usize| usize::try_from(table.symbol[*row]).ok() == number;
                let origin: Vec<usize> = (0..whole.time.len()).filter(is_its).collect();
                let mut rows = Rows { time: whole.time.clone(), cells: whole.cells.clone() };
                rows.pick(&origin);
                let lines = |row: usize| table.lines.of(origin[row]);
                let place = Place { path: path.clone(), symbol, names: &names };
                parts.push(self.check(rows, &place, &lines));
            }
        }
        let empty = parts.iter().zip(symbols).find(|(rows, _)| rows.time.is_empty());
        match empty.filter(|_| !self.report.is_refused()) {
            Some((_, symbol)) => Err(Error::Setting {
                what: format!("`{}` has no usable row of symbol `{symbol}`", path.display()),
                hint: "check the file and the spelling in `data.symbols`".into(),
            }),
            None => Ok(parts),
        }
    }

    /// Reports wrong rows, and leaves them out where the policy is to drop them.
    fn check(&mut self, mut rows: Rows, place: &Place<'_>, lines: &dyn Fn(usize) -> u64) -> Rows {
        let is_quotes = rows.cells.len() == QUOTES.len();
        let mut latest = i64::MIN;
        let mut keep = Vec::new();
        let mut is_whole = true;
        for row in 0..rows.time.len() {
            let found = wrong(&rows, row, is_quotes, latest);
            if let Some((column, kind, detail)) = found {
                if is_whole {
                    keep.extend(0..row);
                    is_whole = false;
                }
                let value = column.map_or_else(
                    || Timestamp::from_nanos(rows.time[row]).to_string(),
                    |column| price(rows.cells[column][row]),
                );
                let outcome = self.on_error.outcome();
                self.report.add(place.problem(lines(row), column, value, (kind, detail), outcome));
                continue;
            }
            latest = rows.time[row];
            if !is_whole {
                keep.push(row);
            }
        }
        if !is_whole {
            rows.pick(&keep);
        }
        rows
    }

    fn tell_left_out(&mut self) {
        let left_out = self.report.total(Outcome::Dropped);
        if left_out > 0 {
            let first = self.report.examples.first().map(ToString::to_string).unwrap_or_default();
            self.notes.push(format!("rows of quotes and trades left out: {left_out}; {first}"));
        }
    }
}

/// What is wrong with a row: its column, the kind and a few words.
fn wrong(
    rows: &Rows,
    row: usize,
    is_quotes: bool,
    latest: i64,
) -> Option<(Option<usize>, Kind, &'static str)> {
    let cell = |column: usize| rows.cells[column].get(row).copied();
    if rows.time[row] < latest {
        return Some((None, Kind::OutOfOrder, "is before the time of a row above"));
    }
    let (prices, sizes): (&[usize], &[usize]) =
        if is_quotes { (&[BID, ASK], &[BID_SIZE, ASK_SIZE]) } else { (&[PRICE], &[SIZE]) };
    if let Some(column) = prices.iter().find(|column| cell(**column).is_some_and(|x| x <= 0)) {
        return Some((Some(*column), Kind::NotPositive, "is not above zero"));
    }
    if let Some(column) = sizes.iter().find(|column| cell(**column).is_some_and(|x| x < 0)) {
        return Some((Some(*column), Kind::NegativeVolume, "is below zero"));
    }
    let is_crossed = is_quotes && cell(BID) > cell(ASK);
    is_crossed.then_some((Some(BID), Kind::Crossed, "is above the ask of its row"))
}

/// Where rows come from.
struct Place<'a> {
    path: PathBuf,
    symbol: &'a str,
    names: &'a [String],
}

impl Place<'_> {
    fn problem(
        &self,
        row: u64,
        column: Option<usize>,
        value: String,
        (kind, detail): (Kind, &str),
        outcome: Outcome,
    ) -> Problem {
        Problem {
            file: self.path.clone(),
            symbol: self.symbol.to_owned(),
            row,
            column: column.map(|column| self.names[column].clone()).unwrap_or_default(),
            value,
            kind,
            detail: detail.to_owned(),
            outcome,
        }
    }
}
