//! Zero lag exponential moving average.

use super::ema::Ema;
use super::window::Lag;
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `zlema(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "zlema",
    summary: "Zero lag exponential moving average: the EMA of 2x less the x of (n-1)/2 bars ago, rounded down.",
    source: "Ehlers and Way 2010; TA-Lib `ZLEMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| (bars(p[0]) - 1) / 2 + bars(p[0]) - 1,
    build: |p| {
        kernel(Zlema { past: Lag::new((bars(p[0]) - 1) / 2), average: Ema::new(bars(p[0])) })
    },
};

#[derive(Clone, Debug)]
struct Zlema {
    past: Lag,
    average: Ema,
}

impl Step<1, 1> for Zlema {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        match self.past.push(x) {
            Some(past) => self.average.step([2.0 * x - past]),
            None => [f64::NAN],
        }
    }
}
