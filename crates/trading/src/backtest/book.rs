//! The order book of a run: every order ever made and every step it took.
//!
//! An entry that is refused at every bar for the same reason is one order with many attempts:
//! a strategy that cannot pay would otherwise leave an order per bar.

use dirigent_core::Timestamp;

use crate::backtest::engine::Entry;
use crate::order::{
    Fill, FillReason, LevelMove, Order, OrderEvent, OrderId, OrderKind, OrderState, Record,
    RejectReason, Side, SymbolId, Transition,
};
use crate::price::{Money, Price, Quantity};

/// The steps of an order that is refused: sent, rejected.
const REFUSED_STEPS: usize = 2;

/// The steps of most orders: sent, accepted, filled.
const STEPS_PER_ORDER: usize = 3;

/// All orders, by their number.
#[derive(Debug)]
pub(super) struct Book {
    records: Vec<Record>,
    transitions: Vec<Transition>,
    moves: Vec<LevelMove>,
    rejected: usize,
    /// Per symbol, the refused order that the next refusal may belong to.
    refused: Vec<Option<OrderId>>,
}

impl Book {
    /// An empty book with room for some orders.
    pub(super) fn new(symbols: usize, orders: usize) -> Self {
        Self {
            records: Vec::with_capacity(orders),
            transitions: Vec::with_capacity(STEPS_PER_ORDER * orders),
            moves: Vec::new(),
            rejected: 0,
            refused: vec![None; symbols],
        }
    }

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
        let order = Order::new(id, symbol, side, kind, reason);
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
            attempts: 1,
        });
        self.on(id, OrderEvent::Submitted, now);
        id
    }

    /// Makes the order of an entry when its time has come, dated to when it was decided.
    pub(super) fn send_entry(&mut self, entry: &Entry) -> OrderId {
        self.send(entry.symbol, entry.side, OrderKind::Market, entry.reason, entry.decided)
    }

    /// Moves an order to its next state.
    pub(super) fn on(&mut self, id: OrderId, event: OrderEvent, now: Timestamp) {
        let record = self.get_mut(id);
        record.state = record.state.on(event).expect("a run moves its orders by the table");
        record.changed = now;
        let state = record.state;
        self.transitions.push(Transition { order: id, time: now, state });
    }

    /// Gives an order that waits another kind, whose level it waits for from now on.
    pub(super) fn relevel(&mut self, id: OrderId, kind: OrderKind, now: Timestamp) {
        let order = &mut self.get_mut(id).order;
        let levels = order.kind.level().zip(kind.level());
        order.kind = kind;
        if let Some((from, level)) = levels.filter(|(from, level)| from != level) {
            self.moves.push(LevelMove { order: id, time: now, from, level });
        }
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
        self.refused[fill.symbol.index()] = None;
    }

    /// Enters a refusal; of an order that was filled in part, the rest is taken back.
    pub(super) fn reject(&mut self, id: OrderId, reason: RejectReason, now: Timestamp) {
        self.rejected += 1;
        let record = self.get_mut(id);
        let order = record.order;
        // What was taken before can only be taken back.
        if record.state != OrderState::Pending {
            self.end(id, OrderEvent::Cancelled, Some(reason), now);
            return;
        }
        self.end(id, OrderEvent::Rejected, Some(reason), now);
        match self.refused[order.symbol.index()].filter(|first| self.repeats(*first, id)) {
            Some(first) => {
                self.get_mut(first).attempts += 1;
                self.records.pop();
                self.transitions.truncate(self.transitions.len() - REFUSED_STEPS);
            }
            None => self.refused[order.symbol.index()] = Some(id),
        }
    }

    /// Ends an order, for `reason` if it did not just run out of time.
    pub(super) fn end(
        &mut self,
        id: OrderId,
        event: OrderEvent,
        reason: Option<RejectReason>,
        now: Timestamp,
    ) {
        self.get_mut(id).rejected = reason;
        self.on(id, event, now);
    }

    /// Whether the newest order is `id` and was refused just as `first` was.
    fn repeats(&self, first: OrderId, id: OrderId) -> bool {
        let (first, last) = (self.get(first), self.get(id));
        let kind = |record: &Record| record.rejected.as_ref().map(std::mem::discriminant);
        self.records.last().is_some_and(|newest| newest.order.id == id)
            && last.state == OrderState::Rejected
            && first.order.side == last.order.side
            && kind(first) == kind(last)
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
    pub(super) fn get_mut(&mut self, id: OrderId) -> &mut Record {
        &mut self.records[id.0 as usize - 1]
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
    fn get(&self, id: OrderId) -> &Record {
        &self.records[id.0 as usize - 1]
    }

    /// How many orders were refused, every attempt counted.
    pub(super) fn rejected(&self) -> usize {
        self.rejected
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// All orders, all steps, and all moves of levels.
    pub(super) fn close(self) -> (Vec<Record>, Vec<Transition>, Vec<LevelMove>) {
        (self.records, self.transitions, self.moves)
    }
}
