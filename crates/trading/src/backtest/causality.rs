//! Causality: whether a run would have done the same without knowing what came later.
//!
//! Promises: a prefix of the data is run anew, from the strategy on; everything that happened
//! before its last time has to be the same to the last digit. What passes did not look ahead
//! there; what fails is named with its time.
//! Not here: how the bars were made. Prices that were adjusted with later knowledge are the same
//! in every prefix.

use std::collections::BTreeSet;
use std::sync::Arc;

use dirigent_core::{Seed, Timestamp};

use crate::backtest::{Error, Options, Outcome, Watch, step_by_step};
use crate::data::bars::Bars;
use crate::order::{Fill, Order, OrderId, OrderState, Side, SymbolId, Transition};
use crate::portfolio::Ledger;
use crate::price::Money;
use crate::strategy::{Holding, Strategy, Window, Wishes};

/// What was looked at, and found unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Beginnings of the data that were run anew.
    pub prefixes: usize,
    /// Steps of orders in them, each compared with that of the whole run.
    pub steps: usize,
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The run is another one if it does not know what comes later.
    #[error("without the data after {cut}, {what}")]
    LooksAhead {
        /// The last time that the prefix had.
        cut: Timestamp,
        /// What changes, and when.
        what: String,
    },
    /// A prefix could not be run.
    #[error("the data up to {cut} cannot be run: {error}")]
    Run {
        /// The last time that the prefix had.
        cut: Timestamp,
        /// Why.
        error: Error,
    },
}

/// Makes the strategy for the bars up to a time.
pub type Build<'a> = dyn FnMut(&[Bars], Timestamp) -> Result<Box<dyn Strategy>, String> + 'a;

/// `count` of the times but the first, drawn from `seed`, sorted; all, if there are fewer.
pub fn cuts(times: &[Timestamp], count: usize, seed: Seed) -> Vec<Timestamp> {
    let mut left: Vec<Timestamp> = times.iter().skip(1).copied().collect();
    let mut random = seed.child("causality").stream();
    let mut drawn: Vec<Timestamp> = Vec::new();
    while drawn.len() < count && !left.is_empty() {
        let at = usize::try_from(random.next_u64() % left.len() as u64).unwrap_or(0);
        drawn.push(left.swap_remove(at));
    }
    drawn.sort_unstable();
    drawn
}

/// Runs the beginnings of `bars` that end at `cuts`, each with the strategy that `build` makes for
/// them, and compares them with `outcome`, that of all bars. A prefix knows when the bar after its
/// last begins, as a calendar does, and nothing else of it.
///
/// # Errors
/// The first change that is found, or why a prefix cannot be run.
pub fn prove(
    bars: &[Bars],
    outcome: &Outcome,
    options: &Options,
    cuts: &[Timestamp],
    build: &mut Build<'_>,
    watch: &dyn Watch,
) -> Result<Proof, Unproven> {
    let times = &outcome.equity.time;
    let Some(&end) = times.last() else { return Ok(Proof::default()) };
    let mut run_until = |cut: Timestamp| {
        let failed = |error| Unproven::Run { cut, error };
        let prefix = prefix(bars, cut);
        let next = times.get(times.partition_point(|time| *time <= cut)).copied();
        let inner = build(&prefix, cut).map_err(Error::Strategy).map_err(failed)?;
        let mut recorder = Recorder { inner, wanted: Vec::new() };
        let known = options.until(cut, next);
        let again = step_by_step(&prefix, &mut recorder, &known, watch, (0, next));
        Ok((again.map_err(failed)?, recorder.wanted))
    };
    let (whole, wanted) = run_until(end)?;
    let mut proof = Proof::default();
    let changes = |cut, what| Err(Unproven::LooksAhead { cut, what });
    if let Err(what) = compare(outcome, &whole, end) {
        return changes(end, format!("run a second time, {what}"));
    }
    for &cut in cuts {
        // Symbols without a bar yet would change the numbers of the others.
        if bars.iter().any(|bars| bars.time.first().is_none_or(|first| *first > cut)) {
            continue;
        }
        let (again, wants) = run_until(cut)?;
        let until = wanted.partition_point(|(time, _)| *time <= cut);
        if let Some(time) = first_difference(&wanted[..until], &wants, |(time, _)| *time) {
            return changes(cut, format!("what it wants at {time} changes"));
        }
        match compare(outcome, &again, cut) {
            Ok(steps) => proof.steps += steps,
            Err(what) => return changes(cut, what),
        }
        proof.prefixes += 1;
    }
    Ok(proof)
}

