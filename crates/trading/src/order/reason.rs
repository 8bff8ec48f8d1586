//! Why an order was filled or refused, as data that prints as text.

use std::fmt;

use crate::price::{Money, Price};

/// Why a trade happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FillReason {
    /// The strategy's signal opened the position.
    SignalEntry,
    /// The strategy's signal closed the position.
    SignalExit,
    /// Closed because the strategy wants the opposite side.
    Reversal,
    /// The strategy asked for this very order.
    Requested,
    /// Moved toward the target weight.
    Rebalance,
    /// The stop level was reached; `gap_open` when the bar opened beyond it.
    StopLoss {
        /// The level of the stop.
        level: Price,
        /// Whether the bar opened at or beyond the level.
        gap_open: bool,
    },
    /// The target level was reached; `gap_open` when the bar opened beyond it.
    TakeProfit {
        /// The level of the target.
        level: Price,
        /// Whether the bar opened at or beyond the level.
        gap_open: bool,
    },
    /// An order of the strategy waited for a price; `gap_open` when the bar opened beyond it.
    Level {
        /// What waited: a limit, a stop, a stop with a limit or one that trails.
        what: Waited,
        /// The price.
        level: Price,
        /// Whether the bar opened at or beyond the level.
        gap_open: bool,
    },
    /// An order for the open.
    AtOpen,
    /// An order for the close.
    AtClose,
    /// The account lost more than the drawdown limit allows.
    DrawdownLimit,
    /// The account's equity reached zero.
    Ruin,
    /// The account did not have the margin that its positions ask for.
    MarginCall,
    /// Trading in the symbol ended and its units were paid off.
    Delisting,
    /// A split left less than one lot, which was paid off.
    CashInLieu,
}

/// What kind of order waited for a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waited {
    /// A limit.
    Limit,
    /// A stop.
    Stop,
    /// A stop with a limit.
    StopLimit,
    /// A stop that trails.
    TrailingStop,
}

impl Waited {
    /// `limit`, `stop`, `stop_limit` or `trailing_stop`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop_limit",
            Self::TrailingStop => "trailing_stop",
        }
    }
}

impl FillReason {
    /// The reason without its level: `stop_loss`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::SignalEntry => "signal_entry",
            Self::SignalExit => "signal_exit",
            Self::Reversal => "reversal",
            Self::Requested => "requested",
            Self::Rebalance => "rebalance",
            Self::StopLoss { .. } => "stop_loss",
            Self::TakeProfit { .. } => "take_profit",
            Self::Level { what, .. } => what.as_str(),
            Self::AtOpen => "at_open",
            Self::AtClose => "at_close",
            Self::DrawdownLimit => "drawdown_limit",
            Self::Ruin => "ruin",
            Self::MarginCall => "margin_call",
            Self::Delisting => "delisting",
            Self::CashInLieu => "cash_in_lieu",
        }
    }

    /// The level that was reached, and whether by a gap.
    pub const fn level(self) -> Option<(Price, bool)> {
        match self {
            Self::StopLoss { level, gap_open }
            | Self::TakeProfit { level, gap_open }
            | Self::Level { level, gap_open, .. } => Some((level, gap_open)),
            _ => None,
        }
    }
}

impl fmt::Display for FillReason {
    /// `signal_entry`, `stop_loss@97.00`, `stop_loss@97.00 gap_open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        if let Some((level, gap_open)) = self.level() {
            let text = level.to_string();
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let padding = ["", ".00", "0"];
            let padding =
                if decimals == 0 { padding[1] } else { padding[2 * usize::from(decimals == 1)] };
            write!(f, "@{text}{padding}")?;
            if gap_open {
                f.write_str(" gap_open")?;
            }
        }
        Ok(())
    }
}

/// Why an order was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RejectReason {
    /// The sizing rule or the request comes to less than one lot.
    #[error("less than one lot")]
    LessThanOneLot,
    /// It would sell short in an account that may not.
    #[error("a cash account sells nothing short")]
    LongOnly,
    /// It costs more than the account can pay.
    #[error("insufficient cash: needs {needed}, has {free}")]
    InsufficientCash {
        /// What it would cost, commission included.
        needed: Money,
        /// What could be paid.
        free: Money,
    },
    /// The position would be larger than the limit.
    #[error("position limit: would be worth {value}, limit is {limit}")]
    PositionLimit {
        /// What the position would be worth.
        value: Money,
        /// The most it may be worth.
        limit: Money,
    },
    /// Trading was stopped; only exits are allowed.
    #[error("trading stopped by {0}")]
    Stopped(&'static str),
    /// There are too few bars to measure the volatility.
    #[error("not enough bars to measure the volatility")]
    NoVolatility,
    /// It would trade for nothing.
    #[error("the price is `{price}` after slippage: nobody trades at that")]
    NoPrice {
        /// The price, zero or less.
        price: Price,
    },
    /// It comes to more units than a quantity holds.
    #[error("more than 9,223,372,036 units, the most that can be held")]
    TooManyUnits,
    /// A post-only order met a price at which it would have traded at once.
    #[error("post-only: it would trade at once at {price}")]
    WouldTake {
        /// The price.
        price: Price,
    },
    /// An order that trades at once or not at all did not.
    #[error("it could not trade {0} at the first price it met")]
    NotAtOnce(&'static str),
    /// Another order of its group has traded.
    #[error("another order of its group traded")]
    GroupTraded,
    /// The strategy took it back.
    #[error("taken back by the strategy")]
    TakenBack,
    /// What the strategy wants now took its place.
    #[error("replaced by what the strategy wants now")]
    Replaced,
    /// There is no position to close any more.
    #[error("nothing to close")]
    NothingToClose,
    /// Trading in the symbol has ended.
    #[error("the symbol was delisted")]
    Delisted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(level: &str, gap_open: bool, expected: &str) {
        let reason = FillReason::StopLoss { level: level.parse().unwrap(), gap_open };
        assert_eq!(reason.to_string(), expected);
    }

    #[test]
    fn reasons_print_their_level_with_two_decimals_or_more() {
        check("97", true, "stop_loss@97.00 gap_open");
        check("97.5", false, "stop_loss@97.50");
        check("97.25", false, "stop_loss@97.25");
        check("0.000125", false, "stop_loss@0.000125");
        assert_eq!(FillReason::Ruin.to_string(), "ruin");
    }
}
