//! Money flow index: the relative strength index of price times volume.

use super::window::{Sums, Window};
use super::{
    Column, Definition, Input, Step, bars, kernel, ratio, same, typical, unrelated, window,
};

/// `mfi(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "mfi",
    summary: "Money flow index, 0 to 100: the share of money that changed hands at a rising typical price; a change within rounding error is none; 0 where no money flowed.",
    source: "Quong and Soudack 1989; TA-Lib 0.8 `MFI`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
        Input::Column(Column::Volume),
    ],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Mfi { previous: f64::NAN, flows: Window::new(bars(p[0])) }),
};

#[derive(Clone, Debug)]
struct Mfi {
    previous: f64,
    flows: Window<Sums<2>>,
}

impl Step<4, 1> for Mfi {
    #[inline]
    fn step(&mut self, [high, low, close, volume]: [f64; 4]) -> [f64; 1] {
        let price = typical(high, low, close);
        let previous = std::mem::replace(&mut self.previous, price);
        if previous.is_nan() {
            return [f64::NAN];
        }
        let money = price * volume;
        let flow = if same(price, previous) {
            [0.0, 0.0]
        } else if price > previous {
            [money, 0.0]
        } else {
            [0.0, money]
        };
        [self
            .flows
            .push(Sums(flow))
            .map_or(f64::NAN, |Sums([up, down])| 100.0 * ratio(up, up + down))]
    }
}
