//! Delay: orders, changes and cancellations on their way to the market.
//!
//! Promises: nothing acts before it arrives; an order can trade until its cancellation does. On bars
//! what arrives within a bar acts from its open on, as a bar does not tell what came after.

use dirigent_core::Timestamp;

use crate::backtest::desk::{Message, What};
use crate::backtest::engine::{Aim, Engine};
use crate::backtest::met::{By, Met};
use crate::backtest::working::{Link, Working};
use crate::order::{
    Change, Fill, FillReason, Offset, OrderEvent, OrderId, OrderKind, OrderRequest, OrderState,
    RejectReason, Side, SymbolId, Tag,
};
use crate::portfolio::floor_to;
use crate::price::Price;
use crate::risk::StopReference;
use crate::signal::Signal;
use crate::venue::{Latency, Place};

impl Engine<'_> {
    /// When the bars of time `t` end.
    pub(super) fn close_of(&self, t: usize) -> Timestamp {
        self.options.venue.closes.of(self.timeline.times()[t], self.timeline.next(t))
    }

    /// Sets the clock to the end of the bars of time `t`, when decisions are taken, and back.
    pub(super) fn at_close(&mut self, t: usize, decide: impl FnOnce(&mut Self)) {
        if self.desk.is_some() {
            let (stamp, close) = (self.timeline.now(), self.close_of(t));
            self.timeline.set_clock(close);
            decide(self);
            self.timeline.set_clock(stamp);
        } else {
            decide(self);
        }
    }

    /// Sends something to the market now; answers its way.
    pub(super) fn send(&mut self) -> Place {
        let now = self.timeline.now();
        self.desk.as_deref_mut().map_or_else(Place::default, |desk| desk.send(now))
    }

    fn is_delayed(&self) -> bool {
        self.options.venue.latency != Latency::None
    }

    /// Lets everything act that arrives before the bars of time `t` end; on bars, from their open on.
    pub(super) fn deliver_to_bar(&mut self, t: usize) {
        if self.desk.is_none() {
            return;
        }
        let stamp = self.timeline.stamp();
        let last = Timestamp::from_nanos(self.close_of(t).as_nanos().saturating_sub(1));
        self.deliver(last);
        self.timeline.set_clock(stamp);
        for at in 0..self.working.len() {
            if self.working[at].place.arrives <= last {
                self.accept(at);
            }
        }
    }

    /// Lets everything act that arrives by `now`.
    pub(super) fn deliver(&mut self, now: Timestamp) {
        let desk = self.at_desk();
        desk.reach = now;
        if !desk.waits() {
            return;
        }
        while let Some((place, _)) = self.at_desk().aims.front()
            && place.arrives <= now
        {
            let Some((place, aims)) = self.at_desk().aims.pop_front() else { return };
            self.at_desk().aimed = place;
            self.set_aims(aims);
        }
        while let Some(message) = self.at_desk().messages.front().copied()
            && message.arrives <= now
        {
            self.at_desk().messages.pop_front();
            self.hand_over(&message);
        }
        self.working.retain(|order| !order.is_done());
    }

    fn hand_over(&mut self, message: &Message) {
        let is_it = |order: &Working| order.id == message.order && !order.is_done();
        let Some(at) = self.working.iter().position(is_it) else { return };
        self.accept(at);
        self.timeline.set_clock(message.arrives);
        match message.what {
            What::Cancel(reason) => self.drop_order(at, reason),
            What::Change(change) if !self.is_leaving(at) => self.change(at, &change),
            What::Change(_) => {}
        }
    }

    /// The market takes the order at `at`, if it has not yet.
    pub(super) fn accept(&mut self, at: usize) {
        let Working { id, place, .. } = self.working[at];
        if self.book.get_mut(id).state == OrderState::Pending {
            let arrived = place.arrives.max(place.sent);
            self.book.on(id, OrderEvent::Accepted, arrived);
        }
    }

    /// What trades was taken when it arrived.
    pub(super) fn accept_filled(&mut self, fill: &Fill) {
        let Some(place) = self.desk.as_deref().map(|desk| desk.acting.place) else { return };
        if place.sent <= place.arrives
            && place.arrives <= fill.time
            && place != Place::default()
            && self.book.get_mut(fill.order).state == OrderState::Pending
        {
            self.book.on(fill.order, OrderEvent::Accepted, place.arrives);
        }
    }

    fn is_leaving(&mut self, at: usize) -> bool {
        self.book.get_mut(self.working[at].id).state == OrderState::CancelPending
    }

    /// Takes back the order at `at`: now, or when word of it has arrived.
    pub(super) fn take_back(&mut self, at: usize, reason: RejectReason) {
        if !self.is_delayed() {
            return self.drop_order(at, reason);
        }
        if self.is_leaving(at) {
            return;
        }
        let (order, now) = (self.working[at].id, self.timeline.now());
        self.book.on(order, OrderEvent::CancelSent, now);
        let arrives = self.send().arrives;
        self.at_desk().messages.push_back(Message { order, what: What::Cancel(reason), arrives });
    }

    /// Changes the order at `at`: now, or when word of it has arrived.
    pub(super) fn ask_change(&mut self, at: usize, change: &Change) {
        if !self.is_delayed() {
            return self.change(at, change);
        }
        let (order, arrives) = (self.working[at].id, self.send().arrives);
        self.at_desk().messages.push_back(Message { order, what: What::Change(*change), arrives });
    }

    /// Whether the strategy calls the order at `at` so, and it works.
    pub(super) fn answers_to(&self, at: usize, tag: Tag) -> bool {
        let order = &self.working[at];
        order.tag == Some(tag) && !order.is_done()
    }

    /// Puts target weights in the place of those before, or on their way.
    pub(super) fn send_aims(&mut self, aims: Vec<Option<Aim>>) {
        let place = self.send();
        match self.desk.as_deref_mut() {
            Some(desk) if !desk.venue.latency.eq(&Latency::None) => {
                desk.aims.push_back((place, aims));
            }
            Some(desk) => {
                desk.aimed = place;
                self.set_aims(aims);
            }
            None => self.set_aims(aims),
        }
    }

    /// Sends the exit by signal `id`.
    pub(super) fn send_exit(&mut self, id: OrderId, symbol: SymbolId) {
        self.exits.push((id, symbol));
        let place = self.send();
        if let Some(desk) = self.desk.as_deref_mut() {
            desk.exits.insert(id, place);
        }
    }

    /// The way of the exit by signal `id`, if it has arrived.
    pub(super) fn exit_arrived(&self, id: OrderId) -> Option<Place> {
        let known = self.desk.as_deref().and_then(|desk| desk.exits.get(&id).copied());
        Some(known.unwrap_or_default()).filter(|place| self.has_arrived(place))
    }

    /// Whether orders wait that an exit or another entry may take back or follow.
    pub(super) fn has_waiting(&self) -> bool {
        !self.working.is_empty() || self.desk.is_some() && !self.entries.is_empty()
    }

    /// Whether an entry by signal waits on a tape that is what `request` would be: it keeps its place in
    /// the queue.
    pub(super) fn waits_alike(&mut self, request: &OrderRequest) -> bool {
        if !self.is_on_tape() {
            return false;
        }
        let kind = self.terms(request.symbol).on_ticks(request.kind, request.side);
        let quantity = floor_to(request.quantity, self.lot(request.symbol));
        let is_it = |order: &Working| {
            (order.symbol, order.side, order.kind, order.left)
                == (request.symbol, request.side, kind, quantity)
                && order.is_entry()
                && !order.is_done()
        };
        let at = self.working.iter().position(is_it);
        at.is_some_and(|at| !self.is_leaving(at))
    }

    /// Whether an entry by signal on `side` is under way already.
    pub(super) fn enters_already(&self, symbol: SymbolId, side: Side) -> bool {
        self.desk.is_some()
            && self.entries.iter().any(|entry| {
                (entry.symbol, entry.side) == (symbol, side)
                    && entry.reason == FillReason::SignalEntry
            })
    }

    /// Sends an exit after an entry that is still under way, where `signal` wants one.
    pub(super) fn follow_entry_out(&mut self, symbol: SymbolId, signal: Signal) {
        if self.desk.is_none() || self.exits.iter().any(|(_, of)| *of == symbol) {
            return;
        }
        let leaves = |side: Side| {
            signal.has(if side == Side::Buy { Signal::LONG_EXIT } else { Signal::SHORT_EXIT })
        };
        let under_way = self.entries.iter().find(|e| e.symbol == symbol && leaves(e.side));
        let Some(side) = under_way.map(|entry| entry.side.opposite()) else { return };
        let now = self.timeline.now();
        let id = self.book.send(symbol, side, OrderKind::Market, FillReason::SignalExit, now);
        self.send_exit(id, symbol);
    }

    /// Puts a stop and a target under a position that traded on a tape, in place of those it had:
    /// orders like others, of which what one trades the other no longer does.
    pub(super) fn guard_on_tape(&mut self, fill: &Fill, signal_close: Price) {
        let symbol = fill.symbol;
        let link = Some(Link::Guard(symbol));
        for at in 0..self.working.len() {
            if self.working[at].link == link && !self.working[at].is_done() {
                self.drop_order(at, RejectReason::Replaced);
            }
        }
        let position = self.ledger.position(symbol);
        let quantity = position.quantity();
        let (Some(average), Some(side)) = (position.average_price(), Side::closing(quantity))
        else {
            return;
        };
        let limits = &self.options.limits;
        let reference = match limits.stop_reference {
            StopReference::EntryPrice => average,
            StopReference::SignalClose => signal_close,
        };
        let (stop, target) = limits.levels(reference, quantity);
        let stop = stop.map(|level| match limits.trailing_stop {
            Some(share) => OrderKind::TrailingStop { offset: Offset::Share(share), level },
            None => OrderKind::Stop(level),
        });
        for kind in [stop, target.map(OrderKind::Limit)].into_iter().flatten() {
            let kind = self.terms(symbol).on_ticks(kind, side);
            let (level, gap_open) = (kind.level().unwrap_or_default(), false);
            let reason = match kind.is_stop() {
                true => FillReason::StopLoss { level, gap_open },
                false => FillReason::TakeProfit { level, gap_open },
            };
            let market = OrderRequest::market(symbol, side, quantity.abs());
            let request = OrderRequest { kind, reduce_only: true, ..market };
            let id = self.send_working(&request, reason);
            let from = self.timeline.seen()[symbol.index()] - 1;
            let mut order = Working::new(id, &request, from, signal_close);
            order.link = link;
            self.join_working(order);
        }
    }

    /// Lets an order work once it has arrived.
    pub(super) fn join_working(&mut self, mut order: Working) {
        order.place = self.send();
        self.working.push(order);
        if order.place.arrives <= self.timeline.now() {
            self.book.on(order.id, OrderEvent::Accepted, self.timeline.now());
        }
    }

    /// Writes down what a fill met.
    pub(super) fn tell_met(&mut self, fill: &Fill) {
        let Some(desk) = self.desk.as_deref_mut() else { return };
        let shown = desk.streams.is_some().then(|| desk.tops[fill.symbol.index()].shown).flatten();
        let place = desk.acting.place;
        let by = if shown.is_none() { By::Bar } else { desk.acting.by };
        // What was never sent, such as what a limit of the run sets off, was there at once.
        let was_sent = place.sent <= fill.time && place != Place::default();
        let (sent, arrived) =
            if was_sent { (place.sent, place.arrives) } else { (fill.time, fill.time) };
        desk.mets.push(Met { by, shown, sent, arrived, ahead: place.joined });
    }
}
