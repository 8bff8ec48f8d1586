//! Double exponential moving average: twice the average less the average of the average.

use super::ema::Ema;
use super::{Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `dema(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "dema",
    summary: "Double exponential moving average: 2 EMA - EMA of EMA, each started with the mean of its first `n` values.",
    source: "Mulloy 1994; TA-Lib `DEMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 2 * (bars(p[0]) - 1),
    build: |p| kernel(Dema([Ema::new(bars(p[0])), Ema::new(bars(p[0]))])),
};

#[derive(Clone, Debug)]
struct Dema([Ema; 2]);

impl Step<1, 1> for Dema {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let once = feed(&mut self.0[0], x);
        let twice = feed(&mut self.0[1], once);
        [2.0 * once - twice]
    }
}
