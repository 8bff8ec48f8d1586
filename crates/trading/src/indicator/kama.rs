//! Adaptive moving average: fast when the series goes somewhere, slow when it only wobbles.

use super::window::{Lag, Sums, Window};
use super::{Definition, Input, Step, bars, kernel, rising, window};

/// `kama(x, n, fast, slow)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "kama",
    summary: "Kaufman adaptive moving average: its weight lies between those of an EMA of `fast` and of `slow` bars, by the ratio of net to total movement over `n` bars; started with the value before the first.",
    source: "Kaufman 1995; TA-Lib `KAMA` (fast 2, slow 30).",
    inputs: &[Input::Argument("x")],
    params: &[
        window("n", Some(10.0), 1.0),
        window("fast", Some(2.0), 1.0),
        window("slow", Some(30.0), 1.0),
    ],
    outputs: &["value"],
    check: |p| rising(&p[1..], "`fast` must be smaller than `slow`"),
    warmup: |p| bars(p[0]),
    build: |p| kernel(Kama::new(bars(p[0]), p[1], p[2])),
};

#[derive(Clone, Debug)]
struct Kama {
    slow: f64,
    span: f64,
    past: Lag,
    moves: Window<Sums<1>>,
    previous: f64,
    average: f64,
}

impl Kama {
    fn new(n: usize, fast: f64, slow: f64) -> Self {
        let (fast, slow) = (2.0 / (fast + 1.0), 2.0 / (slow + 1.0));
        Self {
            slow,
            span: fast - slow,
            past: Lag::new(n),
            moves: Window::new(n),
            previous: f64::NAN,
            average: f64::NAN,
        }
    }
}

impl Step<1, 1> for Kama {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let previous = std::mem::replace(&mut self.previous, x);
        let past = self.past.push(x);
        if previous.is_nan() {
            return [f64::NAN];
        }
        let (Some(past), Some(Sums([total]))) =
            (past, self.moves.push(Sums([(x - previous).abs()])))
        else {
            return [f64::NAN];
        };
        if self.average.is_nan() {
            self.average = previous;
        }
        let net = (x - past).abs();
        let efficiency = if total > net { net / total } else { 1.0 };
        let weight = efficiency * self.span + self.slow;
        self.average += (x - self.average) * (weight * weight);
        [self.average]
    }
}
