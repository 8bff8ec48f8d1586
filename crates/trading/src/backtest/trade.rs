//! Trading: waiting orders meet a price.

use dirigent_core::Timestamp;

use crate::backtest::Trade;
use crate::backtest::engine::{Aim, Engine, Entry, Size};
use crate::backtest::met::By;
use crate::backtest::trips::{Moment, Trip};
use crate::execution::{Dealt, Taking};
use crate::order::{
    Fill, FillReason, Order, OrderEvent, OrderId, OrderKind, Quote, RejectReason, Side, SymbolId,
};
use crate::portfolio::{AccountType, Ask, Move, Sizing, Target, affordable_on, floor_to, plan};
use crate::price::{Money, Price, Quantity, Rate};
use crate::risk::{self, Account};

/// What the orders of one moment have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    pub(super) moment: Moment,
    /// Equity at the prices of the moment.
    pub(super) equity: Money,
    /// The price before slippage.
    pub(super) reference: Price,
    /// The close at which the order was decided.
    pub(super) signal_close: Price,
}

/// As many of `quantity` units traded on `side` as make a position smaller.
fn closing_part(held: Quantity, side: Side, quantity: Quantity) -> Quantity {
    match Side::closing(held) {
        Some(closing) if closing == side => quantity.min(held.abs()),
        _ => Quantity::ZERO,
    }
}

