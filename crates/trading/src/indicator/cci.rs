//! Commodity channel index: the distance of the typical price from its mean.

use super::{
    Column, Definition, Input, Param, ROUNDING, Step, bars, float, kernel, typical, unrelated,
    window,
};

/// `cci(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "cci",
    summary: "Commodity channel index: typical price less its mean, in 0.015 mean absolute deviations; 0 where nothing moves.",
    source: "Lambert 1980; TA-Lib `CCI`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[Param { max: BARS_MAX, ..window("n", Some(20.0), 2.0) }],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Cci { n: bars(p[0]), ring: Vec::new(), next: 0 }),
};

/// The largest window, in bars: the work per bar grows with it.
const BARS_MAX: f64 = 10_000.0;

#[derive(Clone, Debug)]
struct Cci {
    n: usize,
    ring: Vec<f64>,
    next: usize,
}

impl Cci {
    /// Takes the next value and answers whether there have been `n`.
    fn push(&mut self, x: f64) -> bool {
        if self.ring.len() < self.n {
            self.ring.push(x);
            return self.ring.len() == self.n;
        }
        self.ring[self.next] = x;
        self.next = if self.next + 1 == self.n { 0 } else { self.next + 1 };
        true
    }

    /// How far `x` is from the mean of the ring, in mean absolute deviations.
    fn deviations(&self, x: f64) -> f64 {
        let n = float(self.n);
        // Summed as distances from x, so that a flat ring has no deviation at all.
        let offset = self.ring.iter().map(|value| value - x).sum::<f64>() / n;
        let deviation = self.ring.iter().map(|value| (value - x - offset).abs()).sum::<f64>() / n;
        let rounding = ROUNDING * (x + offset).abs();
        if offset.abs() <= rounding || deviation <= rounding { 0.0 } else { -offset / deviation }
    }
}

impl Step<3, 1> for Cci {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        let price = typical(high, low, close);
        [if self.push(price) { self.deviations(price) / 0.015 } else { f64::NAN }]
    }
}
