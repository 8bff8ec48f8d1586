//! The kernel: the engine's steps for one symbol, with nothing but the state they need.
//!
//! What is done with its fills and its equity is up to a `Sink`: one writes the whole outcome, one
//! only measures it. It may be stopped and resumed between any two bars.

use std::ops::Range;

use dirigent_core::Timestamp;

use super::Unusual;
use crate::backtest::Options;
use crate::backtest::decide::read;
use crate::backtest::guard::Guard;
use crate::backtest::trips::Moment;
use crate::data::bars::Bars;
use crate::execution::{FillTiming, Level, Levels};
use crate::order::{Fill, FillReason, Order, OrderId, OrderKind, Quote, Side, SymbolId};
use crate::portfolio::{Ask, average};
use crate::price::{Money, Price, Quantity, Rate};
use crate::risk::{self, Account, StopReference};
use crate::signal::Signal;
use crate::strategy::{Holding, wanted};

/// How far ahead quiet bars are looked for while a protective exit may end the stretch.
const GUARDED_BARS: usize = 256;

/// Where signals come from.
pub(crate) trait Source {
    /// The first bar from `bar` on, before `limit`, that asks something of a position; or `limit`.
    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize;

    /// The signal at a bar.
    fn at(&self, bar: usize) -> Signal;
}

impl Source for [Signal] {
    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        bar + wanted(holding).first_in(&self[bar..limit])
    }

    fn at(&self, bar: usize) -> Signal {
        self[bar]
    }
}

/// What a run leaves behind, as it comes.
pub(crate) trait Sink {
    /// Nothing is held at the close of `bars`.
    fn flat(&mut self, bars: Range<usize>, cash: Money);

    /// The units are held at the close of `bars`, at these prices.
    ///
    /// # Errors
    /// If the equity at one of them is not above zero; a sink may also say so later.
    fn hold(&mut self, bars: Range<usize>, held: &Held, closes: &[Price]) -> Result<(), Unusual>;

    /// An order was filled whole.
    fn filled(&mut self, done: &Done);

    /// A protective exit was placed.
    fn placed(&mut self, order: &Order, now: Timestamp);

    /// A protective exit was taken back.
    fn taken_back(&mut self, order: OrderId, now: Timestamp);
}

/// The cash and the units of the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) cash: Money,
    pub(crate) quantity: Quantity,
}

/// An order that was filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(super) order: Order,
    pub(crate) fill: Fill,
    /// What the units are worth at its price.
    pub(super) value: Money,
    pub(super) created: Timestamp,
    pub(super) bar: usize,
    pub(super) moment: Moment,
}

/// What is traded, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Market<'a> {
    pub(crate) bars: &'a Bars,
    pub(crate) options: &'a Options,
    /// The first bar that may decide.
    pub(crate) first: usize,
}

/// Where a fill takes place.
#[derive(Clone, Copy)]
struct Place {
    bar: usize,
    moment: Moment,
    /// The bar whose close decided it.
    decided: usize,
    /// The price before slippage.
    reference: Price,
}

/// The orders that wait for the next fill point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiting {
    pub(super) leave: Option<FillReason>,
    pub(super) enter: Option<Side>,
}

/// A run under way.
#[derive(Clone, Debug)]
pub(crate) struct Kernel<'a> {
    pub(super) market: Market<'a>,
    pub(super) held: Held,
    /// What the units cost, negative for what a short position brought.
    pub(super) cost: Money,
    pub(super) realized: Money,
    pub(super) waiting: Waiting,
    guard: Option<Guard>,
    orders: u64,
}

impl<'a> Kernel<'a> {
    pub(crate) fn new(market: Market<'a>) -> Self {
        Self {
            held: Held { cash: market.options.initial_cash, quantity: Quantity::ZERO },
            market,
            cost: Money::ZERO,
            realized: Money::ZERO,
            waiting: Waiting::default(),
            guard: None,
            orders: 0,
        }
    }

    /// Goes through these bars, which follow those before.
    ///
    /// # Errors
    /// If something happens that only the engine knows; the kernel is of no use then.
    pub(crate) fn proceed(
        &mut self,
        source: &(impl Source + ?Sized),
        bars: Range<usize>,
        sink: &mut impl Sink,
    ) -> Result<(), Unusual> {
        let mut bar = bars.start;
        while bar < bars.end {
            let quiet = self.quiet_until(source, bar, bars.end);
            if quiet > bar {
                self.pass(bar..quiet, sink)?;
            }
            if quiet < bars.end {
                self.step(source, quiet, sink)?;
            }
            bar = quiet + 1;
        }
        Ok(())
    }

    /// The cash and the units after the last bar.
    pub(crate) fn held(&self) -> Held {
        self.held
    }

