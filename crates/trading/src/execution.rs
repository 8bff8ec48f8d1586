//! Execution: at which price an order trades in a bar, and what that costs.
//!
//! Promises: a fill never uses what happens after it in the bar; what the bar does not tell is
//! decided by one named rule (`Intrabar`).
//! Not here: whether an order may trade; see `risk`.

mod commission;
mod custom;
mod slippage;

use dirigent_core::{Seed, Timestamp};

use crate::price::{Price, Quantity};

pub use commission::{Commission, Dealt, StandardCommission, Tiered, WithSaleFees};
pub use custom::{EntryBar, LimitGap, StopsBefore, TrailBy};
pub use slippage::{Slippage, StandardSlippage, Taking};

/// When a decision that was taken at the close of a bar trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FillTiming {
    /// At the open of the symbol's next bar.
    #[default]
    NextOpen,
    /// At that very close.
    SameClose,
}

impl FillTiming {
    /// `next_open` or `same_close`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NextOpen => "next_open",
            Self::SameClose => "same_close",
        }
    }
}

/// What is assumed when a bar reaches several levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intrabar {
    /// Stops came before limits.
    #[default]
    Pessimistic,
    /// Limits came before stops.
    Optimistic,
    /// The price went to the extreme that is nearer to the open, then to the other, then to the
    /// close.
    Nearest,
    /// Which extreme came first is drawn from this seed, bar by bar.
    Random(Seed),
}

/// What a bar has to show before a limit order within it trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitFill {
    /// A price at the level.
    #[default]
    Touch,
    /// A price beyond the level: whoever stood before it in the queue was served.
    Through,
}

/// The way of the price within a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It is not known: whatever was reached, stops came before limits.
    StopsFirst,
    /// It is not known: whatever was reached, limits came before stops.
    LimitsFirst,
    /// From the open to these prices, one after the other.
    Through([Price; 3]),
}

/// The four prices of one bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// When it begins.
    pub time: Timestamp,
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
    /// The way that the price is taken to have gone within `bar`.
    fn route(&self, bar: &Bar) -> Route;

    /// The first protective level that `bar` reaches for a position of `quantity` units.
    ///
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
        let (Some(stop), Some(target)) = (stop, target) else { return stop.or(target) };
        let is_stop_first = match self.route(bar) {
            Route::StopsFirst => true,
            Route::LimitsFirst => false,
            Route::Through(way) => {
                way.iter().position(|p| lost(*p, stop.price))
                    <= way.iter().position(|p| won(*p, target.price))
            }
        };
        Some(if is_stop_first { stop } else { target })
    }
}

impl Intrabar {
    /// `pessimistic`, `optimistic`, `nearest` or `random`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pessimistic => "pessimistic",
            Self::Optimistic => "optimistic",
            Self::Nearest => "nearest",
            Self::Random(_) => "random",
        }
    }
}

impl FillModel for Intrabar {
    fn route(&self, bar: &Bar) -> Route {
        let high_first = Route::Through([bar.high, bar.low, bar.close]);
        let low_first = Route::Through([bar.low, bar.high, bar.close]);
        let is_high_first = match self {
            Self::Pessimistic => return Route::StopsFirst,
            Self::Optimistic => return Route::LimitsFirst,
            Self::Nearest => bar.high - bar.open <= bar.open - bar.low,
            Self::Random(seed) => {
                seed.child(&bar.time.as_nanos().to_string()).stream().next_u64() >> 63 == 1
            }
        };
        if is_high_first { high_first } else { low_first }
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
    fn check(model: &Intrabar, long: bool, ohlc: [i64; 4], expected: &str) {
        let [open, high, low, close] = ohlc.map(price);
        let (stop, target) = if long { (97, 106) } else { (103, 94) };
        let levels = Levels { stop: Some(price(stop)), target: Some(price(target)) };
        let quantity = Quantity::from_units(if long { 10 } else { -10 }).unwrap();
        let touch = model.protective(
            &Bar { time: Timestamp::default(), open, high, low, close },
            quantity,
            levels,
        );
        let text = touch.map_or("none".to_owned(), |touch| {
            let gap = if touch.gap_open { " gap" } else { "" };
            format!("{:?} {}{gap}", touch.level, touch.price).to_lowercase()
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_trades_while_the_bar_stays_between_the_levels() {
        check(&Intrabar::Pessimistic, true, [100, 105, 98, 101], "none");
        check(&Intrabar::Pessimistic, false, [100, 102, 95, 101], "none");
    }

    #[test]
    fn a_level_that_is_touched_trades_at_the_level() {
        check(&Intrabar::Pessimistic, true, [100, 101, 97, 99], "stop 97");
        check(&Intrabar::Pessimistic, true, [100, 106, 99, 101], "target 106");
        check(&Intrabar::Pessimistic, false, [100, 103, 99, 101], "stop 103");
        check(&Intrabar::Pessimistic, false, [100, 101, 94, 95], "target 94");
    }

    #[test]
    fn a_gap_through_a_level_trades_at_the_open() {
        check(&Intrabar::Pessimistic, true, [95, 99, 90, 91], "stop 95 gap");
        check(&Intrabar::Optimistic, true, [95, 110, 90, 91], "stop 95 gap");
        check(&Intrabar::Pessimistic, true, [110, 111, 90, 91], "target 110 gap");
        check(&Intrabar::Pessimistic, false, [105, 106, 90, 91], "stop 105 gap");
    }

    #[test]
    fn both_levels_in_one_bar_are_decided_by_the_rule() {
        check(&Intrabar::Pessimistic, true, [100, 110, 90, 100], "stop 97");
        check(&Intrabar::Optimistic, true, [100, 110, 90, 100], "target 106");
        check(&Intrabar::Pessimistic, false, [100, 110, 90, 100], "stop 103");
    }

    #[test]
    fn a_way_through_the_bar_decides_too() {
        check(&Intrabar::Nearest, true, [100, 110, 80, 100], "target 106");
        check(&Intrabar::Nearest, true, [100, 120, 90, 100], "stop 97");
        check(&Intrabar::Nearest, false, [100, 110, 80, 100], "stop 103");
        let drawn = |seed| {
            let model = Intrabar::Random(Seed::master(seed));
            let bar = |n| {
                let [open, high, low] = [100, 110, 90].map(price);
                model.route(&Bar { time: Timestamp::from_nanos(n), open, high, low, close: open })
            };
            (0..64).map(bar).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1), "the seed decides, and nothing else");
        assert_ne!(drawn(1), drawn(2));
    }
}
