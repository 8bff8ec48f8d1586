//! MACD without the alignment of TA-Lib.

use super::ema::Ema;
use super::{Definition, Input, Late, Step, bars, feed, kernel, rising, window};

/// `macd_plain(x, fast, slow, signal)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "macd_plain",
    summary: "Moving average convergence/divergence: EMA(fast) less EMA(slow), each started as early as it can be; the EMA of that over `signal` bars; and their difference.",
    source: "Appel 1979.",
    inputs: &[Input::Argument("x")],
    params: &[
        window("fast", Some(12.0), 1.0),
        window("slow", Some(26.0), 1.0),
        window("signal", Some(9.0), 1.0),
    ],
    outputs: &["macd", "signal", "hist"],
    check: |p| rising(&p[..2], "`fast` must be smaller than `slow`"),
    warmup: |p| bars(p[1]) + bars(p[2]) - 2,
    build: |p| kernel(Convergence::new(bars(p[0]), bars(p[1]), bars(p[2]), 0)),
};

/// Two averages, their difference, and its average.
#[derive(Clone, Debug)]
pub(super) struct Convergence {
    fast: Late<Ema>,
    slow: Ema,
    signal: Ema,
}

impl Convergence {
    /// `delay`: how many bars the fast average is kept waiting.
    pub(super) fn new(fast: usize, slow: usize, signal: usize, delay: usize) -> Self {
        Self {
            fast: Late::new(Ema::new(fast), delay),
            slow: Ema::new(slow),
            signal: Ema::new(signal),
        }
    }
}

impl Step<1, 3> for Convergence {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 3] {
        let ([fast], [slow]) = (self.fast.step(input), self.slow.step(input));
        let macd = fast - slow;
        let signal = feed(&mut self.signal, macd);
        [macd, signal, macd - signal]
    }
}
