//! Simple moving average: the mean of the last `n` values.

use super::window::{Sums, Window};
use super::{Definition, Input, Step, bars, float, kernel, unrelated, window};

/// `sma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "sma",
    summary: "Simple moving average: the mean of the last `n` values.",
    source: "Arithmetic mean; equals TA-Lib `SMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Sma::new(bars(p[0]))),
    check: unrelated,
};

/// The mean of a window.
#[derive(Clone, Debug)]
pub(super) struct Sma {
    window: Window<Sums<1>>,
    n: f64,
}

impl Sma {
    pub(super) fn new(n: usize) -> Self {
        Self { window: Window::new(n), n: float(n) }
    }
}

impl Step<1, 1> for Sma {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.window.push(Sums([x])).map_or(f64::NAN, |sums| sums.0[0] / self.n)]
    }
}
