//! Rate of change: the change over `n` bars in percent.

use super::window::Lag;
use super::{Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `roc(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "roc",
    summary: "Rate of change over `n` bars in percent; 0 where the old value is 0.",
    source: "TA-Lib `ROC`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(10.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Roc(Lag::new(bars(p[0])))),
};

/// The change over a lag, in percent.
#[derive(Clone, Debug)]
pub(super) struct Roc(pub(super) Lag);

impl Step<1, 1> for Roc {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.push(x).map_or(f64::NAN, |past| 100.0 * ratio(x - past, past))]
    }
}
