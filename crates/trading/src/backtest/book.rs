//! The order book of a run: every order ever made and every step it took.

use dirigent_core::Timestamp;

use crate::order::{
    Fill, FillReason, Order, OrderEvent, OrderId, OrderKind, OrderState, Record, RejectReason,
    Side, SymbolId, Transition,
};
use crate::price::{Money, Price, Quantity};

/// All orders, by their number.
#[derive(Debug, Default)]
pub(super) struct Book {
    records: Vec<Record>,
    transitions: Vec<Transition>,
    rejected: usize,
}

impl Book {
    /// Makes an order and sends it.
    pub(super) fn send(
        &mut self,
        symbol: SymbolId,
        side: Side,
        kind: OrderKind,
        reason: FillReason,
        now: Timestamp,
    ) -> OrderId {
        let id = OrderId(self.records.len() as u64 + 1);
        let quantity = Quantity::ZERO;
        let order = Order { id, symbol, side, kind, quantity, reason };
        self.records.push(Record {
            order,
            created: now,
            changed: now,
            state: OrderState::Initialized,
            filled: Quantity::ZERO,
            price: Price::ZERO,
            fee: Money::ZERO,
            slippage: Money::ZERO,
            rejected: None,
        });
        self.on(id, OrderEvent::Submitted, now);
        id
    }

    /// Moves an order to its next state.
    pub(super) fn on(&mut self, id: OrderId, event: OrderEvent, now: Timestamp) {
        let record = self.get_mut(id);
        record.state = record.state.on(event).expect("a run moves its orders by the table");
        record.changed = now;
        let state = record.state;
        self.transitions.push(Transition { order: id, time: now, state });
    }

    /// Enters a fill into its order.
    pub(super) fn fill(&mut self, fill: &Fill, event: OrderEvent) {
        if self.get_mut(fill.order).state == OrderState::Pending {
            self.on(fill.order, OrderEvent::Accepted, fill.time);
        }
        let record = self.get_mut(fill.order);
        record.filled += fill.quantity;
        record.price = fill.price;
        record.fee += fill.fee;
        record.slippage += fill.slippage;
        self.on(fill.order, event, fill.time);
    }

    /// Enters a refusal; of an order that was filled in part, the rest is taken back.
    pub(super) fn reject(&mut self, id: OrderId, reason: RejectReason, now: Timestamp) {
        let record = self.get_mut(id);
        record.rejected = Some(reason);
        let event = match record.filled.is_zero() {
            true => OrderEvent::Rejected,
            false => OrderEvent::Cancelled,
        };
        self.rejected += 1;
        self.on(id, event, now);
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
    pub(super) fn get_mut(&mut self, id: OrderId) -> &mut Record {
        &mut self.records[id.0 as usize - 1]
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// All orders, all steps, and how many orders were refused.
    pub(super) fn close(self) -> (Vec<Record>, Vec<Transition>, usize) {
        (self.records, self.transitions, self.rejected)
    }
}
