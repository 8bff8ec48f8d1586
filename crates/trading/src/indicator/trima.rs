//! Triangular moving average: a mean of means, which weighs the middle of the window most.

use super::sma::Sma;
use super::{Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `trima(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "trima",
    summary: "Triangular moving average: the mean over one half of the window of the means over the other half.",
    source: "TA-Lib `TRIMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Trima::new(bars(p[0]))),
};

#[derive(Clone, Debug)]
struct Trima([Sma; 2]);

impl Trima {
    fn new(n: usize) -> Self {
        let half = n.div_ceil(2);
        Self([Sma::new(half), Sma::new(n + 1 - half)])
    }
}

impl Step<1, 1> for Trima {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let mean = feed(&mut self.0[0], x);
        [feed(&mut self.0[1], mean)]
    }
}