impl Options {
    /// The same, without what quotes and trades tell after the bars of `cut` have ended.
    pub(super) fn until(&self, cut: Timestamp, next: Option<Timestamp>) -> Self {
        let mut options = self.clone();
        let end = options.venue.closes.of(cut, next);
        let tape = options.venue.tape.take();
        options.venue.tape = tape.map(|tape| Arc::new(tape.before(end)));
        options
    }
}

/// Writes down what a strategy wants.
pub(super) struct Recorder {
    pub(super) inner: Box<dyn Strategy>,
    pub(super) wanted: Vec<(Timestamp, Wishes)>,
}

impl Strategy for Recorder {
    fn warmup(&self) -> usize {
        self.inner.warmup()
    }

    fn sectors(&mut self, of: &[Option<String>]) {
        self.inner.sectors(of);
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        self.inner.fits(bars)
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        self.inner.on_bar(window, ledger, wishes);
        if !wishes.is_empty() {
            self.wanted.push((window.now(), wishes.clone()));
        }
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.inner.on_fill(fill);
    }

    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        self.inner.quiet_until(bar, limit, holding)
    }
}

/// The bars up to `cut`, that one included.
pub fn prefix(bars: &[Bars], cut: Timestamp) -> Vec<Bars> {
    let end = Timestamp::from_nanos(cut.as_nanos().saturating_add(1));
    let until = |bars: &Bars| {
        let mut prefix = bars.clone();
        prefix.keep_before(end);
        prefix
    };
    bars.iter().map(until).collect()
}

/// A step of an order, whatever number the order has.
type Step = (Timestamp, SymbolId, bool, &'static str);

/// A fill, whatever number its order has.
type Filled = (Timestamp, SymbolId, bool, i64, i64, Money);

/// How many steps `again` has before `cut`, if all are those of `whole`.
pub(super) fn compare(whole: &Outcome, again: &Outcome, cut: Timestamp) -> Result<usize, String> {
    let (steps, expected) = (steps(again, cut), steps(whole, cut));
    if let Some(time) = first_difference(&expected, &steps, |step| step.0) {
        return Err(format!("what becomes of an order at {time} changes"));
    }
    if let Some(time) = first_difference(&fills(whole, cut), &fills(again, cut), |fill| fill.0) {
        return Err(format!("what trades at {time} changes"));
    }
    let account = |outcome: &Outcome| -> Vec<(Timestamp, Money, Money)> {
        let money = outcome.equity.cash().zip(outcome.equity.iter());
        let times = outcome.equity.time.iter().zip(money);
        let before = times.take_while(|(time, _)| **time < cut);
        before.map(|(time, (cash, equity))| (*time, cash, equity)).collect()
    };
    match first_difference(&account(whole), &account(again), |row| row.0) {
        Some(time) => Err(format!("the account at {time} changes")),
        None => Ok(steps.len()),
    }
}

/// The steps before `cut` of the orders that something came of by then. An entry is dated back to the
/// close that wanted it, but is an order only once there is a bar for it.
fn steps(outcome: &Outcome, cut: Timestamp) -> Vec<Step> {
    let orders: Vec<Order> = outcome.orders().map(|record| record.order).collect();
    let before = || outcome.transitions().filter(|step| step.time < cut);
    let went_on = before().filter(|step| step.state != OrderState::Pending);
    let real: BTreeSet<OrderId> = went_on.map(|step| step.order).collect();
    let of = |step: Transition| {
        let at = usize::try_from(step.order.0).ok()?.checked_sub(1)?;
        let order = orders.get(at)?;
        Some((step.time, order.symbol, order.side == Side::Buy, OrderState::as_str(step.state)))
    };
    let mut steps: Vec<Step> =
        before().filter(|step| real.contains(&step.order)).filter_map(of).collect();
    steps.sort_unstable_by_key(|step| (step.0, step.1.index(), step.2, step.3));
    steps
}

fn fills(outcome: &Outcome, cut: Timestamp) -> Vec<Filled> {
    let of = |fill: &Fill| {
        let (quantity, price) = (fill.quantity.raw(), fill.price.raw());
        (fill.time, fill.symbol, fill.side == Side::Buy, quantity, price, fill.fee)
    };
    outcome.fills.iter().filter(|fill| fill.time < cut).map(of).collect()
}

/// The time of the first row in which the two differ.
pub(super) fn first_difference<T: PartialEq>(
    a: &[T],
    b: &[T],
    time: impl Fn(&T) -> Timestamp,
) -> Option<Timestamp> {
    let differs = a.iter().zip(b).position(|(a, b)| a != b);
    let at = differs.unwrap_or(a.len().min(b.len()));
    a.get(at).or(b.get(at)).map(time)
}