impl Engine<'_> {
    /// Trades every waiting order whose symbol has a bar now: exits, entries, then target weights.
    pub(super) fn trade(&mut self, moment: Moment) {
        self.mark(moment);
        let mut exits = std::mem::take(&mut self.exits);
        exits.retain(|(id, symbol)| !self.trade_exit(*id, *symbol, moment));
        self.exits = exits;
        let equity = self.ledger.equity() - self.promised;
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| !self.trade_entry(entry, moment, equity));
        self.entries = entries;
        if self.aiming > 0 {
            self.rebalance(moment);
        }
    }

    /// Whether the order is done with.
    fn trade_exit(&mut self, id: OrderId, symbol: SymbolId, moment: Moment) -> bool {
        let Some(place) = self.exit_arrived(id) else { return false };
        let held = self.ledger.position(symbol).quantity();
        let side = Side::closing(held);
        let Some(reference) = self.reference(symbol, side, moment) else { return false };
        self.act_for(place, None, By::Taking);
        let deal =
            Deal { moment, equity: self.ledger.equity(), reference, signal_close: reference };
        // On its way the position may have gone, or turned around.
        if side != Some(self.book.get_mut(id).order.side) {
            self.book.reject(id, RejectReason::NothingToClose, self.timeline.now());
            return true;
        }
        self.execute(id, held.abs(), &deal).is_zero()
    }

    /// Whether the order is done with.
    fn trade_entry(&mut self, entry: &Entry, moment: Moment, equity: Money) -> bool {
        let reference = self.reference(entry.symbol, Some(entry.side), moment);
        let Some(reference) = reference.filter(|_| self.has_arrived(&entry.place)) else {
            return false;
        };
        self.act_for(entry.place, None, By::Taking);
        let closes = self.closes(entry.symbol, entry.seen);
        let signal_close = closes.last().copied().unwrap_or(reference);
        let size = match entry.size {
            Size::Units(quantity) => Ok(quantity),
            Size::Rule => {
                let price = self.options.slippage.price(entry.side, reference);
                self.options.sizing.quantity(&self.ask(entry.symbol, equity, price, &closes))
            }
        };
        let id = self.book.send_entry(entry);
        let left = self.attempt(id, size, &Deal { moment, equity, reference, signal_close });
        if left.is_positive() {
            self.go_on_with(id, left, false);
        }
        true
    }

    /// Executes an order that could be sized; answers what is left of it.
    fn attempt(
        &mut self,
        id: OrderId,
        size: Result<Quantity, RejectReason>,
        deal: &Deal,
    ) -> Quantity {
        match size {
            Ok(quantity) => self.execute(id, quantity, deal),
            Err(reason) => {
                self.book.reject(id, reason, self.timeline.now());
                Quantity::ZERO
            }
        }
    }

    pub(super) fn ask<'b>(
        &'b self,
        symbol: SymbolId,
        equity: Money,
        price: Price,
        closes: &'b [Price],
    ) -> Ask<'b> {
        Ask {
            equity,
            free: self.free(),
            price: self.worth(symbol, price),
            tied: self.tied(symbol, price),
            share_max: self.options.account.share_max(),
            lot: self.lot(symbol),
            commission: self.options.commission.as_ref(),
            position_max: self.options.limits.position_max(equity),
            closes,
            kelly: self.kelly(),
        }
    }

    /// What Kelly's rule makes of the trades that are closed by now, if it is the rule.
    fn kelly(&self) -> Option<Rate> {
        let Sizing::Kelly(rule) = self.options.sizing else { return None };
        let last = self.trades.len().saturating_sub(rule.trades_max);
        let paid = self.trades[last..].iter().filter(|trade| trade.entry_value.is_positive());
        let of = |trade: &Trade| trade.pnl.to_f64() / trade.entry_value.to_f64();
        Some(rule.share(&paid.map(of).collect::<Vec<f64>>()))
    }

    /// Wants these weights at the next fill point, and nothing of every other symbol.
    pub(super) fn aim(&mut self, weights: &[(SymbolId, Rate)]) {
        let cap = self.options.limits.max_position.unwrap_or(self.options.account.share_max());
        self.drop_rests();
        let flat = |seen: &usize| Some(Aim { weight: Rate::ZERO, seen: *seen });
        let mut aims: Vec<Option<Aim>> = self.timeline.seen().iter().map(flat).collect();
        for (symbol, weight) in weights {
            if let Some(aim) = &mut aims[symbol.index()] {
                aim.weight = (*weight).clamp(-cap, cap);
            }
        }
        self.send_aims(aims);
    }

    /// Puts target weights in the place of those before.
    pub(super) fn set_aims(&mut self, aims: Vec<Option<Aim>>) {
        self.aims = aims;
        self.aiming = self.aims.len();
    }

    /// Moves every symbol that has a bar now toward its target weight.
    fn rebalance(&mut self, moment: Moment) {
        let equity = self.ledger.equity() - self.promised;
        let now = self.timeline.now();
        let aimed = self.desk.as_deref().map(|desk| desk.aimed);
        let decided = aimed.map(|place| place.sent);
        self.act_for(aimed.unwrap_or_default(), None, By::Taking);
        let mut targets = Vec::with_capacity(self.aiming);
        let mut decisions = vec![(now, Price::ZERO); self.aims.len()];
        for symbol in (0..self.aims.len()).map(SymbolId::new) {
            let Some(price) = self.reference(symbol, None, moment) else { continue };
            let Some(aim) = self.aims[symbol.index()].take() else { continue };
            self.aiming -= 1;
            let position = self.ledger.position(symbol).quantity();
            let (lot, worth) = (self.lot(symbol), self.worth(symbol, price));
            targets.push(Target { symbol, weight: aim.weight, position, price: worth, lot });
            // The wish is as old as the last bar it saw, whenever it trades.
            let bars = &self.bars[symbol.index()];
            if let Some(seen) = aim.seen.checked_sub(1) {
                let close = self.in_units_of_now(symbol, seen, bars.close[seen]);
                decisions[symbol.index()] = (decided.unwrap_or(bars.time[seen]), close);
            } else {
                decisions[symbol.index()] = (now, price);
            }
        }
        for order in plan(&targets, equity) {
            let reference = self.reference(order.symbol, Some(order.side), moment);
            let Some(reference) = reference else { continue };
            let (decided, signal_close) = decisions[order.symbol.index()];
            let deal = Deal { moment, equity, reference, signal_close };
            let size = order.quantity.map(|most| self.within_limit(&order, most, &deal));
            if size == Ok(Quantity::ZERO) {
                continue;
            }
            let reason = FillReason::Rebalance;
            let id = self.book.send(order.symbol, order.side, OrderKind::Market, reason, decided);
            let left = self.attempt(id, size, &deal);
            if left.is_positive() {
                self.go_on_with(id, left, false);
            }
        }
    }

    /// As many of `quantity` units as keep the position within its limit at the price they trade
    /// at; what only closes a position always may.
    fn within_limit(&self, order: &Move, quantity: Quantity, deal: &Deal) -> Quantity {
        let price = self.options.slippage.price(order.side, deal.reference);
        let limit = self.options.limits.position_max(deal.equity);
        let worth = self.worth(order.symbol, price);
        let Some(most) = limit.and_then(|limit| limit.units_at(worth)) else { return quantity };
        let held = self.ledger.position(order.symbol).quantity();
        let closing = closing_part(held, order.side, quantity);
        let kept = if closing.is_zero() { held.abs() } else { Quantity::ZERO };
        let room = floor_to((most - kept).max(Quantity::ZERO), self.lot(order.symbol));
        closing + (quantity - closing).min(room)
    }

    /// Sends an order of which this much is to be traded to risk and, if approved, fills what the
    /// volume of the bar allows; in two parts where it crosses zero, so that what the first sets
    /// free pays for the second. Answers what is left, which is nothing if it was refused.
    pub(super) fn execute(&mut self, id: OrderId, whole: Quantity, deal: &Deal) -> Quantity {
        let mut order = self.book.get_mut(id).order;
        let now = self.timeline.now();
        let filled = self.book.get_mut(id).filled;
        self.book.get_mut(id).order.quantity = filled + whole;
        let quantity = self.room(order.symbol, order.side).map_or(whole, |room| room.min(whole));
        let rest = whole - quantity;
        if quantity.is_zero() && rest.is_positive() {
            return rest;
        }
        let held = self.ledger.position(order.symbol).quantity();
        let closing = closing_part(held, order.side, quantity);
        let opening = quantity - closing;
        let ending = if rest.is_zero() { OrderEvent::Filled } else { OrderEvent::PartFilled };
        if closing.is_positive() {
            order.quantity = closing;
            let is_all = opening.is_zero();
            let event = if is_all { ending } else { OrderEvent::PartFilled };
            if !self.fill_part(order, deal, event, now) {
                return Quantity::ZERO;
            }
            if is_all {
                return rest;
            }
        }
        order.quantity = match order.reason {
            FillReason::Rebalance => self.payable(&order, opening, deal.reference),
            _ => opening,
        };
        self.book.get_mut(id).order.quantity = filled + closing + order.quantity + rest;
        if self.fill_part(order, deal, ending, now) { rest } else { Quantity::ZERO }
    }

    /// The units of a symbol that the volume of this time's bar still allows; none if any number.
    pub(super) fn room(&self, symbol: SymbolId, side: Side) -> Option<Quantity> {
        match (self.volume_room(symbol), self.desk_room(symbol, side)) {
            (Some(volume), Some(desk)) => Some(volume.min(desk)),
            (volume, desk) => volume.or(desk),
        }
    }

    fn volume_room(&self, symbol: SymbolId) -> Option<Quantity> {
        let share = self.options.participation?;
        let bar = self.timeline.bar(symbol)?;
        let (traded_in, room) = self.rooms[symbol.index()];
        if traded_in == bar {
            return Some(room);
        }
        let units = self.bars[symbol.index()].volume[bar] * share.to_f64();
        let units = Quantity::from_f64(units).unwrap_or(Quantity::from_raw(i64::MAX));
        Some(floor_to(units, self.lot(symbol)))
    }

    /// Takes what was traded from the room that the volume allows.
    fn take_room(&mut self, symbol: SymbolId, side: Side, quantity: Quantity) {
        if let (Some(room), Some(bar)) = (self.volume_room(symbol), self.timeline.bar(symbol)) {
            self.rooms[symbol.index()] = (bar, room - quantity);
        }
        if let Some(desk) = self.desk.as_deref_mut() {
            desk.take(symbol, side, quantity);
        }
    }

    /// As many of `quantity` units on `side` as make the position in `symbol` smaller.
    pub(super) fn closing(&self, symbol: SymbolId, side: Side, quantity: Quantity) -> Quantity {
        closing_part(self.ledger.position(symbol).quantity(), side, quantity)
    }

    /// As many of `opening` units of new exposure as what is free now pays for.
    pub(super) fn payable(&self, order: &Order, opening: Quantity, reference: Price) -> Quantity {
        let price = self.options.slippage.price(order.side, reference);
        let (worth, tied) = (self.worth(order.symbol, price), self.tied(order.symbol, price));
        let (lot, commission) = (self.lot(order.symbol), self.options.commission.as_ref());
        let most = affordable_on(self.free(), worth, tied, lot, commission);
        most.map_or(opening, |most| opening.min(most))
    }

    pub(super) fn fill_price(&self, order: &Order, reference: Price) -> Price {
        match order.kind {
            OrderKind::Limit(_) => reference,
            OrderKind::Market | OrderKind::Stop(_) | OrderKind::TrailingStop { .. } => {
                self.taking_price(order, reference)
            }
            OrderKind::StopLimit { limit, .. } => {
                let price = self.taking_price(order, reference);
                match order.side {
                    Side::Buy => price.min(limit),
                    Side::Sell => price.max(limit),
                }
            }
        }
    }

    fn taking_price(&self, order: &Order, reference: Price) -> Price {
        let bar = self.timeline.bar(order.symbol);
        let volume = bar.map_or(0.0, |bar| self.bars[order.symbol.index()].volume[bar]);
        let Order { side, quantity, .. } = *order;
        self.options.slippage.price_of(&Taking { side, reference, quantity, volume })
    }

    /// Whether risk let it pass.
    fn fill_part(&mut self, order: Order, deal: &Deal, event: OrderEvent, now: Timestamp) -> bool {
        let reference = deal.reference;
        let price = self.fill_price(&order, reference);
        let is_gap = order.reason.level().is_some_and(|(_, gap_open)| gap_open);
        let by = self.desk.as_deref().map_or(By::Bar, |desk| desk.acting.by);
        let is_maker = match by {
            By::Bar => matches!(order.kind, OrderKind::Limit(_)) && !is_gap,
            by => by != By::Taking,
        };
        let Order { side, quantity, .. } = order;
        let multiplier = self.factor(order.symbol);
        let dealt = Dealt { side, price: multiplier.times(price), quantity, is_maker };
        let fee = self.options.commission.fee_of(&dealt);
        let quote = Quote { price, reference, fee, multiplier };
        let account = Account {
            equity: deal.equity,
            free: self.free(),
            tied: self.tied(order.symbol, price),
            position: self.ledger.position(order.symbol).quantity(),
            stopped: self.stopped.map(|stop| stop.cause),
            is_long_only: self.options.account == AccountType::Cash,
        };
        let verdict = risk::check(order, &quote, &account, &self.options.limits);
        match &verdict {
            Ok(approved) => self.book_fill(&Fill::new(approved, quote, now), deal, event),
            Err(refused) => self.book.reject(order.id, refused.reason, now),
        }
        verdict.is_ok()
    }

    fn book_fill(&mut self, fill: &Fill, deal: &Deal, event: OrderEvent) {
        self.accept_filled(fill);
        self.book.fill(fill, event);
        self.take_room(fill.symbol, fill.side, fill.quantity);
        self.tell_met(fill);
        let before = self.ledger.position(fill.symbol).quantity();
        self.ledger.mark(fill.symbol, deal.reference);
        self.ledger.fill(fill);
        self.slippage += fill.slippage;
        self.traded += fill.value();
        self.follow_trip(fill, deal.moment);
        self.fills.push(*fill);
        self.strategy.on_fill(fill);
        let after = self.ledger.position(fill.symbol).quantity();
        if after.is_zero() {
            self.unguard(fill.symbol);
            self.drop_exits(fill.symbol, fill.order);
        } else if after.abs() > before.abs() && self.options.limits.protects() {
            self.guard(fill, deal.signal_close, deal.moment);
        }
    }

    fn follow_trip(&mut self, fill: &Fill, moment: Moment) {
        let Some(bar) = self.timeline.bar(fill.symbol) else { return };
        let flat = self.ledger.position(fill.symbol).is_flat();
        // What a bar did before an entry at a quote within it is not the position's.
        let is_late = self.is_on_tape() && fill.time > self.timeline.stamp();
        let entered = if is_late { Moment::Close } else { moment };
        match self.trips.slot(fill.symbol) {
            slot @ None => *slot = Some(Trip::start(fill, fill.value(), bar, entered)),
            Some(trip) => trip.add(fill, fill.value()),
        }
        if flat && let Some(trip) = self.trips.slot(fill.symbol).take() {
            let bars = &self.bars[fill.symbol.index()];
            self.trades.push(trip.finish(fill, bars, bar, moment));
        }
    }
}
