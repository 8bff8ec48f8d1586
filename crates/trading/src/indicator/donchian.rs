//! Donchian channel: the range of a window.

use super::window::{Span, Window};
use super::{Column, Definition, Input, Step, bars, kernel, same, unrelated, window};

/// `donchian(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "donchian",
    summary: "Donchian channel: highest high and lowest low of the last `n` bars, the current one included, and their middle.",
    source: "Donchian; TA-Lib `DONCHIAN`.",
    inputs: &[Input::Column(Column::High), Input::Column(Column::Low)],
    params: &[window("n", Some(20.0), 1.0)],
    outputs: &["upper", "middle", "lower"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Donchian(Window::new(bars(p[0])))),
};

/// The highest high and the lowest low.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) high: f64,
    pub(super) low: f64,
}

impl Range {
    /// `distance` as a share of the range; 0 where the range is mere rounding error.
    #[inline]
    pub(super) fn share(self, distance: f64) -> f64 {
        if same(self.high, self.low) { 0.0 } else { distance / (self.high - self.low) }
    }
}

impl Default for Range {
    fn default() -> Self {
        Self { high: f64::NEG_INFINITY, low: f64::INFINITY }
    }
}

impl Span for Range {
    #[inline]
    fn then(self, later: Self) -> Self {
        Self {
            high: if self.high > later.high { self.high } else { later.high },
            low: if self.low < later.low { self.low } else { later.low },
        }
    }
}

#[derive(Clone, Debug)]
struct Donchian(Window<Range>);

impl Step<2, 3> for Donchian {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 3] {
        let range = self.0.push(Range { high, low });
        range.map_or([f64::NAN; 3], |range| [range.high, (range.high + range.low) / 2.0, range.low])
    }
}
