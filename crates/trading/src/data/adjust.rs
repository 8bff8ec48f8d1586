//! Adjustment: prices of the past as if splits (and dividends) had always been.
//!
//! With `adj_close / close` of a row as its factor:
//! - `total`: the close becomes the adj_close of the file, exactly; open, high and low are
//!   multiplied by the factor. Returns include dividends; the level is the file's, which may
//!   contain splits later than its last row.
//! - `splits`: a factor that changes from one row to the next by a simple ratio (2:1, 3:2, …,
//!   within 1 %) is a split on the later row; rows before it are divided by the ratio. Dividends
//!   change the factor less and are left in. The last row keeps its price.
//! - `auto`: `total` where the file has an adj_close, `none` otherwise.
//!
//! Volume is multiplied by the ratio of each later split, in `total` as well.
//! Promises: results are rounded once, half to even, to nine decimals; high and low still enclose
//! open and close, because rounding keeps order.

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::Error,
    rows::{CLOSE, Rows},
};
use crate::price::Price;

/// How prices of the past are adjusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjust {
    /// `total` where the file has an adj_close, `none` otherwise.
    #[default]
    Auto,
    /// As traded.
    None,
    /// For splits.
    Splits,
    /// For splits and dividends.
    Total,
}

/// What was done to the prices of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjusted {
    /// They are those of the file.
    No,
    /// They were adjusted for splits.
    Splits,
    /// They were adjusted for splits and dividends.
    Total,
}

/// Ratios of splits, new shares to old ones; each is looked for the other way round as well.
const SPLITS: [(i64, i64); 18] = [
    (2, 1),
    (3, 1),
    (3, 2),
    (4, 1),
    (5, 1),
    (4, 3),
    (5, 4),
    (5, 2),
    (6, 1),
    (7, 1),
    (8, 1),
    (10, 1),
    (15, 1),
    (20, 1),
    (25, 1),
    (30, 1),
    (50, 1),
    (100, 1),
];
/// How near a change of the factor must be to a ratio.
const FACTOR_TOLERANCE: f64 = 0.01;
/// How near an overnight jump of the price must be to a ratio.
const JUMP_TOLERANCE: f64 = 0.03;

/// Jumps between these are nearer to none than to 3:2 or 2:3, as those of almost all bars are.
const NO_SPLIT: std::ops::Range<f64> = 0.69..1.45;

/// The split (new shares, old shares) that an overnight jump is near to, from 3:2 on.
pub(crate) fn near_split(ratio: f64) -> Option<(i64, i64)> {
    if NO_SPLIT.contains(&ratio) {
        return None;
    }
    split_of(ratio)
}

fn split_of(ratio: f64) -> Option<(i64, i64)> {
    nearest(ratio, JUMP_TOLERANCE).filter(|(new, old)| 2 * new >= 3 * old || 2 * old >= 3 * new)
}

#[expect(clippy::cast_precision_loss, reason = "small integers")]
fn nearest(ratio: f64, tolerance: f64) -> Option<(i64, i64)> {
    let is_near = |new: i64, old: i64| (ratio * old as f64 / new as f64 - 1.0).abs() <= tolerance;
    SPLITS.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).find(|(new, old)| is_near(*new, *old))
}

/// Adjusts rows that were checked; says what was done.
///
/// # Errors
/// An adjustment is asked for and the file has no adj_close.
pub(crate) fn adjust(
    rows: &mut Rows,
    how: Adjust,
    notes: &mut Vec<String>,
) -> Result<Adjusted, Error> {
    let Some(adjusted) = rows.adj_close.take() else {
        return match how {
            Adjust::Auto | Adjust::None => Ok(Adjusted::No),
            Adjust::Splits | Adjust::Total => Err(Error::Setting {
                what: format!(
                    "`{}` has no column `adj_close` to adjust `{}` by",
                    rows.path().display(),
                    rows.symbol
                ),
                hint: "set `data.adjust: none`, or get a file with adjusted closes".into(),
            }),
        };
    };
    let splits = splits(rows, &adjusted);
    let found = describe(&splits);
    let adjusted = match how {
        Adjust::None => return Ok(Adjusted::No),
        Adjust::Splits => {
            scale_prices(rows, &splits);
            notes.push(format!("`{}`: prices and volume are adjusted for {found}", rows.symbol));
            Adjusted::Splits
        }
        Adjust::Auto | Adjust::Total => {
            scale_to(rows, adjusted);
            notes.push(format!(
                "`{}`: prices are back-adjusted by `{}` (splits and dividends), volume for {found}",
                rows.symbol,
                rows.names[super::rows::ADJ_CLOSE]
            ));
            Adjusted::Total
        }
    };
    scale_volume(rows, &splits);
    Ok(adjusted)
}

