//! Matching: working orders meet the prices of a bar.
//!
//! The open comes first: whatever it reaches trades there. What lies within the bar trades in the
//! order that the fill model names (`Route`), and orders for the close trade last. An exit that
//! was placed within the bar trades in it only where that is known: on a route through the bar, or
//! where the worse case wants it.

use crate::backtest::engine::Engine;
use crate::backtest::met::By;
use crate::backtest::trade::Deal;
use crate::backtest::trips::Moment;
use crate::backtest::working::{Link, Working};
use crate::execution::{Bar, LimitFill, LimitGap, Route, StopsBefore};
use crate::order::{FillReason, OrderKind, RejectReason, Side, SymbolId, TimeInForce, Waited};
use crate::price::{Price, Quantity};
use crate::venue::Queue;

/// What an order waits for: a worse price, or a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Stops,
    Limits,
}

impl Class {
    fn of(order: &Working) -> Self {
        if order.is_stop() { Self::Stops } else { Self::Limits }
    }

    const fn other(self) -> Self {
        match self {
            Self::Stops => Self::Limits,
            Self::Limits => Self::Stops,
        }
    }
}

impl Engine<'_> {
    /// Whether nothing that this time's bar does concerns the order: it rests at a price that the bar
    /// does not come to. Most orders do, at most bars.
    pub(super) fn is_out_of_reach(&self, order: &Working) -> bool {
        let waits = order.waits_for();
        let rests = match waits {
            OrderKind::Limit(_) => !matches!(self.options.venue.queue, Queue::Volume { .. }),
            OrderKind::Stop(_) | OrderKind::StopLimit { .. } => true,
            OrderKind::Market | OrderKind::TrailingStop { .. } => false,
        };
        if !rests || order.time_in_force != TimeInForce::Gtc || order.is_done() {
            return false;
        }
        let Some(bar) = self.timeline.bar(order.symbol) else { return true };
        let bars = &self.bars[order.symbol.index()];
        let is_up = waits.is_stop() == (order.side == Side::Buy);
        let nearest = if is_up { bars.high[bar] } else { bars.low[bar] };
        !waits.is_reached(order.side, nearest)
    }

    /// Trades what the opens of this time reach.
    pub(super) fn meet_open(&mut self) {
        let mut marked = false;
        // The exits of an entry that trades here join at the end, and meet the open as well.
        let mut next = 0;
        while next < self.working.len() {
            let at = next;
            next += 1;
            let order = self.working[at];
            let Some(bar) = self.bar_for(&order).filter(|_| !order.is_done()) else { continue };
            if self.working[at].is_over(self.timeline.now()) {
                self.expire(at);
                continue;
            }
            if order.time_in_force == TimeInForce::AtClose {
                continue;
            }
            if !marked {
                self.mark(Moment::Open);
                marked = true;
            }
            self.meet_first(at, self.bars[order.symbol.index()].open[bar]);
        }
        self.working.retain(|order| !order.is_done());
    }

    /// The order at `at` meets the first price of a bar.
    fn meet_first(&mut self, at: usize, open: Price) {
        let order = self.working[at];
        if order.is_stop() && order.kind.is_reached(order.side, open) {
            self.working[at].set_off();
        }
        let waits = match order.kind {
            OrderKind::StopLimit { .. } => self.working[at].waits_for(),
            kind => kind,
        };
        let trades = waits.is_reached(order.side, open) && !self.yields_to_stop(&order);
        if trades && order.post_only {
            return self.drop_order(at, RejectReason::WouldTake { price: open });
        }
        let is_whole = self.room(order.symbol, order.side).is_none_or(|room| room >= order.left);
        let force = order.time_in_force;
        if trades && (force != TimeInForce::Fok || is_whole) {
            let price = match (order.kind, self.options.limit_gap) {
                (OrderKind::Limit(level), LimitGap::Level) => level,
                _ => open,
            };
            self.act_for(order.place, None, By::Bar);
            self.trade_working(at, price, order.kind != OrderKind::Market, Moment::Open);
        }
        if self.working[at].is_done() {
            return;
        }
        match force {
            TimeInForce::AtOpen => self.expire(at),
            TimeInForce::Ioc => self.drop_order(at, RejectReason::NotAtOnce("in part")),
            TimeInForce::Fok => self.drop_order(at, RejectReason::NotAtOnce("whole")),
            _ => {}
        }
    }

    /// Whether the order is the target of a bracket whose stop this bar reaches, and comes after it.
    fn yields_to_stop(&self, target: &Working) -> bool {
        if self.options.stops_before == StopsBefore::Nothing
            || target.kind.is_stop()
            || !matches!(target.link, Some(Link::Entry(_)))
        {
            return false;
        }
        let Some(bar) = self.bar_for(target) else { return false };
        let bars = &self.bars[target.symbol.index()];
        let worst = if target.side == Side::Sell { bars.low[bar] } else { bars.high[bar] };
        self.working.iter().any(|order| {
            order.link == target.link
                && order.is_stop()
                && !order.is_done()
                && self.bar_for(order).is_some()
                && order.kind.is_reached(order.side, worst)
        })
    }

    /// Trades what this time's bars reach within.
    pub(super) fn meet_within(&mut self) {
        self.move_queues();
        for at in 0..self.working.len() {
            let symbol = self.working[at].symbol;
            // The first order of a symbol walks for all of them.
            let is_first = !self.working[..at].iter().any(|order| order.symbol == symbol);
            if is_first && let Some(bar) = self.timeline.bar(symbol) {
                self.walk(symbol, bar);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    fn walk(&mut self, symbol: SymbolId, number: usize) {
        let bar = self.bars[symbol.index()].bar(number);
        match self.options.fill_model.route(&bar) {
            Route::Through(way) => {
                let mut here = bar.open;
                for to in way {
                    while let Some((at, price)) = self.next_on_way(symbol, number, here, to) {
                        here = price;
                        self.touch(at, price);
                    }
                    here = to;
                }
            }
            route => {
                let first = match route {
                    Route::LimitsFirst => Class::Limits,
                    _ => Class::Stops,
                };
                // What a fill places may be reached as well, until nothing more is.
                while let Some((at, price)) = self
                    .next_reached(symbol, &bar, first, number)
                    .or_else(|| self.next_reached(symbol, &bar, first.other(), usize::MAX))
                {
                    self.touch(at, price);
                }
            }
        }
    }

    /// Of the symbol's orders of `class`, the one that `bar` reaches and that lies nearest to its
    /// open, with its price. Of those that a trade within a bar placed, only those of bar `within`
    /// count that very bar: whether what is better came after is not known.
    fn next_reached(
        &self,
        symbol: SymbolId,
        bar: &Bar,
        class: Class,
        within: usize,
    ) -> Option<(usize, Price)> {
        let distance = |price: Price| (price - bar.open).abs();
        let now = self.timeline.bar(symbol);
        let reached = |(at, order): (usize, &Working)| {
            if order.symbol != symbol || Class::of(order) != class || !self.waits(order) {
                return None;
            }
            if order.within == now && now.is_some_and(|now| now != within) {
                return None;
            }
            let is_up = (class == Class::Stops) == (order.side == Side::Buy);
            let level = order.waits_for().level()?;
            let extreme = if is_up { bar.high } else { bar.low };
            self.reaches(order, extreme).then_some((at, level))
        };
        self.working.iter().enumerate().filter_map(reached).min_by_key(|(_, p)| distance(*p))
    }

    /// The order that the way from `here` to `to` reaches first, with its price.
    fn next_on_way(
        &self,
        symbol: SymbolId,
        number: usize,
        here: Price,
        to: Price,
    ) -> Option<(usize, Price)> {
        let reached = |(at, order): (usize, &Working)| {
            if order.symbol != symbol || !self.waits(order) {
                return None;
            }
            let level = order.waits_for().level()?;
            // What was placed on the way may be reached already.
            if order.within == Some(number) && order.waits_for().is_reached(order.side, here) {
                return Some((at, here));
            }
            let lies_between = (here.min(to)..=here.max(to)).contains(&level);
            (lies_between && self.reaches(order, to)).then_some((at, level))
        };
        let nearest = |(_, price): &(usize, Price)| (*price - here).abs();
        self.working.iter().enumerate().filter_map(reached).min_by_key(nearest)
    }

    /// Whether the order waits for a price within this time's bar.
    fn waits(&self, order: &Working) -> bool {
        let force = order.time_in_force;
        !order.is_done()
            && order.kind != OrderKind::Market
            && !matches!(force, TimeInForce::AtOpen | TimeInForce::AtClose)
            && self.bar_for(order).is_some()
            && self.room(order.symbol, order.side).is_none_or(Quantity::is_positive)
    }

    fn reaches(&self, order: &Working, price: Price) -> bool {
        let waits = order.waits_for();
        let is_touch = self.options.limit_fill == LimitFill::Touch && self.is_served(order);
        let is_enough = order.is_stop() || is_touch || waits.level() != Some(price);
        waits.is_reached(order.side, price) && is_enough
    }

    /// The order at `at` is reached at `price`.
    fn touch(&mut self, at: usize, price: Price) {
        let order = self.working[at];
        if let (OrderKind::StopLimit { limit, .. }, true) = (order.kind, order.is_stop()) {
            self.working[at].set_off();
            if !OrderKind::Limit(limit).is_reached(order.side, price) {
                // It rests at its limit from here on.
                self.working[at].within = self.timeline.bar(order.symbol);
                return;
            }
        }
        self.act_in_queue(&order, price);
        let before = self.book.get_mut(order.id).filled;
        self.trade_working(at, price, false, Moment::Within);
        let traded = self.book.get_mut(order.id).filled - before;
        self.end_in_queue(at, traded);
    }

    /// Trades the orders for the close of this time.
    pub(super) fn meet_close(&mut self) {
        for at in 0..self.working.len() {
            let order = self.working[at];
            let is_for_close = order.time_in_force == TimeInForce::AtClose && !order.is_done();
            let Some(bar) = self.bar_for(&order).filter(|_| is_for_close) else { continue };
            let close = self.bars[order.symbol.index()].close[bar];
            if order.kind.is_reached(order.side, close) {
                self.mark(Moment::Close);
                self.act_for(order.place, None, By::Bar);
                self.trade_working(at, close, false, Moment::Close);
            }
            if !self.working[at].is_done() {
                self.expire(at);
            }
        }
        self.working.retain(|order| !order.is_done());
    }

    /// The symbol's bar of this time, if the order works in it.
    pub(super) fn bar_for(&self, order: &Working) -> Option<usize> {
        let has_arrived = self.has_arrived(&order.place);
        self.timeline.bar(order.symbol).filter(|bar| *bar >= order.from && has_arrived)
    }

    /// Trades the order at `at`, as far as it may.
    pub(super) fn trade_working(
        &mut self,
        at: usize,
        reference: Price,
        gap_open: bool,
        moment: Moment,
    ) {
        let order = self.working[at];
        let quantity = match order.reduce_only {
            true => self.closing(order.symbol, order.side, order.left),
            false => order.left,
        };
        if quantity.is_zero() {
            return self.drop_order(at, RejectReason::NothingToClose);
        }
        let quantity = self.paid_for(at, quantity, reference);
        self.tell_reason(&order, gap_open, moment);
        let filled = self.book.get_mut(order.id).filled;
        let equity = self.ledger.equity();
        let deal = Deal { moment, equity, reference, signal_close: order.signal_close };
        self.execute(order.id, quantity, &deal);
        let record = *self.book.get_mut(order.id);
        let traded = record.filled - filled;
        let working = &mut self.working[at];
        working.left -= traded;
        if record.state.is_final() || working.left.is_zero() {
            working.finish();
        }
        if working.kind.is_stop() && !matches!(working.kind, OrderKind::StopLimit { .. }) {
            // What was set off and could not trade whole goes on at any price.
            working.kind = OrderKind::Market;
        }
        if traded.is_positive() {
            self.settle_links(at, traded);
            if order.bracket.stop.is_some() || order.bracket.target.is_some() {
                self.follow_up(&order, traded, record.price, moment);
            }
        }
    }

    /// As much of an entry that a rule has sized as its price now lets the account pay; it was sized
    /// at the price that it waited for, and may trade at a worse one.
    fn paid_for(&mut self, at: usize, quantity: Quantity, reference: Price) -> Quantity {
        let Working { id, symbol, side, .. } = self.working[at];
        if !self.working[at].is_entry() {
            return quantity;
        }
        let order = self.book.get_mut(id).order;
        let closing = self.closing(symbol, side, quantity);
        let most = closing + self.payable(&order, quantity - closing, reference);
        if most.is_positive() && most < quantity {
            self.working[at].left = most;
            return most;
        }
        quantity
    }

    /// Writes down which rule lets the order trade.
    fn tell_reason(&mut self, order: &Working, gap_open: bool, moment: Moment) {
        let what = match order.kind {
            OrderKind::Market => None,
            OrderKind::Limit(_) => Some(Waited::Limit),
            OrderKind::Stop(_) => Some(Waited::Stop),
            OrderKind::StopLimit { .. } => Some(Waited::StopLimit),
            OrderKind::TrailingStop { .. } => Some(Waited::TrailingStop),
        };
        let reason = &mut self.book.get_mut(order.id).order.reason;
        let reached = order.kind.level();
        match (reason, what, reached) {
            (
                FillReason::StopLoss { level, gap_open: gap }
                | FillReason::TakeProfit { level, gap_open: gap },
                _,
                Some(now),
            ) => (*level, *gap) = (now, gap_open),
            (FillReason::StopLoss { .. } | FillReason::TakeProfit { .. }, _, None) => {}
            (reason, Some(what), Some(level)) => {
                *reason = FillReason::Level { what, level, gap_open };
            }
            (reason, ..) => match (order.time_in_force, moment) {
                (TimeInForce::AtOpen, _) => *reason = FillReason::AtOpen,
                (TimeInForce::AtClose, _) => *reason = FillReason::AtClose,
                _ => {}
            },
        }
    }
}
