//! MACD as TA-Lib has it.

use super::macd_plain::Convergence;
use super::{Definition, Input, Step, bars, kernel, rising, window};

/// `macd(x, fast, slow, signal)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "macd",
    summary: "Moving average convergence/divergence: EMA(fast) less EMA(slow), the EMA of that over `signal` bars, and their difference. Both averages start at the same bar, and all three outputs too; see `macd_plain` for the other usage.",
    source: "Appel 1979; TA-Lib `MACD`.",
    inputs: &[Input::Argument("x")],
    params: &[
        window("fast", Some(12.0), 1.0),
        window("slow", Some(26.0), 1.0),
        window("signal", Some(9.0), 1.0),
    ],
    outputs: &["macd", "signal", "hist"],
    check: |p| rising(&p[..2], "`fast` must be smaller than `slow`"),
    warmup: |p| bars(p[1]) + bars(p[2]) - 2,
    build: |p| kernel(Macd::new(bars(p[0]), bars(p[1]), bars(p[2]))),
};

#[derive(Clone, Debug)]
struct Macd(Convergence);

impl Macd {
    fn new(fast: usize, slow: usize, signal: usize) -> Self {
        Self(Convergence::new(fast, slow, signal, slow - fast))
    }
}

impl Step<1, 3> for Macd {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 3] {
        let [macd, signal, hist] = self.0.step(input);
        [if signal.is_nan() { signal } else { macd }, signal, hist]
    }
}
