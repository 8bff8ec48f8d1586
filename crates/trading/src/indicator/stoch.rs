//! Stochastic oscillator: where the close lies in the range of the window.

use super::donchian::Range;
use super::sma::Sma;
use super::window::Window;
use super::{Column, Definition, Input, Step, bars, feed, kernel, unrelated, window};

/// `stoch(n, smooth, signal)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "stoch",
    summary: "Slow stochastic, 0 to 100: where the close lies between lowest low and highest high of `n` bars, smoothed over `smooth` bars (k) and again over `signal` bars (d); both start with d; 0 where there is no range.",
    source: "Lane; TA-Lib `STOCH`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[
        window("n", Some(14.0), 1.0),
        window("smooth", Some(3.0), 1.0),
        window("signal", Some(3.0), 1.0),
    ],
    outputs: &["k", "d"],
    check: unrelated,
    warmup: |p| bars(p[0]) + bars(p[1]) + bars(p[2]) - 3,
    build: |p| kernel(Stoch::new(bars(p[0]), bars(p[1]), bars(p[2]))),
};

/// Where the close lies in the range of a window, smoothed twice.
#[derive(Clone, Debug)]
pub(super) struct Stoch {
    window: Window<Range>,
    smooth: Sma,
    signal: Sma,
}

impl Stoch {
    pub(super) fn new(n: usize, smooth: usize, signal: usize) -> Self {
        Self { window: Window::new(n), smooth: Sma::new(smooth), signal: Sma::new(signal) }
    }
}

impl Step<3, 2> for Stoch {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 2] {
        let range = self.window.push(Range { high, low });
        let place = range.map_or(f64::NAN, |range| 100.0 * range.share(close - range.low));
        let k = feed(&mut self.smooth, place);
        let d = feed(&mut self.signal, k);
        [if d.is_nan() { d } else { k }, d]
    }
}
