//! Guards: the stop and the target that the limits of a run put under every position.

use crate::backtest::engine::Engine;
use crate::backtest::trade::Deal;
use crate::backtest::trips::Moment;
use crate::execution::{
    Bar, EntryBar, Level, Levels, LimitGap, Route, StopsBefore, Touch, TrailBy,
};
use crate::order::{
    Fill, FillReason, Offset, OrderEvent, OrderId, OrderKind, Side, SymbolId, Waited,
};
use crate::price::{Price, Quantity};
use crate::risk::StopReference;

/// The protective exits of one position.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guard {
    pub(super) levels: Levels,
    pub(super) stop: Option<OrderId>,
    pub(super) target: Option<OrderId>,
    /// The first bar that they trade in.
    pub(super) works_from: usize,
    /// The first bar whose extreme the stop may trail.
    pub(super) from: usize,
    /// The bar within which the entry traded, and at which price.
    pub(super) entered_within: Option<(usize, Price)>,
}

impl Engine<'_> {
    /// Puts a stop and a target under a position, in place of those it had.
    pub(super) fn guard(&mut self, fill: &Fill, signal_close: Price, moment: Moment) {
        if self.is_on_tape() {
            return self.guard_on_tape(fill, signal_close);
        }
        let symbol = fill.symbol;
        let is_market = self.book.get_mut(fill.order).order.kind == OrderKind::Market;
        self.unguard(symbol);
        let position = self.ledger.position(symbol);
        let quantity = position.quantity();
        let (Some(average), Some(side)) = (position.average_price(), Side::closing(quantity))
        else {
            return;
        };
        let reference = match self.options.limits.stop_reference {
            StopReference::EntryPrice => average,
            StopReference::SignalClose => signal_close,
        };
        let (stop, target) = self.options.limits.levels(reference, quantity);
        let instrument = self.terms(symbol);
        let stop = stop.map(|level| instrument.stop(level, side));
        let target = target.map(|level| instrument.limit(level, side));
        let now = self.timeline.now();
        let mut place = |kind, reason| {
            let id = self.book.send(symbol, side, kind, reason, now);
            self.book.on(id, OrderEvent::Accepted, now);
            id
        };
        let gap_open = false;
        let guard = Guard {
            levels: Levels { stop, target },
            stop: stop.map(|level| {
                place(OrderKind::Stop(level), FillReason::StopLoss { level, gap_open })
            }),
            target: target.map(|level| {
                place(OrderKind::Limit(level), FillReason::TakeProfit { level, gap_open })
            }),
            works_from: self.exits_from(symbol, is_market),
            // Whether the extremes of a bar came after an entry within it is not known.
            from: self.timeline.seen()[symbol.index()] - usize::from(moment == Moment::Open),
            entered_within: self
                .timeline
                .bar(symbol)
                .filter(|_| moment == Moment::Within)
                .map(|bar| (bar, fill.price)),
        };
        self.guards[symbol.index()] = Some(guard);
        self.guarded += 1;
    }

    /// The first bar that the exits of an entry of now work in.
    pub(super) fn exits_from(&self, symbol: SymbolId, is_market: bool) -> usize {
        let seen = self.timeline.seen()[symbol.index()];
        let is_late = match self.options.entry_bar {
            EntryBar::Exits => false,
            EntryBar::MarketExits => !is_market,
            EntryBar::NoExits => true,
        };
        if is_late { seen } else { seen - 1 }
    }

    /// Takes back the protective exits that are still working.
    pub(super) fn unguard(&mut self, symbol: SymbolId) {
        let Some(guard) = self.guards[symbol.index()].take() else { return };
        self.guarded -= 1;
        let now = self.timeline.now();
        for id in [guard.stop, guard.target].into_iter().flatten() {
            if !self.book.get_mut(id).state.is_final() {
                self.book.on(id, OrderEvent::Cancelled, now);
            }
        }
    }

    /// Trades the protective exits that this time's bars reach.
    pub(super) fn protect(&mut self) {
        for symbol in (0..self.guards.len()).map(SymbolId::new) {
            if let (Some(guard), Some(bar)) =
                (self.guards[symbol.index()], self.timeline.bar(symbol))
            {
                self.protect_one(symbol, &guard, bar);
            }
        }
    }

    /// Trades the exits of positions that were entered within this time's bars: only the worse one
    /// is known to come after, or the better one where limits are taken to come first.
    pub(super) fn protect_late(&mut self) {
        for symbol in (0..self.guards.len()).map(SymbolId::new) {
            let (Some(guard), Some(at)) = (self.guards[symbol.index()], self.timeline.bar(symbol))
            else {
                continue;
            };
            let Some((_, entry)) = guard.entered_within.filter(|(bar, _)| *bar == at) else {
                continue;
            };
            // What the bar did before the entry is not the position's.
            let bar = Bar { open: entry, ..self.bars[symbol.index()].bar(at) };
            let levels = match self.options.fill_model.route(&bar) {
                Route::LimitsFirst => Levels { stop: None, ..guard.levels },
                _ => Levels { target: None, ..guard.levels },
            };
            if at >= guard.works_from {
                self.protect_in(symbol, &Guard { levels, ..guard }, &bar);
            }
        }
    }

    fn protect_one(&mut self, symbol: SymbolId, guard: &Guard, bar: usize) {
        if bar >= guard.works_from {
            let bar = self.bars[symbol.index()].bar(bar);
            self.protect_in(symbol, guard, &bar);
        }
    }

    fn protect_in(&mut self, symbol: SymbolId, guard: &Guard, bar: &Bar) {
        let quantity = self.ledger.position(symbol).quantity();
        let Some(touch) = self.first_touch(bar, quantity, guard.levels) else { return };
        let Touch { level, price, gap_open } = touch;
        let id = if level == Level::Stop { guard.stop } else { guard.target };
        let Some(id) = id else { return };
        let order = self.book.get_mut(id).order;
        if !self.fill_price(&order, price).is_positive() {
            return; // Nobody trades at that; the order keeps working.
        }
        let order = &mut self.book.get_mut(id).order;
        if let FillReason::StopLoss { gap_open: gap, .. }
        | FillReason::TakeProfit { gap_open: gap, .. }
        | FillReason::Level { gap_open: gap, .. } = &mut order.reason
        {
            *gap = gap_open;
        }
        let moment = if gap_open { Moment::Open } else { Moment::Within };
        let equity = self.ledger.equity();
        let deal = Deal { moment, equity, reference: price, signal_close: price };
        let left = self.execute(id, quantity.abs(), &deal);
        if left.is_positive() && level == Level::Stop {
            // It was set off: what could not trade goes on at any price.
            if let Some(guard) = &mut self.guards[symbol.index()] {
                guard.stop = None;
            }
            self.unguard(symbol);
            self.go_on_with(id, left, true);
        }
    }

    /// What of a position's levels `bar` reaches first, and where that trades.
    fn first_touch(&self, bar: &Bar, quantity: Quantity, levels: Levels) -> Option<Touch> {
        let model = &self.options.fill_model;
        let touch = match self.options.stops_before {
            StopsBefore::Nothing => model.protective(bar, quantity, levels),
            StopsBefore::Targets | StopsBefore::Orders => model
                .protective(bar, quantity, Levels { target: None, ..levels })
                .or_else(|| model.protective(bar, quantity, Levels { stop: None, ..levels })),
        }?;
        match (touch.level, self.options.limit_gap, levels.target) {
            (Level::Target, LimitGap::Level, Some(price)) => Some(Touch { price, ..touch }),
            _ => Some(touch),
        }
    }

    /// Lets stops follow the bars that just ended.
    pub(super) fn trail_guards(&mut self) {
        let Some(share) = self.options.limits.trailing_stop else { return };
        for symbol in (0..self.guards.len()).map(SymbolId::new) {
            let (Some(guard), Some(bar)) = (self.guards[symbol.index()], self.timeline.bar(symbol))
            else {
                continue;
            };
            let (Some(id), Some(now)) = (guard.stop, guard.levels.stop) else { continue };
            let bars = &self.bars[symbol.index()];
            let is_short = self.ledger.position(symbol).quantity().is_negative();
            if bar < guard.works_from {
                continue;
            }
            let is_close = bar < guard.from || self.options.trail_by == TrailBy::Close;
            let best = match (is_close, is_short) {
                (true, _) => bars.close[bar],
                (false, true) => bars.low[bar],
                (false, false) => bars.high[bar],
            };
            let side = if is_short { Side::Buy } else { Side::Sell };
            let level = Offset::Share(share).behind(side, best);
            let level = self.terms(symbol).stop(level, side);
            if if is_short { level >= now } else { level <= now } {
                continue;
            }
            self.book.relevel(id, OrderKind::Stop(level), self.timeline.now());
            self.book.get_mut(id).order.reason =
                FillReason::Level { what: Waited::TrailingStop, level, gap_open: false };
            self.guards[symbol.index()] =
                Some(Guard { levels: Levels { stop: Some(level), ..guard.levels }, ..guard });
        }
    }

    /// Lets trailing stops of orders follow the bars that just ended.
    pub(super) fn trail(&mut self) {
        for order in &mut self.working {
            let OrderKind::TrailingStop { offset, level } = order.kind else { continue };
            let Some(bar) = self.timeline.bar(order.symbol).filter(|bar| *bar >= order.from) else {
                continue;
            };
            let bars = &self.bars[order.symbol.index()];
            let instrument = self.world.instruments[order.symbol.index()];
            let stop = |level| instrument.stop(level, order.side);
            let is_close = self.options.trail_by == TrailBy::Close;
            let best = |extreme: &[Price]| if is_close { bars.close[bar] } else { extreme[bar] };
            let level = match order.side {
                Side::Sell => level.max(stop(offset.below(best(&bars.high)))),
                Side::Buy => level.min(stop(offset.above(best(&bars.low)))),
            };
            order.kind = OrderKind::TrailingStop { offset, level };
            self.book.relevel(order.id, order.kind, self.timeline.now());
        }
    }
}
