//! Volume weighted average price of a window.

use super::vwma::Vwma;
use super::window::Window;
use super::{Column, Definition, Input, Step, bars, kernel, typical, unrelated, window};

/// `vwap_roll(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "vwap_roll",
    summary: "Volume weighted average of the typical price of the last `n` bars; missing while no volume traded.",
    source: "The `vwma` of the typical price.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(VwapRoll(Vwma(Window::new(bars(p[0]))))),
};

#[derive(Clone, Debug)]
struct VwapRoll(Vwma);

impl Step<4, 1> for VwapRoll {
    #[inline]
    fn step(&mut self, [high, low, close, volume]: [f64; 4]) -> [f64; 1] {
        self.0.step([typical(high, low, close), volume])
    }
}
