//! Average directional index rating.

use super::adx::Adx;
use super::window::Lag;
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `adxr(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "adxr",
    summary: "Average directional index rating: the mean of `adx` and the `adx` of n - 1 bars ago.",
    source: "Wilder 1978; TA-Lib `ADXR`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 3 * bars(p[0]) - 2,
    build: |p| kernel(Adxr { index: Adx::new(bars(p[0])), past: Lag::new(bars(p[0]) - 1) }),
};

#[derive(Clone, Debug)]
struct Adxr {
    index: Adx,
    past: Lag,
}

impl Step<3, 1> for Adxr {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 1] {
        let [index] = self.index.step(bar);
        let past = if index.is_nan() { None } else { self.past.push(index) };
        [past.map_or(f64::NAN, |past| (index + past) / 2.0)]
    }
}
