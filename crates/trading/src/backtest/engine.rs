//! The engine: one time after the other, in the order that the module above promises.

use dirigent_core::Timestamp;

use crate::backtest::book::Book;
use crate::backtest::desk::Desk;
use crate::backtest::guard::Guard;
use crate::backtest::timeline::Timeline;
use crate::backtest::trips::{Moment, Trips};
use crate::backtest::working::Working;
use crate::backtest::world::World;
use crate::backtest::{Equity, Options, Trade};
use crate::data::bars::Bars;
use crate::execution::{FillTiming, StopsBefore};
use crate::order::{Fill, FillReason, OrderEvent, OrderId, Side, SymbolId};
use crate::portfolio::Ledger;
use crate::price::{Money, Price, Quantity, Rate};
use crate::risk::{Stop, StopCause};
use crate::strategy::{Holding, Strategy, Wishes};
use crate::venue::Place;

/// How far ahead quiet bars are looked for while a protective exit may end the stretch.
const GUARDED_BARS: usize = 64;

/// Room is reserved for an order every so many bars, so that lists seldom move while they grow;
/// what is not used is never touched, so it costs address space, not memory.
pub(super) const BARS_PER_ORDER: usize = 16;
pub(super) const ORDERS_RESERVED_MAX: usize = 1 << 16;

/// How many units an entry trades; known at the fill.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// What the sizing rule says.
    Rule,
    /// What the strategy said.
    Units(Quantity),
}

/// An order that waits for the next fill point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) decided: Timestamp,
    pub(super) reason: FillReason,
    pub(super) symbol: SymbolId,
    pub(super) side: Side,
    pub(super) size: Size,
    /// How many bars of the symbol had closed when it was decided.
    pub(super) seen: usize,
    /// Its way to the market.
    pub(super) place: Place,
}

/// A target weight that waits for the next fill point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    pub(super) weight: Rate,
    pub(super) seen: usize,
}

/// The highest equity so far and the equity at which the drawdown limit is reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawdown {
    limit: Rate,
    peak: Money,
    floor: Money,
}

impl Drawdown {
    pub(super) fn new(limit: Rate, equity: Money) -> Self {
        Self { limit, peak: equity, floor: (Rate::ONE - limit).of(equity) }
    }

    /// Takes the equity of a close; whether the limit is reached.
    #[inline]
    pub(super) fn reached(&mut self, equity: Money) -> bool {
        if equity > self.peak {
            *self = Self::new(self.limit, equity);
        }
        equity <= self.floor
    }
}

/// A run under way.
pub(super) struct Engine<'a> {
    pub(super) bars: &'a [Bars],
    pub(super) options: &'a Options,
    pub(super) strategy: &'a mut dyn Strategy,
    pub(super) timeline: Timeline<'a>,
    pub(super) first: usize,
    pub(super) ledger: Ledger,
    pub(super) world: World,
    pub(super) book: Book,
    pub(super) wishes: Wishes,
    /// Orders that wait for a price.
    pub(super) working: Vec<Working>,
    /// Per symbol, the bar that was traded in last and the units that its volume still allows.
    pub(super) rooms: Vec<(usize, Quantity)>,
    pub(super) exits: Vec<(OrderId, SymbolId)>,
    pub(super) entries: Vec<Entry>,
    pub(super) aims: Vec<Option<Aim>>,
    pub(super) aiming: usize,
    pub(super) guards: Vec<Option<Guard>>,
    pub(super) guarded: usize,
    pub(super) trips: Trips,
    pub(super) trades: Vec<Trade>,
    pub(super) fills: Vec<Fill>,
    pub(super) slippage: Money,
    pub(super) traded: Money,
    /// What is promised to other sleeves of the account, and thus not traded with.
    pub(super) promised: Money,
    pub(super) drawdown: Option<Drawdown>,
    pub(super) stopped: Option<Stop>,
    /// How many closes made a margin call, and when the first did.
    pub(super) calls: Option<(usize, Timestamp)>,
    pub(super) equity: Equity,
    /// What is known beyond bars, if anything is.
    pub(super) desk: Option<Box<Desk<'a>>>,
    pub(super) exposed: usize,
}

