//! Balance of power: the body of the bar as a share of its range.

use super::{Column, Definition, Input, Step, kernel, unrelated};

/// `bop()`.
pub(super) const DEFINITION: Definition = Definition {
    name: "bop",
    summary: "Balance of power, -1 to 1: close less open, as a share of high less low; 0 where there is no range.",
    source: "Livshin 2001; TA-Lib `BOP`.",
    inputs: &[
        Input::Column(Column::Open),
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[],
    outputs: &["value"],
    check: unrelated,
    warmup: |_| 0,
    build: |_| kernel(Bop),
};

#[derive(Clone, Debug)]
struct Bop;

impl Step<4, 1> for Bop {
    #[inline]
    fn step(&mut self, [open, high, low, close]: [f64; 4]) -> [f64; 1] {
        let range = high - low;
        [if range > 0.0 { (close - open) / range } else { 0.0 }]
    }
}
