//! Exponential moving average, which starts as the mean of its first `n` values.

use super::{Definition, Input, Step, bars, float, kernel, unrelated, window};

/// `ema(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "ema",
    summary: "Exponential moving average with weight 2/(n+1), started with the mean of the first `n` values.",
    source: "TA-Lib `EMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Ema::new(bars(p[0]))),
    check: unrelated,
};

/// An exponential average that moves by `weight` of the distance to each new value.
#[derive(Clone, Debug)]
pub(super) struct Ema {
    weight: f64,
    /// How many values of the starting mean are still to come.
    missing: usize,
    n: f64,
    /// The sum of the values so far until none is missing, then the average.
    value: f64,
}

impl Ema {
    /// The usual weight 2/(n+1).
    pub(super) fn new(n: usize) -> Self {
        Self::with_weight(n, 2.0 / (float(n) + 1.0))
    }

    /// Wilder's weight 1/n.
    pub(super) fn wilder(n: usize) -> Self {
        Self::with_weight(n, 1.0 / float(n))
    }

    fn with_weight(n: usize, weight: f64) -> Self {
        Self { weight, missing: n, n: float(n), value: 0.0 }
    }

    /// Whether it still collects its starting mean.
    pub(super) fn is_starting(&self) -> bool {
        self.missing > 0
    }

    fn start(&mut self, x: f64) -> f64 {
        self.value += x;
        self.missing -= 1;
        if self.missing > 0 {
            return f64::NAN;
        }
        self.value /= self.n;
        self.value
    }
}

impl Step<1, 1> for Ema {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if self.missing > 0 {
            return [self.start(x)];
        }
        self.value += (x - self.value) * self.weight;
        [self.value]
    }
}
