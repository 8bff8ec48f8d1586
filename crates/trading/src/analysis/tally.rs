//! Tallies: how trades went that have something in common.
//!
//! The hour, weekday and month of a trade are those of its entry, in UTC.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;

use crate::backtest::Trade;
use crate::price::Money;

const NANOS_PER_HOUR: i64 = 3_600_000_000_000;
const NANOS_PER_DAY: i64 = 24 * NANOS_PER_HOUR;

/// How some trades went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were.
    pub trades: usize,
    /// How many brought a profit after costs.
    pub wins: usize,
    /// What they brought together, after costs.
    pub total: Money,
}

impl Tally {
    fn add(&mut self, trade: &Trade) {
        self.trades += 1;
        self.wins += usize::from(trade.pnl.is_positive());
        self.total += trade.pnl;
    }
}

/// The trades by what `key` says of each, in the order of the keys.
pub fn tallies<'t, K: Ord>(
    trades: impl IntoIterator<Item = &'t Trade>,
    key: impl Fn(&Trade) -> K,
) -> BTreeMap<K, Tally> {
    let mut found: BTreeMap<K, Tally> = BTreeMap::new();
    for trade in trades {
        found.entry(key(trade)).or_default().add(trade);
    }
    found
}

/// The hour of a time, 0 to 23.
pub fn hour_of(time: Timestamp) -> usize {
    place(time.as_nanos().div_euclid(NANOS_PER_HOUR).rem_euclid(24))
}

/// The weekday of a time: 0 is Monday.
pub fn weekday_of(time: Timestamp) -> usize {
    // 1970-01-01 was a Thursday.
    place((time.as_nanos().div_euclid(NANOS_PER_DAY) + 3).rem_euclid(7))
}

/// The month of a time: 0 is January.
pub fn month_of(time: Timestamp) -> usize {
    place(time.date().1 - 1)
}

fn place(number: i64) -> usize {
    usize::try_from(number).expect("a remainder is not negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, expected: (usize, usize, usize)) {
        let time: Timestamp = time.parse().unwrap();
        assert_eq!((hour_of(time), weekday_of(time), month_of(time)), expected);
    }

    #[test]
    fn hours_weekdays_and_months_are_those_of_the_calendar() {
        check("1969-12-31T23:59:59Z", (23, 2, 11));
        check("1970-01-01T00:00:00Z", (0, 3, 0));
        check("2024-02-29T13:30:00Z", (13, 3, 1));
        check("2024-03-04T00:00:00Z", (0, 0, 2));
    }
}
