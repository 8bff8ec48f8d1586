//! What a segment without a change costs.

use super::{Error, check_count, check_finite, float};

/// The cost of a segment; that of a segmentation is the sum of its segments'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cost {
    /// Squared distances from the mean of the segment: finds changes of the mean (`l2` of
    /// ruptures).
    #[default]
    Mean,
    /// n ln(variance): twice the negative log-likelihood of a normal distribution but for
    /// constants; finds changes of mean and of variance.
    MeanAndVariance,
}

/// The penalty of Bayes' information criterion for each change: of a mean, variance · ln(n);
/// of mean and variance, 2 ln(n).
pub fn penalty_bic(cost: Cost, bars: usize, variance: f64) -> f64 {
    let log = libm::log(float(bars.max(2)));
    match cost {
        Cost::Mean => variance * log,
        Cost::MeanAndVariance => 2.0 * log,
    }
}

/// Sums from the start, so that any segment costs the same effort.
pub(super) struct Sums {
    cost: Cost,
    sums: Vec<f64>,
    squares: Vec<f64>,
    min_size: usize,
}

impl Sums {
    /// Sums are about the first value, which every beginning of the series shares.
    pub(super) fn new(values: &[f64], cost: Cost, min_size: usize) -> Result<Self, Error> {
        check_finite("value", values)?;
        let smallest = if cost == Cost::Mean { 1 } else { 2 };
        check_count("values of a segment", min_size, smallest)?;
        check_count("values", values.len(), min_size)?;
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        for (at, value) in values.iter().enumerate() {
            let distance = value - values[0];
            sums.push(sums[at] + distance);
            squares.push(squares[at] + distance * distance);
        }
        Ok(Self { cost, sums, squares, min_size })
    }

    pub(super) fn len(&self) -> usize {
        self.sums.len() - 1
    }

    pub(super) fn min_size(&self) -> usize {
        self.min_size
    }

    /// The cost of the values from `start` up to `end`, not included.
    pub(super) fn of(&self, start: usize, end: usize) -> f64 {
        let n = float(end - start);
        let sum = self.sums[end] - self.sums[start];
        let spread = (self.squares[end] - self.squares[start] - sum * sum / n).max(0.0);
        match self.cost {
            Cost::Mean => spread,
            // A segment of equal values would have a cost of minus infinity.
            Cost::MeanAndVariance => n * libm::log((spread / n).max(1e-12)),
        }
    }
}
