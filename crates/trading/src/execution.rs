//! Execution: at which price an order trades in a bar, and what that costs.
//!
//! Promises: a fill never uses what happens after it in the bar; what the bar does not tell is
//! decided by one named rule (`Intrabar`).
//! Not here: whether an order may trade; see `risk`.

mod commission;
mod slippage;

use crate::price::{Price, Quantity};

pub use commission::{Commission, StandardCommission};
pub use slippage::{Slippage, StandardSlippage};

/// When a decision that was taken at the close of a bar trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillTiming {
    /// At the open of the symbol's next bar.
    #[default]
    NextOpen,
    /// At that very close.
    SameClose,
}

/// What is assumed when a bar reaches both the stop and the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intrabar {
    /// The stop came first.
    #[default]
    Pessimistic,
    /// The target came first.
    Optimistic,
}

/// The four prices of one bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
}

/// The protective levels of one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Where a loss is cut.
    pub stop: Option<Price>,
    /// Where a gain is taken.
    pub target: Option<Price>,
}

/// Which protective level was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The stop.
    Stop,
    /// The target.
    Target,
}

/// A protective level that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Which one.
    pub level: Level,
    /// The price it trades at, before slippage.
    pub price: Price,
    /// Whether the bar opened at or beyond the level.
    pub gap_open: bool,
}

/// How resting orders trade within a bar.
pub trait FillModel: std::fmt::Debug + Send + Sync {
    /// The first protective level that `bar` reaches for a position of `quantity` units.
    fn protective(&self, bar: &Bar, quantity: Quantity, levels: Levels) -> Option<Touch>;
}

impl FillModel for Intrabar {
    /// The open comes before all else: a bar that opens beyond a level trades there. Only then
    /// the order of stop and target is unknown, and the rule decides.
    fn protective(&self, bar: &Bar, quantity: Quantity, levels: Levels) -> Option<Touch> {
        let short = quantity.is_negative();
        let lost = |price: Price, stop: Price| if short { price >= stop } else { price <= stop };
        let won =
            |price: Price, target: Price| if short { price <= target } else { price >= target };
        let (worst, best) = if short { (bar.high, bar.low) } else { (bar.low, bar.high) };
        if levels.stop.is_some_and(|stop| lost(bar.open, stop)) {
            return Some(Touch { level: Level::Stop, price: bar.open, gap_open: true });
        }
        if levels.target.is_some_and(|target| won(bar.open, target)) {
            return Some(Touch { level: Level::Target, price: bar.open, gap_open: true });
        }
        let stop = levels.stop.filter(|stop| lost(worst, *stop)).map(|price| Touch {
            level: Level::Stop,
            price,
            gap_open: false,
        });
        let target = levels.target.filter(|target| won(best, *target)).map(|price| Touch {
            level: Level::Target,
            price,
            gap_open: false,
        });
        match self {
            Self::Pessimistic => stop.or(target),
            Self::Optimistic => target.or(stop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(x: i64) -> Price {
        Price::from_raw(x * crate::price::SCALE)
    }

    /// A long position with stop 97 and target 106, or a short one with stop 103 and target 94.
    #[track_caller]
    fn check(model: Intrabar, long: bool, ohlc: [i64; 4], expected: &str) {
        let [open, high, low, close] = ohlc.map(price);
        let (stop, target) = if long { (97, 106) } else { (103, 94) };
        let levels = Levels { stop: Some(price(stop)), target: Some(price(target)) };
        let quantity = Quantity::from_units(if long { 10 } else { -10 }).unwrap();
        let touch = model.protective(&Bar { open, high, low, close }, quantity, levels);
        let text = touch.map_or("none".to_owned(), |touch| {
            let gap = if touch.gap_open { " gap" } else { "" };
            format!("{:?} {}{gap}", touch.level, touch.price).to_lowercase()
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_trades_while_the_bar_stays_between_the_levels() {
        check(Intrabar::Pessimistic, true, [100, 105, 98, 101], "none");
        check(Intrabar::Pessimistic, false, [100, 102, 95, 101], "none");
    }

    #[test]
    fn a_level_that_is_touched_trades_at_the_level() {
        check(Intrabar::Pessimistic, true, [100, 101, 97, 99], "stop 97");
        check(Intrabar::Pessimistic, true, [100, 106, 99, 101], "target 106");
        check(Intrabar::Pessimistic, false, [100, 103, 99, 101], "stop 103");
        check(Intrabar::Pessimistic, false, [100, 101, 94, 95], "target 94");
    }

    #[test]
    fn a_gap_through_a_level_trades_at_the_open() {
        check(Intrabar::Pessimistic, true, [95, 99, 90, 91], "stop 95 gap");
        check(Intrabar::Optimistic, true, [95, 110, 90, 91], "stop 95 gap");
        check(Intrabar::Pessimistic, true, [110, 111, 90, 91], "target 110 gap");
        check(Intrabar::Pessimistic, false, [105, 106, 90, 91], "stop 105 gap");
    }

    #[test]
    fn both_levels_in_one_bar_are_decided_by_the_rule() {
        check(Intrabar::Pessimistic, true, [100, 110, 90, 100], "stop 97");
        check(Intrabar::Optimistic, true, [100, 110, 90, 100], "target 106");
        check(Intrabar::Pessimistic, false, [100, 110, 90, 100], "stop 103");
    }
}
