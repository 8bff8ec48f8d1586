//! Facts: what an inspection tells of the bars of one symbol.
//!
//! An outlier is a return from close to close further than so many robust sigmas from the median,
//! a robust sigma being 1.4826 median absolute deviations: for a normal distribution it is the
//! standard deviation, and the outliers themselves do not widen it.
//! Promises: counts are complete; lists are the largest first, at most `LISTED_MAX`.
//! Not here: whether a run may use the data; that is the check's.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;
use serde::Serialize;

use super::{
    bars::Bars,
    check::{self, Splits},
    problem::{CheckReport, Kind, Outcome},
    rows::{CLOSE, OPEN, Rows, VOLUME},
    timeframe::Timeframe,
};

/// How many gaps, outliers and stretches are listed for each symbol.
const LISTED_MAX: usize = 5;
/// From how many bars that repeat each other on a stretch is stale.
const STALE_BARS_MIN: usize = 5;
/// Returns that are needed to tell what is usual.
const RETURNS_MIN: usize = 20;
/// Median absolute deviations in a standard deviation of a normal distribution.
const DEVIATIONS_PER_SIGMA: f64 = 1.4826;

/// What an inspection found out about one symbol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SymbolFacts {
    /// The symbol.
    pub symbol: String,
    /// Rows that could be read.
    pub rows: u64,
    /// Rows that are right.
    pub bars: u64,
    /// Time of the first bar.
    pub first: Timestamp,
    /// Time of the last bar.
    pub last: Timestamp,
    /// Length of a bar, declared or found.
    pub timeframe: Timeframe,
    /// Rows with the time of another row.
    pub duplicates: u64,
    /// Rows before the row above them.
    pub out_of_order: u64,
    /// Jumps that look like a split that was not adjusted.
    pub suspected_splits: u64,
    /// Where bars seem to be missing.
    pub gaps: Gaps,
    /// Returns far outside the usual ones.
    pub outliers: Outliers,
    /// Where bars repeat the one before.
    pub stale: Stretches,
    /// Where nothing was traded; `None` for a file without volume.
    pub zero_volume: Option<Stretches>,
    /// The bars, for a picture.
    #[serde(skip)]
    pub prices: Bars,
}

/// Where bars seem to be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gaps {
    /// How many gaps there are.
    pub count: u64,
    /// Bars that are missing in all of them; of daily bars, weekdays.
    pub bars_missing: i64,
    /// The largest.
    pub largest: Vec<Gap>,
    /// The bars after each gap, for a picture.
    #[serde(skip)]
    pub ends: Vec<usize>,
}

/// Bars that seem to be missing between two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Row of the bar after it.
    pub row: u64,
    /// Time of the bar before it.
    pub after: Timestamp,
    /// Time of the bar after it.
    pub until: Timestamp,
    /// How many bars seem to be missing.
    pub bars_missing: i64,
}

/// Returns far outside the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outliers {
    /// From how many robust sigmas on a return is one.
    pub sigmas: f64,
    /// One robust sigma, as a share; `None` where too few prices change to tell.
    pub sigma: Option<f64>,
    /// How many there are.
    pub count: u64,
    /// The largest.
    pub largest: Vec<Outlier>,
    /// The bars of all of them, for a picture.
    #[serde(skip)]
    pub bars: Vec<usize>,
}

/// A return far outside the usual ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlier {
    /// Row of its bar.
    pub row: u64,
    /// Time of its bar.
    pub time: Timestamp,
    /// The return from the close before, as a share.
    pub change: f64,
    /// Its distance from the median return.
    pub sigmas: f64,
}

/// Bars one after the other that have something in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stretches {
    /// How many stretches there are.
    pub count: u64,
    /// Bars in all of them.
    pub bars: u64,
    /// The longest.
    pub longest: Vec<Stretch>,
}

/// Bars one after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stretch {
    /// Row of the first.
    pub row: u64,
    /// Time of the first.
    pub from: Timestamp,
    /// Time of the last.
    pub to: Timestamp,
    /// How many there are.
    pub bars: u64,
}

/// The facts that are being collected.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) sigmas: f64,
    pub(crate) symbols: Vec<SymbolFacts>,
}

/// What a check of the rows has found before.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Rows that were read.
    pub(crate) read: usize,
    /// What is wrong.
    pub(crate) counts: &'a BTreeMap<Kind, BTreeMap<Outcome, u64>>,
    pub(crate) timeframe: Timeframe,
    pub(crate) splits: &'a Splits,
}

impl Facts {
    /// Takes the checked rows of a symbol; reports what is worth a look.
    pub(crate) fn add(&mut self, rows: &Rows, found: &Found<'_>, report: &mut CheckReport) {
        let Found { read, counts, timeframe, splits: known } = *found;
        let wrong = |kind: Kind| counts.get(&kind).map_or(0, |ends| ends.values().sum());
        let mut splits = CheckReport::default();
        check::jumps(rows, known, &mut splits);
        let repeats = |row: usize| row > 0 && is_repeat(rows, row);
        let stale = stretches(rows, STALE_BARS_MIN, repeats);
        let stale = told(rows, stale, Kind::Stale, "repeats the bar before", report);
        let zero_volume = rows.has_volume().then(|| {
            let found = stretches(rows, 1, |row| rows.volume[row] <= 0.0);
            told(rows, found, Kind::ZeroVolume, "has no volume", report)
        });
        self.symbols.push(SymbolFacts {
            symbol: rows.symbol.clone(),
            rows: read as u64,
            bars: rows.len() as u64,
            first: time(rows, 0),
            last: time(rows, rows.len() - 1),
            timeframe,
            duplicates: wrong(Kind::Repeated) + wrong(Kind::DuplicateTime),
            out_of_order: wrong(Kind::OutOfOrder),
            suspected_splits: splits.total(Outcome::Warning),
            gaps: gaps(rows, timeframe),
            outliers: outliers(rows, known, self.sigmas, report),
            stale,
            zero_volume,
            prices: rows.clone().into_bars(),
        });
    }
}

