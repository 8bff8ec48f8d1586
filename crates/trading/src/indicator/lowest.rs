//! Lowest value of a window.

use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `lowest(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "lowest",
    summary: "Lowest of the last `n` values.",
    source: "TA-Lib `MIN`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Lowest(Window::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Lowest(Window<Bottom>);

/// The lowest value.
#[derive(Clone, Copy, Debug)]
struct Bottom(f64);

impl Default for Bottom {
    fn default() -> Self {
        Self(f64::INFINITY)
    }
}

impl Span for Bottom {
    #[inline]
    fn then(self, later: Self) -> Self {
        if self.0 < later.0 { self } else { later }
    }
}

impl Step<1, 1> for Lowest {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.push(Bottom(x)).map_or(f64::NAN, |bottom| bottom.0)]
    }
}
