//! Normalized average true range: in percent of the close.

use super::atr::Atr;
use super::{Column, Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `natr(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "natr",
    summary: "Average true range in percent of the close.",
    source: "TA-Lib `NATR`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Natr(Atr::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Natr(Atr);

impl Step<3, 1> for Natr {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let [range] = self.0.step(input);
        [100.0 * ratio(range, input[2])]
    }
}
