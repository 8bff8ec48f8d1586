//! Working orders: those that wait for a price, from the moment they are placed to the end of
//! their time.

use dirigent_core::Timestamp;

use crate::backtest::engine::Engine;
use crate::backtest::timeline::day_of;
use crate::backtest::trips::Moment;
use crate::execution::FillTiming;
use crate::order::{
    Bracket, Change, FillReason, Group, OrderEvent, OrderId, OrderKind, OrderRequest, OrderState,
    RejectReason, Side, SymbolId, Tag, TimeInForce,
};
use crate::portfolio::floor_to;
use crate::price::{Price, Quantity};
use crate::venue::Place;

/// What ties orders together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The first that trades cancels the others.
    Group(Group),
    /// They share the units that this order entered: what one trades, the others no longer do.
    Entry(OrderId),
    /// They are the exits of the symbol's position, and share its units likewise.
    Guard(SymbolId),
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waits,
    /// A stop with a limit that was set off.
    SetOff,
    /// It trades no more.
    Done,
}

/// An order that waits for a price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    pub(super) id: OrderId,
    pub(super) symbol: SymbolId,
    pub(super) side: Side,
    pub(super) kind: OrderKind,
    pub(super) time_in_force: TimeInForce,
    /// Units still to be traded.
    pub(super) left: Quantity,
    pub(super) reduce_only: bool,
    pub(super) post_only: bool,
    pub(super) tag: Option<Tag>,
    pub(super) link: Option<Link>,
    pub(super) bracket: Bracket,
    /// The first of the symbol's bars that it works in.
    pub(super) from: usize,
    /// It was placed within this bar, by the trade of another.
    pub(super) within: Option<usize>,
    /// The day it works on, once it has met a bar.
    day: Option<i64>,
    stage: Stage,
    /// Why it was placed; its record tells why it traded, once it has.
    placed_for: FillReason,
    pub(super) signal_close: Price,
    /// Its way to the market, and where it stands there.
    pub(super) place: Place,
}

impl Working {
    /// What is left of an order that the volume of a bar did not suffice for.
    pub(super) fn rest(id: OrderId, symbol: SymbolId, side: Side, left: Quantity) -> Self {
        let request = OrderRequest::market(symbol, side, left);
        Self::new(id, &request, 0, Price::ZERO)
    }

    pub(super) fn new(
        id: OrderId,
        request: &OrderRequest,
        from: usize,
        signal_close: Price,
    ) -> Self {
        Self {
            id,
            symbol: request.symbol,
            side: request.side,
            kind: request.kind,
            time_in_force: request.time_in_force,
            left: request.quantity,
            reduce_only: request.reduce_only,
            post_only: request.post_only,
            tag: request.tag,
            link: request.group.map(Link::Group),
            bracket: request.bracket,
            from,
            within: None,
            day: None,
            stage: Stage::Waits,
            placed_for: FillReason::Requested,
            signal_close,
            place: Place::default(),
        }
    }

    /// Whether a signal placed it, so that an exit takes it back.
    pub(super) fn is_entry(&self) -> bool {
        let by_signal = matches!(self.placed_for, FillReason::SignalEntry | FillReason::Reversal);
        by_signal && !self.reduce_only
    }

    /// Whether it trades no more.
    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// It trades no more.
    pub(super) fn finish(&mut self) {
        self.stage = Stage::Done;
    }

    /// Its stop was reached.
    pub(super) fn set_off(&mut self) {
        self.stage = Stage::SetOff;
    }

    /// Whether it waits for the price to get worse.
    pub(super) fn is_stop(&self) -> bool {
        self.kind.is_stop() && self.stage == Stage::Waits
    }

    /// What it waits for now.
    pub(super) fn waits_for(&self) -> OrderKind {
        match self.kind {
            OrderKind::StopLimit { limit, .. } if self.stage == Stage::SetOff => {
                OrderKind::Limit(limit)
            }
            kind => kind,
        }
    }

    /// Whether its time is over at `now`, when it meets a bar.
    pub(super) fn is_over(&mut self, now: Timestamp) -> bool {
        match self.time_in_force {
            TimeInForce::Day => *self.day.get_or_insert(day_of(now)) != day_of(now),
            TimeInForce::Gtd(last) => now > last,
            _ => false,
        }
    }
}

