//! Parts of a bar's time: minute, hour, weekday, day, month.
//!
//! Invariant: always of the bar's start in UTC, so a rule means the same on every machine; a
//! daily bar starts at midnight UTC of its session date.
//! Not here: sessions and exchange time zones.

use dirigent_core::Timestamp;

use super::arithmetic::UNKNOWN;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Minute,
    Hour,
    Weekday,
    Day,
    Month,
}

impl Part {
    /// Fills `out` with this part of each time.
    pub(super) fn run(self, times: &[Timestamp], out: &mut [f64]) {
        for (out, time) in out.iter_mut().zip(times) {
            *out = i32::try_from(self.of(*time)).map_or(UNKNOWN, f64::from);
        }
    }

    fn of(self, time: Timestamp) -> i64 {
        match self {
            Self::Minute => time.nanos_of_day() / NANOS_PER_MINUTE % 60,
            Self::Hour => time.nanos_of_day() / (60 * NANOS_PER_MINUTE),
            // 1970-01-01 was a Thursday.
            Self::Weekday => (time.as_nanos().div_euclid(NANOS_PER_DAY) + 3).rem_euclid(7) + 1,
            Self::Day => time.date().2,
            Self::Month => time.date().1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, expected: [u32; 5]) {
        let time: Timestamp = time.parse().unwrap();
        let parts = [Part::Month, Part::Day, Part::Weekday, Part::Hour, Part::Minute];
        let found = parts.map(|part| {
            let mut out = [UNKNOWN];
            part.run(&[time], &mut out);
            out[0]
        });
        assert_eq!(found.map(f64::to_bits), expected.map(|x| f64::from(x).to_bits()), "{time}");
    }

    #[test]
    fn parts_are_those_of_utc_before_and_after_1970() {
        check("2024-02-29T23:59:59Z", [2, 29, 4, 23, 59]);
        check("2024-03-03T00:00:00Z", [3, 3, 7, 0, 0]);
        check("1969-12-31T09:30:00Z", [12, 31, 3, 9, 30]);
        check("1970-01-05T00:00:00Z", [1, 5, 1, 0, 0]);
    }
}
