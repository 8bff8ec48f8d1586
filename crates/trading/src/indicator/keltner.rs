//! Keltner channel around the typical price.

use super::atr::Atr;
use super::ema::Ema;
use super::{
    Column, Definition, FACTOR_MAX, Input, Late, Step, bars, kernel, number, typical, unrelated,
    window,
};

/// `keltner(n, atr, factor)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "keltner",
    summary: "Keltner channel: EMA of the typical price over `n` bars, `factor` average true ranges of `atr` bars above and below. Both averages start at the same bar; see `keltner_close` for the other usage.",
    source: "Keltner 1960, Raschke; TA-Lib 0.8 `KC`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[
        window("n", Some(20.0), 1.0),
        window("atr", Some(10.0), 1.0),
        number("factor", 2.0, FACTOR_MAX),
    ],
    outputs: &["upper", "middle", "lower"],
    check: unrelated,
    warmup: |p| (bars(p[0]) - 1).max(bars(p[1])),
    build: |p| kernel(Keltner::new(bars(p[0]), bars(p[1]), p[2])),
};

#[derive(Clone, Debug)]
struct Keltner {
    middle: Late<Ema>,
    range: Late<Atr>,
    factor: f64,
}

impl Keltner {
    fn new(n: usize, atr: usize, factor: f64) -> Self {
        let first = (n - 1).max(atr);
        Self {
            middle: Late::new(Ema::new(n), first - (n - 1)),
            range: Late::new(Atr::new(atr), first - atr),
            factor,
        }
    }
}

impl Step<3, 3> for Keltner {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 3] {
        let [middle] = self.middle.step([typical(high, low, close)]);
        let [range] = self.range.step([high, low, close]);
        let half = range * self.factor;
        [middle + half, middle, middle - half]
    }
}
