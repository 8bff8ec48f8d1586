//! Accumulation/distribution line: volume by where the close lies in the bar.

use super::window::Total;
use super::{Column, Definition, Input, Step, kernel, unrelated};

/// `ad()`.
pub(super) const DEFINITION: Definition = Definition {
    name: "ad",
    summary: "Accumulation/distribution line: the sum of volume times where the close lies between low (-1) and high (1).",
    source: "Chaikin; TA-Lib `AD`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[],
    outputs: &["value"],
    check: unrelated,
    warmup: |_| 0,
    build: |_| kernel(Ad(Total::default())),
};

/// Volume times where the close lies between low (-1) and high (1); 0 without a range.
#[inline]
pub(super) fn money_flow([high, low, close, volume]: [f64; 4]) -> f64 {
    let range = high - low;
    if range > 0.0 { ((close - low) - (high - close)) / range * volume } else { 0.0 }
}

#[derive(Clone, Debug)]
struct Ad(Total);

impl Step<4, 1> for Ad {
    #[inline]
    fn step(&mut self, bar: [f64; 4]) -> [f64; 1] {
        [self.0.add(money_flow(bar))]
    }
}
