//! Chaikin money flow: the balance of volume over a window.

use super::ad::money_flow;
use super::window::{Sums, Window};
use super::{Column, Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `cmf(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "cmf",
    summary: "Chaikin money flow, -1 to 1: volume by where the close lies in the bar, as a share of the volume of `n` bars; 0 without volume.",
    source: "Chaikin; TA-Lib `CMF`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[window("n", Some(20.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Cmf(Window::new(bars(p[0])))),
};

#[derive(Clone, Debug)]
struct Cmf(Window<Sums<2>>);

impl Step<4, 1> for Cmf {
    #[inline]
    fn step(&mut self, bar: [f64; 4]) -> [f64; 1] {
        let sums = self.0.push(Sums([money_flow(bar), bar[3]]));
        [sums.map_or(f64::NAN, |Sums([flow, volume])| ratio(flow, volume))]
    }
}
