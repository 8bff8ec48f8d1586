//! Beta: how strongly y moves when x moves.

use super::correl::Joint;
use super::window::Window;
use super::{Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `beta(x, y, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "beta",
    summary: "Slope of the returns of y on the returns of x over the last `n` returns; 0 where x is flat.",
    source: "TA-Lib `BETA`.",
    inputs: &[Input::Argument("x"), Input::Argument("y")],
    params: &[window("n", Some(5.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Beta { previous: [f64::NAN; 2], window: Window::new(bars(p[0])) }),
};

#[derive(Clone, Debug)]
struct Beta {
    previous: [f64; 2],
    window: Window<Joint>,
}

impl Step<2, 1> for Beta {
    #[inline]
    fn step(&mut self, input: [f64; 2]) -> [f64; 1] {
        let previous = std::mem::replace(&mut self.previous, input);
        if previous[0].is_nan() {
            return [f64::NAN];
        }
        let [x, y] = std::array::from_fn(|k| ratio(input[k] - previous[k], previous[k]));
        [self.window.push(Joint::of(x, y)).map_or(f64::NAN, |joint| ratio(joint.xy, joint.xx))]
    }
}
