//! What is worth a look but not wrong: gaps, jumps like an unadjusted split, lone extreme prices.

use dirigent_core::Timestamp;

use super::Splits;
use crate::data::{
    adjust::near_split,
    problem::{CheckReport, Kind, Outcome},
    rows::{CLOSE, HIGH, LOW, OPEN, Rows},
    timeframe::{DAY, Timeframe, Unit},
};

/// Weekdays that may be missing in a row before daily bars have a gap: the week of 11 September
/// 2001 had four, the longest holidays of some exchanges have a week.
const WEEKDAYS_MISSING_MAX: i64 = 5;
/// An intraday pause from this length on is a night, a weekend or a holiday.
const NIGHT_NANOS: i64 = 4 * 3_600 * 1_000_000_000;
/// How far the rest of the day of a split may move from its open.
const DAY_MOVE_MAX: f64 = 0.25;

/// How far a low or high may be from the closes around it before it is reported.
const SPIKE_RATIO: f64 = 2.0;

/// Reports bars that seem to be missing.
pub(crate) fn gaps(rows: &Rows, timeframe: Timeframe, report: &mut CheckReport) {
    for row in 1..rows.len() {
        let (before, now) = (rows.time[row - 1], rows.time[row]);
        let missing = missing(before, now, timeframe);
        if missing > 0 {
            let noun = if timeframe.unit() == Unit::Day { "weekdays" } else { "bars" };
            let noun = if missing == 1 { noun.trim_end_matches('s') } else { noun };
            let before = Timestamp::from_nanos(before);
            let detail = format!("follows `{before}`: {missing} {noun} missing");
            report.add(rows.problem(row, None, Kind::Gap, detail, Outcome::Warning));
        }
    }
}

/// How many bars seem to be missing between two that follow each other; zero if none.
pub(crate) fn missing(before: i64, now: i64, timeframe: Timeframe) -> i64 {
    let step = timeframe.nanos();
    // The whole range of times does not fit a difference.
    let apart = now.saturating_sub(before);
    let missing = match timeframe.unit() {
        Unit::Day if timeframe.count() == 1 => {
            let missing = weekdays_between(before, now);
            if missing > WEEKDAYS_MISSING_MAX { missing } else { 0 }
        }
        Unit::Day | Unit::Week | Unit::Month => apart / step.max(1) - 1,
        Unit::Second | Unit::Minute | Unit::Hour if apart < NIGHT_NANOS => apart / step.max(1) - 1,
        Unit::Second | Unit::Minute | Unit::Hour => 0,
    };
    missing.max(0)
}

/// Weekdays strictly between two dates.
pub(crate) fn weekdays_between(before: i64, now: i64) -> i64 {
    // 1970-01-01 was a Thursday; days are counted from Monday 1969-12-29.
    let weekdays_until = |day: i64| day.div_euclid(7) * 5 + day.rem_euclid(7).min(5);
    let (before, now) = (before.div_euclid(DAY) + 3, now.div_euclid(DAY) + 3);
    weekdays_until(now) - weekdays_until(before + 1)
}

/// Reports overnight jumps that look like a split that `splits` do not explain. For 3:2 the volume
/// must have risen as well. A split that prices do not show is reported too: it would act twice.
pub(crate) fn jumps(rows: &Rows, splits: &Splits, report: &mut CheckReport) {
    for row in 1..rows.len() {
        let before = as_double(rows.prices[CLOSE][row - 1]);
        let (open, close) = (as_double(rows.prices[OPEN][row]), as_double(rows.prices[CLOSE][row]));
        let known = splits.between(rows.time[row - 1], rows.time[row]);
        let Some((new, old)) = near_split(before / open / known.unwrap_or(1.0)) else {
            continue;
        };
        let stays = (close / open - 1.0).abs() < DAY_MOVE_MAX;
        let traded_more = rows.volume[row] > 1.2 * rows.volume[row - 1];
        let plain = new >= 2 * old || old >= 2 * new;
        let close = crate::Price::from_raw(rows.prices[CLOSE][row - 1]);
        if known.is_some() {
            let detail = format!(
                "opens after a close of `{close}`, which is not what the split of this day in the \
                 actions file makes of it: prices may be adjusted for it already"
            );
            report.add(rows.problem(row, Some(OPEN), Kind::SplitJump, detail, Outcome::Warning));
        } else if stays && (plain || traded_more) {
            let detail = format!(
                "opens at a {new}:{old} split of the close before, `{close}`: adjust the prices, or \
                 check that it is real"
            );
            report.add(rows.problem(row, Some(OPEN), Kind::SplitJump, detail, Outcome::Warning));
        }
    }
}

/// Reports lows and highs that are far from the closes right before and right after: a stop or a
/// target would fill there, at a price that hardly anybody got.
pub(crate) fn spikes(rows: &Rows, report: &mut CheckReport) {
    for row in 1..rows.len().saturating_sub(1) {
        let close = |row: usize| as_double(rows.prices[CLOSE][row]);
        let (before, after) = (close(row - 1), close(row + 1));
        let (least, most) = (before.min(after), before.max(after));
        for (column, name) in [(LOW, "low"), (HIGH, "high")] {
            let price = as_double(rows.prices[column][row]);
            if price < least / SPIKE_RATIO || price > most * SPIKE_RATIO {
                let around = crate::Price::from_raw(rows.prices[CLOSE][row - 1]);
                let detail = format!(
                    "the {name} is more than {SPIKE_RATIO} times away from the closes around it, \
                     such as `{around}`: check that it is real"
                );
                report.add(rows.problem(row, Some(column), Kind::Spike, detail, Outcome::Warning));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio within three percent is looked for")]
fn as_double(raw: i64) -> f64 {
    raw as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_counted_without_weekends() {
        let day = |d| Timestamp::from_date(2001, 9, d).unwrap().as_nanos();
        assert_eq!(weekdays_between(day(10), day(17)), 4); // Tuesday to Friday
        assert_eq!(weekdays_between(day(7), day(10)), 0); // Friday to Monday
        assert_eq!(weekdays_between(day(3), day(4)), 0);
        assert_eq!(weekdays_between(day(3), day(17)), 9);
    }
}
