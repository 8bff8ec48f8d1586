//! Timeframe: how long one bar is.
//!
//! Invariant: a count of 1 to `COUNT_MAX` of one unit; its text reads back as the same value.
//! Not here: sessions and holidays; they are the calendar's.

use std::{fmt, str::FromStr};

use dirigent_core::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest count of units in one bar.
pub const COUNT_MAX: u32 = 1_000;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How many of the first steps between bars decide the inferred timeframe.
const STEPS_LOOKED_AT: usize = 10_000;

/// What a timeframe counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Seconds: `s`.
    Second,
    /// Minutes: `m`.
    Minute,
    /// Hours: `h`.
    Hour,
    /// Calendar days or sessions: `d`.
    Day,
    /// Weeks: `w`.
    Week,
    /// Calendar months: `M`.
    Month,
}

/// The length of one bar: `1m`, `5m`, `1h`, `1d`, `1w`, `1M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timeframe {
    unit: Unit,
    count: u32,
}

impl Timeframe {
    /// One session or day.
    pub const DAILY: Self = Self { unit: Unit::Day, count: 1 };

    /// `count` units; `None` for none or more than `COUNT_MAX`.
    pub fn new(count: u32, unit: Unit) -> Option<Self> {
        (1..=COUNT_MAX).contains(&count).then_some(Self { unit, count })
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// How many units.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether a bar belongs to a date rather than to a moment: days, weeks, months.
    pub fn is_dated(self) -> bool {
        self.unit >= Unit::Day
    }

    /// The length in nanoseconds; a month counts as 30 days.
    pub fn nanos(self) -> i64 {
        let unit = match self.unit {
            Unit::Second => SECOND,
            Unit::Minute => MINUTE,
            Unit::Hour => HOUR,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 30 * DAY,
        };
        unit * i64::from(self.count)
    }

    /// The timeframe of bars at these rising times: the one nearest to the most frequent step.
    /// `None` for fewer than two bars.
    pub fn infer(times: &[Timestamp]) -> Option<Self> {
        let mut steps: Vec<i64> = times
            .windows(2)
            .take(STEPS_LOOKED_AT)
            .map(|pair| pair[1].as_nanos().saturating_sub(pair[0].as_nanos()))
            .filter(|step| *step > 0)
            .collect();
        steps.sort_unstable();
        most_frequent(&steps).and_then(Self::of_step)
    }

    fn of_step(step: i64) -> Option<Self> {
        let (unit, length) = match step {
            s if s < MINUTE => (Unit::Second, SECOND),
            s if s < HOUR => (Unit::Minute, MINUTE),
            s if s < DAY => (Unit::Hour, HOUR),
            // Over weekends daily bars are days apart; longer bars of days must be declared.
            s if s < 7 * DAY => return Some(Self::DAILY),
            s if s < 28 * DAY => (Unit::Week, 7 * DAY),
            _ => (Unit::Month, 2_629_746 * SECOND), // the mean Gregorian month
        };
        let count = step.saturating_add(length / 2) / length;
        Self::new(u32::try_from(count.clamp(1, i64::from(COUNT_MAX))).ok()?, unit)
    }
}

/// The value that occurs most often in a sorted list; the smallest of several such.
fn most_frequent(sorted: &[i64]) -> Option<i64> {
    sorted
        .chunk_by(|a, b| a == b)
        .rev()
        .max_by_key(|run| run.len())
        .and_then(|run| run.first().copied())
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Second => 's',
            Unit::Minute => 'm',
            Unit::Hour => 'h',
            Unit::Day => 'd',
            Unit::Week => 'w',
            Unit::Month => 'M',
        };
        write!(f, "{}{unit}", self.count)
    }
}

/// The text is no timeframe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a timeframe such as `1m`, `5m`, `1h`, `1d`, `1w` or `1M`")]
pub struct InvalidTimeframe(String);

impl FromStr for Timeframe {
    type Err = InvalidTimeframe;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || InvalidTimeframe(text.chars().take(40).collect());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match &text[digits..] {
            "s" => Unit::Second,
            "m" | "min" => Unit::Minute,
            "h" | "H" => Unit::Hour,
            "d" | "D" => Unit::Day,
            "w" | "W" => Unit::Week,
            "M" | "mo" => Unit::Month,
            _ => return Err(bad()),
        };
        Self::new(text[..digits].parse().map_err(|_| bad())?, unit).ok_or_else(bad)
    }
}

impl Serialize for Timeframe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timeframe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_timeframe_is_refused() {
        for text in ["", "d", "0d", "-1d", "1", "1y", "1001m", "99999999999h", "1 d", "1é"] {
            assert!(text.parse::<Timeframe>().is_err(), "{text}");
        }
    }

    #[test]
    fn timeframes_print_and_read_back() {
        for text in ["30s", "1m", "5m", "15m", "1h", "4h", "1d", "1w", "1M", "3M"] {
            assert_eq!(text.parse::<Timeframe>().unwrap().to_string(), text);
        }
    }

    #[track_caller]
    fn check(steps: &[i64], expected: &str) {
        let mut now = 0;
        let mut times = vec![Timestamp::from_nanos(0)];
        for step in steps {
            now += step;
            times.push(Timestamp::from_nanos(now));
        }
        assert_eq!(Timeframe::infer(&times).unwrap().to_string(), expected);
    }

    #[test]
    fn the_most_frequent_step_decides() {
        check(&[DAY, DAY, 3 * DAY, DAY, 4 * DAY], "1d");
        check(&[MINUTE, MINUTE, 17 * HOUR], "1m");
        check(&[4 * HOUR], "4h");
        check(&[3 * DAY], "1d");
        check(&[31 * DAY, 28 * DAY, 31 * DAY, 30 * DAY, 31 * DAY], "1M");
        check(&[92 * DAY, 92 * DAY, 90 * DAY], "3M");
        check(&[7 * DAY, 7 * DAY], "1w");
        assert_eq!(Timeframe::infer(&[Timestamp::from_nanos(0)]), None);
    }
}
