//! Memory: how much a value says about later ones.

use super::{Spread, float};

/// The autocorrelations at lags 1 to `lags`: products of distances from the mean over their
/// squares, as usual without adjustment for the shorter sum. Empty where nothing moves or there
/// are not more values than lags.
pub fn autocorrelations(values: &[f64], lags: usize) -> Vec<f64> {
    let spread = Spread::of(values.iter().copied());
    if values.len() <= lags
        || spread.squares <= f64::EPSILON * float(values.len()) * spread.mean.powi(2)
    {
        return Vec::new();
    }
    let distances: Vec<f64> = values.iter().map(|x| x - spread.mean).collect();
    let of_lag = |lag: usize| {
        let products = distances.iter().zip(&distances[lag..]).map(|(a, b)| a * b);
        products.sum::<f64>() / spread.squares
    };
    (1..=lags).map(of_lag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_told_from_what_does_not() {
        // 1, -1, 1, -1 …: each the opposite of the one before.
        let values: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 3.0 } else { 1.0 }).collect();
        let found = autocorrelations(&values, 2);
        assert!((found[0] + 0.99).abs() < 1e-12 && (found[1] - 0.98).abs() < 1e-12, "{found:?}");
        assert!(autocorrelations(&[0.1; 50], 2).is_empty());
        assert!(autocorrelations(&values[..2], 2).is_empty());
    }
}
