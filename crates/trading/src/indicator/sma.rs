//! Simple moving average: the mean of the last `n` values.

use super::{Definition, Input, Step, bars, float, kernel, window};

/// `sma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "sma",
    summary: "Simple moving average: the mean of the last `n` values.",
    source: "Arithmetic mean; equals TA-Lib `SMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Sma::new(bars(p[0]))),
};

/// The running mean of a ring of `n` values.
#[derive(Clone, Debug)]
pub(super) struct Sma {
    ring: Vec<f64>,
    next: usize,
    filled: bool,
    sum: f64,
}

impl Sma {
    pub(super) fn new(n: usize) -> Self {
        Self { ring: vec![0.0; n], next: 0, filled: false, sum: 0.0 }
    }
}

impl Step<1, 1> for Sma {
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let slot = &mut self.ring[self.next];
        self.sum += x - *slot;
        *slot = x;
        self.next += 1;
        if self.next == self.ring.len() {
            // Summed anew once per window, so rounding errors never pile up.
            (self.next, self.filled) = (0, true);
            self.sum = self.ring.iter().sum();
        }
        [if self.filled { self.sum / float(self.ring.len()) } else { f64::NAN }]
    }
}
