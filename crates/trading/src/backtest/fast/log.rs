//! The log: everything that a run leaves behind, written as the engine and its book write it.

use std::ops::Range;

use dirigent_core::Timestamp;

use super::kernel::{Done, Held, Kernel, Sink, Waiting};
use super::{Unusual, mark::Marker};
use crate::backtest::engine::{BARS_PER_ORDER, ORDERS_RESERVED_MAX};
use crate::backtest::history::filled_whole;
use crate::backtest::trips::Trip;
use crate::backtest::{Equity, History, OpenPosition, Options, Outcome, Trade, Warning};
use crate::data::bars::Bars;
use crate::order::{
    Fill, FillReason, Order, OrderId, OrderKind, OrderState, Record, Side, SymbolId, Transition,
};
use crate::price::{Amounts, Money, Price, Quantity};

/// A whole outcome in the making.
pub(super) struct Log<'a> {
    bars: &'a Bars,
    options: &'a Options,
    history: History,
    fills: Vec<Fill>,
    trades: Vec<Trade>,
    trip: Option<Trip>,
    equity: Equity,
    exposed: usize,
    fees: Money,
    slippage: Money,
    traded: Money,
}

impl<'a> Log<'a> {
    pub(super) fn new(bars: &'a Bars, options: &'a Options) -> Self {
        let reserve = (bars.len() / BARS_PER_ORDER).min(ORDERS_RESERVED_MAX);
        Self {
            bars,
            options,
            history: History::with_capacity(reserve),
            fills: Vec::with_capacity(reserve),
            trades: Vec::with_capacity(reserve),
            trip: None,
            equity: Equity::new(bars.time.clone(), reserve),
            exposed: 0,
            fees: Money::ZERO,
            slippage: Money::ZERO,
            traded: Money::ZERO,
        }
    }

    /// The outcome, once the kernel has passed all bars.
    pub(super) fn close(mut self, kernel: &Kernel<'_>) -> Outcome {
        let expired = self.expire(&kernel.waiting, kernel.held.quantity);
        let open = self.open_position(kernel);
        let expired = (expired > 0).then_some(Warning::Expired { count: expired });
        let idle = self.fills.is_empty().then_some(Warning::NoTrades);
        Outcome {
            symbols: vec![self.bars.symbol.clone()],
            initial_cash: self.options.initial_cash,
            final_equity: self.equity.last().unwrap_or(self.options.initial_cash),
            trades: self.trades,
            history: self.history,
            moves: Vec::new(),
            fills: self.fills,
            equity: self.equity,
            mets: Vec::new(),
            open_positions: open.into_iter().collect(),
            realized: kernel.realized,
            fees: self.fees,
            dividends: Money::ZERO,
            interest: Money::ZERO,
            flows: Vec::new(),
            slippage_cost: self.slippage,
            traded_value: self.traded,
            bars_exposed: self.exposed,
            rejected: 0,
            stopped: None,
            warnings: [expired, idle].into_iter().flatten().collect(),
        }
    }

    /// Ends the orders that have no bar left; answers how many of all ended so.
    fn expire(&mut self, waiting: &Waiting, held: Quantity) -> usize {
        let leave = waiting.leave.zip(Side::closing(held)).map(|(reason, side)| (side, reason));
        let enter = waiting.enter.map(|side| (side, FillReason::SignalEntry));
        let orders = [leave, enter].into_iter().flatten();
        let Some(&now) = self.bars.time.last() else { return 0 };
        let mut count = 0;
        for (side, reason) in orders {
            let id = OrderId(self.history.len() as u64 + 1);
            let (symbol, kind, quantity) = (SymbolId::new(0), OrderKind::Market, Quantity::ZERO);
            let order = Order { quantity, ..Order::new(id, symbol, side, kind, reason) };
            self.history.add(unfilled(order, now, OrderState::Expired));
            self.go(id, now, OrderState::Pending);
            self.go(id, now, OrderState::Expired);
            count += 1;
        }
        count
    }

    fn open_position(&self, kernel: &Kernel<'_>) -> Option<OpenPosition> {
        let (trip, quantity, cost) = (self.trip.as_ref()?, kernel.held.quantity, kernel.cost);
        let mark = *self.bars.close.last()?;
        let value = mark.notional(quantity);
        Some(OpenPosition {
            symbol: SymbolId::new(0),
            quantity,
            entry_bar: trip.entry_bar,
            entry_time: trip.entry_time,
            entry_price: crate::portfolio::average(cost, quantity)?,
            mark,
            value,
            unrealized: value - cost,
            realized: trip.taken() + cost,
            fees: trip.fees,
            dividends: trip.dividends,
        })
    }

    fn go(&mut self, order: OrderId, time: Timestamp, state: OrderState) {
        self.history.go(Transition { order, time, state });
    }

    /// Writes a fill, the last of all, into the record of its order, which has none yet if it is
    /// not a protective exit.
    fn enter(&mut self, done: &Done) {
        let Done { order, fill, created, .. } = done;
        let Some(record) = self.history.record(order.id) else {
            self.history.trade(order.id, *created, self.fills.len() - 1);
            return;
        };
        *record = filled_whole(*order, record.created, fill);
        self.go(order.id, fill.time, OrderState::Filled);
    }
}

impl Sink for Log<'_> {
    fn flat(&mut self, bars: Range<usize>, cash: Money) {
        self.equity.stay(bars.end, cash);
    }

    fn hold(&mut self, bars: Range<usize>, held: &Held, closes: &[Price]) -> Result<(), Unusual> {
        self.exposed += bars.len();
        let marker = Marker::new(held.quantity);
        let add = |marks: &mut Amounts| marker.add_equity(closes, held.cash, marks);
        let positive = self.equity.hold(bars.end, held.cash, add);
        if positive { Ok(()) } else { Err(Unusual) }
    }

    fn filled(&mut self, done: &Done) {
        let fill = &done.fill;
        self.fills.push(*fill);
        self.enter(done);
        self.fees += fill.fee;
        self.slippage += fill.slippage;
        self.traded += done.value;
        match self.trip.take() {
            None => self.trip = Some(Trip::start(fill, done.value, done.bar, done.moment)),
            Some(mut trip) => {
                trip.add(fill, done.value);
                self.trades.push(trip.finish(fill, self.bars, done.bar, done.moment));
            }
        }
    }

    fn placed(&mut self, order: &Order, now: Timestamp) {
        self.history.add(unfilled(*order, now, OrderState::Accepted));
        self.go(order.id, now, OrderState::Pending);
        self.go(order.id, now, OrderState::Accepted);
    }

    fn taken_back(&mut self, order: OrderId, now: Timestamp) {
        if let Some(record) = self.history.record(order) {
            (record.state, record.changed) = (OrderState::Cancelled, now);
        }
        self.go(order, now, OrderState::Cancelled);
    }
}

/// An order that came to `state` without a fill.
fn unfilled(order: Order, now: Timestamp, state: OrderState) -> Record {
    Record {
        order,
        created: now,
        changed: now,
        state,
        filled: Quantity::ZERO,
        price: Price::ZERO,
        fee: Money::ZERO,
        slippage: Money::ZERO,
        rejected: None,
        attempts: 1,
    }
}
