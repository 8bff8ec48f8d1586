//! Corporate actions in a run: when each is due, and what it does to positions and orders.
//!
//! Promises: an action is unknown before its day. Splits and dividends act before the open of the
//! first bar on or after it, on what was held over night; a delisting acts at the close of the
//! symbol's last bar or, if its day is later, at the first time on or after it.

use std::borrow::Cow;

use dirigent_core::Timestamp;

use crate::backtest::engine::{Engine, Size};
use crate::backtest::flow::{Flow, FlowKind};
use crate::backtest::timeline::DAY_NANOS;
use crate::backtest::trips::{Ending, Moment};
use crate::backtest::working::Working;
use crate::backtest::{Error, Options};
use crate::corporate::{Event, Ratio};
use crate::data::bars::Bars;
use crate::execution::Levels;
use crate::order::{
    Bracket, Exit, FillReason, Offset, OrderEvent, OrderId, OrderKind, RejectReason, SymbolId,
};
use crate::portfolio::{Sizing, floor_to};
use crate::price::{Money, Price, Quantity, Rate};

/// An action and the time at which it acts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) t: usize,
    moment: Moment,
    symbol: SymbolId,
    event: Event,
}

/// A split that has happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    symbol: SymbolId,
    /// The first bar whose prices show it.
    bar: usize,
    ratio: Ratio,
}

/// Refuses actions that contradict the bars.
pub(super) fn check(bars: &[Bars], options: &Options) -> Result<(), Error> {
    for action in &*options.actions {
        let refuse =
            |value: String, wanted| Err(Error::Option { option: "actions", value, wanted });
        let of = |what: &str| format!("{what} of {} on {}", action.symbol, action.date);
        match action.event {
            Event::Dividend(amount) if !amount.is_positive() => {
                return refuse(of("dividend"), "a positive amount per unit");
            }
            Event::Delisting(Some(price)) if price.is_negative() => {
                return refuse(of("delisting"), "at a price of zero or more");
            }
            Event::Delisting(_) => {
                let of_it = bars.iter().find(|bars| bars.symbol == action.symbol);
                let last = of_it.and_then(|bars| bars.time.last());
                if last.is_some_and(|last| is_past(action.date.as_nanos(), last.as_nanos())) {
                    return refuse(of("delisting"), "on the day of its last bar or later");
                }
            }
            Event::Funding(rate) if rate.abs() > Rate::ONE => {
                return refuse(of("funding"), "a share of the position between -1 and 1");
            }
            Event::Roll { left, entered } if !left.is_positive() || !entered.is_positive() => {
                return refuse(of("roll"), "between prices above zero");
            }
            Event::Split(_) | Event::Dividend(_) | Event::Funding(_) | Event::Roll { .. } => {}
        }
    }
    Ok(())
}

/// Whether the day that begins at `date` is over at `time`.
fn is_past(date: i64, time: i64) -> bool {
    time >= date.saturating_add(DAY_NANOS)
}

/// The actions on these symbols in the order they act; those after the last bar never do.
pub(super) fn schedule(bars: &[Bars], times: &[Timestamp], options: &Options) -> Vec<Due> {
    let mut due = Vec::new();
    for action in &*options.actions {
        let Some(index) = bars.iter().position(|bars| bars.symbol == action.symbol) else {
            continue;
        };
        let own = &bars[index].time;
        let is_end = matches!(action.event, Event::Delisting(_));
        let at = match (is_end, own.get(own.partition_point(|time| *time < action.date))) {
            // The day of the last bar: it trades to its close.
            (true, Some(_)) => own.last().copied(),
            (true, None) => times.get(times.partition_point(|t| *t < action.date)).copied(),
            (false, first) => first.copied(),
        };
        let Some(at) = at else { continue };
        let moment = if is_end { Moment::Close } else { Moment::Open };
        let (t, symbol) = (times.partition_point(|time| *time < at), SymbolId::new(index));
        due.push(Due { t, moment, symbol, event: action.event });
    }
    // Of one day, a split comes before what is paid on the units after it.
    let is_paid = |due: &Due| matches!(due.event, Event::Dividend(_) | Event::Funding(_));
    let rank = |due: &Due| (due.t, due.moment == Moment::Close, is_paid(due));
    due.sort_by_key(rank);
    due
}

