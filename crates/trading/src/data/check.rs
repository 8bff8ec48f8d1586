//! The data check: what is wrong with the rows of a symbol, and what the policy makes of it.
//!
//! | policy | what it does |
//! |---|---|
//! | `fail` | changes nothing and refuses the data |
//! | `drop` | leaves out the wrong rows: of two rows with one time the first stays, of a row that steps back in time the earlier ones stay |
//! | `repair` | does what has one right answer (sorts, removes exact repeats, swaps high and low, widens them to enclose open and close) and refuses the rest |
//!
//! Promises: what passes has strictly rising times, prices above zero, and high and low that
//! enclose open and close. High and low that miss them by at most one part in a million are
//! rounding of the source: they are widened without a word. Files that are sorted newest first
//! are turned around.
//! Not here: cells that could not be read; those are found while reading.

mod order;
mod splits;
mod value;
mod warn;

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    problem::{CheckReport, Kind, Outcome},
    rows::Rows,
    timeframe::Timeframe,
};

pub(crate) use splits::Splits;
pub(crate) use warn::{gaps, jumps, missing, spikes, weekdays_between};

/// What happens to wrong rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The data is refused.
    #[default]
    Fail,
    /// Wrong rows are left out.
    Drop,
    /// What has one right answer is put right; the rest is refused.
    Repair,
}

impl OnError {
    /// What becomes of a problem that cannot be put right.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Fail | Self::Repair => Outcome::Refused,
            Self::Drop => Outcome::Dropped,
        }
    }
}

/// Checks the rows and puts them in order; the report, empty so far, says what was found and done.
pub(crate) fn check(
    rows: &mut Rows,
    policy: OnError,
    now: Option<Timestamp>,
    notes: &mut Vec<String>,
    mut report: CheckReport,
) -> CheckReport {
    order::turn_around(rows, notes);
    let mut wrong = Wrong::default();
    value::check(rows, policy, &mut wrong, &mut report);
    if let Some(now) = now {
        future(rows, policy, now, &mut wrong, &mut report);
    }
    wrong.remove(rows);
    order::check(rows, policy, &mut report);
    report.rows_kept = rows.len() as u64;
    report
}

fn future(
    rows: &Rows,
    policy: OnError,
    now: Timestamp,
    wrong: &mut Wrong,
    report: &mut CheckReport,
) {
    for row in 0..rows.len() {
        if rows.time[row] > now.as_nanos() {
            let detail = format!("is after the present, {now}");
            report.add(rows.problem(row, None, Kind::Future, detail, policy.outcome()));
            wrong.mark(row);
        }
    }
}

/// Whether no two of these times lie as far apart as the bars of `timeframe` do, which are then
/// bars of another length. Months differ in length, and a few rows prove nothing.
fn never_apart(times: &[Timestamp], timeframe: Timeframe) -> bool {
    const ROWS_MIN: usize = 20;
    let step = timeframe.nanos();
    let apart = |pair: &[Timestamp]| pair[1].as_nanos().saturating_sub(pair[0].as_nanos()) == step;
    timeframe.unit() != super::timeframe::Unit::Month
        && times.len() >= ROWS_MIN
        && !times.windows(2).any(apart)
}

/// Compares the declared timeframe with the rows; returns the one that the rows have, which is
/// the declared one unless they are finer.
pub(crate) fn timeframe(
    rows: &Rows,
    declared: Option<Timeframe>,
) -> Result<Timeframe, super::error::Error> {
    let times: Vec<Timestamp> =
        rows.time.iter().take(10_001).map(|t| Timestamp::from_nanos(*t)).collect();
    match (declared, Timeframe::infer(&times)) {
        (Some(declared), Some(found)) if is_finer(&times, declared) => Ok(found),
        (Some(declared), Some(found)) if never_apart(&times, declared) => {
            Err(super::error::Error::Timeframe {
                symbol: rows.symbol.clone(),
                found: found.to_string(),
                declared: declared.to_string(),
            })
        }
        (Some(declared), _) => Ok(declared),
        (None, found) => Ok(found.unwrap_or(Timeframe::DAILY)),
    }
}

/// Whether most rows are clearly nearer to each other than bars of `timeframe`; a few prove nothing.
fn is_finer(times: &[Timestamp], timeframe: Timeframe) -> bool {
    const ROWS_MIN: usize = 4;
    let limit = timeframe.nanos() / 4 * 3;
    let apart = |pair: &[Timestamp]| pair[1].as_nanos().saturating_sub(pair[0].as_nanos());
    let near = times.windows(2).filter(|pair| apart(pair) < limit).count();
    times.len() >= ROWS_MIN && 2 * near > times.len() - 1
}

/// Rows that are to be removed.
#[derive(Debug, Default)]
pub(crate) struct Wrong(Vec<usize>);

impl Wrong {
    fn mark(&mut self, row: usize) {
        self.0.push(row);
    }

    fn remove(mut self, rows: &mut Rows) {
        if self.0.is_empty() {
            return;
        }
        self.0.sort_unstable();
        let keep: Vec<usize> =
            (0..rows.len()).filter(|row| self.0.binary_search(row).is_err()).collect();
        rows.pick(&keep);
    }
}
