//! Cash: the cash after every time, as stretches in which it stays the same.
//!
//! Only a fill moves cash, so a long run keeps far fewer amounts than it has times.
//! Invariant: stretches are not empty, and neighbors differ; equal cash is thus equally stored.

use crate::price::Money;

/// The cash after every time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cash {
    stretches: Vec<Stretch>,
}

/// The times before `until` that no stretch before covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    until: usize,
    cash: Money,
}

impl Cash {
    /// The cash after each time, in order.
    pub fn iter(&self) -> impl Iterator<Item = Money> {
        let times = self.stretches.last().map_or(0, |last| last.until);
        let mut stretch = 0;
        (0..times).map(move |time| {
            stretch += usize::from(self.stretches[stretch].until == time);
            self.stretches[stretch].cash
        })
    }

    /// Adds that it is `cash` at all further times before `until`.
    #[inline]
    pub(super) fn stay(&mut self, until: usize, cash: Money) {
        match self.stretches.last_mut() {
            Some(last) if last.until == until => {} // no further times
            Some(last) if last.cash == cash => last.until = until,
            _ => self.stretches.push(Stretch { until, cash }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stays: &[(usize, i128)], expected: &[i128]) -> Cash {
        let mut cash = Cash::default();
        for (until, raw) in stays {
            cash.stay(*until, Money::from_raw(*raw));
        }
        let raws: Vec<i128> = cash.iter().map(Money::raw).collect();
        assert_eq!(raws, expected);
        cash
    }

    #[test]
    fn it_is_there_for_every_time() {
        check(&[], &[]);
        check(&[(1, 7)], &[7]);
        check(&[(3, 7), (4, 5), (4, 9), (6, 7)], &[7, 7, 7, 5, 7, 7]);
    }

    #[test]
    fn the_steps_in_which_it_was_told_do_not_matter() {
        let at_once = check(&[(3, 7), (4, 5)], &[7, 7, 7, 5]);
        let by_bars = check(&[(1, 7), (2, 7), (3, 7), (4, 5)], &[7, 7, 7, 5]);
        assert_eq!(at_once, by_bars);
    }
}