impl Engine<'_> {
    /// Does what is due at this moment of time `t`.
    pub(super) fn act(&mut self, t: usize, moment: Moment) {
        while let Some(due) = self.world.due.get(self.world.acted).copied() {
            if (due.t, due.moment) != (t, moment) {
                return;
            }
            self.world.acted += 1;
            match due.event {
                Event::Split(ratio) => self.split(due.symbol, ratio),
                Event::Dividend(per_unit) => self.pay_dividend(due.symbol, per_unit),
                Event::Funding(rate) => self.fund(due.symbol, rate),
                Event::Roll { left, entered } => self.roll(due.symbol, left, entered),
                Event::Delisting(price) => self.delist(due.symbol, price),
            }
        }
    }

    /// The first time from which the engine has to look at actions.
    pub(super) fn next_due(&self) -> usize {
        self.world.due.get(self.world.acted).map_or(usize::MAX, |due| due.t)
    }

    /// How many open positions are delisted after the last time of the run.
    pub(super) fn delisted_later(&self) -> usize {
        let is_open = |index: &usize| !self.ledger.positions()[*index].is_flat();
        let symbols = self.bars.iter().map(|bars| bars.symbol.as_str());
        let is_named = |symbol: &str| {
            let mut actions = self.options.actions.iter();
            actions.any(|a| a.symbol == symbol && matches!(a.event, Event::Delisting(_)))
        };
        let named = symbols.enumerate().filter(|(_, symbol)| is_named(symbol));
        named.filter(|(index, _)| is_open(index)).count()
    }

    /// A price of the symbol's bar number `bar` in the units of now.
    pub(super) fn in_units_of_now(&self, symbol: SymbolId, bar: usize, price: Price) -> Price {
        let later =
            self.world.splits.iter().filter(|split| split.symbol == symbol && split.bar > bar);
        later.fold(price, |price, split| split.ratio.price(price))
    }

    /// The closes of the symbol's first `seen` bars in the units of now; where there was a split,
    /// only as many as a sizing rule looks at.
    pub(super) fn closes(&self, symbol: SymbolId, seen: usize) -> Cow<'_, [Price]> {
        let closes = &self.bars[symbol.index()].close[..seen];
        if !self.world.splits.iter().any(|split| split.symbol == symbol) {
            return closes.into();
        }
        let looked_at = match self.options.sizing {
            Sizing::VolatilityTarget { lookback_bars, .. } => lookback_bars.saturating_add(1),
            _ => 1,
        };
        let from = seen.saturating_sub(looked_at);
        let now = |bar: usize| self.in_units_of_now(symbol, bar, closes[bar]);
        (from..seen).map(now).collect()
    }

    pub(super) fn flow(
        &mut self,
        symbol: SymbolId,
        what: FlowKind,
        units: Quantity,
        amount: Money,
    ) {
        let time = self.timeline.now();
        self.world.flows.push(Flow { time, symbol: Some(symbol), what, units, amount });
    }

    fn pay_dividend(&mut self, symbol: SymbolId, per_unit: Price) {
        let units = self.ledger.position(symbol).quantity();
        if units.is_zero() {
            return;
        }
        let amount = self.ledger.dividend(symbol, per_unit);
        if let Some(trip) = self.trips.slot(symbol) {
            trip.dividends += amount;
        }
        self.flow(symbol, FlowKind::Dividend(per_unit), units, amount);
    }

    fn fund(&mut self, symbol: SymbolId, rate: Rate) {
        let units = self.ledger.position(symbol).quantity();
        let Some(price) = self.price(symbol, Moment::Open).filter(|_| !units.is_zero()) else {
            return;
        };
        let amount = self.ledger.fund(symbol, rate, price);
        self.flow(symbol, FlowKind::Funding(rate), units, amount);
    }

    fn split(&mut self, symbol: SymbolId, ratio: Ratio) {
        let Some(bar) = self.timeline.bar(symbol) else { return };
        self.world.splits.push(Split { symbol, bar, ratio });
        let (lot, open) = (self.lot(symbol), self.bars[symbol.index()].open[bar]);
        let before = self.ledger.position(symbol).quantity();
        if !before.is_zero() {
            let made = self.ledger.split(symbol, ratio, lot, open);
            let change = made.units + made.fraction - before;
            self.flow(symbol, FlowKind::Split(ratio), change, Money::ZERO);
            if let Some(trip) = self.trips.slot(symbol) {
                trip.split(ratio, &self.bars[symbol.index()], bar);
            }
            if !made.fraction.is_zero() {
                self.flow(symbol, FlowKind::CashInLieu(open), -made.fraction, made.lieu);
            }
            // The finest fractions come to nothing at all, and are left all the same.
            if !made.fraction.is_zero() || made.units.is_zero() {
                let (fraction, lieu) = (made.fraction.abs(), made.lieu.abs());
                self.leave_without_trade(
                    symbol,
                    (fraction, lieu, open),
                    (bar, Moment::Open, FillReason::CashInLieu),
                );
            }
        }
        self.split_guard(symbol, ratio);
        self.split_entries(symbol, ratio);
        for at in 0..self.working.len() {
            if self.working[at].symbol == symbol && !self.working[at].is_done() {
                self.split_order(at, ratio);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// Takes units that were paid off into the round trip, and ends it if nothing is left.
    fn leave_without_trade(
        &mut self,
        symbol: SymbolId,
        (quantity, value, price): (Quantity, Money, Price),
        (bar, moment, reason): (usize, Moment, FillReason),
    ) {
        let Some(trip) = self.trips.slot(symbol) else { return };
        trip.pay_off(quantity, value, price);
        if self.ledger.position(symbol).is_flat()
            && let Some(trip) = self.trips.slot(symbol).take()
        {
            let ending = Ending { symbol, time: self.timeline.now(), price, reason };
            self.trades.push(trip.end(&ending, &self.bars[symbol.index()], bar, moment));
            self.unguard(symbol);
            self.drop_exits(symbol, OrderId(0));
        }
    }

    fn split_guard(&mut self, symbol: SymbolId, ratio: Ratio) {
        let Some(mut guard) = self.guards[symbol.index()] else { return };
        let instrument = self.terms(symbol);
        for id in [guard.stop, guard.target].into_iter().flatten() {
            let order = self.book.get_mut(id).order;
            let kind = instrument.on_ticks(kind_after(order.kind, ratio), order.side);
            self.book.relevel(id, kind, self.timeline.now());
            self.book.get_mut(id).order.reason = reason_at(order.reason, kind);
            self.tell_modified(id);
        }
        let level = |engine: &mut Self, id: Option<OrderId>| {
            id.and_then(|id| engine.book.get_mut(id).order.kind.level())
        };
        guard.levels = Levels {
            stop: level(self, guard.stop).or(guard.levels.stop.map(|stop| ratio.price(stop))),
            target: level(self, guard.target),
        };
        self.guards[symbol.index()] = Some(guard);
    }

    fn split_entries(&mut self, symbol: SymbolId, ratio: Ratio) {
        let lot = self.lot(symbol);
        for entry in self.entries.iter_mut().filter(|entry| entry.symbol == symbol) {
            if let Size::Units(units) = &mut entry.size {
                *units = floor_to(ratio.units(*units), lot);
            }
        }
    }

    fn split_order(&mut self, at: usize, ratio: Ratio) {
        let symbol = self.working[at].symbol;
        let (lot, instrument) = (self.lot(symbol), self.terms(symbol));
        let order = &mut self.working[at];
        order.kind = instrument.on_ticks(kind_after(order.kind, ratio), order.side);
        order.left = floor_to(ratio.units(order.left), lot);
        order.signal_close = ratio.price(order.signal_close);
        order.bracket = Bracket {
            stop: order.bracket.stop.map(|exit| exit_after(exit, ratio)),
            target: order.bracket.target.map(|exit| exit_after(exit, ratio)),
        };
        let Working { id, kind, left, .. } = *order;
        self.book.relevel(id, kind, self.timeline.now());
        let record = self.book.get_mut(id);
        record.order.quantity = record.filled + left;
        record.order.reason = reason_at(record.order.reason, kind);
        self.tell_modified(id);
        if left.is_zero() {
            self.drop_order(at, RejectReason::LessThanOneLot);
        }
    }

    /// Writes down that a split changed an order, unless it was never taken.
    fn tell_modified(&mut self, id: OrderId) {
        if self.book.get_mut(id).state.on(OrderEvent::Modified).is_ok() {
            self.book.on(id, OrderEvent::Modified, self.timeline.now());
        }
    }

    /// Pays off a position for good, and takes back whatever waits for the symbol.
    fn delist(&mut self, symbol: SymbolId, price: Option<Price>) {
        let bars = &self.bars[symbol.index()];
        let Some(bar) = self.timeline.seen()[symbol.index()].checked_sub(1) else { return };
        let price = price.unwrap_or(bars.close[bar]);
        let held = self.ledger.position(symbol).quantity();
        let amount = self.ledger.pay_off(symbol, price);
        if !held.is_zero() {
            self.flow(symbol, FlowKind::Delisting(price), -held, amount);
            self.leave_without_trade(
                symbol,
                (held.abs(), amount.abs(), price),
                (bar, Moment::Close, FillReason::Delisting),
            );
        }
        self.world.delisted[symbol.index()] = true;
        self.forget(symbol);
    }

    /// Takes back everything that waits for a symbol which trades no more.
    fn forget(&mut self, symbol: SymbolId) {
        let now = self.timeline.now();
        let gone = Some(RejectReason::Delisted);
        for (id, _) in self.exits.extract_if(.., |(_, of)| *of == symbol) {
            self.book.end(id, OrderEvent::Cancelled, gone, now);
        }
        for entry in self.entries.extract_if(.., |entry| entry.symbol == symbol) {
            let id = self.book.send_entry(&entry);
            self.book.end(id, OrderEvent::Cancelled, gone, now);
        }
        self.aiming -= usize::from(self.aims[symbol.index()].take().is_some());
        for at in 0..self.working.len() {
            if self.working[at].symbol == symbol && !self.working[at].is_done() {
                self.drop_order(at, RejectReason::Delisted);
            }
        }
        self.working.retain(|order| !order.is_done());
    }
}

/// The levels of an order after a split.
fn kind_after(kind: OrderKind, ratio: Ratio) -> OrderKind {
    match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit(level) => OrderKind::Limit(ratio.price(level)),
        OrderKind::Stop(level) => OrderKind::Stop(ratio.price(level)),
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: ratio.price(stop), limit: ratio.price(limit) }
        }
        OrderKind::TrailingStop { offset, level } => OrderKind::TrailingStop {
            offset: offset_after(offset, ratio),
            level: ratio.price(level),
        },
    }
}

fn offset_after(offset: Offset, ratio: Ratio) -> Offset {
    match offset {
        Offset::Amount(amount) => Offset::Amount(ratio.price(amount)),
        Offset::Share(share) => Offset::Share(share),
    }
}

fn exit_after(exit: Exit, ratio: Ratio) -> Exit {
    match exit {
        Exit::At(level) => Exit::At(ratio.price(level)),
        Exit::Away(offset) => Exit::Away(offset_after(offset, ratio)),
        Exit::Trailing(offset) => Exit::Trailing(offset_after(offset, ratio)),
    }
}

/// The reason of an order whose level was moved by a split.
fn reason_at(reason: FillReason, kind: OrderKind) -> FillReason {
    let Some(level) = kind.level() else { return reason };
    match reason {
        FillReason::StopLoss { gap_open, .. } => FillReason::StopLoss { level, gap_open },
        FillReason::TakeProfit { gap_open, .. } => FillReason::TakeProfit { level, gap_open },
        FillReason::Level { what, gap_open, .. } => FillReason::Level { what, level, gap_open },
        other => other,
    }
}
