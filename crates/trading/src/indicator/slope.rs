//! Slope of the line that fits a window best.

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
    bars: f64,
    mean: f64,
    /// The sum of distances from the mean times distances from the middle of the stretch.
    products: f64,
}

impl Span for Trend {
    #[inline]
    fn then(self, later: Self) -> Self {
        let bars = self.bars + later.bars;
        let share = if bars > 0.0 { later.bars / bars } else { 0.0 };
        let distance = later.mean - self.mean;
        // The middles of the two stretches are half of all bars apart.
        Self {
            bars,
            mean: self.mean + distance * share,
            products: self.products + later.products + distance * self.bars * later.bars / 2.0,
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
        let window = self.window.push(Trend { bars: 1.0, mean: x, products: 0.0 });
        [window.map_or(f64::NAN, |window| window.products / self.squares)]
    }
}
