//! Ultimate oscillator: buying pressure over three windows.

use super::trange::true_range;
use super::window::{Sums, Window};
use super::{Column, Definition, Input, Step, bars, kernel, ratio, rising, window};

/// `ultosc(short, medium, long)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "ultosc",
    summary: "Ultimate oscillator, 0 to 100: close less true low, as a share of the true range, over three windows weighed 4, 2 and 1.",
    source: "Williams 1985; TA-Lib `ULTOSC`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[
        window("short", Some(7.0), 1.0),
        window("medium", Some(14.0), 1.0),
        window("long", Some(28.0), 1.0),
    ],
    outputs: &["value"],
    check: |p| rising(p, "`short`, `medium` and `long` must rise"),
    warmup: |p| bars(p[2]),
    build: |p| {
        kernel(Ultosc { previous: f64::NAN, windows: [0, 1, 2].map(|k| Window::new(bars(p[k]))) })
    },
};

#[derive(Clone, Debug)]
struct Ultosc {
    previous: f64,
    windows: [Window<Sums<2>>; 3],
}

impl Step<3, 1> for Ultosc {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        let previous = std::mem::replace(&mut self.previous, close);
        if previous.is_nan() {
            return [f64::NAN];
        }
        let pressure = close - low.min(previous);
        let range = true_range(high, low, previous);
        let shares = self.windows.each_mut().map(|window| {
            let sums = window.push(Sums([pressure, range]));
            sums.map_or(f64::NAN, |Sums([pressure, range])| ratio(pressure, range))
        });
        [100.0 * (4.0 * shares[0] + 2.0 * shares[1] + shares[2]) / 7.0]
    }
}
