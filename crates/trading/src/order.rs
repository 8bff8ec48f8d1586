//! Orders: what was asked for, in which state it is, and what was filled.
//!
//! Invariant: an order changes its state only by the table in `state`; a `Fill` can only be made
//! from an order that risk approved, and it carries the reason why it happened.
//! Not here: how much to trade, see `portfolio`; at which price, see `execution`.

mod entry;
mod kind;
mod reason;
mod request;
mod state;

use std::fmt;

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

pub use entry::{EntryOrder, EntryPrice};
pub use kind::{Offset, OrderKind, TimeInForce};
pub use reason::{FillReason, RejectReason, Waited};
pub use request::{Bracket, Change, Exit, Group, OrderRequest, Tag};
pub use state::{IllegalMove, OrderEvent, OrderState};

use crate::price::{Money, Price, Quantity, Rate};
use crate::risk::Approved;

/// One order of one run, counted from 1; prints `order_1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order_{}", self.0)
    }
}

/// One symbol of one run: its place in the list of symbols, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(u32);

impl SymbolId {
    /// The symbol at `index`.
    ///
    /// # Panics
    /// Beyond four billion symbols.
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a run has fewer symbols than u32 counts"))
    }

    /// Its place in the list of symbols.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More units.
    Buy,
    /// Fewer units.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `quantity` with the sign of this side: a sale is negative.
    pub fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Self::Buy => quantity,
            Self::Sell => -quantity,
        }
    }

    /// The side that makes a position of this size smaller; `None` when flat.
    pub fn closing(position: Quantity) -> Option<Self> {
        match position.raw() {
            0 => None,
            1.. => Some(Self::Sell),
            _ => Some(Self::Buy),
        }
    }

    /// `buy` or `sell`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// An order that is ready to be checked and filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which one.
    pub id: OrderId,
    /// The symbol.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// What makes it trade.
    pub kind: OrderKind,
    /// Units, positive; zero until it is sized.
    pub quantity: Quantity,
    /// Why it was made; a protective exit learns it when it fills.
    pub reason: FillReason,
    /// How long it works.
    pub time_in_force: TimeInForce,
}

impl Order {
    /// An order for no units yet, good till it is cancelled.
    pub const fn new(
        id: OrderId,
        symbol: SymbolId,
        side: Side,
        kind: OrderKind,
        reason: FillReason,
    ) -> Self {
        let (quantity, time_in_force) = (Quantity::ZERO, TimeInForce::Gtc);
        Self { id, symbol, side, kind, quantity, reason, time_in_force }
    }
}

/// What happened to an order over its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The order, sized as it was sent.
    pub order: Order,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed its state.
    pub changed: Timestamp,
    /// The state it is in.
    pub state: OrderState,
    /// Units filled so far.
    pub filled: Quantity,
    /// Price of the fill; zero before.
    pub price: Price,
    /// Commission paid.
    pub fee: Money,
    /// What the fills cost against the reference price.
    pub slippage: Money,
    /// Why it was refused.
    pub rejected: Option<RejectReason>,
    /// How often the strategy asked for it in vain, bar after bar, before it stopped asking or
    /// something of the symbol was traded; 1 for any other order.
    pub attempts: u64,
}

/// One step of an order from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Which order.
    pub order: OrderId,
    /// When.
    pub time: Timestamp,
    /// The state it came to.
    pub state: OrderState,
}

/// A move of the level that an order waits for, as a trailing stop makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelMove {
    /// Which order.
    pub order: OrderId,
    /// When; what follows meets the new level.
    pub time: Timestamp,
    /// Where it was.
    pub from: Price,
    /// Where it is.
    pub level: Price,
}

/// The price of a trade and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price per unit, slippage included.
    pub price: Price,
    /// The price without slippage.
    pub reference: Price,
    /// Commission.
    pub fee: Money,
    /// What a unit is worth at a price of one; 1 but for contracts on several units.
    pub multiplier: Rate,
}

impl Quote {
    /// What `quantity` units are worth at its price.
    pub fn value(&self, quantity: Quantity) -> Money {
        self.multiplier.times(self.price).notional(quantity)
    }
}

/// Keeps `Fill` from being written out by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sealed;

/// A trade that happened.
///
/// Only `Fill::new` makes one, and only from an order that risk approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The order it belongs to.
    pub order: OrderId,
    /// When; the time of the bar it happened in.
    pub time: Timestamp,
    /// The symbol.
    pub symbol: SymbolId,
    /// Bought or sold.
    pub side: Side,
    /// Units, positive.
    pub quantity: Quantity,
    /// Price per unit.
    pub price: Price,
    /// Commission.
    pub fee: Money,
    /// What slippage cost: |price − reference| × quantity × multiplier.
    pub slippage: Money,
    /// Why it happened.
    pub reason: FillReason,
    multiplier: Rate,
    seal: Sealed,
}

impl Fill {
    /// The trade that fills `order` whole at `quote`.
    pub fn new(order: &Approved<Order>, quote: Quote, time: Timestamp) -> Self {
        let order = order.get();
        Self {
            order: order.id,
            time,
            symbol: order.symbol,
            side: order.side,
            quantity: order.quantity,
            price: quote.price,
            fee: quote.fee,
            slippage: quote
                .multiplier
                .times((quote.price - quote.reference).abs())
                .notional(order.quantity),
            reason: order.reason,
            multiplier: quote.multiplier,
            seal: Sealed,
        }
    }

    /// Units, negative for a sale.
    pub fn signed_quantity(&self) -> Quantity {
        self.side.signed(self.quantity)
    }

    /// What the units cost or brought, without commission; positive.
    pub fn value(&self) -> Money {
        self.multiplier.times(self.price).notional(self.quantity)
    }

    /// What a unit is worth at a price of one.
    pub const fn multiplier(&self) -> Rate {
        self.multiplier
    }
}
