//! What makes an order trade, and for how long it may.

use dirigent_core::Timestamp;

use crate::order::Side;
use crate::price::{Price, Rate};

/// What makes an order trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// The next price there is.
    Market,
    /// At the level or better.
    Limit(Price),
    /// A market order once the price is at the level or beyond: above it for a purchase, below it
    /// for a sale.
    Stop(Price),
    /// A limit order once the price is at the stop or beyond.
    StopLimit {
        /// The level that sets it off.
        stop: Price,
        /// The worst price it trades at.
        limit: Price,
    },
    /// A stop whose level follows the price at a distance, and never back.
    TrailingStop {
        /// The distance.
        offset: Offset,
        /// Where the stop is now.
        level: Price,
    },
}

/// A distance from a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// An amount of money per unit.
    Amount(Price),
    /// A share of the price.
    Share(Rate),
}

impl Offset {
    /// The price this far above `from`.
    pub fn above(self, from: Price) -> Price {
        self.at(from, 1)
    }

    /// The price this far below `from`.
    pub fn below(self, from: Price) -> Price {
        self.at(from, -1)
    }

    fn at(self, from: Price, sign: i64) -> Price {
        let one = Rate::ONE.raw();
        match self {
            Self::Amount(amount) => Price::from_raw(from.raw() + sign * amount.raw()),
            Self::Share(share) => from.scaled(one + sign * share.raw(), one),
        }
    }

    /// The price this far from `from` where a stop of an order on `side` lies: below for a sale.
    pub fn behind(self, side: Side, from: Price) -> Price {
        match side {
            Side::Buy => self.above(from),
            Side::Sell => self.below(from),
        }
    }
}

impl OrderKind {
    /// `market`, `limit`, `stop`, `stop_limit` or `trailing_stop`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit(_) => "limit",
            Self::Stop(_) => "stop",
            Self::StopLimit { .. } => "stop_limit",
            Self::TrailingStop { .. } => "trailing_stop",
        }
    }

    /// The price that it waits for; none for a market order.
    pub const fn level(self) -> Option<Price> {
        match self {
            Self::Market => None,
            Self::Limit(level) | Self::Stop(level) | Self::TrailingStop { level, .. } => {
                Some(level)
            }
            Self::StopLimit { stop, .. } => Some(stop),
        }
    }

    /// The worst price it trades at; none if it takes any.
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit(limit) | Self::StopLimit { limit, .. } => Some(limit),
            _ => None,
        }
    }

    /// Whether it waits for the price to get worse.
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Stop(_) | Self::StopLimit { .. } | Self::TrailingStop { .. })
    }

    /// Whether `price` sets it off: a stop at the level or beyond, a limit at the level or better.
    pub fn is_reached(self, side: Side, price: Price) -> bool {
        let Some(level) = self.level() else { return true };
        if self.is_stop() == (side == Side::Buy) { price >= level } else { price <= level }
    }
}

/// How long an order works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Good till cancelled.
    #[default]
    Gtc,
    /// To the end of the UTC day of the first bar it can trade in.
    Day,
    /// Good till date: in bars that begin at this time or before.
    Gtd(Timestamp),
    /// Immediate or cancel: what does not trade at the first price it meets is cancelled.
    Ioc,
    /// Fill or kill: all of it at the first price it meets, or nothing.
    Fok,
    /// At the open of the next bar only.
    AtOpen,
    /// At the close of the next bar only.
    AtClose,
}

impl TimeInForce {
    /// `gtc`, `day`, `gtd`, `ioc`, `fok`, `at_open` or `at_close`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "gtc",
            Self::Day => "day",
            Self::Gtd(_) => "gtd",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
            Self::AtOpen => "at_open",
            Self::AtClose => "at_close",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn levels_are_reached_from_the_side_they_wait_on() {
        let level = price("100");
        let check = |kind: OrderKind, side, reached: &str, not: &str| {
            assert!(kind.is_reached(side, level), "{kind:?} {side:?} at its level");
            assert!(kind.is_reached(side, price(reached)), "{kind:?} {side:?}");
            assert!(!kind.is_reached(side, price(not)), "{kind:?} {side:?}");
        };
        check(OrderKind::Limit(level), Side::Buy, "99", "101");
        check(OrderKind::Limit(level), Side::Sell, "101", "99");
        check(OrderKind::Stop(level), Side::Buy, "101", "99");
        check(OrderKind::Stop(level), Side::Sell, "99", "101");
        let stop_limit = OrderKind::StopLimit { stop: level, limit: price("1") };
        check(stop_limit, Side::Sell, "99", "101");
        assert!(OrderKind::Market.is_reached(Side::Buy, price("7")));
    }

    #[test]
    fn an_offset_lies_behind_the_price_of_a_stop() {
        let two = Offset::Amount(price("2"));
        assert_eq!(two.behind(Side::Sell, price("100")), price("98"));
        let percent = Offset::Share(Rate::percent(3));
        assert_eq!(percent.behind(Side::Buy, price("100")), price("103"));
    }
}
