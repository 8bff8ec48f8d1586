//! Chande momentum oscillator: gains less losses, as a share of all movement.

use super::rsi::Swings;
use super::{Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `cmo(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "cmo",
    summary: "Chande momentum oscillator, -100 to 100, with the averages of Wilder as TA-Lib has it, not with plain sums; 0 while nothing has moved.",
    source: "Chande 1994; TA-Lib `CMO`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Cmo(Swings::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Cmo(Swings);

impl Step<1, 1> for Cmo {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 1] {
        let [gain, loss] = self.0.step(input);
        [100.0 * ratio(gain - loss, gain + loss)]
    }
}