impl<'a> Engine<'a> {
    pub(super) fn new(
        bars: &'a [Bars],
        strategy: &'a mut dyn Strategy,
        options: &'a Options,
        after: Option<Timestamp>,
    ) -> Self {
        let timeline = Timeline::new(bars, after);
        let world = World::new(bars, &timeline, options);
        let times = timeline.times().len();
        let equity = Equity::new(timeline.times().clone(), 0);
        let reserve = (times / BARS_PER_ORDER).min(ORDERS_RESERVED_MAX);
        let drawdown =
            options.limits.max_drawdown.map(|limit| Drawdown::new(limit, options.initial_cash));
        Self {
            bars,
            options,
            first: options.first_bar.max(strategy.warmup()),
            strategy,
            timeline,
            ledger: world.ledger(options.initial_cash),
            world,
            book: Book::new(bars.len(), reserve),
            wishes: Wishes::default(),
            working: Vec::new(),
            rooms: vec![(usize::MAX, Quantity::ZERO); bars.len()],
            exits: Vec::new(),
            entries: Vec::new(),
            aims: vec![None; bars.len()],
            aiming: 0,
            guards: vec![None; bars.len()],
            guarded: 0,
            trips: Trips::new(bars.len()),
            trades: Vec::with_capacity(reserve),
            fills: Vec::with_capacity(reserve),
            slippage: Money::ZERO,
            traded: Money::ZERO,
            promised: Money::ZERO,
            drawdown,
            stopped: None,
            calls: None,
            equity,
            desk: Desk::open(&options.venue, bars),
            exposed: 0,
        }
    }

    /// How many times there are.
    pub(super) fn times(&self) -> usize {
        self.timeline.times().len()
    }

    /// Goes on from time `t`, at most to `limit`; answers where it is then.
    pub(super) fn proceed(&mut self, t: usize, limit: usize) -> usize {
        let quiet = self.quiet_until(t, limit);
        let reached = if quiet > t { self.coast(t, quiet) } else { t };
        if reached < limit {
            self.step(reached);
            return reached + 1;
        }
        reached
    }

    /// The first time from `t` on, before `limit`, that needs more than marking the close.
    fn quiet_until(&mut self, t: usize, limit: usize) -> usize {
        let trails = self.guarded > 0 && self.options.limits.trailing_stop.is_some();
        let is_busy =
            self.has_orders() || !self.working.is_empty() || trails || self.is_under_way();
        let limit = limit.min(self.next_due());
        if self.bars.len() > 1 || is_busy || limit <= t || !self.world.is_quiet(self.options) {
            t
        } else if self.stopped.is_some() {
            limit
        } else if t < self.first {
            limit.min(self.first)
        } else {
            let quantity = self.ledger.position(SymbolId::new(0)).quantity();
            // A stop may end the stretch early, so it is not worth looking far ahead.
            let limit = if self.guarded > 0 { limit.min(t + GUARDED_BARS) } else { limit };
            self.strategy.quiet_until(t, limit, Holding::of(quantity))
        }
    }

    fn step(&mut self, t: usize) {
        self.reach_close(t);
        self.watch_limits(t);
        self.leave_close(t);
    }

    /// What happens at time `t` up to its close, interest included.
    pub(super) fn reach_close(&mut self, t: usize) {
        self.timeline.go_to(t);
        self.exchange_at(Moment::Open);
        if self.is_on_tape() {
            self.pass_on_tape(t);
        } else {
            self.pass_bar(t);
        }
        self.mark(Moment::Close);
        self.exchange_at(Moment::Close);
        self.act(t, Moment::Close);
        if self.world.is_financed(self.options) {
            self.finance(t);
        }
    }

