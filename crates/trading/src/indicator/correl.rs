//! Correlation of two series over a window.

use super::variance::Mean;
use super::window::{Span, Window};
use super::{Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `correl(x, y, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "correl",
    summary: "Correlation of Pearson over the last `n` values, -1 to 1; 0 where one of them is flat.",
    source: "Pearson 1895; TA-Lib `CORREL`.",
    inputs: &[Input::Argument("x"), Input::Argument("y")],
    params: &[window("n", Some(30.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Correl(Window::new(bars(p[0])))),
};

/// How two series spread, alone and together, joined without cancellation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Joint {
    x: Mean,
    y: Mean,
    /// The sums of squared distances and of products of distances from the means.
    pub(super) xx: f64,
    pub(super) yy: f64,
    pub(super) xy: f64,
}

impl Joint {
    pub(super) fn of(x: f64, y: f64) -> Self {
        Self { x: Mean::of(x), y: Mean::of(y), ..Self::default() }
    }
}

impl Span for Joint {
    #[inline]
    fn then(self, later: Self) -> Self {
        if self.x.bars == 0.0 {
            return later;
        }
        let (x, y) = (self.x.distance(later.x), self.y.distance(later.y));
        let weight = self.x.bars * later.x.bars / (self.x.bars + later.x.bars);
        Self {
            x: self.x.then(later.x),
            y: self.y.then(later.y),
            xx: self.xx + later.xx + x * x * weight,
            yy: self.yy + later.yy + y * y * weight,
            xy: self.xy + later.xy + x * y * weight,
        }
    }
}

#[derive(Clone, Debug)]
struct Correl(Window<Joint>);

impl Step<2, 1> for Correl {
    #[inline]
    fn step(&mut self, [x, y]: [f64; 2]) -> [f64; 1] {
        let window = self.0.push(Joint::of(x, y));
        [window.map_or(f64::NAN, |joint| {
            ratio(joint.xy, joint.xx.sqrt() * joint.yy.sqrt()).clamp(-1.0, 1.0)
        })]
    }
}
