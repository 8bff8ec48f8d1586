//! A meter: the sink of a fast run that keeps no more than sums.

use std::ops::Range;

use dirigent_core::Timestamp;

use super::{Scale, Score};
use crate::backtest::fast::{Done, Held, Kernel, Marker, Sink, Unusual};
use crate::metrics::Tally;
use crate::order::{Order, OrderId};
use crate::price::{Money, Price, SCALE};

/// The sums of one combination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    initial: Money,
    /// Whether the first bar is behind it.
    started: bool,
    tally: Tally,
    fills: usize,
    fees: Money,
    exposed: usize,
}

impl Sums {
    pub(super) fn new(initial: Money) -> Self {
        let tally = Tally::new(initial.to_f64());
        Self { initial, started: false, tally, fills: 0, fees: Money::ZERO, exposed: 0 }
    }

    /// The curve starts with the initial cash: that is the first bar if nothing has happened by
    /// then, or else a point before it. Answers how many of the points from `equity` on are new.
    fn start(&mut self, equity: Money) -> usize {
        let is_start = !self.started && equity == self.initial;
        self.started = true;
        usize::from(is_start)
    }

    /// The score, once the kernel has passed all bars, the last of which closed at `close`.
    pub(super) fn score(&self, kernel: &Kernel<'_>, close: Price, scale: Scale) -> Score {
        let Scale { periods_per_year, rate_per_period } = scale;
        let held = kernel.held();
        Score {
            final_equity: held.cash + close.notional(held.quantity),
            total_return: self.tally.total_return(),
            cagr: self.tally.cagr(periods_per_year),
            volatility: self.tally.volatility(periods_per_year),
            sharpe: self.tally.sharpe(rate_per_period, periods_per_year),
            max_drawdown: Some(self.tally.max_drawdown()),
            trades: self.fills / 2,
            fees: self.fees,
            bars_exposed: self.exposed,
        }
    }
}

/// `Money::to_f64`; most amounts fit 64 bits, which a processor converts by itself.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
fn double(amount: Money) -> f64 {
    let raw = i64::try_from(amount.raw());
    raw.map_or_else(|_| amount.to_f64(), |raw| raw as f64 / SCALE as f64)
}

/// Room for the levels and returns of a chunk.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    levels: Vec<f64>,
    returns: Vec<f64>,
}

/// The sums of a combination while it runs.
pub(super) struct Meter<'a> {
    pub(super) sums: &'a mut Sums,
    pub(super) scratch: &'a mut Scratch,
}

impl Meter<'_> {
    /// Takes what was noted since the last time.
    ///
    /// # Errors
    /// If the equity at one of the closes is not above zero.
    pub(super) fn settle(self) -> Result<(), Unusual> {
        let Scratch { levels, returns } = self.scratch;
        let all_positive = self.sums.tally.settle(levels, returns);
        levels.clear();
        if all_positive { Ok(()) } else { Err(Unusual) }
    }
}

impl Sink for Meter<'_> {
    fn flat(&mut self, bars: Range<usize>, cash: Money) {
        let points = bars.len() - self.sums.start(cash);
        if points > 0 {
            self.sums.tally.stay(double(cash), points, &mut self.scratch.levels);
        }
    }

    fn hold(&mut self, bars: Range<usize>, held: &Held, closes: &[Price]) -> Result<(), Unusual> {
        let known = match closes.first() {
            Some(close) if bars.start == 0 => {
                self.sums.start(held.cash + close.notional(held.quantity))
            }
            _ => 0,
        };
        let new = &closes[known..];
        Marker::new(held.quantity).levels(new, held.cash, &mut self.scratch.levels);
        self.sums.exposed += bars.len();
        self.sums.tally.go_on(new.len());
        Ok(())
    }

    fn filled(&mut self, done: &Done) {
        self.sums.fills += 1;
        self.sums.fees += done.fill.fee;
    }

    fn placed(&mut self, _: &Order, _: Timestamp) {}

    fn taken_back(&mut self, _: OrderId, _: Timestamp) {}
}
