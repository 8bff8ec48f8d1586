//! The order of rows: strictly rising times.

use dirigent_core::Timestamp;

use super::{OnError, Wrong};
use crate::data::{
    problem::{CheckReport, Kind, Outcome},
    rows::Rows,
};

/// Turns rows around that are sorted newest first throughout.
pub(super) fn turn_around(rows: &mut Rows, notes: &mut Vec<String>) {
    let falls = rows.time.windows(2).all(|pair| pair[0] >= pair[1]);
    let changes = rows.time.first() != rows.time.last();
    if falls && changes {
        let backwards: Vec<usize> = (0..rows.len()).rev().collect();
        rows.pick(&backwards);
        notes.push(format!("`{}` is sorted newest first; it was turned around", rows.symbol));
    }
}

/// Checks that times rise; sorts, removes repeats or refuses as the policy says.
pub(super) fn check(rows: &mut Rows, policy: OnError, report: &mut CheckReport) {
    if rows.time.windows(2).all(|pair| pair[0] < pair[1]) {
        return;
    }
    out_of_order(rows, policy, report);
    repeats(rows, policy, report);
}

fn out_of_order(rows: &mut Rows, policy: OnError, report: &mut CheckReport) {
    let mut wrong = Wrong::default();
    let mut latest = i64::MIN;
    for row in 0..rows.len() {
        let time = rows.time[row];
        if time < latest {
            let outcome = match policy {
                OnError::Repair => Outcome::Repaired,
                OnError::Fail | OnError::Drop => policy.outcome(),
            };
            let before = Timestamp::from_nanos(latest);
            let detail = format!("is before `{before}` in a row above");
            report.add(rows.problem(row, None, Kind::OutOfOrder, detail, outcome));
            wrong.mark(row);
        }
        latest = latest.max(time);
    }
    match policy {
        OnError::Repair => {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|row| rows.time[*row]); // stable: equal times keep their order
            rows.pick(&order);
        }
        OnError::Fail | OnError::Drop => wrong.remove(rows),
    }
}

/// Equal neighboring times: the first row stays.
fn repeats(rows: &mut Rows, policy: OnError, report: &mut CheckReport) {
    let mut wrong = Wrong::default();
    let mut first = 0;
    for row in 1..rows.len() {
        if rows.time[row] != rows.time[first] {
            first = row;
            continue;
        }
        let line = rows.line(first);
        let (kind, detail, outcome) = if same_values(rows, first, row) {
            let outcome = match policy {
                OnError::Repair => Outcome::Repaired,
                OnError::Fail | OnError::Drop => policy.outcome(),
            };
            (Kind::Repeated, format!("repeats row {line}"), outcome)
        } else {
            let detail = format!("has the time of row {line} but other values");
            (Kind::DuplicateTime, detail, policy.outcome())
        };
        report.add(rows.problem(row, None, kind, detail, outcome));
        wrong.mark(row);
    }
    wrong.remove(rows);
}

fn same_values(rows: &Rows, a: usize, b: usize) -> bool {
    rows.prices.iter().all(|column| column[a] == column[b])
        && rows.volume[a].to_bits() == rows.volume[b].to_bits()
        && rows.adj_close.as_ref().is_none_or(|column| column[a] == column[b])
}
