//! Sleeves: several strategies in one account, each with its part of the money.
//!
//! Each strategy trades a sleeve: a ledger of its own, with the very engine that it would have
//! alone. All sleeves are at the same time before any goes on. The account is their sum.
//!
//! Promises: one strategy with all the money is the plain run, to the last digit. The order in
//! which strategies are given changes nothing. Cash moves between sleeves only by transfers, which
//! add up to zero, and never more than a sleeve has free. The drawdown limit is that of the
//! account and stops all of them.
//! Not here: netting. Where one strategy is long and another short, the account holds both.

mod files;
mod merge;
mod money;
mod proof;

use std::fmt;

use dirigent_core::Timestamp;

use crate::backtest::check::require;
use crate::backtest::engine::{Drawdown, Engine};
use crate::backtest::{Equity, Error, Options, Outcome, WATCH_BARS, Watch, check, look};
use crate::data::Times;
use crate::data::bars::Bars;
use crate::order::{FillReason, OrderEvent, SymbolId};
use crate::period::Period;
use crate::portfolio::Sizing;
use crate::price::{Money, Quantity, Rate};
use crate::risk::{Stop, StopCause};
use crate::strategy::Strategy;

pub use files::quoted;
use money::Purse;
pub use proof::{BuildMember, prove};

/// A strategy with its part of the money.
pub struct Member<'a> {
    /// What it is called; no two have the same name.
    pub name: &'a str,
    /// Its part of the money, relative to the others; positive.
    pub weight: Quantity,
    /// How large its entries are; as the options say where it says nothing.
    pub sizing: Option<Sizing>,
    /// What it trades.
    pub bars: &'a [Bars],
    /// What decides.
    pub strategy: &'a mut dyn Strategy,
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, weight, .. } = self;
        f.debug_struct("Member").field("name", name).field("weight", weight).finish_non_exhaustive()
    }
}

/// When cash moves between sleeves so that each has its part of the money again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebalancing {
    /// At the close of the last bar of each; `None` for never.
    pub every: Option<Period>,
    /// Nothing moves while no part is further than this from where it should be.
    pub drift: Rate,
}

/// Cash that came to a sleeve or, negative, went from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The close at which it moved.
    pub time: Timestamp,
    /// The place of the sleeve.
    pub sleeve: usize,
    /// How much.
    pub amount: Money,
}

/// What became of one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Sleeve {
    /// Its name.
    pub name: String,
    /// Its part of the money, relative to the others.
    pub weight: Quantity,
    /// How large its entries are, if it has its own rule.
    pub sizing: Option<Sizing>,
    /// The account's numbers of its symbols.
    pub symbols: Vec<SymbolId>,
    /// All that it did. Symbols and orders have its own numbers; cash and equity are those after
    /// every time of the account.
    pub outcome: Outcome,
    /// What came from other sleeves, less what went to them.
    pub transferred: Money,
    /// What moved at each time of the account.
    pub moved: Vec<(usize, Money)>,
}

/// What several strategies did together.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The account as a whole: all orders, fills and trades, cash and equity as exact sums.
    pub outcome: Outcome,
    /// Each strategy, by name.
    pub sleeves: Vec<Sleeve>,
    /// Each movement of cash between them, in order.
    pub transfers: Vec<Transfer>,
    /// For each trade of the account, the place of its sleeve.
    pub trades_of: Vec<usize>,
    /// For each flow of the account, the place of its sleeve.
    pub flows_of: Vec<usize>,
}

/// Runs all strategies together; `symbols` are those of the account, in order, which may be more than
/// all that are traded.
///
/// # Errors
/// As the plain run does, and if there are no strategies, two of one name, one without money, or one
/// with a symbol that is not the account's.
pub fn run(
    symbols: &[String],
    mut members: Vec<Member<'_>>,
    options: &Options,
    rebalancing: Rebalancing,
    watch: &dyn Watch,
) -> Result<Account, Error> {
    members.sort_by(|a, b| a.name.cmp(b.name));
    check_members(&members, options)?;
    for member in &members {
        member.strategy.fits(member.bars).map_err(|why| {
            Error::Strategy(if members.len() == 1 {
                why
            } else {
                format!("{}: {why}", member.name)
            })
        })?;
    }
    let symbols = merge::Symbols::of(symbols, &members)
        .map_err(|symbol| Error::Strategy(format!("`{symbol}` is no symbol of the account")))?;
    run_until(&symbols, members, (options, rebalancing), watch, &Ahead::default())
}

/// What the calendar has after the last bars: of each sleeve, by name, and of the account.
#[derive(Clone, Debug, Default)]
struct Ahead {
    sleeves: Vec<Option<Timestamp>>,
    account: Option<Timestamp>,
}

