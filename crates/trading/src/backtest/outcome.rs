//! Outcome: everything a run leaves behind.

use std::fmt;

use dirigent_core::Timestamp;

use crate::backtest::{Equity, Flow, History, Met};
use crate::order::{Fill, FillReason, LevelMove, Record, RejectReason, Side, SymbolId, Transition};
use crate::price::{Money, Price, Quantity, Rate};
use crate::risk::{Stop, StopCause};

/// A round trip: from flat to flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The symbol.
    pub symbol: SymbolId,
    /// The side of the entry: buy is a long trade.
    pub side: Side,
    /// The symbol's bar of the first entry.
    pub entry_bar: usize,
    /// The symbol's bar of the last exit.
    pub exit_bar: usize,
    /// The time of the first entry.
    pub entry_time: Timestamp,
    /// The time of the last exit.
    pub exit_time: Timestamp,
    /// All units entered, in units of the exit where there was a split between.
    pub quantity: Quantity,
    /// The average price of the entries.
    pub entry_price: Price,
    /// What the entries were worth, in the currency of the account.
    pub entry_value: Money,
    /// The average price of the exits.
    pub exit_price: Price,
    /// The gain after all commissions, dividends included.
    pub pnl: Money,
    /// The commissions of entries and exits.
    pub fees: Money,
    /// The dividends it brought, less those it paid while short.
    pub dividends: Money,
    /// Why it was entered.
    pub entry_reason: FillReason,
    /// Why it was left.
    pub exit_reason: FillReason,
    /// Maximum adverse excursion: the worst price against the entry price, zero or negative.
    pub mae: Rate,
    /// Maximum favourable excursion: the best price against the entry price, zero or positive.
    pub mfe: Rate,
}

impl Trade {
    /// Whether it was entered by buying.
    pub const fn is_long(&self) -> bool {
        matches!(self.side, Side::Buy)
    }

    /// How many bars lie between entry and exit.
    pub const fn bars_held(&self) -> usize {
        self.exit_bar - self.entry_bar
    }
}

/// A position that was open at the end, valued at the last close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPosition {
    /// The symbol.
    pub symbol: SymbolId,
    /// Units, negative if short.
    pub quantity: Quantity,
    /// The symbol's bar of the first entry.
    pub entry_bar: usize,
    /// The time of the first entry.
    pub entry_time: Timestamp,
    /// The average price of the units held.
    pub entry_price: Price,
    /// The last close.
    pub mark: Price,
    /// What it is worth.
    pub value: Money,
    /// The gain so far, before commissions.
    pub unrealized: Money,
    /// The gain of units that were already closed since it was first entered, before commissions.
    pub realized: Money,
    /// Commissions since it was first entered.
    pub fees: Money,
    /// Dividends since it was first entered, less those it paid while short.
    pub dividends: Money,
}

/// Something the user should know about the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Trading stopped before the end.
    Stopped(Stop),
    /// The account had less than the margin that its positions ask for.
    MarginCall {
        /// At how many closes.
        count: usize,
        /// At which first.
        first: Timestamp,
    },
    /// Some orders were refused.
    Rejected {
        /// How many.
        count: usize,
        /// When the first was.
        first: Timestamp,
        /// Why the first was.
        reason: RejectReason,
    },
    /// Orders decided at the last bar had no bar to trade in.
    Expired {
        /// How many.
        count: usize,
    },
    /// Positions were still valued at their last close that are delisted on a later day.
    DelistedLater {
        /// How many.
        count: usize,
    },
    /// The strategy never traded.
    NoTrades,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(stop) => {
                let Stop { time, equity, .. } = stop;
                match stop.cause {
                    StopCause::DrawdownLimit => write!(
                        f,
                        "drawdown limit reached at {time} with equity {equity}: \
                         everything was closed and nothing was traded after it"
                    ),
                    StopCause::Ruin => write!(
                        f,
                        "the account was ruined at {time} with equity {equity}: \
                         everything was closed and nothing was traded after it"
                    ),
                }
            }
            Self::MarginCall { count, first } => write!(
                f,
                "margin calls: {count}, the first at {first}; positions were made smaller at the \
                 next prices (orders with reason margin_call)"
            ),
            Self::Rejected { count, first, reason } => {
                write!(f, "orders refused: {count}, the first at {first}: {reason}")
            }
            Self::Expired { count } => {
                write!(f, "orders without a bar left to trade in: {count}")
            }
            Self::DelistedLater { count } => write!(
                f,
                "open positions whose delisting lies after the last bar: {count}; \
                 they are valued at their last close"
            ),
            Self::NoTrades => f.write_str("the strategy never traded"),
        }
    }
}

/// Everything a run leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The symbols, in the order of `SymbolId`.
    pub symbols: Vec<String>,
    /// Cash at the start.
    pub initial_cash: Money,
    /// Equity at the end.
    pub final_equity: Money,
    /// Round trips, in the order they ended.
    pub trades: Vec<Trade>,
    /// Every order and every step it took; see `orders` and `transitions`.
    pub history: History,
    /// Every move of the level that an order waits for, in the order they happened.
    pub moves: Vec<LevelMove>,
    /// Every fill, in the order they happened.
    pub fills: Vec<Fill>,
    /// The account after every time.
    pub equity: Equity,
    /// What each fill met; empty for a run on bars that orders reach at once.
    pub mets: Vec<Met>,
    /// What was still held at the end.
    pub open_positions: Vec<OpenPosition>,
    /// Gains of closed units, before commissions.
    pub realized: Money,
    /// All commissions.
    pub fees: Money,
    /// All dividends, less those that short positions paid.
    pub dividends: Money,
    /// Interest on cash, less interest and fees for what was borrowed.
    pub interest: Money,
    /// What changed cash or units without a trade, in the order it happened.
    pub flows: Vec<Flow>,
    /// What slippage cost in all.
    pub slippage_cost: Money,
    /// The value of all fills.
    pub traded_value: Money,
    /// At how many times a position was held at the close.
    pub bars_exposed: usize,
    /// How many orders were refused.
    pub rejected: usize,
    /// Set if trading stopped before the end.
    pub stopped: Option<Stop>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// Every order, by number.
    pub fn orders(&self) -> impl ExactSizeIterator<Item = Record> {
        self.history.orders(&self.fills)
    }

    /// Every step of every order, in the order they happened.
    pub fn transitions(&self) -> impl Iterator<Item = Transition> {
        self.history.steps(&self.fills)
    }

    /// The share of times at which a position was held at the close.
    pub fn exposure(&self) -> f64 {
        ratio(self.bars_exposed, self.equity.time.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of bars are far below 2^53")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
