//! Directional indicator of rising prices.

use super::dx::Movement;
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `plus_di(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "plus_di",
    summary: "Plus directional indicator, 0 to 100: movement up beyond the range of the bar before, in percent of the true range; 0 where there is no range.",
    source: "Wilder 1978; TA-Lib `PLUS_DI`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(PlusDi(Movement::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct PlusDi(Movement);

impl Step<3, 1> for PlusDi {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 1] {
        let [plus, _] = self.0.step(bar);
        [plus]
    }
}
