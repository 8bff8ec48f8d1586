//! Volume weighted moving average.

use super::window::{Sums, Window};
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `vwma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "vwma",
    summary: "Volume weighted moving average of the last `n` values; missing while no volume traded.",
    source: "TA-Lib `VWMA`.",
    inputs: &[Input::Argument("x"), Input::Column(Column::Volume)],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Vwma(Window::new(bars(p[0])))),
};

/// Values times volumes, and volumes, of a window.
#[derive(Clone, Debug)]
pub(super) struct Vwma(pub(super) Window<Sums<2>>);

impl Step<2, 1> for Vwma {
    #[inline]
    fn step(&mut self, [x, volume]: [f64; 2]) -> [f64; 1] {
        match self.0.push(Sums([x * volume, volume])) {
            Some(Sums([value, volume])) if volume > 0.0 => [value / volume],
            _ => [f64::NAN],
        }
    }
}