fn time(rows: &Rows, row: usize) -> Timestamp {
    Timestamp::from_nanos(rows.time[row])
}

fn gaps(rows: &Rows, timeframe: Timeframe) -> Gaps {
    let missing = |row: &usize| check::missing(rows.time[row - 1], rows.time[*row], timeframe);
    let mut found: Vec<(i64, usize)> =
        (1..rows.len()).map(|row| (missing(&row), row)).filter(|(bars, _)| *bars > 0).collect();
    let ends = found.iter().map(|(_, row)| *row).collect();
    let (count, bars_missing) = (found.len() as u64, found.iter().map(|(bars, _)| bars).sum());
    found.sort_by_key(|(bars, row)| (-bars, *row));
    let gap = |(bars_missing, row): (i64, usize)| Gap {
        row: rows.line(row),
        after: time(rows, row - 1),
        until: time(rows, row),
        bars_missing,
    };
    let largest = found.into_iter().take(LISTED_MAX).map(gap).collect();
    Gaps { count, bars_missing, largest, ends }
}

/// The middle value; sorts `values`, which has one at least.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

fn outliers(rows: &Rows, splits: &Splits, sigmas: f64, report: &mut CheckReport) -> Outliers {
    let close = |row: usize| crate::Price::from_raw(rows.prices[CLOSE][row]).to_f64();
    let change = |row: usize| {
        let units = splits.between(rows.time[row - 1], rows.time[row]).unwrap_or(1.0);
        close(row) * units / close(row - 1) - 1.0
    };
    let changes: Vec<f64> = (1..rows.len()).map(change).collect();
    let none = Outliers { sigmas, ..Outliers::default() };
    if changes.len() < RETURNS_MIN {
        return none;
    }
    let usual = median(&mut changes.clone());
    let mut deviations: Vec<f64> = changes.iter().map(|change| (change - usual).abs()).collect();
    let sigma = DEVIATIONS_PER_SIGMA * median(&mut deviations);
    if sigma <= 0.0 {
        return none;
    }
    let distance = |change: f64| (change - usual).abs() / sigma;
    let mut found: Vec<usize> =
        (0..changes.len()).filter(|index| distance(changes[*index]) > sigmas).collect();
    let outlier = |index: &usize| Outlier {
        row: rows.line(index + 1),
        time: time(rows, index + 1),
        change: changes[*index],
        sigmas: distance(changes[*index]),
    };
    let bars = found.iter().map(|index| index + 1).collect();
    for index in &found {
        let Outlier { change, sigmas, .. } = outlier(index);
        let percent = 100.0 * change;
        let detail =
            format!("moves {percent:+.2} % from the close before: {sigmas:.1} robust sigmas");
        let problem = rows.problem(index + 1, Some(CLOSE), Kind::Outlier, detail, Outcome::Warning);
        report.add(problem);
    }
    let count = found.len() as u64;
    found.sort_by(|a, b| distance(changes[*b]).total_cmp(&distance(changes[*a])).then(a.cmp(b)));
    let largest = found.iter().take(LISTED_MAX).map(outlier).collect();
    Outliers { sigmas, sigma: Some(sigma), count, largest, bars }
}

/// Whether a bar has all the prices of the one before it.
fn is_repeat(rows: &Rows, row: usize) -> bool {
    (OPEN..=CLOSE).all(|column| rows.prices[column][row] == rows.prices[column][row - 1])
}

/// First and last row of every stretch of at least `bars_min` rows that `fits`.
fn stretches(rows: &Rows, bars_min: usize, fits: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut row = 0;
    while row < rows.len() {
        let length = (row..rows.len()).take_while(|row| fits(*row)).count();
        if length >= bars_min {
            found.push((row, row + length - 1));
        }
        row += length.max(1);
    }
    found
}

/// Counts stretches and reports each.
fn told(
    rows: &Rows,
    mut found: Vec<(usize, usize)>,
    kind: Kind,
    what: &str,
    report: &mut CheckReport,
) -> Stretches {
    for (first, last) in &found {
        let more = last - first;
        let until = time(rows, *last);
        let detail = match more {
            0 => what.to_owned(),
            1 => format!("{what}, and so does the next"),
            _ => format!("{what}, and so do the next {more}, to `{until}`"),
        };
        let column = (kind == Kind::ZeroVolume).then_some(VOLUME);
        report.add(rows.problem(*first, column, kind, detail, Outcome::Warning));
    }
    let length = |(first, last): &(usize, usize)| last - first + 1;
    let (count, bars) = (found.len() as u64, found.iter().map(length).sum::<usize>() as u64);
    found.sort_by_key(|stretch| (std::cmp::Reverse(length(stretch)), stretch.0));
    let stretch = |(first, last): &(usize, usize)| Stretch {
        row: rows.line(*first),
        from: time(rows, *first),
        to: time(rows, *last),
        bars: (last - first + 1) as u64,
    };
    Stretches { count, bars, longest: found.iter().take(LISTED_MAX).map(stretch).collect() }
}
