//! Vortex: upward against downward movement between bars.

use super::trange::true_range;
use super::window::{Sums, Window};
use super::{Column, Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `vortex(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "vortex",
    summary: "Vortex: |high - previous low| (plus) and |low - previous high| (minus) over `n` bars, as shares of the true ranges; 0 where there is no range.",
    source: "Botes and Siepman 2010; TA-Lib 0.8 `VORTEX`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["plus", "minus"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Vortex { previous: [f64::NAN; 3], window: Window::new(bars(p[0])) }),
};

#[derive(Clone, Debug)]
struct Vortex {
    previous: [f64; 3],
    window: Window<Sums<3>>,
}

impl Step<3, 2> for Vortex {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 2] {
        let [high, low, close] = std::mem::replace(&mut self.previous, bar);
        if close.is_nan() {
            return [f64::NAN; 2];
        }
        let moves =
            [(bar[0] - low).abs(), (bar[1] - high).abs(), true_range(bar[0], bar[1], close)];
        let sums = self.window.push(Sums(moves));
        sums.map_or([f64::NAN; 2], |Sums([plus, minus, range])| {
            [ratio(plus, range), ratio(minus, range)]
        })
    }
}
