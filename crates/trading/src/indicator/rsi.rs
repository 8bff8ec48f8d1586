//! Relative strength index: the share of gains in all movement.

use super::ema::Ema;
use super::{Definition, Input, Step, bars, kernel, ratio, unrelated, window};

/// `rsi(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "rsi",
    summary: "Relative strength index, 0 to 100, with the averages of Wilder; 0 while nothing has moved.",
    source: "Wilder 1978; TA-Lib `RSI`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", Some(14.0), 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Rsi(Swings::new(bars(p[0])))),
};

/// Average gain and average loss, by the averages of Wilder.
#[derive(Clone, Debug)]
pub(super) struct Swings {
    previous: f64,
    gain: Ema,
    loss: Ema,
}

impl Swings {
    pub(super) fn new(n: usize) -> Self {
        Self { previous: f64::NAN, gain: Ema::wilder(n), loss: Ema::wilder(n) }
    }
}

impl Step<1, 2> for Swings {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 2] {
        let previous = std::mem::replace(&mut self.previous, x);
        if previous.is_nan() {
            return [f64::NAN; 2];
        }
        let change = x - previous;
        let (gain, loss) = if change > 0.0 { (change, 0.0) } else { (0.0, -change) };
        let ([gain], [loss]) = (self.gain.step([gain]), self.loss.step([loss]));
        [gain, loss]
    }
}

/// `rsi(x, n)` of `swings`.
#[derive(Clone, Debug)]
pub(super) struct Rsi(pub(super) Swings);

impl Step<1, 1> for Rsi {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 1] {
        let [gain, loss] = self.0.step(input);
        [100.0 * ratio(gain, gain + loss)]
    }
}
