//! Highest value of a window.

use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `highest(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "highest",
    summary: "Highest of the last `n` values.",
    source: "TA-Lib `MAX`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Highest(Window::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Highest(Window<Top>);

/// The highest value.
#[derive(Clone, Copy, Debug)]
struct Top(f64);

impl Default for Top {
    fn default() -> Self {
        Self(f64::NEG_INFINITY)
    }
}

impl Span for Top {
    #[inline]
    fn then(self, later: Self) -> Self {
        if self.0 > later.0 { self } else { later }
    }
}

impl Step<1, 1> for Highest {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.push(Top(x)).map_or(f64::NAN, |top| top.0)]
    }
}