    /// Lets what waits meet the bars of time `t`.
    fn pass_bar(&mut self, t: usize) {
        self.deliver_to_bar(t);
        self.act(t, Moment::Open);
        if self.options.stops_before == StopsBefore::Orders && self.guarded > 0 {
            self.protect();
        }
        if self.options.fill == FillTiming::NextOpen && self.has_orders() {
            self.trade(Moment::Open);
        }
        let is_met = !self.working.iter().all(|order| self.is_out_of_reach(order));
        if is_met {
            self.meet_open();
        }
        if self.guarded > 0 {
            self.protect();
        }
        if is_met {
            self.meet_within();
            self.protect_late();
            self.meet_close();
            self.end_day(t);
            self.trail();
        }
        if self.guarded > 0 {
            self.trail_guards();
        }
    }

    /// What is decided at the close of time `t`, and what follows of it at once.
    pub(super) fn leave_close(&mut self, t: usize) {
        if self.stopped.is_none() && t >= self.first {
            self.at_close(t, |engine| {
                engine.call_margin();
                engine.decide(t);
            });
        }
        if self.options.fill == FillTiming::SameClose && self.has_orders() {
            self.trade(Moment::Close);
        }
        if self.world.is_financed(self.options) {
            self.keep_balances();
        }
        self.equity.mark(self.ledger.cash(), self.ledger.equity());
        self.exposed += usize::from(!self.ledger.is_flat());
        debug_assert!(self.ledger.balances(), "{:?}", self.ledger);
    }

    /// Whether orders wait for a fill point.
    pub(super) fn has_orders(&self) -> bool {
        !self.exits.is_empty() || !self.entries.is_empty() || self.aiming > 0
    }

    /// The symbol's price at a moment of now; `None` without a bar.
    pub(super) fn price(&self, symbol: SymbolId, moment: Moment) -> Option<Price> {
        if self.world.delisted[symbol.index()] {
            return None;
        }
        let bars = &self.bars[symbol.index()];
        let column = if moment == Moment::Open { &bars.open } else { &bars.close };
        self.timeline.bar(symbol).map(|bar| column[bar])
    }

    /// Values every open position that has a bar now.
    pub(super) fn mark(&mut self, moment: Moment) {
        if self.ledger.is_flat() {
            return;
        }
        if moment == Moment::Open && self.is_on_tape() {
            return self.mark_on_tape();
        }
        let (bars, timeline) = (self.bars, &self.timeline);
        self.ledger.mark_open(|symbol| {
            let (bars, bar) = (&bars[symbol.index()], timeline.bar(symbol)?);
            Some(if moment == Moment::Open { bars.open[bar] } else { bars.close[bar] })
        });
    }

    /// Stops trading for good if a limit is reached.
    pub(super) fn watch_limits(&mut self, t: usize) {
        if self.stopped.is_some() {
            return;
        }
        let equity = self.ledger.equity();
        let ruined = !equity.is_positive();
        let limited = self.drawdown.as_mut().is_some_and(|drawdown| drawdown.reached(equity));
        let (cause, reason) = match (ruined, limited) {
            (true, _) => (StopCause::Ruin, FillReason::Ruin),
            (false, true) => (StopCause::DrawdownLimit, FillReason::DrawdownLimit),
            (false, false) => return,
        };
        self.stop(Stop { cause, bar: t, time: self.timeline.now(), equity }, reason);
        if ruined {
            self.trade(Moment::Close);
        }
    }

    /// Takes back all orders that wait.
    pub(super) fn withdraw(&mut self, event: OrderEvent) {
        let now = self.timeline.now();
        for (id, _) in self.exits.drain(..) {
            self.book.on(id, event, now);
        }
        for entry in self.entries.drain(..) {
            let id = self.book.send_entry(&entry);
            self.book.on(id, event, now);
        }
        for order in self.working.drain(..).filter(|order| !order.is_done()) {
            self.book.on(order.id, event, now);
        }
        self.aims.fill(None);
        self.aiming = 0;
        if let Some(desk) = &mut self.desk {
            desk.aims.clear();
        }
    }
}