    fn is_waiting(&self) -> bool {
        self.waiting.leave.is_some() || self.waiting.enter.is_some()
    }

    /// The first bar that needs more than its close.
    fn quiet_until(&self, source: &(impl Source + ?Sized), bar: usize, limit: usize) -> usize {
        let holding = Holding::of(self.held.quantity);
        let first = self.market.first;
        match &self.guard {
            _ if self.is_waiting() => bar,
            _ if bar < first => limit.min(first),
            None => source.quiet_until(bar, limit, holding),
            Some(guard) => {
                let limit = source.quiet_until(bar, limit.min(bar + GUARDED_BARS), holding);
                self.untouched(bar, limit, guard.levels)
            }
        }
    }

    /// The first bar that reaches a protective level.
    fn untouched(&self, bar: usize, limit: usize, levels: Levels) -> usize {
        let (below, above) = match self.held.quantity.is_negative() {
            true => (levels.target, levels.stop),
            false => (levels.stop, levels.target),
        };
        let below = below.unwrap_or(Price::from_raw(i64::MIN));
        let above = above.unwrap_or(Price::from_raw(i64::MAX));
        let Bars { low, high, .. } = self.market.bars;
        let mut ranges = low[bar..limit].iter().zip(&high[bar..limit]);
        let touched = ranges.position(|(low, high)| *low <= below || *high >= above);
        touched.map_or(limit, |quiet| bar + quiet)
    }

    /// Values the account at the close of `bars`.
    fn pass(&self, bars: Range<usize>, sink: &mut impl Sink) -> Result<(), Unusual> {
        if self.held.quantity.is_zero() {
            sink.flat(bars, self.held.cash);
            return if self.held.cash.is_positive() { Ok(()) } else { Err(Unusual) };
        }
        let closes = &self.market.bars.close[bars.clone()];
        sink.hold(bars, &self.held, closes)
    }

    fn step(
        &mut self,
        source: &(impl Source + ?Sized),
        bar: usize,
        sink: &mut impl Sink,
    ) -> Result<(), Unusual> {
        let Market { bars, options, first } = self.market;
        if self.is_waiting() {
            let (moment, reference) = (Moment::Open, bars.open[bar]);
            self.trade(&Place { bar, moment, decided: bar - 1, reference }, sink)?;
        }
        if let Some(guard) = self.guard {
            self.protect(bar, &guard, sink)?;
        }
        if bar >= first {
            self.decide(source.at(bar));
        }
        if options.fill == FillTiming::SameClose && self.is_waiting() {
            let (moment, reference) = (Moment::Close, bars.close[bar]);
            let equity = self.held.cash + reference.notional(self.held.quantity);
            if !equity.is_positive() {
                return Err(Unusual);
            }
            self.trade(&Place { bar, moment, decided: bar, reference }, sink)?;
        }
        self.pass(bar..bar + 1, sink)
    }

    fn decide(&mut self, signal: Signal) {
        let (leave, enter) = read(signal, Holding::of(self.held.quantity));
        self.waiting = Waiting { leave, enter };
    }

    /// Trades what waits: the exit, then the entry.
    fn trade(&mut self, place: &Place, sink: &mut impl Sink) -> Result<(), Unusual> {
        let Waiting { leave, enter } = std::mem::take(&mut self.waiting);
        if let Some(reason) = leave {
            let side = Side::closing(self.held.quantity).ok_or(Unusual)?;
            let order = self.order(side, OrderKind::Market, reason);
            self.leave(order, place, sink)?;
        }
        match enter {
            Some(side) => self.enter(side, place, sink),
            None => Ok(()),
        }
    }

    fn order(&mut self, side: Side, kind: OrderKind, reason: FillReason) -> Order {
        self.orders += 1;
        let (id, symbol) = (OrderId(self.orders), SymbolId::new(0));
        Order::new(id, symbol, side, kind, reason)
    }

    /// Fills an order that closes the whole position, and takes back its protective exits.
    fn leave(&mut self, order: Order, place: &Place, sink: &mut impl Sink) -> Result<(), Unusual> {
        let order = Order { quantity: self.held.quantity.abs(), ..order };
        self.fill(order, place, self.held.cash, sink)?;
        let now = self.market.bars.time[place.bar];
        if let Some(guard) = self.guard.take() {
            for id in [guard.stop, guard.target].into_iter().flatten() {
                if id != order.id {
                    sink.taken_back(id, now);
                }
            }
        }
        Ok(())
    }

