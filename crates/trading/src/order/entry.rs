//! Which order an entry by signal becomes.

use crate::order::{Offset, OrderKind, OrderRequest, Side, SymbolId, TimeInForce};
use crate::price::{Price, Quantity};

/// The order that an entry by signal becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryOrder {
    /// Where it waits.
    pub at: EntryPrice,
    /// How long.
    pub time_in_force: TimeInForce,
}

/// Where an entry waits, measured from the close of the bar that decided it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryPrice {
    /// Nowhere: it takes the price of the next fill point.
    #[default]
    Market,
    /// Better by this much.
    Limit(Offset),
    /// Worse by this much.
    Stop(Offset),
    /// Worse by `stop`, at a price that is worse by `limit` at most.
    StopLimit {
        /// How far away it is set off.
        stop: Offset,
        /// How far away it trades at most.
        limit: Offset,
    },
}

impl EntryOrder {
    /// Whether it trades at the next fill point whatever the price is.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The order for no units yet, decided at `close`.
    pub(crate) fn request(&self, symbol: SymbolId, side: Side, close: Price) -> OrderRequest {
        let worse = |offset: Offset| offset.behind(side, close);
        let kind = match self.at {
            EntryPrice::Market => OrderKind::Market,
            EntryPrice::Limit(offset) => OrderKind::Limit(offset.behind(side.opposite(), close)),
            EntryPrice::Stop(offset) => OrderKind::Stop(worse(offset)),
            EntryPrice::StopLimit { stop, limit } => {
                OrderKind::StopLimit { stop: worse(stop), limit: worse(limit) }
            }
        };
        let request = OrderRequest::market(symbol, side, Quantity::ZERO);
        OrderRequest { kind, time_in_force: self.time_in_force, ..request }
    }
}
