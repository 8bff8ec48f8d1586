//! Weighted moving average: the newest of `n` values weighs `n`, the oldest 1.

use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, float, kernel, unrelated, window};

/// `wma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "wma",
    summary: "Weighted moving average: the newest of `n` values weighs `n`, the oldest 1.",
    source: "TA-Lib `WMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Wma::new(bars(p[0]))),
};

/// A window whose values weigh their place in it.
#[derive(Clone, Debug)]
pub(super) struct Wma {
    window: Window<Weighted>,
    weights: f64,
}

/// Values, each weighed by its place among them, counted from 1.
#[derive(Clone, Copy, Debug, Default)]
struct Weighted {
    bars: f64,
    sum: f64,
    weighted: f64,
}

impl Span for Weighted {
    #[inline]
    fn then(self, later: Self) -> Self {
        Self {
            bars: self.bars + later.bars,
            sum: self.sum + later.sum,
            weighted: self.weighted + (later.weighted + self.bars * later.sum),
        }
    }
}

impl Wma {
    pub(super) fn new(n: usize) -> Self {
        Self { window: Window::new(n), weights: float(n) * (float(n) + 1.0) / 2.0 }
    }
}

impl Step<1, 1> for Wma {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let window = self.window.push(Weighted { bars: 1.0, sum: x, weighted: x });
        [window.map_or(f64::NAN, |window| window.weighted / self.weights)]
    }
}
