//! Volume weighted average price since the first bar.

use super::window::Total;
use super::{Column, Definition, Input, Step, kernel, ratio, typical, unrelated};

/// `vwap()`.
pub(super) const DEFINITION: Definition = Definition {
    name: "vwap",
    summary: "Volume weighted average of the typical price since the first bar; 0 before the first volume.",
    source: "TA-Lib `VWAP`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[],
    outputs: &["value"],
    check: unrelated,
    warmup: |_| 0,
    build: |_| kernel(Vwap::default()),
};

#[derive(Clone, Debug, Default)]
struct Vwap {
    money: Total,
    volume: Total,
}

impl Step<4, 1> for Vwap {
    #[inline]
    fn step(&mut self, [high, low, close, volume]: [f64; 4]) -> [f64; 1] {
        let money = self.money.add(typical(high, low, close) * volume);
        [ratio(money, self.volume.add(volume))]
    }
}
