//! Compensated sums and central moments.
//!
//! Promises: a sum of n numbers is as good as one rounded from twice the precision (Ogita, Rump
//! and Oishi, "Accurate sum and dot product", 2005, algorithm Sum2), whatever n is.

use super::{finite, float, powers::Powers};

/// Returns whose spread is below this are all equal: each is a ratio near one less one, so its
/// last digits are rounding (2^-52), not risk. Without it, constant returns have a "Sharpe" of
/// 10^16.
pub(super) const NOISE: f64 = 64.0 * f64::EPSILON;

/// A running sum with its rounding error.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: f64,
    error: f64,
}

impl Sum {
    /// Adds one number; the error of the addition is exact (Knuth's TwoSum).
    pub(super) fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let part = sum - self.sum;
        self.error += (self.sum - (sum - part)) + (x - part);
        self.sum = sum;
    }

    /// What has been added so far.
    pub(super) fn total(self) -> f64 {
        self.sum + self.error
    }

    /// The sum of `values`.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> f64 {
        let mut sum = Self::default();
        values.for_each(|x| sum.add(x));
        sum.total()
    }
}

/// The mean of `values`; `None` of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (Sum::default(), 0_usize);
    values.for_each(|x| {
        sum.add(x);
        count += 1;
    });
    (count > 0).then(|| sum.total() / float(count))
}

/// The mean of those `values` that are marked; without a branch, as signs of returns are
/// unpredictable.
pub(super) fn mean_of_marked(values: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let (mut sum, mut count) = (Sum::default(), 0_usize);
    for (x, marked) in values {
        sum.add(if marked { x } else { 0.0 });
        count += usize::from(marked);
    }
    (count > 0).then(|| sum.total() / float(count))
}

/// Count, mean and variance of a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) mean: f64,
    second: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// One pass; see `Powers`.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut powers = Powers::default();
        let mut count = 0;
        for x in values {
            powers.add(count, x);
            count += 1;
        }
        powers.spread(count)
    }

    pub(super) fn new(count: usize, mean: f64, second: f64, min: f64, max: f64) -> Self {
        Self { count, mean, second, min, max }
    }

    /// Whether all values are the same but for rounding.
    pub(super) fn is_constant(&self) -> bool {
        self.max - self.min <= NOISE
    }

    /// The standard deviation with `ddof` taken off the count; zero when all values are equal.
    pub(super) fn deviation(&self, ddof: usize) -> Option<f64> {
        let divisor = self.count.checked_sub(ddof).filter(|divisor| *divisor > 0)?;
        Some((self.variance() * (float(self.count) / float(divisor))).sqrt())
    }

    /// The variance with the count as divisor; zero when all values are equal.
    pub(super) fn variance(&self) -> f64 {
        if self.is_constant() { 0.0 } else { self.second }
    }
}

/// Skewness and excess kurtosis of a sample; `None` without spread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    count: usize,
    /// m3 / m2^1.5.
    pub(super) skew_population: Option<f64>,
    /// m4 / m2^2 - 3.
    pub(super) kurtosis_population: Option<f64>,
}

impl Shape {
    /// One pass over the values that `spread` was taken of.
    pub(super) fn of(values: &[f64], spread: &Spread) -> Self {
        if spread.is_constant() {
            return Self::default();
        }
        let [mut cubes, mut fourths] = [Sum::default(); 2];
        for x in values {
            let distance = x - spread.mean;
            let square = distance * distance;
            cubes.add(square * distance);
            fourths.add(square * square);
        }
        let (count, second) = (float(spread.count), spread.variance());
        Self {
            count: spread.count,
            skew_population: finite(cubes.total() / count / second.powf(1.5)),
            kurtosis_population: finite(fourths.total() / count / (second * second) - 3.0),
        }
    }

    /// G1: the skewness of pandas, Excel and quantstats. Needs three values.
    pub(super) fn skew_adjusted(&self) -> Option<f64> {
        let (n, g1) = (float(self.count), self.skew_population?);
        (self.count >= 3).then(|| (n * (n - 1.0)).sqrt() / (n - 2.0) * g1)
    }

    /// G2: the excess kurtosis of pandas, Excel and quantstats. Needs four values.
    pub(super) fn kurtosis_adjusted(&self) -> Option<f64> {
        let (n, g2) = (float(self.count), self.kurtosis_population?);
        let scale = (n - 1.0) / ((n - 2.0) * (n - 3.0));
        (self.count >= 4).then_some(scale * ((n + 1.0) * g2 + 6.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_plain_addition_loses() {
        let values = [1.0, 1e100, 1.0, -1e100];
        assert_eq!(Sum::of(values.into_iter()).to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn equal_values_have_no_deviation_and_no_shape() {
        let values = [0.001; 1000];
        let spread = Spread::of(values.into_iter());
        let shape = Shape::of(&values, &spread);
        assert_eq!(spread.deviation(1), Some(0.0));
        assert_eq!((shape.skew_adjusted(), shape.kurtosis_adjusted()), (None, None));
    }

    #[test]
    fn one_value_has_no_sample_deviation() {
        assert_eq!(Spread::of([0.5].into_iter()).deviation(1), None);
        assert_eq!(Spread::of([].into_iter()).deviation(0), None);
    }
}
