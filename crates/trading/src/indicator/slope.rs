//! Slope of the line that fits a window best.

use super::variance::Mean;
use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, float, kernel, unrelated, window};

/// `slope(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "slope",
    summary: "Slope per bar of the least squares line through the last `n` values. Also `linearreg_slope`.",
    source: "TA-Lib `LINEARREG_SLOPE`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Slope::new(bars(p[0]))),
};

/// Mean of a stretch of values and how they go with time.
#[derive(Clone, Copy, Debug, Default)]
struct Trend {
    mean: Mean,
    /// The sum of distances from the mean times distances from the middle of the stretch.
    products: f64,
}

impl Span for Trend {
    #[inline]
    fn then(self, later: Self) -> Self {
        if self.mean.bars == 0.0 {
            return later;
        }
        // The middles of the two stretches are half of all bars apart.
        let between = self.mean.distance(later.mean) * (self.mean.bars * later.mean.bars / 2.0);
        Self {
            mean: self.mean.then(later.mean),
            products: self.products + later.products + between,
        }
    }
}

#[derive(Clone, Debug)]
struct Slope {
    window: Window<Trend>,
    /// The sum of squared distances of the bars from the middle of the window.
    squares: f64,
}

impl Slope {
    fn new(n: usize) -> Self {
        let bars = float(n);
        Self { window: Window::new(n), squares: bars * (bars * bars - 1.0) / 12.0 }
    }
}

impl Step<1, 1> for Slope {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let window = self.window.push(Trend { mean: Mean::of(x), products: 0.0 });
        [window.map_or(f64::NAN, |window| window.products / self.squares)]
    }
}
