//! Williams %R: where the close lies in the range of the window, from the top.

use super::donchian::Range;
use super::window::Window;
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `willr(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "willr",
    summary: "Williams %R, -100 to 0: where the close lies between the highest high and the lowest low; 0 where there is no range.",
    source: "Williams 1973; TA-Lib `WILLR`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Willr(Window::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Willr(Window<Range>);

impl Step<3, 1> for Willr {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        let range = self.0.push(Range { high, low });
        [range.map_or(f64::NAN, |range| 100.0 * range.share(close - range.high))]
    }
}
