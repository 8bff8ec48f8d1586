//! Aroon: how long ago the window had its extremes.

use super::window::{Span, Window};
use super::{Column, Definition, Input, Step, bars, float, kernel, unrelated, window};

/// `aroon(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "aroon",
    summary: "Aroon, 0 to 100: how recent the lowest low and the highest high of the last n+1 bars are; of equals the latest counts.",
    source: "Chande 1995; TA-Lib `AROON`.",
    inputs: &[Input::Column(Column::High), Input::Column(Column::Low)],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["down", "up"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Aroon::new(bars(p[0]))),
};

#[derive(Clone, Debug)]
struct Aroon {
    n: f64,
    bar: f64,
    window: Window<Extremes>,
}

/// Extreme values, each with the last bar that had it.
#[derive(Clone, Copy, Debug)]
struct Extremes {
    high: (f64, f64),
    low: (f64, f64),
}

impl Default for Extremes {
    fn default() -> Self {
        Self { high: (f64::NEG_INFINITY, 0.0), low: (f64::INFINITY, 0.0) }
    }
}

impl Span for Extremes {
    #[inline]
    fn then(self, later: Self) -> Self {
        Self {
            high: if self.high.0 > later.high.0 { self.high } else { later.high },
            low: if self.low.0 < later.low.0 { self.low } else { later.low },
        }
    }
}

impl Aroon {
    fn new(n: usize) -> Self {
        Self { n: float(n), bar: 0.0, window: Window::new(n + 1) }
    }
}

impl Step<2, 2> for Aroon {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 2] {
        self.bar += 1.0;
        let Some(window) =
            self.window.push(Extremes { high: (high, self.bar), low: (low, self.bar) })
        else {
            return [f64::NAN; 2];
        };
        [window.low.1, window.high.1].map(|bar| 100.0 * (self.n - (self.bar - bar)) / self.n)
    }
}
