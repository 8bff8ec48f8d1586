//! SuperTrend: a trailing stop that turns with the trend.

use super::atr::Atr;
use super::{Column, Definition, FACTOR_MAX, Input, Step, bars, kernel, number, unrelated, window};

/// `supertrend(n, factor)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "supertrend",
    summary: "SuperTrend: bands of `factor` average true ranges around the middle of the bar, which only move toward the price until the close crosses one; the value is the lower band in an uptrend (trend 1, which it starts with) and the upper band in a downtrend (trend -1).",
    source: "Seban; TA-Lib 0.8 `SUPERTREND`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(10.0), 1.0), number("factor", 3.0, FACTOR_MAX)],
    outputs: &["value", "trend"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Supertrend::new(bars(p[0]), p[1])),
};

#[derive(Clone, Debug)]
struct Supertrend {
    range: Atr,
    factor: f64,
    bands: Option<Bands>,
}

#[derive(Clone, Copy, Debug)]
struct Bands {
    upper: f64,
    lower: f64,
    close: f64,
    rising: bool,
}

impl Supertrend {
    fn new(n: usize, factor: f64) -> Self {
        Self { range: Atr::new(n), factor, bands: None }
    }
}

impl Bands {
    /// These bands moved on to the next bar, whose own bands are `bar`.
    fn then(self, bar: Self) -> Self {
        let upper =
            if bar.upper < self.upper || self.close > self.upper { bar.upper } else { self.upper };
        let lower =
            if bar.lower > self.lower || self.close < self.lower { bar.lower } else { self.lower };
        let rising = if self.rising { bar.close >= lower } else { bar.close > upper };
        Self { upper, lower, close: bar.close, rising }
    }
}

impl Step<3, 2> for Supertrend {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 2] {
        let [range] = self.range.step([high, low, close]);
        if range.is_nan() {
            return [f64::NAN; 2];
        }
        let (middle, half) = ((high + low) / 2.0, self.factor * range);
        let bar = Bands { upper: middle + half, lower: middle - half, close, rising: true };
        let bands = self.bands.map_or(bar, |bands| bands.then(bar));
        self.bands = Some(bands);
        if bands.rising { [bands.lower, 1.0] } else { [bands.upper, -1.0] }
    }
}
