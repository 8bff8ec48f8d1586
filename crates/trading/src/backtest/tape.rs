//! Tape: waiting orders meet quotes and trades, between the close of one bar and that of the next.
//!
//! At one time, in this order: what arrives then; trades, which serve orders that rest; the quote,
//! at which orders by signal trade first, exits before entries, then orders that work, in the order
//! they were placed.
//! Promises: an order meets the first quote at its arrival or later, never one from before; no more
//! trades than was displayed or traded; a resting order trades at its own price.
//! Not here: how queues move; see `venue::queue`.

use dirigent_core::Timestamp;

use crate::backtest::engine::Engine;
use crate::backtest::met::{By, Shown};
use crate::backtest::trips::Moment;
use crate::backtest::working::{Link, Working};
use crate::execution::LimitFill;
use crate::order::{FillReason, OrderKind, RejectReason, Side, SymbolId, TimeInForce, Waited};
use crate::price::{Price, Quantity};
use crate::venue::{Best, Tape};

impl Engine<'_> {
    /// Whether orders meet a tape, not bars.
    pub(super) fn is_on_tape(&self) -> bool {
        self.desk.as_deref().is_some_and(|desk| desk.streams.is_some())
    }

    /// Whether trades stand for quotes.
    fn is_on_trades(&self) -> bool {
        self.options.venue.tape.as_deref().is_some_and(Tape::is_of_trades)
    }

    /// Lets what waits meet the tape up to the end of the bars of time `t`.
    pub(super) fn pass_on_tape(&mut self, t: usize) {
        let (stamp, close) = (self.timeline.now(), self.close_of(t));
        let from = if t == 0 { stamp } else { self.close_of(t - 1) };
        self.at_desk().since = from;
        self.skip_tape(from);
        self.meet_tape(stamp.min(close));
        self.timeline.set_clock(stamp);
        self.act(t, Moment::Open);
        self.meet_tape(close);
        self.deliver_to_bar(t);
        self.timeline.set_clock(close);
        self.meet_last();
        self.timeline.set_clock(stamp);
        self.end_day(t);
    }

    fn skip_tape(&mut self, until: Timestamp) {
        let desk = self.at_desk();
        let Some(streams) = &mut desk.streams else { return };
        let (tops, renews) = (&mut desk.tops, streams.renews);
        streams.skip(until, |symbol, shown| tops[symbol].show(shown, renews));
    }

    fn meet_tape(&mut self, until: Timestamp) {
        while self.has_orders() || !self.working.is_empty() || self.is_under_way() {
            let next = self.at_desk().streams.as_ref().and_then(|streams| streams.next(until));
            match next {
                Some(now) => self.meet_at(now),
                None => return,
            }
        }
        self.skip_tape(until);
    }

    /// Whatever is of time `now`, but of each symbol no more than one quote.
    fn meet_at(&mut self, now: Timestamp) {
        self.deliver(now);
        self.timeline.set_clock(now);
        for symbol in (0..self.bars.len()).map(SymbolId::new) {
            while let Some((price, size)) = self.next_trade(symbol, now) {
                self.meet_trade(symbol, price, size);
            }
        }
        if !self.show(now) {
            return;
        }
        self.at_desk().live = true;
        if self.has_orders() {
            self.trade(Moment::Open);
        }
        self.meet_quotes(now);
        let desk = self.at_desk();
        desk.live = false;
        desk.tops.iter_mut().for_each(|top| top.fresh = false);
    }

    fn next_trade(&mut self, symbol: SymbolId, now: Timestamp) -> Option<(Price, Quantity)> {
        self.at_desk().streams.as_mut()?.trade(symbol.index(), now)
    }

    /// Takes the quotes of time `now` over; whether any symbol that has a bar now shows one.
    fn show(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        for symbol in (0..self.bars.len()).map(SymbolId::new) {
            let trades = self.timeline.bar(symbol).is_some();
            let desk = self.at_desk();
            let Some(streams) = &mut desk.streams else { continue };
            if let Some(shown) = streams.quote(symbol.index(), now) {
                let renews = streams.renews;
                let top = &mut desk.tops[symbol.index()];
                top.show(shown, renews);
                top.fresh = trades;
                any |= trades;
            }
        }
        any
    }

    /// Values open positions at what they would fetch; what was displayed before the last close tells
    /// less than that close.
    pub(super) fn mark_on_tape(&mut self) {
        let Some(desk) = self.desk.as_deref() else { return };
        let trips = &self.trips;
        self.ledger.mark_open(|symbol| {
            let side = trips.get(symbol)?.side.opposite();
            let shown = desk.tops[symbol.index()].shown?;
            (shown.time >= desk.since).then(|| shown.taking(side))
        });
    }

    fn meet_quotes(&mut self, now: Timestamp) {
        // The exits of an entry that trades here join at the end, and meet the quote as well.
        let mut next = 0;
        let mut any = false;
        while next < self.working.len() {
            self.meet_quote(next, now);
            any |= self.working[next].is_done();
            next += 1;
        }
        if any {
            self.working.retain(|order| !order.is_done());
        }
    }

    /// The order at `at` meets the quote of its symbol, if there is one now.
    fn meet_quote(&mut self, at: usize, now: Timestamp) {
        let order = &self.working[at];
        let top = self.desk.as_deref().and_then(|desk| desk.tops.get(order.symbol.index()));
        let Some(shown) = top.filter(|top| top.fresh).and_then(|top| top.shown) else { return };
        if order.is_done() || order.place.arrives > now {
            return;
        }
        self.accept(at);
        if self.working[at].is_over(now) {
            return self.expire(at);
        }
        let order = self.working[at];
        if order.time_in_force == TimeInForce::AtClose {
            return;
        }
        if order.is_stop() {
            if !order.kind.is_reached(order.side, shown.taking(order.side)) {
                self.trail_on_tape(at, &shown);
                return self.end_at_once(at);
            }
            self.working[at].set_off();
        }
        match self.working[at].waits_for() {
            OrderKind::Limit(level) if order.place.rests => self.rest(at, level, &shown),
            OrderKind::Limit(level) => self.arrive(at, level, &shown),
            _ => {
                self.take(at, &shown);
                self.end_at_once(at);
            }
        }
    }

    /// A limit order meets its first quote: it takes what it can, and the rest of it waits.
    fn arrive(&mut self, at: usize, level: Price, shown: &Shown) {
        let Working { side, post_only, .. } = self.working[at];
        let price = shown.taking(side);
        if OrderKind::Limit(level).is_reached(side, price) {
            if post_only {
                return self.drop_order(at, RejectReason::WouldTake { price });
            }
            self.take(at, shown);
        }
        self.end_at_once(at);
        let order = &mut self.working[at];
        if !order.is_done() {
            order.place.join(None);
            self.queue_up(at, level, shown);
        }
    }

    /// Lets the queue before the order at `at` move as the quote tells.
    fn queue_up(&mut self, at: usize, level: Price, shown: &Shown) {
        if self.is_on_trades() {
            return; // Which do not show who waits.
        }
        let model = self.options.venue.queue;
        let order = &mut self.working[at];
        let (best, size) = shown.own(order.side);
        let is_better = if order.side == Side::Buy { best > level } else { best < level };
        let best = match () {
            () if best == level => Best::Level,
            () if is_better => Best::Better,
            () => Best::Worse,
        };
        order.place.see(best, size, model);
    }

    /// A limit order that rests meets a quote: it trades if the other side comes to its level.
    fn rest(&mut self, at: usize, level: Price, shown: &Shown) {
        let order = self.working[at];
        let price = shown.taking(order.side);
        let is_beyond = self.options.limit_fill == LimitFill::Through && price == level;
        if OrderKind::Limit(level).is_reached(order.side, price) && !is_beyond {
            self.mark(Moment::Open);
            self.act_for(order.place, None, By::Crossed);
            self.trade_on_tape(at, level);
        }
        if !self.working[at].is_done() {
            self.queue_up(at, level, shown);
        }
    }

    /// The order at `at` takes what is displayed.
    fn take(&mut self, at: usize, shown: &Shown) {
        let Working { side, place, left, time_in_force, .. } = self.working[at];
        // It took: what stood ahead of it is no matter.
        self.act_for(place.without_queue(), None, By::Taking);
        let room = self.desk_room(self.working[at].symbol, side).unwrap_or_default();
        if time_in_force != TimeInForce::Fok || room >= left {
            self.mark(Moment::Open);
            self.trade_on_tape(at, shown.taking(side));
        }
    }

    /// Trades the order at `at` at `price`, unless nothing is there.
    fn trade_on_tape(&mut self, at: usize, price: Price) {
        let Working { symbol, side, .. } = self.working[at];
        if self.desk_room(symbol, side).is_none_or(Quantity::is_positive) {
            self.trade_working(at, price, false, Moment::Open);
        }
    }

    /// Ends what does not wait beyond the first price it meets.
    fn end_at_once(&mut self, at: usize) {
        if self.working[at].is_done() {
            return;
        }
        match self.working[at].time_in_force {
            TimeInForce::AtOpen => self.expire(at),
            TimeInForce::Ioc => self.drop_order(at, RejectReason::NotAtOnce("in part")),
            TimeInForce::Fok => self.drop_order(at, RejectReason::NotAtOnce("whole")),
            _ => {}
        }
    }

    /// A trade serves the orders that rest at its price or better.
    fn meet_trade(&mut self, symbol: SymbolId, price: Price, size: Quantity) {
        if self.timeline.bar(symbol).is_none() {
            return;
        }
        let mut left = size;
        let mut any = false;
        for at in 0..self.working.len() {
            let order = self.working[at];
            let OrderKind::Limit(level) = order.waits_for() else { continue };
            let is_served = OrderKind::Limit(level).is_reached(order.side, price);
            if order.symbol != symbol || order.is_done() || !order.place.rests || !is_served {
                continue;
            }
            // A trade beyond the level has served all who stood there.
            let reached = match price == level {
                true => self.working[at].place.trade(size),
                false => size,
            };
            let allowed = reached.min(left);
            if allowed.is_positive() {
                let before = self.filled(at);
                self.act_for(order.place, Some(allowed), By::Trade);
                self.trade_on_tape(at, level);
                left -= self.filled(at) - before;
            }
            any |= self.working[at].is_done();
        }
        if any {
            self.working.retain(|order| !order.is_done());
        }
    }

    fn filled(&mut self, at: usize) -> Quantity {
        self.book.get_mut(self.working[at].id).filled
    }

    /// Orders for the close trade at the quote that stands when their bar ends.
    fn meet_last(&mut self) {
        for at in 0..self.working.len() {
            let order = self.working[at];
            let is_for_close = order.time_in_force == TimeInForce::AtClose && !order.is_done();
            let Some(bar) = self.timeline.bar(order.symbol) else { continue };
            let shown = self.at_desk().tops[order.symbol.index()].shown;
            let Some(shown) = shown.filter(|_| is_for_close && bar >= order.from) else { continue };
            if shown.time < order.place.arrives {
                continue;
            }
            self.accept(at);
            self.at_desk().live = true;
            if order.kind.is_reached(order.side, shown.taking(order.side)) {
                self.take(at, &shown);
            }
            self.at_desk().live = false;
            if !self.working[at].is_done() {
                self.expire(at);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// Lets a trailing stop follow a quote.
    fn trail_on_tape(&mut self, at: usize, shown: &Shown) {
        let Working { id, symbol, side, kind, .. } = self.working[at];
        let OrderKind::TrailingStop { offset, level } = kind else { return };
        let now = self.terms(symbol).stop(offset.behind(side, shown.taking(side)), side);
        let level = if side == Side::Sell { level.max(now) } else { level.min(now) };
        let kind = OrderKind::TrailingStop { offset, level };
        let is_guard = matches!(self.working[at].link, Some(Link::Guard(_)));
        let has_moved = self.working[at].kind != kind;
        self.working[at].kind = kind;
        self.book.relevel(id, kind, self.timeline.now());
        if is_guard && has_moved {
            let (what, gap_open) = (Waited::TrailingStop, false);
            self.book.get_mut(id).order.reason = FillReason::Level { what, level, gap_open };
        }
    }
}
