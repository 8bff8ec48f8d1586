//! Stochastic of the relative strength index.

use super::rsi::{Rsi, Swings};
use super::stoch::Stoch;
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `stochrsi(x, n, k, d)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "stochrsi",
    summary: "Fast stochastic of the relative strength index over `n` bars, 0 to 100: where it lies in its range over `k` bars (fastk) and the mean of that over `d` bars (fastd).",
    source: "Chande and Kroll 1994; TA-Lib `STOCHRSI`.",
    inputs: &[Input::Argument("x")],
    params: &[
        window("n", Some(14.0), 1.0),
        window("k", Some(5.0), 1.0),
        window("d", Some(3.0), 1.0),
    ],
    outputs: &["fastk", "fastd"],
    check: unrelated,
    warmup: |p| bars(p[0]) + bars(p[1]) + bars(p[2]) - 2,
    build: |p| kernel(StochRsi::new(bars(p[0]), bars(p[1]), bars(p[2]))),
};

#[derive(Clone, Debug)]
struct StochRsi {
    rsi: Rsi,
    stoch: Stoch,
}

impl StochRsi {
    fn new(n: usize, k: usize, d: usize) -> Self {
        Self { rsi: Rsi(Swings::new(n)), stoch: Stoch::new(k, 1, d) }
    }
}

impl Step<1, 2> for StochRsi {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 2] {
        let [rsi] = self.rsi.step(input);
        if rsi.is_nan() { [rsi; 2] } else { self.stoch.step([rsi; 3]) }
    }
}
