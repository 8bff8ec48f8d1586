//! Directional movement index: how one-sided the movement is.

use super::trange::true_range;
use super::{Column, Definition, Input, Step, bars, float, kernel, ratio, unrelated, window};

/// `dx(n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "dx",
    summary: "Directional movement index, 0 to 100: the difference of plus_di and minus_di as a share of their sum; where nothing moves it stays.",
    source: "Wilder 1978; TA-Lib `DX`.",
    inputs: &[
        Input::Column(Column::High),
        Input::Column(Column::Low),
        Input::Column(Column::Close),
    ],
    params: &[window("n", Some(14.0), 2.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]),
    build: |p| kernel(Dx { movement: Movement::new(bars(p[0])), last: 0.0 }),
};

/// Directional movement and true range, summed by the method of Wilder: the first n - 1 are
/// added up, then each sum loses an n-th of itself with each new bar.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    keep: f64,
    missing: usize,
    previous: [f64; 3],
    sums: [f64; 3],
}

impl Movement {
    pub(super) fn new(n: usize) -> Self {
        Self { keep: 1.0 - 1.0 / float(n), missing: n, previous: [f64::NAN; 3], sums: [0.0; 3] }
    }

    fn add(&mut self, [high, low, close]: [f64; 3], bar: [f64; 3]) {
        let (up, down) = (bar[0] - high, low - bar[1]);
        let plus = if up > down && up > 0.0 { up } else { 0.0 };
        let minus = if down > up && down > 0.0 { down } else { 0.0 };
        let keep = if self.missing > 0 { 1.0 } else { self.keep };
        let new = [plus, minus, true_range(bar[0], bar[1], close)];
        self.sums = std::array::from_fn(|k| self.sums[k] * keep + new[k]);
    }
}

/// Answers with the directional indicators plus_di and minus_di.
impl Step<3, 2> for Movement {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 2] {
        let previous = std::mem::replace(&mut self.previous, bar);
        if previous[0].is_nan() {
            return [f64::NAN; 2];
        }
        self.missing = self.missing.saturating_sub(1);
        self.add(previous, bar);
        if self.missing > 0 {
            return [f64::NAN; 2];
        }
        let [plus, minus, range] = self.sums;
        [100.0 * ratio(plus, range), 100.0 * ratio(minus, range)]
    }
}

/// The directional movement index of two indicators, unless nothing moves.
#[inline]
pub(super) fn directional_index([plus, minus]: [f64; 2]) -> Option<f64> {
    let sum = plus + minus;
    (sum != 0.0).then(|| 100.0 * ((plus - minus).abs() / sum))
}

#[derive(Clone, Debug)]
struct Dx {
    movement: Movement,
    last: f64,
}

impl Step<3, 1> for Dx {
    #[inline]
    fn step(&mut self, bar: [f64; 3]) -> [f64; 1] {
        if let Some(index) = directional_index(self.movement.step(bar)) {
            if index.is_nan() {
                return [index];
            }
            self.last = index;
        }
        [self.last]
    }
}