/// A split: its row, and new shares to old ones.
struct Split {
    row: usize,
    date: Timestamp,
    new: i64,
    old: i64,
}

#[expect(clippy::cast_precision_loss, reason = "a ratio within one percent is looked for")]
fn splits(rows: &Rows, adjusted: &[i64]) -> Vec<Split> {
    let factor = |row: usize| adjusted[row] as f64 / rows.prices[CLOSE][row] as f64;
    let split = |row: usize| {
        let (new, old) = nearest(factor(row) / factor(row - 1), FACTOR_TOLERANCE)?;
        Some(Split { row, date: Timestamp::from_nanos(rows.time[row]), new, old })
    };
    (1..rows.len()).filter_map(split).collect()
}

fn describe(splits: &[Split]) -> String {
    if splits.is_empty() {
        return "no split".into();
    }
    let one = |split: &Split| {
        let (year, month, day) = split.date.date();
        format!("{}:{} on {year:04}-{month:02}-{day:02}", split.new, split.old)
    };
    splits.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The close becomes the adjusted close; the others keep their proportion to it.
fn scale_to(rows: &mut Rows, adjusted: Vec<i64>) {
    let [open, high, low, close] = &mut rows.prices;
    for column in [open, high, low] {
        for (raw, (adjusted, close)) in column.iter_mut().zip(adjusted.iter().zip(&*close)) {
            *raw = Price::from_raw(*raw).scaled(*adjusted, *close).raw().max(1);
        }
    }
    rows.prices[CLOSE] = adjusted;
}

/// The product of all splits after each row, reduced: (rows up to, new, old).
fn stretches(splits: &[Split]) -> Vec<(usize, i64, i64)> {
    let (mut new, mut old) = (1_i64, 1_i64);
    let mut stretches = Vec::new();
    for split in splits.iter().rev() {
        (new, old) = (new.saturating_mul(split.new), old.saturating_mul(split.old));
        let divisor = common_divisor(new, old);
        (new, old) = (new / divisor, old / divisor);
        stretches.push((split.row, new, old));
    }
    stretches.reverse();
    stretches
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn scale_prices(rows: &mut Rows, splits: &[Split]) {
    let mut start = 0;
    for (end, new, old) in stretches(splits) {
        for raw in rows.prices.iter_mut().flat_map(|column| &mut column[start..end]) {
            *raw = Price::from_raw(*raw).scaled(old, new).raw().max(1);
        }
        start = end;
    }
}

#[expect(clippy::cast_precision_loss, reason = "products of small integers")]
fn scale_volume(rows: &mut Rows, splits: &[Split]) {
    let mut start = 0;
    for (end, new, old) in stretches(splits) {
        for volume in &mut rows.volume[start..end] {
            *volume = *volume * new as f64 / old as f64;
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_a_split_only_when_it_is_near() {
        assert_eq!(nearest(2.0, FACTOR_TOLERANCE), Some((2, 1)));
        assert_eq!(nearest(1.0 / 7.0, FACTOR_TOLERANCE), Some((1, 7)));
        assert_eq!(nearest(1.1, FACTOR_TOLERANCE), None);
        assert_eq!(nearest(2.1, FACTOR_TOLERANCE), None);
        assert_eq!(near_split(1.25), None); // a bad morning, not a split
        assert_eq!(near_split(1.49), Some((3, 2)));
        for odd in [f64::NAN, f64::INFINITY, 0.0, -2.0] {
            assert_eq!(nearest(odd, FACTOR_TOLERANCE), None);
        }
    }
    /// The short way out changes no answer, on either side of its ends and of every ratio's.
    #[test]
    fn jumps_that_are_no_split_are_told_without_the_table() {
        let steps = (1..160_000).map(|step| f64::from(step) / 1_000.0);
        let ends = [0.686_666, 0.69, 1.45, 1.455, 1.5 * 0.97, 2.0 / 3.0 * 1.03].into_iter();
        let around = ends.flat_map(|end: f64| [end.next_down(), end, end.next_up()]);
        let odd = [f64::NAN, f64::INFINITY, 0.0, -1.0];
        let mut splits = 0;
        for ratio in steps.chain(around).chain(odd) {
            assert_eq!(near_split(ratio), split_of(ratio), "{ratio}");
            splits += usize::from(split_of(ratio).is_some());
        }
        assert!(splits > 1_000, "{splits}");
    }
}
