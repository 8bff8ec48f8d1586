//! Standard deviation of a window.

use super::variance::Moments;
use super::window::Window;
use super::{Definition, FACTOR_MAX, Input, Step, bars, kernel, number, unrelated, window};

/// `stddev(x, n, factor)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "stddev",
    summary: "Population standard deviation of the last `n` values (divided by n, not n - 1), times `factor`.",
    source: "TA-Lib `STDDEV`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0), number("factor", 1.0, FACTOR_MAX)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Stddev { window: Window::new(bars(p[0])), factor: p[1] }),
};

#[derive(Clone, Debug)]
struct Stddev {
    window: Window<Moments>,
    factor: f64,
}

impl Step<1, 1> for Stddev {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let window = self.window.push(Moments::of(x));
        [window.map_or(f64::NAN, |window| window.variance().sqrt() * self.factor)]
    }
}
