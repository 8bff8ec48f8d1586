//! Hull moving average: a weighted average without most of its lag.

use super::wma::Wma;
use super::{Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `hma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "hma",
    summary: "Hull moving average: WMA over sqrt(n) bars of 2 WMA(n/2) - WMA(n), both rounded down.",
    source: "Hull 2005; TA-Lib `HMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) + bars(p[0]).isqrt() - 2,
    build: |p| kernel(Hma::new(bars(p[0]))),
};

#[derive(Clone, Debug)]
struct Hma {
    half: Wma,
    whole: Wma,
    smooth: Wma,
}

impl Hma {
    fn new(n: usize) -> Self {
        Self { half: Wma::new(n / 2), whole: Wma::new(n), smooth: Wma::new(n.isqrt()) }
    }
}

impl Step<1, 1> for Hma {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let ahead = 2.0 * feed(&mut self.half, x) - feed(&mut self.whole, x);
        [feed(&mut self.smooth, ahead)]
    }
}
