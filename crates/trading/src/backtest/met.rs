//! Met: what a fill met in the market, and how its order came there.

use std::fmt;

use dirigent_core::Timestamp;

use crate::order::Side;
use crate::price::{Price, Quantity};

/// A quote: the best prices that were displayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When it was displayed.
    pub time: Timestamp,
    /// What was paid at most.
    pub bid: Price,
    /// What was asked at least.
    pub ask: Price,
    /// Units wanted at the bid.
    pub bid_size: Quantity,
    /// Units offered at the ask.
    pub ask_size: Quantity,
}

impl Shown {
    /// What an order on `side` trades at if it takes.
    pub(super) fn taking(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// The best price of its own side, and what is displayed there.
    pub(super) fn own(&self, side: Side) -> (Price, Quantity) {
        match side {
            Side::Buy => (self.bid, self.bid_size),
            Side::Sell => (self.ask, self.ask_size),
        }
    }

    /// Half way between bid and ask.
    pub(super) fn middle(&self) -> Price {
        Price::from_raw(self.bid.raw().midpoint(self.ask.raw()))
    }
}

/// What let an order trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// A price of a bar.
    #[default]
    Bar,
    /// It took what was displayed.
    Taking,
    /// It rested, and the other side came to its level.
    Crossed,
    /// It rested, and a trade at its level or beyond reached it.
    Trade,
}

impl By {
    /// `bar`, `taking`, `crossed` or `trade`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Taking => "taking",
            Self::Crossed => "crossed",
            Self::Trade => "trade",
        }
    }
}

/// What a fill met; one for each fill of a run that knows more than bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// What let it trade.
    pub by: By,
    /// The quote that stood then.
    pub shown: Option<Shown>,
    /// When its order was sent.
    pub sent: Timestamp,
    /// When its order arrived.
    pub arrived: Timestamp,
    /// What stood before it when it joined its level, if it rested.
    pub ahead: Option<Quantity>,
}

impl Met {
    /// How long its order was under way.
    pub fn latency(&self) -> std::time::Duration {
        self.arrived.since(self.sent)
    }
}

impl fmt::Display for Met {
    /// `taking 99.5x100@12:00:00.05Z after 50ms`, with what stood ahead where it rested.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.by.as_str())?;
        if let Some(ahead) = self.ahead {
            match ahead.raw() {
                i64::MAX => f.write_str(" behind an unknown size")?,
                _ => write!(f, " behind {ahead}")?,
            }
        }
        if let Some(Shown { time, bid, ask, .. }) = self.shown {
            write!(f, " {bid}x{ask}@{time}")?;
        }
        match self.latency() {
            latency if latency.is_zero() => Ok(()),
            latency => write!(f, " after {latency:?}"),
        }
    }
}
