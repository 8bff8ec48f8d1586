//! Rolling: what it costs to hold a position from one contract of a series into the next.
//!
//! Promises: a roll costs a sale and a purchase of what is held, at the opens of both contracts, with
//! the commission and the slippage of any trade; all of it is booked as commission of the position.
//! Not here: which contract a bar is of; see `data::roll`.

use crate::backtest::engine::Engine;
use crate::backtest::flow::FlowKind;
use crate::execution::{Dealt, Taking};
use crate::order::{Side, SymbolId};
use crate::price::{Money, Price, Quantity};

impl Engine<'_> {
    /// Charges a position that goes from a contract at `left` into one at `entered`.
    pub(super) fn roll(&mut self, symbol: SymbolId, left: Price, entered: Price) {
        let units = self.ledger.position(symbol).quantity();
        if units.is_zero() {
            return;
        }
        let (out, back) = match units.is_negative() {
            false => (Side::Sell, Side::Buy),
            true => (Side::Buy, Side::Sell),
        };
        let quantity = units.abs();
        let cost =
            self.cost(symbol, out, left, quantity) + self.cost(symbol, back, entered, quantity);
        self.ledger.charge(cost);
        if let Some(trip) = self.trips.slot(symbol) {
            trip.fees += cost;
        }
        self.flow(symbol, FlowKind::Roll(entered), units, -cost);
    }

    /// Commission and slippage of trading `quantity` units where the market shows `reference`.
    fn cost(&self, symbol: SymbolId, side: Side, reference: Price, quantity: Quantity) -> Money {
        let bar = self.timeline.bar(symbol);
        let volume = bar.map_or(0.0, |bar| self.bars[symbol.index()].volume[bar]);
        let taking = Taking { side, reference, quantity, volume };
        let price = self.options.slippage.price_of(&taking);
        let dealt = Dealt { side, price: self.worth(symbol, price), quantity, is_maker: false };
        let slipped = match side {
            Side::Buy => price - reference,
            Side::Sell => reference - price,
        };
        self.options.commission.fee_of(&dealt) + self.worth(symbol, slipped).notional(quantity)
    }
}
