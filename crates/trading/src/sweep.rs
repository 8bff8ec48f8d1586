//! Sweeps: one strategy by rules, traded with many combinations of parameters, each only measured.
//!
//! A combination costs a few nanoseconds per bar: what several combinations need (an average of
//! closes, say) is computed once for all of them, a chunk of bars at a time, so that it stays in the
//! cache; nothing is kept of a combination but its account and sums.
//!
//! Promises: every number of a `Score` has the bits that `backtest::run` and `Performance::of` give
//! that combination, whatever the number of threads; scores come in the order of the combinations;
//! memory grows with neither their number nor, by more than the bars themselves, with the bars.
//! Not here: which combinations are worth trying.

mod block;
mod grid;
mod judge;
mod meter;
mod replay;

use std::{num::NonZeroUsize, ops::Range};

use crate::backtest::{self, Options, Watch};
use crate::data::bars::Bars;
use crate::metrics;
use crate::price::Money;
use crate::rules::RuleSet;

pub use grid::{Axis, KindGrid, KindPoints, Point, RuleGrid, RulePoints};
pub use replay::Replay;

/// How many combinations are traded together.
const BLOCK: usize = 1024;

/// Combinations of parameters, by number.
pub trait Combinations: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The rules of combination `index`, with its values in `params`.
    ///
    /// # Errors
    /// Why these values make no strategy; the combination is then refused, the others go on.
    fn rules(&self, index: usize) -> Result<RuleSet, String>;
}

/// What all combinations have in common.
#[derive(Clone, Copy, Debug)]
pub struct Sweep<'a> {
    /// The symbol that is traded.
    pub bars: &'a Bars,
    /// Symbols that the rules may name but that are not traded.
    pub others: &'a [Bars],
    /// As of a single run.
    pub options: &'a Options,
    /// Periods in a year; `None` reads it off the times.
    pub periods_per_year: Option<f64>,
    /// Annual rate as a fraction: 0.02 is 2 %.
    pub risk_free_rate: f64,
    /// How many threads share the work.
    pub threads: NonZeroUsize,
}

/// How a combination did; the fractions are those of `metrics::Performance`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Equity at the end.
    pub final_equity: Money,
    /// Last level over first, less one.
    pub total_return: Option<f64>,
    /// Compound annual growth rate.
    pub cagr: Option<f64>,
    /// Annualized sample deviation of returns.
    pub volatility: Option<f64>,
    /// Annualized Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Deepest fall from a high, as a fraction, zero or negative.
    pub max_drawdown: Option<f64>,
    /// Closed trades.
    pub trades: usize,
    /// All commissions.
    pub fees: Money,
    /// At how many times a position was held at the close.
    pub bars_exposed: usize,
}

/// A combination and how it did, or why it could not be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The number of the combination.
    pub index: usize,
    /// Its score, or what is wrong with it.
    pub score: Result<Score, String>,
}

/// Why a sweep has no, or not all, scores.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The bars or options cannot be traded.
    #[error(transparent)]
    Backtest(#[from] backtest::Error),
    /// The rate or the number of periods in a year makes no sense.
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
    /// The watch asked to stop.
    #[error("cancelled after {done} of {total} combinations")]
    Cancelled {
        /// Combinations whose scores were handed out.
        done: usize,
        /// All combinations.
        total: usize,
    },
}

/// What the metrics need to know.
#[derive(Clone, Copy, Debug)]
struct Scale {
    periods_per_year: f64,
    rate_per_period: f64,
}

impl Scale {
    fn new(periods_per_year: f64, rate: f64) -> Result<Self, metrics::Error> {
        if !(rate.is_finite() && rate > -1.0) {
            return Err(metrics::Error::RiskFreeRate(rate));
        }
        let rate_per_period = metrics::Returns::new(&[], periods_per_year)?.per_period(rate);
        Ok(Self { periods_per_year, rate_per_period })
    }
}

impl Sweep<'_> {
    /// Tries all combinations and hands out the scores in their order; `watch` is told combinations.
    ///
    /// # Errors
    /// If bars, options or the scale of the metrics cannot be used, or if `watch` cancels.
    pub fn run(
        &self,
        combinations: &dyn Combinations,
        watch: &dyn Watch,
        mut each: impl FnMut(Trial),
    ) -> Result<(), Error> {
        backtest::check(std::slice::from_ref(self.bars), self.options)?;
        let scale = self.scale()?;
        let total = combinations.count();
        let mut done = 0;
        while done < total {
            watch.progress(done, total);
            let round = done..total.min(done + BLOCK * self.threads.get());
            let trials = self.round(combinations, round.clone(), scale, watch);
            let trials = trials.ok_or(Error::Cancelled { done, total })?;
            trials.into_iter().for_each(&mut each);
            done = round.end;
        }
        watch.progress(total, total);
        Ok(())
    }

    fn scale(&self) -> Result<Scale, metrics::Error> {
        let read_off = || metrics::periods_per_year(&self.bars.time);
        Scale::new(self.periods_per_year.unwrap_or_else(read_off), self.risk_free_rate)
    }

    /// Some combinations, a part on every thread; `None` if cancelled.
    fn round(
        &self,
        combinations: &dyn Combinations,
        round: Range<usize>,
        scale: Scale,
        watch: &dyn Watch,
    ) -> Option<Vec<Trial>> {
        let part = round.len().div_ceil(self.threads.get()).max(1);
        let end = round.end;
        let mut parts = round.step_by(part).map(|from| from..end.min(from + part));
        let block = |part| block::run(self, combinations, part, scale, watch);
        let first = parts.next()?;
        std::thread::scope(|scope| {
            let others: Vec<_> = parts.map(|part| scope.spawn(move || block(part))).collect();
            let mut trials = block(first);
            for other in others {
                let more = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                trials = trials.zip(more).map(|(trials, more)| [trials, more].concat());
            }
            trials
        })
    }
}
