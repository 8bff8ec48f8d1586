//! Sums of numbers and of their squares in one pass, as exact as two passes would be.
//!
//! Every square is kept with its rounding error, every sum as two doubles (twice the precision), so
//! that taking the square of the mean from the mean of the squares loses nothing that matters: with
//! a mean of 1 % and a deviation of a millionth of that, twelve digits remain.
//!
//! A number goes into one of four lanes by its place. Four neighbors are added at once, and zeros,
//! which change no sum, need not be added at all: most returns of most strategies are zero.
//! Sources: Dekker, "A floating-point technique for extending the available precision" (1971), for
//! the product; Ogita, Rump and Oishi (2005) for the sum.

use super::{float, moments::Spread};

/// The bits of a double without the lower half of its digits.
const UPPER: u64 = !0 << 27;

/// How many numbers are added at once.
pub(crate) const LANES: usize = 4;

/// Sums of numbers and of their squares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Powers {
    sum: [f64; LANES],
    error: [f64; LANES],
    square: [f64; LANES],
    square_error: [f64; LANES],
    min: [f64; LANES],
    max: [f64; LANES],
}

impl Default for Powers {
    fn default() -> Self {
        let zero = [0.0; LANES];
        let (min, max) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        Self { sum: zero, error: zero, square: zero, square_error: zero, min, max }
    }
}

impl Powers {
    /// Adds number `place`.
    #[inline]
    pub(crate) fn add(&mut self, place: usize, x: f64) {
        let lane = place % LANES;
        add(&mut self.sum[lane], &mut self.error[lane], x);
        add_square(&mut self.square[lane], &mut self.square_error[lane], x);
        self.min[lane] = if x < self.min[lane] { x } else { self.min[lane] };
        self.max[lane] = if x > self.max[lane] { x } else { self.max[lane] };
    }

    /// Adds numbers from a place on that is a multiple of the number of lanes.
    #[inline]
    pub(crate) fn add_fours(&mut self, fours: &[[f64; LANES]]) {
        // The sums in a loop of their own: more of them than there are registers take twice as long.
        let Self { mut sum, mut error, mut square, mut square_error, .. } = *self;
        for four in fours {
            for lane in 0..LANES {
                let x = four[lane];
                add(&mut sum[lane], &mut error[lane], x);
                add_square(&mut square[lane], &mut square_error[lane], x);
            }
        }
        (self.sum, self.error, self.square, self.square_error) = (sum, error, square, square_error);
        let (mut min, mut max) = (self.min, self.max);
        for four in fours {
            for lane in 0..LANES {
                min[lane] = if four[lane] < min[lane] { four[lane] } else { min[lane] };
                max[lane] = if four[lane] > max[lane] { four[lane] } else { max[lane] };
            }
        }
        (self.min, self.max) = (min, max);
    }

    /// Counts zeros, which are in no sum.
    pub(crate) fn add_zeros(&mut self) {
        (self.min[0], self.max[0]) = (self.min[0].min(0.0), self.max[0].max(0.0));
    }

    /// Mean and variance of `count` numbers.
    pub(super) fn spread(&self, count: usize) -> Spread {
        if count == 0 {
            return Spread::default();
        }
        let n = float(count);
        let (sum, square) = (join(self.sum, self.error), join(self.square, self.square_error));
        let of_mean = mean_square(sum, n);
        let second = ((square.0 - of_mean.0) + (square.1 - of_mean.1)) / n;
        let min = self.min.into_iter().fold(f64::INFINITY, f64::min);
        let max = self.max.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Spread::new(count, (sum.0 + sum.1) / n, second.max(0.0), min, max)
    }
}

/// The square of a sum over `n`, in two doubles.
fn mean_square((high, low): (f64, f64), n: f64) -> (f64, f64) {
    let (square, rest) = product(high, high);
    let quotient = square / n;
    let (back, back_rest) = product(quotient, n);
    (quotient, ((square - back) - back_rest + (rest + 2.0 * high * low)) / n)
}

/// The sum of all lanes in two doubles, the second small beside the first.
fn join(sums: [f64; LANES], errors: [f64; LANES]) -> (f64, f64) {
    let (mut sum, mut error) = (0.0, 0.0);
    sums.into_iter().for_each(|x| add(&mut sum, &mut error, x));
    error += errors.into_iter().sum::<f64>();
    let high = sum + error;
    (high, (sum - high) + error)
}

/// Adds `x` to a sum and what rounding takes away to its error (Knuth's TwoSum).
#[inline(always)]
fn add(sum: &mut f64, error: &mut f64, x: f64) {
    let before = *sum;
    *sum = before + x;
    let part = *sum - before;
    *error += (before - (*sum - part)) + (x - part);
}

/// Adds the square of `x`. That of its upper digits is exact, what it lacks is small beside it.
#[inline(always)]
fn add_square(sum: &mut f64, error: &mut f64, x: f64) {
    let upper = f64::from_bits(x.to_bits() & UPPER);
    add(sum, error, upper * upper);
    *error += (x - upper) * (x + upper);
}

/// A product and its rounding error.
fn product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
    let rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    (product, rest)
}

/// The upper and the lower half of a double's digits.
fn split(x: f64) -> (f64, f64) {
    let shifted = 134_217_729.0 * x; // 2^27 + 1
    let high = shifted - (shifted - x);
    (high, x - high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::moments::Sum;

    /// Against two passes, the mean first.
    #[track_caller]
    fn check(values: &[f64], tolerance: f64) {
        let n = float(values.len());
        let mean = Sum::of(values.iter().copied()) / n;
        let second = Sum::of(values.iter().map(|x| (x - mean) * (x - mean))) / n;
        let found = Spread::of(values.iter().copied());
        assert!((found.mean - mean).abs() <= 1e-15 * mean.abs(), "{} {mean}", found.mean);
        let off = (found.variance() / second - 1.0).abs();
        assert!(off <= tolerance, "{} {second}: {off}", found.variance());
    }

    #[test]
    fn one_pass_is_as_exact_as_two() {
        let wave = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        let values = |mean: f64, spread: f64| -> Vec<f64> {
            (0..10_001).map(|n| mean + spread * (wave(n) - 0.5)).collect()
        };
        check(&values(0.0, 0.01), 1e-14);
        check(&values(1e-4, 0.01), 1e-14);
        check(&values(0.01, 1e-6), 1e-12);
        check(&values(0.01, 1e-10), 1e-6); // what the digits of the values themselves allow
        check(&[&[0.5], &values(1e-5, 1e-6)[..]].concat(), 1e-14);
    }

    #[test]
    fn four_at_once_and_zeros_left_out_change_nothing() {
        let values: Vec<f64> = (0..64).map(|n| f64::from(n % 7) * 0.013 - 0.02).collect();
        let mut each = Powers::default();
        let mut four = Powers::default();
        for (place, x) in values.iter().enumerate() {
            each.add(place, *x);
        }
        (64..99).for_each(|place| each.add(place, 0.0));
        four.add_fours(values.as_chunks::<LANES>().0);
        four.add_zeros();
        let bits = |powers: &Powers| {
            let spread = powers.spread(99);
            [spread.mean, spread.variance(), spread.min, spread.max].map(f64::to_bits)
        };
        assert_eq!(bits(&each), bits(&four));
    }
}
