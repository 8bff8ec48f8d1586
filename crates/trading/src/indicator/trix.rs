//! TRIX: the rate of change of a triple exponential average.

use super::roc::Roc;
use super::tema::Triple;
use super::window::Lag;
use super::{Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `trix(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "trix",
    summary: "TRIX: change of the EMA of the EMA of the EMA over one bar, in percent.",
    source: "Hutson 1983; TA-Lib `TRIX`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(15.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 3 * (bars(p[0]) - 1) + 1,
    build: |p| kernel(Trix { average: Triple::new(bars(p[0])), change: Roc(Lag::new(1)) }),
};

#[derive(Clone, Debug)]
struct Trix {
    average: Triple,
    change: Roc,
}

impl Step<1, 1> for Trix {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 1] {
        let [_, _, smooth] = self.average.step(input);
        [feed(&mut self.change, smooth)]
    }
}
