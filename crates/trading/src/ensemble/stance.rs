//! Stances: what a strategy would hold by itself.

use crate::backtest::read_signal;
use crate::order::Side;
use crate::signal::Signal;
use crate::strategy::Holding;

/// What a member wants to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// Units are owed.
    Short,
    /// Nothing.
    #[default]
    Flat,
    /// Units are owned.
    Long,
}

impl Stance {
    /// Short -1, flat 0, long 1.
    pub const fn sign(self) -> i8 {
        match self {
            Self::Short => -1,
            Self::Flat => 0,
            Self::Long => 1,
        }
    }

    /// The stance of this sign.
    pub const fn of_sign(sign: i8) -> Option<Self> {
        match sign {
            -1 => Some(Self::Short),
            0 => Some(Self::Flat),
            1 => Some(Self::Long),
            _ => None,
        }
    }

    const fn holding(self) -> Holding {
        match self {
            Self::Short => Holding::Short,
            Self::Flat => Holding::Flat,
            Self::Long => Holding::Long,
        }
    }

    /// What is held once `signal` was followed.
    fn after(self, signal: Signal) -> Self {
        match read_signal(signal, self.holding()) {
            (_, Some(Side::Buy)) => Self::Long,
            (_, Some(Side::Sell)) => Self::Short,
            (Some(_), None) => Self::Flat,
            (None, None) => self,
        }
    }
}

/// The bars at whose close the stance of a strategy with these signals changes, and what it is then;
/// flat before the first. Signals before bar `first` are not looked at.
pub fn stances_of(signals: &[Signal], first: usize) -> impl Iterator<Item = (usize, Stance)> {
    let mut now = Stance::Flat;
    signals.iter().enumerate().skip(first).filter_map(move |(bar, signal)| {
        let before = now;
        now = now.after(*signal);
        (now != before).then_some((bar, now))
    })
}

/// The same without the first `before` bars: what they leave is the stance at the close of the first
/// bar after them.
pub fn stances_after(
    signals: &[Signal],
    first: usize,
    before: usize,
) -> impl Iterator<Item = (usize, Stance)> {
    let mut all = stances_of(signals, first).peekable();
    let mut left = None;
    while let Some((_, stance)) = all.next_if(|(bar, _)| *bar < before) {
        left = Some((before, stance));
    }
    if all.peek().is_some_and(|(bar, _)| *bar == before) {
        left = None;
    }
    left.filter(|(_, stance)| *stance != Stance::Flat)
        .into_iter()
        .chain(all)
        .map(move |(bar, stance)| (bar - before, stance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stance_follows_signals_as_a_position_would() {
        let (buy, sell) = (Signal::LONG_ENTRY, Signal::SHORT_ENTRY);
        let leave = Signal::LONG_EXIT;
        let signals = [
            buy,                          // before the first bar that counts
            Signal::NONE,                 //
            buy,                          // long
            buy,                          // already
            Signal::SHORT_EXIT,           // not for a long one
            leave,                        // flat
            sell,                         // short
            buy.with(sell),               // both: stays
            leave,                        // not for a short one
            buy,                          // reversal
            leave.with(sell),             // reversal
            Signal::SHORT_EXIT,           // flat
            buy.with(sell),               // both: stays
            buy.with(Signal::SHORT_EXIT), // long
        ];
        let found: Vec<_> = stances_of(&signals, 1).map(|(bar, now)| (bar, now.sign())).collect();
        let later = |before| -> Vec<_> {
            stances_after(&signals, 1, before).map(|(bar, now)| (bar, now.sign())).collect()
        };
        assert_eq!(later(0), found);
        assert_eq!(later(4), [(0, 1), (1, 0), (2, -1), (5, 1), (6, -1), (7, 0), (9, 1)]);
        assert_eq!(later(5), [(0, 0), (1, -1), (4, 1), (5, -1), (6, 0), (8, 1)]);
        assert_eq!(later(12), [(1, 1)]);
        assert_eq!(found, [(2, 1), (5, 0), (6, -1), (9, 1), (10, -1), (11, 0), (13, 1)]);
    }
}
