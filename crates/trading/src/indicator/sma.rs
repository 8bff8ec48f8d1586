//! Simple moving average: the mean of the last `n` values.

use super::window::{Sums, Window};
use super::{Definition, Input, Kernel, Step, bars, float, unrelated, window};

/// Prices are whole numbers of these.
const STEPS_PER_UNIT: f64 = 1e9;

/// `sma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "sma",
    summary: "Simple moving average: the mean of the last `n` values.",
    source: "Arithmetic mean; equals TA-Lib `SMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    warmup: |p| bars(p[0]) - 1,
    build: |p| Box::new(Sma::new(bars(p[0]))),
    check: unrelated,
};

/// Adding it to a double below 2^51 in size rounds the double to a whole number.
const ROUNDER: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// The size below which a double is rounded so.
const STEPS_MAX: f64 = 2_251_799_813_685_248.0; // 2^51

/// The size up to which sums of whole numbers are exact.
const SUM_MAX: f64 = 9_007_199_254_740_992.0; // 2^53

/// Fewer values are not worth a loop of their own.
const RUN_BARS_MIN: usize = 16;

/// A double in steps of the scale is off a whole number by two roundings at most if it is a decimal.
const DECIMAL: f64 = 2.0 * f64::EPSILON;

/// The mean of a window.
///
/// Prices are decimals of nine places. As long as all values are (to the precision of a double),
/// they are summed as whole numbers, exactly, and divided once: two averages of different windows
/// are equal as doubles where they are equal as decimals, so that a crossing does not depend on the
/// order in which prices were added. From the first other value on, the window adds doubles.
#[derive(Clone, Debug)]
pub(super) struct Sma {
    n: usize,
    /// The last values in steps of 10^-9, oldest at `next` once there are `n`.
    steps: Vec<f64>,
    next: usize,
    sum: f64,
    /// Steps in a sum of `n` ones.
    divisor: f64,
    /// Room for the last values and those of a run.
    run: Vec<f64>,
    /// Set once a value was no decimal.
    doubles: Option<Window<Sums<1>>>,
}

impl Sma {
    pub(super) fn new(n: usize) -> Self {
        let divisor = float(n) * STEPS_PER_UNIT;
        Self { n, steps: Vec::new(), next: 0, sum: 0.0, divisor, run: Vec::new(), doubles: None }
    }

    /// Takes a number of steps and answers the mean; `None` if the sum would not be exact.
    #[inline]
    fn push(&mut self, steps: f64) -> Option<f64> {
        if self.steps.len() < self.n {
            return self.push_first(steps);
        }
        let slot = &mut self.steps[self.next];
        let sum = self.sum + (steps - *slot);
        if sum.abs() >= SUM_MAX {
            return None;
        }
        (*slot, self.sum) = (steps, sum);
        self.next += 1;
        if self.next == self.n {
            self.next = 0;
        }
        Some(sum / self.divisor)
    }

    #[cold]
    fn push_first(&mut self, steps: f64) -> Option<f64> {
        let sum = self.sum + steps;
        if sum.abs() >= SUM_MAX {
            return None;
        }
        self.steps.push(steps);
        self.sum = sum;
        Some(if self.steps.len() == self.n { sum / self.divisor } else { f64::NAN })
    }

    /// As `step` for every value, in loops without a choice; does nothing and says so where `step`
    /// would have to choose.
    fn run_exact(&mut self, x: &[f64], out: &mut [f64]) -> bool {
        if x.len() < self.n.max(RUN_BARS_MIN) || self.doubles.is_some() {
            return false;
        }
        let Self { n, steps, next, sum, divisor, run, .. } = self;
        steps.rotate_left(std::mem::take(next));
        run.clear();
        run.resize(*n - steps.len(), 0.0);
        run.extend_from_slice(steps);
        run.extend(x.iter().map(|x| to_steps(*x).0));
        let all_decimal = x.iter().fold(true, |all, x| all & to_steps(*x).1);
        let changes = run[*n..].iter().zip(&*run).map(|(new, old)| new - old);
        out.iter_mut().zip(changes).for_each(|(out, change)| *out = change);
        let total = running(*sum, out);
        let largest = out.iter().fold(0.0_f64, |a, b| if b.abs() > a { b.abs() } else { a });
        if !all_decimal || largest >= SUM_MAX {
            return false;
        }
        out.iter_mut().for_each(|out| *out /= *divisor);
        out[..(*n - 1).saturating_sub(steps.len())].fill(f64::NAN);
        steps.clear();
        steps.extend_from_slice(&run[x.len()..]);
        *sum = total;
        true
    }

    /// Takes a value that is no decimal, or comes after one.
    fn push_double(&mut self, x: f64) -> f64 {
        let Self { n, steps, next, doubles, .. } = self;
        let window = doubles.get_or_insert_with(|| {
            let mut window = Window::new(*n);
            steps.rotate_left(*next);
            let oldest = (steps.len() + 1).saturating_sub(*n);
            for steps in &steps[oldest..] {
                window.push(Sums([steps / STEPS_PER_UNIT]));
            }
            *steps = Vec::new();
            window
        });
        window.push(Sums([x])).map_or(f64::NAN, |sums| sums.0[0] / float(*n))
    }
}

