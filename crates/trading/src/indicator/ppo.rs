//! Percentage price oscillator: a fast average against a slow one, in percent.

use super::ema::Ema;
use super::{Definition, Input, Step, bars, kernel, ratio, rising, window};

/// `ppo(x, fast, slow)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "ppo",
    summary: "Percentage price oscillator: EMA(fast) less EMA(slow), in percent of EMA(slow).",
    source: "TA-Lib `PPO` with exponential averages.",
    inputs: &[Input::Argument("x")],
    params: &[window("fast", Some(12.0), 1.0), window("slow", Some(26.0), 1.0)],
    outputs: &["value"],
    check: |p| rising(p, "`fast` must be smaller than `slow`"),
    warmup: |p| bars(p[1]) - 1,
    build: |p| kernel(Ppo { fast: Ema::new(bars(p[0])), slow: Ema::new(bars(p[1])) }),
};

#[derive(Clone, Debug)]
struct Ppo {
    fast: Ema,
    slow: Ema,
}

impl Step<1, 1> for Ppo {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 1] {
        let ([fast], [slow]) = (self.fast.step(input), self.slow.step(input));
        [100.0 * ratio(fast - slow, slow)]
    }
}
