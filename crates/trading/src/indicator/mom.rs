//! Momentum: the change over `n` bars.

use super::window::Lag;
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `mom(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "mom",
    summary: "Momentum: x less the x of `n` bars ago.",
    source: "TA-Lib `MOM`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(10.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Mom(Lag::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Mom(Lag);

impl Step<1, 1> for Mom {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.push(x).map_or(f64::NAN, |past| x - past)]
    }
}
