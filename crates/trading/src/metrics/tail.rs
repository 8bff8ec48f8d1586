//! The tails of a sample: empirical quantiles and the mean beyond them.
//!
//! Quantiles interpolate linearly between order statistics (Hyndman and Fan type 7, the default
//! of numpy, R and Excel).

use super::{float, moments};

/// What lies in the outer twentieths of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tails {
    /// The 5 % quantile.
    pub(super) quantile_05: f64,
    /// The 95 % quantile.
    pub(super) quantile_95: f64,
    /// The mean of the `floor((n-1) * 0.05) + 1` smallest values (empyrical's expected shortfall).
    pub(super) partition_mean_05: f64,
}

impl Tails {
    /// Partly sorts a copy; `None` of nothing.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        let low = Position::of(sorted.len(), 0.05)?;
        let high = Position::of(sorted.len(), 0.95)?;
        let quantile_05 = low.select(&mut sorted);
        let partition_mean_05 = moments::mean(sorted[..=low.index].iter().copied())?;
        let quantile_95 = high.select(&mut sorted);
        Some(Self { quantile_05, quantile_95, partition_mean_05 })
    }
}

/// Where a quantile lies: this far beyond the order statistic `index`.
#[derive(Clone, Copy, Debug)]
struct Position {
    index: usize,
    fraction: f64,
}

impl Position {
    fn of(count: usize, probability: f64) -> Option<Self> {
        let at = float(count.checked_sub(1)?) * probability;
        Some(Self { index: whole(at), fraction: at - at.floor() })
    }

    /// Moves the `index + 1` smallest values to the front and answers with the quantile.
    fn select(self, values: &mut [f64]) -> f64 {
        let (_, &mut low, above) = values.select_nth_unstable_by(self.index, f64::total_cmp);
        match above.iter().copied().min_by(f64::total_cmp) {
            None => low,
            // As numpy does it, so that values equal to the quantile compare equal to it.
            Some(high) if self.fraction < 0.5 => low + (high - low) * self.fraction,
            Some(high) => high - (high - low) * (1.0 - self.fraction),
        }
    }
}

/// The whole part of a position in a slice.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= at < length")]
fn whole(at: f64) -> usize {
    at as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_tail() {
        assert!(Tails::of(&[]).is_none());
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        let values: Vec<f64> = (0..11).rev().map(f64::from).collect();
        let tails = Tails::of(&values).expect("not empty");
        let found = (tails.quantile_05, tails.quantile_95, tails.partition_mean_05);
        assert_eq!(found, (0.5, 9.5, 0.0));
    }

    #[test]
    fn one_value_is_its_own_quantile() {
        let tails = Tails::of(&[3.0]).expect("not empty");
        assert_eq!(
            (tails.quantile_05, tails.partition_mean_05, tails.quantile_95),
            (3.0, 3.0, 3.0)
        );
    }
}
