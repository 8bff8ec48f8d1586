//! Average true range.

use super::ema::Ema;
use super::trange::TrueRange;
use super::{Column, Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `atr(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "atr",
    summary: "Average true range by the average of Wilder; the true ranges start with the second bar, so the first value is at bar `n`.",
    source: "Wilder 1978; TA-Lib `ATR`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Atr::new(bars(p[0]))),
};

/// The average of Wilder over true ranges.
#[derive(Clone, Debug)]
pub(super) struct Atr {
    range: TrueRange,
    average: Ema,
}

impl Atr {
    pub(super) fn new(n: usize) -> Self {
        Self { range: TrueRange::new(), average: Ema::wilder(n) }
    }
}

impl Step<3, 1> for Atr {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let [range] = self.range.step(input);
        [feed(&mut self.average, range)]
    }
}
