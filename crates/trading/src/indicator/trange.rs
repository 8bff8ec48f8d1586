//! True range: the range of the bar together with the close before.

use super::{Column, Definition, Input, Step, kernel, unrelated};

/// `trange()`.
pub(super) const DEFINITION: Definition = Definition {
    name: "trange",
    summary: "True range: the largest of high - low, |high - previous close| and |low - previous close|; from the second bar on.",
    source: "Wilder 1978; TA-Lib `TRANGE`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[],
    outputs: &["value"],
    check: unrelated,
    warmup: |_| 1,
    build: |_| kernel(TrueRange::new()),
};

/// The range that contains the bar and the close before it.
#[inline]
pub(super) fn true_range(high: f64, low: f64, previous_close: f64) -> f64 {
    (high - low).max((high - previous_close).abs()).max((low - previous_close).abs())
}

/// The true range of each bar but the first.
#[derive(Clone, Debug)]
pub(super) struct TrueRange {
    previous: f64,
}

impl TrueRange {
    pub(super) fn new() -> Self {
        Self { previous: f64::NAN }
    }
}

impl Step<3, 1> for TrueRange {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        let previous = std::mem::replace(&mut self.previous, close);
        [if previous.is_nan() { f64::NAN } else { true_range(high, low, previous) }]
    }
}
