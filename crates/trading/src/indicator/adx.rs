//! Average directional index: how strong the trend is, whichever way.

use super::dx::{Movement, directional_index};
use super::ema::Ema;
use super::{Column, Definition, Input, Step, bars, kernel, unrelated, window};

/// `adx(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "adx",
    summary: "Average directional index, 0 to 100: the average of Wilder over `dx`, started with the mean of its first `n` values.",
    source: "Wilder 1978; TA-Lib `ADX`, which sums n - 1 values at the start.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| 2 * bars(p[0]) - 1,
    build: |p| kernel(Adx::new(bars(p[0]))),
};

/// The average of Wilder over the directional movement index.
#[derive(Clone, Debug)]
pub(super) struct Adx {
    movement: Movement,
    average: Ema,
    last: f64,
}

impl Adx {
    pub(super) fn new(n: usize) -> Self {
        Self { movement: Movement::new(n), average: Ema::wilder(n), last: f64::NAN }
    }
}

impl Step<3, 1> for Adx {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 1] {
        match directional_index(self.movement.step(bar)) {
            Some(index) if index.is_nan() => {}
            Some(index) => [self.last] = self.average.step([index]),
            // Bars without movement count as 0 at the start and are left out later.
            None if self.average.is_starting() => [self.last] = self.average.step([0.0]),
            None => {}
        }
        [self.last]
    }
}
