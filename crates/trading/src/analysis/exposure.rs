//! Exposure: what positions were worth at each close, as shares of the equity.

use dirigent_core::Timestamp;

use crate::backtest::{FlowKind, Options, Outcome};
use crate::currency::RateSeries;
use crate::data::bars::Bars;

/// What positions were worth at each time of a run, as shares of its equity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Long and short positions, added.
    pub gross: Vec<f64>,
    /// Long positions less short ones.
    pub net: Vec<f64>,
}

impl Exposure {
    /// The exposure of a run over `bars` with these options; NaN where there was no equity. What
    /// contracts are worth counts in full, whatever was paid for them.
    pub fn of(outcome: &Outcome, bars: &[Bars], options: &Options) -> Self {
        let times = &outcome.equity.time;
        let nothing = vec![0.0; times.len()];
        let mut exposure = Self { gross: nothing.clone(), net: nothing };
        for (bars, steps) in bars.iter().zip(steps(outcome, bars.len())) {
            exposure.add(times, bars, &steps, &Worth::of(&bars.symbol, options));
        }
        for (time, equity) in outcome.equity.iter().enumerate() {
            let equity = equity.to_f64();
            let share = |value: f64| if equity > 0.0 { value / equity } else { f64::NAN };
            exposure.gross[time] = share(exposure.gross[time]);
            exposure.net[time] = share(exposure.net[time]);
        }
        exposure
    }

    /// The highest gross exposure.
    pub fn highest(&self) -> Option<f64> {
        self.gross.iter().copied().filter(|share| share.is_finite()).reduce(f64::max)
    }

    /// The mean of the gross and of the net exposure.
    pub fn means(&self) -> (Option<f64>, Option<f64>) {
        (mean(&self.gross), mean(&self.net))
    }

    /// Adds what the units of a symbol were worth, stretch by stretch between its steps.
    fn add(&mut self, times: &[Timestamp], bars: &Bars, steps: &[Step], worth: &Worth<'_>) {
        let mut units = 0;
        for (index, step) in steps.iter().enumerate() {
            units += step.units;
            let until = steps.get(index + 1).map_or(times.len(), |next| place(times, next.time));
            let from = place(times, step.time);
            if units == 0 || from == until {
                continue;
            }
            let units = double(units);
            let mut bar = bars.time.partition_point(|time| *time <= times[from]);
            for (at, now) in (from..).zip(&times[from..until]) {
                while bars.time.get(bar).is_some_and(|time| time <= now) {
                    bar += 1;
                }
                let value = units * worth.at(*now) * bars.close[bar.max(1) - 1].to_f64();
                self.gross[at] += value.abs();
                self.net[at] += value;
            }
        }
    }
}

/// A change of the units held, in steps of 10^-9.
struct Step {
    time: Timestamp,
    units: i128,
}

/// The changes of each symbol, in the order of time.
fn steps(outcome: &Outcome, symbols: usize) -> Vec<Vec<Step>> {
    let mut steps: Vec<Vec<Step>> = (0..symbols).map(|_| Vec::new()).collect();
    for fill in &outcome.fills {
        let units = fill.signed_quantity().raw().into();
        steps[fill.symbol.index()].push(Step { time: fill.time, units });
    }
    for flow in &outcome.flows {
        let Some(symbol) = flow.symbol else { continue };
        match flow.what {
            FlowKind::Split(_) | FlowKind::CashInLieu(_) | FlowKind::Delisting(_) => {
                let units = flow.units.raw().into();
                steps[symbol.index()].push(Step { time: flow.time, units });
            }
            FlowKind::Dividend(_)
            | FlowKind::Roll(_)
            | FlowKind::Funding(_)
            | FlowKind::Interest(_)
            | FlowKind::MarginInterest(_)
            | FlowKind::BorrowFee(_) => {}
        }
    }
    if !outcome.flows.is_empty() {
        steps.iter_mut().for_each(|steps| steps.sort_by_key(|step| step.time));
    }
    steps
}

fn place(times: &[Timestamp], time: Timestamp) -> usize {
    times.partition_point(|at| *at < time)
}

/// What a unit of a symbol is worth at a price of one.
struct Worth<'a> {
    multiplier: f64,
    /// Of its currency, where that is not the account's.
    rates: Option<&'a RateSeries>,
    /// How long a bar lasts, in nanoseconds.
    bar: i64,
}

impl<'a> Worth<'a> {
    fn of(symbol: &str, options: &'a Options) -> Self {
        let terms = options.instruments.of(symbol);
        let currencies = &options.currencies;
        let rates = terms.currency.and_then(|currency| currencies.rates.get(&currency));
        Self {
            multiplier: terms.multiplier.to_f64(),
            rates: rates.map(|rates| &**rates),
            bar: currencies.bar,
        }
    }

    /// At the close of the bar of `time`.
    fn at(&self, time: Timestamp) -> f64 {
        let Some(rates) = self.rates else { return self.multiplier };
        let end = Timestamp::from_nanos(time.as_nanos().saturating_add(self.bar));
        rates.known_before(end).map_or(self.multiplier, |rate| self.multiplier * rate.to_f64())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no last digit")]
fn double(units: i128) -> f64 {
    units as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mean(values: &[f64]) -> Option<f64> {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let count = finite().count();
    (count > 0).then(|| finite().sum::<f64>() / count as f64)
}