    /// Sizes and fills an entry from flat, and protects it.
    fn enter(&mut self, side: Side, place: &Place, sink: &mut impl Sink) -> Result<(), Unusual> {
        let Market { bars, options, .. } = self.market;
        let equity = self.held.cash;
        let price = options.slippage.price(side, place.reference);
        let ask = Ask {
            equity,
            free: equity,
            price,
            tied: price,
            share_max: Rate::ONE,
            lot: options.lot,
            commission: options.commission.as_ref(),
            position_max: options.limits.position_max(equity),
            closes: &bars.close[..=place.decided],
            kelly: None,
        };
        let quantity = options.sizing.quantity(&ask).map_err(|_| Unusual)?;
        let order = self.order(side, OrderKind::Market, FillReason::SignalEntry);
        self.fill(Order { quantity, ..order }, place, equity, sink)?;
        if options.limits.protects() { self.protect_from(place, sink) } else { Ok(()) }
    }

    /// Lets risk see the order and enters its fill into the books.
    fn fill(
        &mut self,
        order: Order,
        place: &Place,
        equity: Money,
        sink: &mut impl Sink,
    ) -> Result<(), Unusual> {
        let Market { bars, options, .. } = self.market;
        let Place { bar, moment, decided, reference } = *place;
        let price = match order.kind {
            OrderKind::Limit(_) => reference,
            _ => options.slippage.price(order.side, reference),
        };
        let fee = options.commission.fee(price, order.quantity);
        let quote = Quote { price, reference, fee, multiplier: Rate::ONE };
        let position = self.held.quantity;
        let account = Account {
            equity,
            free: self.held.cash,
            tied: price,
            position,
            stopped: None,
            is_long_only: false,
        };
        let approved =
            risk::check(order, &quote, &account, &options.limits).map_err(|_| Unusual)?;
        let fill = Fill::new(&approved, quote, bars.time[bar]);
        let amount = price.notional(fill.signed_quantity());
        self.held.cash = self.held.cash - amount - fill.fee;
        if position.is_zero() {
            (self.held.quantity, self.cost) = (fill.signed_quantity(), amount);
        } else {
            self.realized += -amount - self.cost;
            (self.held.quantity, self.cost) = (Quantity::ZERO, Money::ZERO);
        }
        let (value, created) = (amount.abs(), bars.time[decided]);
        sink.filled(&Done { order, fill, value, created, bar, moment });
        Ok(())
    }

    /// Puts a stop and a target under a new position.
    fn protect_from(&mut self, place: &Place, sink: &mut impl Sink) -> Result<(), Unusual> {
        let Market { bars, options, .. } = self.market;
        let quantity = self.held.quantity;
        let side = Side::closing(quantity).ok_or(Unusual)?;
        let entered = average(self.cost, quantity).ok_or(Unusual)?;
        let reference = match options.limits.stop_reference {
            StopReference::EntryPrice => entered,
            StopReference::SignalClose => bars.close[place.decided],
        };
        let (stop, target) = options.limits.levels(reference, quantity);
        let now = bars.time[place.bar];
        let mut put = |kind, reason| {
            let order = self.order(side, kind, reason);
            sink.placed(&order, now);
            order.id
        };
        let gap_open = false;
        self.guard = Some(Guard {
            levels: Levels { stop, target },
            stop: stop
                .map(|level| put(OrderKind::Stop(level), FillReason::StopLoss { level, gap_open })),
            target: target.map(|level| {
                put(OrderKind::Limit(level), FillReason::TakeProfit { level, gap_open })
            }),
            works_from: 0,
            from: 0,
            entered_within: None,
        });
        Ok(())
    }

    /// Trades the protective exit that this bar reaches.
    fn protect(&mut self, bar: usize, guard: &Guard, sink: &mut impl Sink) -> Result<(), Unusual> {
        let Market { bars, options, .. } = self.market;
        let bar_now = bars.bar(bar);
        let quantity = self.held.quantity;
        let model = &options.fill_model;
        let Some(touch) = model.protective(&bar_now, quantity, guard.levels) else {
            return Ok(());
        };
        let gap_open = touch.gap_open;
        let (id, level) = match touch.level {
            Level::Stop => (guard.stop, guard.levels.stop),
            Level::Target => (guard.target, guard.levels.target),
        };
        let (id, level) = id.zip(level).ok_or(Unusual)?;
        let (kind, reason) = match touch.level {
            Level::Stop => (OrderKind::Stop(level), FillReason::StopLoss { level, gap_open }),
            Level::Target => (OrderKind::Limit(level), FillReason::TakeProfit { level, gap_open }),
        };
        let side = Side::closing(quantity).ok_or(Unusual)?;
        let (symbol, quantity) = (SymbolId::new(0), quantity.abs());
        let moment = if gap_open { Moment::Open } else { Moment::Within };
        let place = Place { bar, moment, decided: bar, reference: touch.price };
        self.leave(Order { quantity, ..Order::new(id, symbol, side, kind, reason) }, &place, sink)
    }
}
