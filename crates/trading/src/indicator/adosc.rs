//! Chaikin oscillator: momentum of the accumulation/distribution line.

use super::ad::money_flow;
use super::{Column, Definition, Input, Step, bars, float, kernel, rising, window};

/// `adosc(fast, slow)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "adosc",
    summary: "Chaikin oscillator: EMA(fast) less EMA(slow) of the accumulation/distribution line, both started with its first value.",
    source: "Chaikin; TA-Lib `ADOSC`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[window("fast", Some(3.0), 1.0), window("slow", Some(10.0), 1.0)],
    outputs: &["value"],
    check: |p| rising(p, "`fast` must be smaller than `slow`"),
    warmup: |p| bars(p[1]) - 1,
    build: |p| kernel(Adosc::new(bars(p[0]), bars(p[1]))),
};

/// Keeps how far each average lags behind the line instead of the line itself, which grows
/// without end and would drown the difference in rounding errors.
#[derive(Clone, Debug)]
struct Adosc {
    missing: usize,
    keep: [f64; 2],
    lags: [f64; 2],
    started: bool,
}

impl Adosc {
    fn new(fast: usize, slow: usize) -> Self {
        let keep = [fast, slow].map(|n| 1.0 - 2.0 / (float(n) + 1.0));
        Self { missing: slow, keep, lags: [0.0; 2], started: false }
    }
}

impl Step<4, 1> for Adosc {
    #[inline]
    fn step(&mut self, bar: [f64; 4]) -> [f64; 1] {
        if self.started {
            let flow = money_flow(bar);
            self.lags = std::array::from_fn(|k| (self.lags[k] + flow) * self.keep[k]);
        }
        self.started = true;
        self.missing = self.missing.saturating_sub(1);
        [if self.missing > 0 { f64::NAN } else { self.lags[1] - self.lags[0] }]
    }
}
