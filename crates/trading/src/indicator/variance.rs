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

/// The mean of a stretch of values, kept as its distance from the first of them: the spread of
/// prices can be so small beside them that their plain mean is too coarse for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    pub(super) bars: f64,
    first: f64,
    offset: f64,
}

impl Mean {
    pub(super) fn of(x: f64) -> Self {
        Self { bars: 1.0, first: x, offset: 0.0 }
    }

    pub(super) fn value(self) -> f64 {
        self.first + self.offset
    }

    /// How far the mean of `later` is above this one.
    #[inline]
    pub(super) fn distance(self, later: Self) -> f64 {
        (later.first - self.first) + (later.offset - self.offset)
    }
}

/// Not for an empty stretch before one that is not.
impl Span for Mean {
    #[inline]
    fn then(self, later: Self) -> Self {
        let bars = self.bars + later.bars;
        let offset = self.offset + self.distance(later) * later.bars / bars;
        Self { bars, first: self.first, offset }
    }
}

/// Mean and spread of a stretch of values, joined without cancellation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) mean: Mean,
    /// The sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    pub(super) fn of(x: f64) -> Self {
        Self { mean: Mean::of(x), squares: 0.0 }
    }

    /// Of the population.
    pub(super) fn variance(self) -> f64 {
        self.squares / self.mean.bars
    }
}

impl Span for Moments {
    #[inline]
    fn then(self, later: Self) -> Self {
        if self.mean.bars == 0.0 {
            return later;
        }
        let mean = self.mean.then(later.mean);
        let distance = self.mean.distance(later.mean);
        let between = distance * distance * (self.mean.bars * later.mean.bars / mean.bars);
        Self { mean, squares: self.squares + later.squares + between }
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
