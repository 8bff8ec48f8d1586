//! Resampling: longer bars from shorter ones.
//!
//! The open is that of the first row, the close that of the last, high and low the extremes, the
//! volume the sum. Rows outside of every session are left out. A row that reaches from one bar into
//! the next is refused: either bar would hold what is not its own.
//! Promises: a bar holds rows that lie within it and no other, so rows added after it do not change
//! it; a bar without rows does not exist.

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    bars::Bars,
    check::weekdays_between,
    error::Error,
    rows::{CLOSE, HIGH, LOW, OPEN, Rows},
    session::{Grid, Slot},
    timeframe::{DAY, Timeframe},
};
use crate::price::Price;

/// What happens to a last bar whose rows end before it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialBar {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is left out.
    Drop,
}

/// The bars that were made.
#[derive(Debug)]
pub(crate) struct Resampled {
    pub(crate) bars: Bars,
    /// Rows outside of every session.
    pub(crate) outside: usize,
    /// The start of a last bar that is not complete, and its last row.
    pub(crate) partial: Option<(Timestamp, Timestamp)>,
}

/// Makes bars of `grid` from checked rows of length `step`.
///
/// # Errors
/// A row reaches from one bar into the next, or no row lies in a session.
pub(crate) fn resample(
    rows: &Rows,
    step: Timeframe,
    grid: &mut Grid,
    partial: PartialBar,
) -> Result<Resampled, Error> {
    let mut bars = Bars { symbol: rows.symbol.clone(), ..Bars::default() };
    let mut outside = 0;
    let mut last: Option<(usize, Slot)> = None;
    for row in 0..rows.len() {
        let time = rows.time[row];
        let slot = match rows.is_dated {
            true => Some(grid.slot_of_date(time)),
            false => grid.slot(time),
        };
        let Some(slot) = slot else {
            outside += 1;
            continue;
        };
        if !rows.is_dated && time.saturating_add(step.nanos()) > slot.limit {
            return Err(reaches_over(rows, row, step, slot));
        }
        let is_next = last.is_none_or(|(_, before)| before.stamp != slot.stamp);
        put(&mut bars, rows, row, is_next.then_some(slot.stamp));
        last = Some((row, slot));
    }
    let Some((row, slot)) = last else { return Err(no_session(rows)) };
    let is_open = !is_complete(rows, row, step, slot);
    let last_row = Timestamp::from_nanos(rows.time[row]);
    let ended = is_open.then_some((Timestamp::from_nanos(slot.stamp), last_row));
    if is_open && partial == PartialBar::Drop {
        bars.keep_before(Timestamp::from_nanos(slot.stamp));
        if bars.is_empty() {
            return Err(Error::Setting {
                what: format!("the only bar of `{}` is not complete", rows.symbol),
                hint: "get more data, or set `data.partial_bar: keep`".into(),
            });
        }
    }
    Ok(Resampled { bars, outside, partial: ended })
}

/// Adds a row to the last bar, or to a new one with this time.
fn put(bars: &mut Bars, rows: &Rows, row: usize, stamp: Option<i64>) {
    let [open, high, low, close] =
        [OPEN, HIGH, LOW, CLOSE].map(|column| Price::from_raw(rows.prices[column][row]));
    match stamp {
        Some(stamp) => {
            bars.time.push(Timestamp::from_nanos(stamp));
            bars.open.push(open);
            bars.high.push(high);
            bars.low.push(low);
            bars.close.push(close);
            bars.volume.push(rows.volume[row]);
        }
        None => {
            let last = bars.len() - 1;
            bars.high[last] = bars.high[last].max(high);
            bars.low[last] = bars.low[last].min(low);
            bars.close[last] = close;
            bars.volume[last] += rows.volume[row];
        }
    }
}

/// Whether no row is to be expected between the last one and the end of its bar. Weekends are not.
fn is_complete(rows: &Rows, row: usize, step: Timeframe, slot: Slot) -> bool {
    let is_last_day =
        slot.dates.is_none_or(|(_, after)| weekdays_between(slot.day.date, after) == 0);
    is_last_day && (rows.is_dated || rows.time[row].saturating_add(step.nanos()) >= slot.end)
        || slot.dates.is_some_and(|(_, after)| {
            rows.is_dated && step.nanos() > DAY && rows.time[row] + step.nanos() >= after
        })
}

fn reaches_over(rows: &Rows, row: usize, step: Timeframe, slot: Slot) -> Error {
    let time = Timestamp::from_nanos(rows.time[row]);
    let limit = Timestamp::from_nanos(slot.limit);
    Error::Setting {
        what: format!(
            "`{}` row {}: the {step} from `{time}` reach past `{limit}`, where the next bar begins",
            rows.path().display(),
            rows.line(row)
        ),
        hint: "choose a `data.timeframe` and a `data.session` whose bars begin where rows begin"
            .into(),
    }
}

fn no_session(rows: &Rows) -> Error {
    Error::Setting {
        what: format!("no row of `{}` lies in a session", rows.symbol),
        hint: "check `data.session` and `data.timezone`".into(),
    }
}
