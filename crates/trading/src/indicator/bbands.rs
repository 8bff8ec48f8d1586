//! Bollinger bands: a mean with bands of standard deviations around it.

use super::variance::Moments;
use super::window::Window;
use super::{Definition, FACTOR_MAX, Input, Step, bars, kernel, number, unrelated, window};

/// `bbands(x, n, up, down)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "bbands",
    summary: "Bollinger bands: the mean of the last `n` values, `up` population standard deviations above and `down` below it.",
    source: "Bollinger 2001; TA-Lib `BBANDS`.",
    inputs: &[Input::Argument("x")],
    params: &[
        window("n", Some(20.0), 2.0),
        number("up", 2.0, FACTOR_MAX),
        number("down", 2.0, FACTOR_MAX),
    ],
    outputs: &["upper", "middle", "lower"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Bbands { window: Window::new(bars(p[0])), up: p[1], down: p[2] }),
};

#[derive(Clone, Debug)]
struct Bbands {
    window: Window<Moments>,
    up: f64,
    down: f64,
}

impl Step<1, 3> for Bbands {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 3] {
        let Some(window) = self.window.push(Moments::of(x)) else {
            return [f64::NAN; 3];
        };
        let deviation = window.variance().sqrt();
        let middle = window.mean.value();
        [middle + self.up * deviation, middle, middle - self.down * deviation]
    }
}
