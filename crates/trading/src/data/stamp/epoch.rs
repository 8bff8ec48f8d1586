//! Epoch numbers: how a count since 1970 is written, and of which unit it is.

use super::{Reader, Refusal, SECOND, in_years, refusal};
use crate::data::{problem::Kind, timeframe::DAY};

/// Epoch numbers that come out this far from the row before are of another unit.
const UNIT_JUMP_NANOS: i64 = 5 * 366 * DAY;

impl Reader {
    /// The moment of an epoch number, if its unit is that of the rows before.
    #[inline]
    pub(super) fn epoch(&mut self, value: i64, step: i64) -> Result<i64, Refusal> {
        let unit = unit_of(value);
        let nanos = value.checked_mul(step).filter(|n| in_years(*n));
        match nanos {
            None if unit == step => refusal(Kind::BadTime, "is outside the years 1678 to 2261"),
            None => refusal(Kind::MixedUnits, other_unit(unit, step)),
            Some(nanos) if unit != step && self.is_far(nanos) => {
                refusal(Kind::MixedUnits, other_unit(unit, step))
            }
            Some(nanos) => Ok(self.accept_utc(nanos)),
        }
    }

    fn is_far(&self, nanos: i64) -> bool {
        self.previous.is_some_and(|before| nanos.abs_diff(before) > UNIT_JUMP_NANOS.unsigned_abs())
    }
}

/// The unit of an epoch number, in nanoseconds, by its size: seconds up to the year 5138.
pub(super) fn unit_of(value: i64) -> i64 {
    match value.unsigned_abs() {
        v if v < 100_000_000_000 => SECOND,
        v if v < 100_000_000_000_000 => 1_000_000,
        v if v < 100_000_000_000_000_000 => 1_000,
        _ => 1,
    }
}

/// Says that a number is of another unit than the rows before.
pub(super) fn other_unit(found: i64, expected: i64) -> String {
    let name = |step| match step {
        SECOND => "seconds",
        1_000_000 => "milliseconds",
        1_000 => "microseconds",
        _ => "nanoseconds",
    };
    format!("looks like {}, but the rows before are {}", name(found), name(expected))
}

/// An epoch number as written.
pub(super) enum Number {
    Whole(i64),
    /// Seconds with decimals, as nanoseconds.
    Nanos(i64),
}

/// Reads an epoch number; one step of the file is `step` nanoseconds.
pub(super) fn epoch_number(text: &str, step: i64) -> Option<Number> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match text.split_once('.') {
        None => text.parse().ok().map(Number::Whole),
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => {
            whole.parse().ok().map(Number::Whole)
        }
        // Decimals are of seconds: a price has the same nine places.
        Some(_) if step == SECOND || step == 1 => {
            text.parse::<crate::Price>().ok().map(|p| Number::Nanos(p.raw()))
        }
        Some(_) => None,
    }
}
