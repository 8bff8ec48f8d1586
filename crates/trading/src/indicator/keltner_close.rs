//! Keltner channel around the close.

use super::atr::Atr;
use super::ema::Ema;
use super::{Column, Definition, FACTOR_MAX, Input, Step, bars, kernel, number, unrelated, window};

/// `keltner_close(n, atr, factor)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "keltner_close",
    summary: "Keltner channel: EMA of the close over `n` bars, `factor` average true ranges of `atr` bars above and below, each average started as early as it can be.",
    source: "Keltner 1960, Raschke.",
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
    build: |p| {
        kernel(KeltnerClose {
            middle: Ema::new(bars(p[0])),
            range: Atr::new(bars(p[1])),
            factor: p[2],
        })
    },
};

#[derive(Clone, Debug)]
struct KeltnerClose {
    middle: Ema,
    range: Atr,
    factor: f64,
}

impl Step<3, 3> for KeltnerClose {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 3] {
        let ([middle], [range]) = (self.middle.step([bar[2]]), self.range.step(bar));
        let half = range * self.factor;
        [middle + half, middle, middle - half]
    }
}