fn run_until(
    symbols: &merge::Symbols,
    members: Vec<Member<'_>>,
    (options, rebalancing): (&Options, Rebalancing),
    watch: &dyn Watch,
    ahead: &Ahead,
) -> Result<Account, Error> {
    let parts: Vec<Options> = parts(&members, options);
    let labels: Vec<merge::Label> = members.iter().map(merge::Label::of).collect();
    let rows = members.into_iter().zip(&parts).enumerate();
    let purses = rows
        .map(|(at, (member, part))| {
            let after = ahead.sleeves.get(at).copied().flatten();
            let engine = Engine::new(member.bars, member.strategy, part, after);
            Purse::new(engine, member.weight)
        })
        .collect();
    let mut together = Together::new(purses, options, rebalancing);
    let total = together.times.len();
    let stretch = (WATCH_BARS / symbols.names.len().max(1)).max(1);
    let mut told = 0;
    for t in 0..total {
        if t % stretch == 0 {
            look(watch, t, total, &mut told)?;
        }
        together.step(t, ahead.account);
    }
    watch.progress(total, total);
    Ok(merge::account(together, labels, symbols, options))
}

fn check_members(members: &[Member<'_>], options: &Options) -> Result<(), Error> {
    if members.is_empty() {
        return Err(Error::Strategy("there is no strategy".into()));
    }
    if let Some(pair) = members.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::Strategy(format!("`{}` is the name of two strategies", pair[0].name)));
    }
    // Two sleeves would take the same units of one quote.
    let is_plain = options.venue.is_plain();
    let wanted = "absent with several strategies";
    require(is_plain, "venue", "quotes, latency or a queue", wanted)?;
    for member in members {
        require(member.weight.is_positive(), "weight", member.weight, "positive")?;
    }
    let weights: Vec<Quantity> = members.iter().map(|member| member.weight).collect();
    money::check(&weights)?;
    // First as a whole, then in parts: the parts of what makes no sense make none either.
    for (member, part) in members.iter().zip(parts(members, options)) {
        check(member.bars, options)?;
        check(member.bars, &part)?;
    }
    Ok(())
}

/// The options of each.
fn parts(members: &[Member<'_>], options: &Options) -> Vec<Options> {
    let weights: Vec<Quantity> = members.iter().map(|member| member.weight).collect();
    let rows = members.iter().zip(money::parts(&weights, options));
    let part = |(member, part): (&Member<'_>, Options)| Options {
        sizing: member.sizing.unwrap_or(part.sizing),
        ..part
    };
    rows.map(part).collect()
}

/// All sleeves under way.
struct Together<'a> {
    purses: Vec<Purse<'a>>,
    times: Times,
    rebalancing: Rebalancing,
    drawdown: Option<Drawdown>,
    stopped: Option<Stop>,
    transfers: Vec<Transfer>,
    equity: Equity,
    exposed: usize,
}

impl<'a> Together<'a> {
    fn new(purses: Vec<Purse<'a>>, options: &Options, rebalancing: Rebalancing) -> Self {
        let mut times: Vec<Timestamp> = Vec::new();
        for purse in &purses {
            if times != **purse.engine.timeline.times() {
                times.extend_from_slice(purse.engine.timeline.times());
                times.sort_unstable();
                times.dedup();
            }
        }
        let times = Times::from(times);
        let limit = options.limits.max_drawdown;
        Self {
            purses,
            rebalancing,
            drawdown: limit.map(|limit| Drawdown::new(limit, options.initial_cash)),
            stopped: None,
            transfers: Vec::new(),
            equity: Equity::new(times.clone(), 0),
            times,
            exposed: 0,
        }
    }

    /// One time of the account; `after` is the time that the calendar has after the last.
    fn step(&mut self, t: usize, after: Option<Timestamp>) {
        let now = self.times[t];
        for purse in &mut self.purses {
            purse.reach_close(now);
        }
        self.watch_drawdown(now);
        let next = self.times.get(t + 1).copied().or(after);
        if self.stopped.is_none() && self.purses.len() > 1 {
            if self.rebalancing.every.is_some_and(|period| period.ends(now, next)) {
                money::promise(&mut self.purses, self.rebalancing.drift);
            }
            money::pay(&mut self.purses, t, now, &mut self.transfers);
        }
        for purse in &mut self.purses {
            purse.leave_close();
            purse.record();
        }
        let cash = self.purses.iter().map(|purse| purse.engine.ledger.cash()).sum();
        self.equity.mark(cash, self.purses.iter().map(Purse::equity).sum());
        self.exposed += usize::from(!self.purses.iter().all(|p| p.engine.ledger.is_flat()));
    }

    /// Stops all of them for good if the account has lost more than it may.
    fn watch_drawdown(&mut self, now: Timestamp) {
        if self.stopped.is_some() || self.purses.iter().all(Purse::is_stopped) {
            return;
        }
        let equity = self.purses.iter().map(Purse::equity).sum();
        if !self.drawdown.as_mut().is_some_and(|drawdown| drawdown.reached(equity)) {
            return;
        }
        let cause = StopCause::DrawdownLimit;
        let bar = self.equity.len();
        self.stopped = Some(Stop { cause, bar, time: now, equity });
        for purse in self.purses.iter_mut().filter(|purse| !purse.is_stopped()) {
            purse.stop(Stop { cause, bar: purse.bar(), time: now, equity });
        }
    }
}

impl Engine<'_> {
    /// Takes back what waits and leaves every position.
    pub(super) fn stop(&mut self, stop: Stop, reason: FillReason) {
        self.stopped = Some(stop);
        self.at_close(stop.bar, |engine| {
            engine.withdraw(OrderEvent::Cancelled);
            for symbol in (0..engine.bars.len()).map(SymbolId::new) {
                engine.leave(symbol, reason);
            }
        });
    }
}
