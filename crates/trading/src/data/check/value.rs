//! Single rows: prices above zero, high and low around open and close, no negative volume.

use super::{OnError, Wrong};
use crate::data::{
    problem::{CheckReport, Kind, Outcome},
    rows::{ADJ_CLOSE, CLOSE, HIGH, LOW, OPEN, Rows, VOLUME, price},
    table::MISSING,
};

/// High and low may miss another price by this part of it: the source rounded.
const ROUNDING_PARTS: i64 = 1_000_000;
/// High and low are widened by at most one part in this many; beyond, a price is wrong.
const WIDENING_PARTS: i64 = 10;

/// Checks every row; wrong ones are marked, what may be put right is put right.
pub(super) fn check(rows: &mut Rows, policy: OnError, wrong: &mut Wrong, report: &mut CheckReport) {
    for row in 0..rows.len() {
        let bar = rows.prices.each_ref().map(|column| column[row]);
        let [open, high, low, close] = bar;
        let encloses = high >= open.max(close) && low <= open.min(close);
        let adjusts = rows.adj_close.as_ref().is_none_or(|column| column[row] > 0);
        if low > 0 && encloses && adjusts && rows.volume[row] >= 0.0 {
            continue;
        }
        if check_row(rows, row, policy, report) {
            wrong.mark(row);
        }
    }
}

/// Looks at a row that is not plainly right; says whether it stays wrong.
fn check_row(rows: &mut Rows, row: usize, policy: OnError, report: &mut CheckReport) -> bool {
    if rows.volume[row].is_nan() {
        // An empty volume: the source has none for this bar.
        rows.volume[row] = 0.0;
    }
    let mut is_wrong = false;
    if rows.volume[row] < 0.0 {
        let detail = "is below zero".to_owned();
        let kind = Kind::NegativeVolume;
        report.add(rows.problem(row, Some(VOLUME), kind, detail, policy.outcome()));
        is_wrong = true;
    }
    let checked = if rows.is_close_only { &[CLOSE][..] } else { &[OPEN, HIGH, LOW, CLOSE] };
    let below: Vec<usize> =
        checked.iter().copied().filter(|column| rows.prices[*column][row] <= 0).collect();
    for column in &below {
        let detail = "is not above zero".to_owned();
        report.add(rows.problem(row, Some(*column), Kind::NotPositive, detail, policy.outcome()));
    }
    is_wrong |= !below.is_empty() | lacks_adj_close(rows, row, policy, report);
    is_wrong || is_crossed(rows, row, policy, report)
}

fn lacks_adj_close(rows: &Rows, row: usize, policy: OnError, report: &mut CheckReport) -> bool {
    let Some(adjusted) = rows.adj_close.as_ref().map(|column| column[row]) else {
        return false;
    };
    let (kind, detail) = match adjusted {
        MISSING => (Kind::Missing, "has no value to adjust by; `adjust: none` does without"),
        price if price <= 0 => (Kind::NotPositive, "is not above zero"),
        _ => return false,
    };
    report.add(rows.problem(row, Some(ADJ_CLOSE), kind, detail.into(), policy.outcome()));
    true
}

/// Checks high and low, widening them where that is the answer; says whether they stay wrong.
fn is_crossed(rows: &mut Rows, row: usize, policy: OnError, report: &mut CheckReport) -> bool {
    let [open, high, low, close] = rows.prices.each_ref().map(|column| column[row]);
    let (top, bottom) = (open.max(close), open.min(close));
    if high >= top.max(low) && low <= bottom {
        return false;
    }
    let misses = |parts: i64| high < top - top / parts || low > bottom + bottom / parts;
    if high >= low && !misses(ROUNDING_PARTS) {
        set(rows, row, high.max(top), low.min(bottom));
        return false;
    }
    let repaired = if high < low {
        (low >= top && high <= bottom).then_some((low, high))
    } else {
        (!misses(WIDENING_PARTS)).then(|| (high.max(top), low.min(bottom)))
    };
    let (column, detail) = describe(open, high, low, close);
    match repaired.filter(|_| policy == OnError::Repair) {
        Some((new_high, new_low)) => {
            let done = if high < low { "swapped with low" } else { "widened" };
            let detail = format!("{detail}; {done}");
            report.add(rows.problem(row, Some(column), Kind::Crossed, detail, Outcome::Repaired));
            set(rows, row, new_high, new_low);
            false
        }
        None => {
            let kind = Kind::Crossed;
            report.add(rows.problem(row, Some(column), kind, detail, policy.outcome()));
            true
        }
    }
}

fn describe(open: i64, high: i64, low: i64, close: i64) -> (usize, String) {
    let (below, above) = (|n, v| format!("is below {n} `{}`", price(v)), price(open.min(close)));
    match () {
        () if high < low => (HIGH, below("low", low)),
        () if high < open => (HIGH, below("open", open)),
        () if high < close => (HIGH, below("close", close)),
        () if low > open => (LOW, format!("is above open `{above}`")),
        () => (LOW, format!("is above close `{above}`")),
    }
}

fn set(rows: &mut Rows, row: usize, high: i64, low: i64) {
    rows.prices[HIGH][row] = high;
    rows.prices[LOW][row] = low;
}