impl Engine<'_> {
    /// Ends the orders for the day if time `t` is the last of it.
    pub(super) fn end_day(&mut self, t: usize) {
        let today = day_of(self.timeline.now());
        let goes_on = self.timeline.next(t).is_some_and(|next| day_of(next) == today);
        if goes_on {
            return;
        }
        for at in 0..self.working.len() {
            let order = self.working[at];
            if order.day == Some(today) && !order.is_done() {
                self.expire(at);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// Does what the strategy wants with its orders.
    pub(super) fn change_orders(&mut self, cancels: &[Tag], changes: &[(Tag, Change)]) {
        for at in 0..self.working.len() {
            if cancels.iter().any(|tag| self.answers_to(at, *tag)) {
                self.take_back(at, RejectReason::TakenBack);
                continue;
            }
            for (tag, change) in changes {
                if self.answers_to(at, *tag) {
                    self.ask_change(at, change);
                }
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    pub(super) fn change(&mut self, at: usize, change: &Change) {
        let lot = self.lot(self.working[at].symbol);
        let instrument = self.terms(self.working[at].symbol);
        let order = &mut self.working[at];
        let (left, kind) = (order.left, order.kind);
        if let Some(quantity) = change.quantity {
            order.left = floor_to(quantity, lot);
        }
        let level = |old: Price| change.level.unwrap_or(old);
        order.kind = match order.kind {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit(old) => OrderKind::Limit(level(old)),
            OrderKind::Stop(old) => OrderKind::Stop(level(old)),
            OrderKind::StopLimit { stop, limit } => {
                OrderKind::StopLimit { stop: level(stop), limit: change.limit.unwrap_or(limit) }
            }
            OrderKind::TrailingStop { offset, level: old } => {
                OrderKind::TrailingStop { offset, level: level(old) }
            }
        };
        order.kind = instrument.on_ticks(order.kind, order.side);
        if order.kind != kind || order.left > left {
            order.place.leave();
        }
        let Working { id, kind, left, .. } = *order;
        self.book.relevel(id, kind, self.timeline.now());
        let record = self.book.get_mut(id);
        record.order.quantity = record.filled + left;
        self.book.on(id, OrderEvent::Modified, self.timeline.now());
        if !left.is_positive() {
            self.drop_order(at, RejectReason::LessThanOneLot);
        }
    }

    /// Places an order that waits for more than the next fill point.
    pub(super) fn place(&mut self, request: &OrderRequest, reason: FillReason) {
        let OrderRequest { symbol, side, .. } = *request;
        let request = OrderRequest {
            quantity: floor_to(request.quantity, self.lot(symbol)),
            kind: self.terms(symbol).on_ticks(request.kind, side),
            ..*request
        };
        let seen = self.timeline.seen()[request.symbol.index()];
        let closes = &self.bars[request.symbol.index()].close[..seen];
        let signal_close = closes.last().copied().unwrap_or(Price::ZERO);
        let id = self.send_working(&request, reason);
        let prices = [request.kind.level(), request.kind.limit()];
        let odd = prices.into_iter().flatten().find(|price| !price.is_positive());
        let refused = match odd {
            Some(price) => Some(RejectReason::NoPrice { price }),
            None if request.quantity.is_positive() => None,
            None => Some(RejectReason::LessThanOneLot),
        };
        if let Some(reason) = refused {
            self.book.reject(id, reason, self.timeline.now());
            return;
        }
        let order = Working::new(id, &request, seen, signal_close);
        self.join_working(Working { placed_for: reason, ..order });
        let is_now = self.options.fill == FillTiming::SameClose
            && request.kind == OrderKind::Market
            && !matches!(request.time_in_force, TimeInForce::AtOpen | TimeInForce::AtClose);
        if is_now {
            let at = self.working.len() - 1;
            self.trade_working(at, signal_close, false, Moment::Close);
            self.working.retain(|order| !order.is_done());
        }
    }

    pub(super) fn send_working(&mut self, request: &OrderRequest, reason: FillReason) -> OrderId {
        let now = self.timeline.now();
        let id = self.book.send(request.symbol, request.side, request.kind, reason, now);
        let order = &mut self.book.get_mut(id).order;
        order.quantity = request.quantity;
        order.time_in_force = request.time_in_force;
        id
    }

    /// Goes on with what is left of an order at the next opens.
    pub(super) fn go_on_with(&mut self, id: OrderId, left: Quantity, reduce_only: bool) {
        let order = self.book.get_mut(id).order;
        if self.book.get_mut(id).state == OrderState::Pending {
            // Nothing of it could trade yet; it waits as one that was taken.
            self.book.on(id, OrderEvent::Accepted, self.timeline.now());
        }
        let rest = Working::rest(id, order.symbol, order.side, left);
        let from = self.timeline.seen()[order.symbol.index()];
        let place = self.desk.as_deref().map(|desk| desk.acting.place).unwrap_or_default();
        let placed_for = order.reason;
        self.working.push(Working { from, reduce_only, placed_for, place, ..rest });
    }

    /// Takes back what is left of entries by signal, which an exit follows.
    pub(super) fn drop_entries(&mut self, symbol: SymbolId) {
        for at in 0..self.working.len() {
            let order = self.working[at];
            if order.symbol == symbol && order.is_entry() && !order.is_done() {
                self.take_back(at, RejectReason::Replaced);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// Takes back what is left of moves toward the target before.
    pub(super) fn drop_rests(&mut self) {
        for at in 0..self.working.len() {
            let Working { id, .. } = self.working[at];
            if !self.working[at].is_done()
                && self.book.get_mut(id).order.reason == FillReason::Rebalance
            {
                self.take_back(at, RejectReason::Replaced);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// Ends the order at `at` because of `reason`.
    pub(super) fn drop_order(&mut self, at: usize, reason: RejectReason) {
        let order = &mut self.working[at];
        order.finish();
        self.book.end(order.id, OrderEvent::Cancelled, Some(reason), self.timeline.now());
    }

    /// Ends the order at `at` because its time is over.
    pub(super) fn expire(&mut self, at: usize) {
        let order = &mut self.working[at];
        order.finish();
        self.book.end(order.id, OrderEvent::Expired, None, self.timeline.now());
    }
}