impl Step<1, 1> for Sma {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let (steps, is_decimal) = to_steps(x);
        if is_decimal
            && self.doubles.is_none()
            && let Some(mean) = self.push(steps)
        {
            return [mean];
        }
        [self.push_double(x)]
    }
}

/// Replaces changes by the sums up to each, beginning at `sum`, and answers the last. Four by four,
/// so that one addition does not wait for the one before; whole numbers may be added in any order.
fn running(mut sum: f64, changes: &mut [f64]) -> f64 {
    let (fours, rest) = changes.as_chunks_mut::<4>();
    for four in fours {
        let [a, b, c, d] = *four;
        let (ab, cd) = (a + b, c + d);
        *four = [sum + a, sum + ab, sum + (ab + c), sum + (ab + cd)];
        sum = four[3];
    }
    for change in rest {
        sum += *change;
        *change = sum;
    }
    sum
}

/// Starts over at a missing value, as every indicator does.
impl Kernel for Sma {
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let out = &mut *outputs[0];
        let x = &inputs[0][..out.len()];
        if self.run_exact(x, out) {
            return;
        }
        for (out, x) in out.iter_mut().zip(x) {
            if x.is_finite() {
                [*out] = self.step([*x]);
            } else {
                (*self, *out) = (Self::new(self.n), f64::NAN);
            }
        }
    }
}

/// A value in steps, and whether it is a decimal.
#[inline(always)]
fn to_steps(x: f64) -> (f64, bool) {
    let exact = x * STEPS_PER_UNIT;
    let steps = (exact + ROUNDER) - ROUNDER;
    (steps, (exact.abs() < STEPS_MAX) & ((exact - steps).abs() <= exact.abs() * DECIMAL))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::price::Price;

    fn means(n: usize, values: &[f64]) -> Vec<f64> {
        let mut sma = Sma::new(n);
        values.iter().map(|x| sma.step([*x])[0]).collect()
    }

    proptest! {
        #[test]
        fn averages_of_prices_compare_as_decimals(
            cents in prop::collection::vec(9_000_i64..9_100, 60), tick in 1_i64..20_000_000,
        ) {
            let raw: Vec<i64> = cents.iter().map(|cents| cents * tick).collect();
            let closes: Vec<f64> = raw.iter().map(|raw| Price::from_raw(*raw).to_f64()).collect();
            let (fast, slow) = (means(10, &closes), means(30, &closes));
            for t in 29..60 {
                let sum = |n: usize| raw[t + 1 - n..=t].iter().sum::<i64>();
                prop_assert_eq!(
                    fast[t].partial_cmp(&slow[t]),
                    Some((sum(10) * 3).cmp(&sum(30))),
                );
            }
        }

        #[test]
        fn what_is_no_decimal_is_averaged_all_the_same(
            cents in prop::collection::vec(1_i64..1_000_000, 1..40), at in 0_usize..40, n in 1_usize..9,
        ) {
            let mut values: Vec<f64> = cents.iter().map(|c| Price::from_raw(c * 10_000_000).to_f64()).collect();
            if let Some(value) = values.get_mut(at) {
                *value = 1.0 / 3e8;
            }
            for (t, mean) in means(n, &values).into_iter().enumerate() {
                let Some(from) = (t + 1).checked_sub(n) else {
                    prop_assert!(mean.is_nan());
                    continue;
                };
                let plain = values[from..=t].iter().sum::<f64>() / float(n);
                prop_assert!((mean - plain).abs() <= 1e-13 * plain, "{mean} {plain}");
            }
        }
    }

    #[test]
    fn pieces_of_any_size_have_the_bits_of_single_steps() {
        let mut values: Vec<f64> = (0..3000).map(|t| f64::from(t * t % 977) / 100.0).collect();
        (values[700], values[1900]) = (f64::NAN, 1e15);
        for (n, piece) in [(1, 64), (10, 64), (30, 500), (200, 37), (100, 3000)] {
            let mut kernel = Sma::new(n);
            let mut single = Sma::new(n);
            let mut found = vec![0.0; values.len()];
            for (x, out) in values.chunks(piece).zip(found.chunks_mut(piece)) {
                kernel.run(&[x], &mut [out]);
            }
            for (t, (x, found)) in values.iter().zip(found).enumerate() {
                let mut out = [0.0];
                single.run(&[&[*x]], &mut [&mut out]);
                assert_eq!(out[0].to_bits(), found.to_bits(), "{n} {piece} {t}");
            }
        }
    }

    #[test]
    fn a_sum_too_large_to_be_exact_is_a_sum_of_doubles() {
        let values = [2_000_000.25; 12];
        assert_eq!(means(8, &values)[11].to_bits(), 2_000_000.25_f64.to_bits());
    }
}
