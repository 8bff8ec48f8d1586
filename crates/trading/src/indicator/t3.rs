//! T3: a moving average of six, weighed so that it follows turns closely.

use super::ema::Ema;
use super::{Definition, Input, Step, bars, feed, kernel, number, unrelated, window};

/// `t3(x, n, v)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "t3",
    summary: "T3 moving average: six EMAs in a row, combined with the volume factor `v` between 0 and 1.",
    source: "Tillson 1998; TA-Lib `T3`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(5.0), 1.0), number("v", 0.7, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 6 * (bars(p[0]) - 1),
    build: |p| kernel(T3::new(bars(p[0]), p[1])),
};

#[derive(Clone, Debug)]
struct T3 {
    averages: [Ema; 6],
    /// The weights of the third to the sixth average.
    weights: [f64; 4],
}

impl T3 {
    fn new(n: usize, v: f64) -> Self {
        let (square, cube) = (v * v, v * v * v);
        Self {
            averages: std::array::from_fn(|_| Ema::new(n)),
            weights: [
                1.0 + 3.0 * v + 3.0 * square + cube,
                -3.0 * v - 6.0 * square - 3.0 * cube,
                3.0 * square + 3.0 * cube,
                -cube,
            ],
        }
    }
}

impl Step<1, 1> for T3 {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let mut level = x;
        let levels: [f64; 6] = std::array::from_fn(|k| {
            level = feed(&mut self.averages[k], level);
            level
        });
        [levels[2..].iter().zip(self.weights).map(|(level, weight)| level * weight).sum()]
    }
}
