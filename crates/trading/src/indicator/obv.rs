//! On balance volume: volume of rising bars less volume of falling bars.

use super::window::Total;
use super::{Column, Definition, Input, Step, kernel, unrelated};

/// `obv()`.
pub(super) const DEFINITION: Definition = Definition {
    name: "obv",
    summary: "On balance volume, started with the volume of the first bar.",
    source: "Granville 1963; TA-Lib `OBV`.",
    inputs: &[Input::Column(Column::Close), Input::Column(Column::Volume)],
    params: &[],
    outputs: &["value"],
    check: unrelated,
    warmup: |_| 0,
    build: |_| kernel(Obv { previous: f64::NAN, total: Total::default() }),
};

#[derive(Clone, Debug)]
struct Obv {
    previous: f64,
    total: Total,
}

impl Step<2, 1> for Obv {
    #[inline]
    fn step(&mut self, [close, volume]: [f64; 2]) -> [f64; 1] {
        let previous = std::mem::replace(&mut self.previous, close);
        let signed = if previous.is_nan() || close > previous {
            volume
        } else if close < previous {
            -volume
        } else {
            0.0
        };
        [self.total.add(signed)]
    }
}
