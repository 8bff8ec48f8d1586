//! Variance of a window.

use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, kernel, unrelated, window};

/// `variance(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "variance",
    summary: "Population variance of the last `n` values (divided by n, not n - 1). Also `var`.",
    source: "Chan, Golub and LeVeque 1979 for joining; equals TA-Lib `VAR`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Variance(Window::new(bars(p[0])))),
};

/// Mean and spread of a stretch of values, joined without cancellation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    bars: f64,
    pub(super) mean: f64,
    /// The sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    pub(super) fn of(x: f64) -> Self {
        Self { bars: 1.0, mean: x, squares: 0.0 }
    }

    /// Of the population.
    pub(super) fn variance(self) -> f64 {
        self.squares / self.bars
    }
}

impl Span for Moments {
    #[inline]
    fn then(self, later: Self) -> Self {
        let bars = self.bars + later.bars;
        let share = if bars > 0.0 { later.bars / bars } else { 0.0 };
        let distance = later.mean - self.mean;
        Self {
            bars,
            mean: self.mean + distance * share,
            squares: self.squares + later.squares + distance * distance * self.bars * share,
        }
    }
}

#[derive(Clone, Debug)]
struct Variance(Window<Moments>);

impl Step<1, 1> for Variance {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.push(Moments::of(x)).map_or(f64::NAN, Moments::variance)]
    }
}
