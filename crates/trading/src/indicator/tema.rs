//! Triple exponential moving average.

use super::ema::Ema;
use super::{Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `tema(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "tema",
    summary: "Triple exponential moving average: 3 EMA - 3 EMA of EMA + EMA of EMA of EMA.",
    source: "Mulloy 1994; TA-Lib `TEMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 3 * (bars(p[0]) - 1),
    build: |p| kernel(Tema(Triple::new(bars(p[0])))),
};

/// Three averages, each of the one before.
#[derive(Clone, Debug)]
pub(super) struct Triple([Ema; 3]);

impl Triple {
    pub(super) fn new(n: usize) -> Self {
        Self(std::array::from_fn(|_| Ema::new(n)))
    }
}

impl Step<1, 3> for Triple {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 3] {
        let [first, second, third] = &mut self.0;
        let once = feed(first, x);
        let twice = feed(second, once);
        [once, twice, feed(third, twice)]
    }
}

#[derive(Clone, Debug)]
struct Tema(Triple);

impl Step<1, 1> for Tema {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 1] {
        let [once, twice, thrice] = self.0.step(input);
        [3.0 * (once - twice) + thrice]
    }
}
