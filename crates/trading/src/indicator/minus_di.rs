//! Directional indicator of falling prices.

use super::dx::Movement;
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `minus_di(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "minus_di",
    summary: "Minus directional indicator, 0 to 100: movement down beyond the range of the bar before, in percent of the true range; 0 where there is no range.",
    source: "Wilder 1978; TA-Lib `MINUS_DI`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(MinusDi(Movement::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct MinusDi(Movement);

impl Step<3, 1> for MinusDi {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 1] {
        let [_, minus] = self.0.step(bar);
        [minus]
    }
}
