//! Replays: ensembles with many weights, traded on stances that were captured once.
//!
//! Promises: every number of a `Score` has the bits of a whole run with the same vote; no indicator is
//! computed.

use std::sync::Arc;

use super::judge::judge;
use super::meter::{Meter, Scratch, Sums};
use super::{Error, Scale, Score};
use crate::backtest::fast::{self, Kernel, Market};
use crate::backtest::{self, Options, Unwatched};
use crate::data::bars::Bars;
use crate::ensemble::{Ballot, Vote};
use crate::signal::Signal;
use crate::strategy::SignalStrategy;

/// How many bars are measured at a time, so that their levels stay in the cache.
const CHUNK_BARS: usize = 1024;

/// What all votes are traded on.
#[derive(Debug)]
pub struct Replay<'a> {
    bars: &'a [Bars],
    ballots: &'a [Ballot],
    scale: Scale,
    risk_free_rate: f64,
    signals: Vec<Signal>,
    scratch: Scratch,
}

impl<'a> Replay<'a> {
    /// The ballots of `bars`, one per symbol; `risk_free_rate` is annual, a fraction.
    ///
    /// # Errors
    /// If the rate or the number of periods in a year makes no sense.
    pub fn new(
        bars: &'a [Bars],
        ballots: &'a [Ballot],
        periods_per_year: f64,
        risk_free_rate: f64,
    ) -> Result<Self, Error> {
        let scale = Scale::new(periods_per_year, risk_free_rate)?;
        let (signals, scratch) = (Vec::new(), Scratch::default());
        Ok(Self { bars, ballots, scale, risk_free_rate, signals, scratch })
    }

    /// How `vote` does with these options.
    ///
    /// # Errors
    /// In words: what of the options or bars cannot be traded or measured.
    pub fn score(&mut self, vote: &Vote, options: &Options) -> Result<Score, String> {
        if let ([bars], [ballot], true) = (self.bars, self.ballots, fast::suits(options)) {
            backtest::check(self.bars, options).map_err(|error| error.to_string())?;
            ballot.write(vote, &mut self.signals);
            if let Some(score) = self.measured(bars, options) {
                return Ok(score);
            }
        }
        let columns = self.ballots.iter().map(|ballot| Arc::from(ballot.signals(vote)));
        let mut strategy = SignalStrategy::new(columns.collect(), 0);
        let outcome = backtest::run(self.bars, &mut strategy, options, &Unwatched);
        let outcome = outcome.map_err(|error| error.to_string())?;
        judge(&outcome, self.scale, self.risk_free_rate)
    }

    /// The score by the fast way; none where only a whole run knows.
    fn measured(&mut self, bars: &Bars, options: &Options) -> Option<Score> {
        let mut kernel = Kernel::new(Market { bars, options, first: options.first_bar });
        let mut sums = Sums::new(options.initial_cash);
        for start in (0..bars.len()).step_by(CHUNK_BARS) {
            let range = start..bars.len().min(start + CHUNK_BARS);
            let mut meter = Meter { sums: &mut sums, scratch: &mut self.scratch };
            let passed = kernel.proceed(&self.signals[..], range, &mut meter);
            meter.settle().and(passed).ok()?;
        }
        Some(sums.score(&kernel, *bars.close.last()?, self.scale))
    }
}
