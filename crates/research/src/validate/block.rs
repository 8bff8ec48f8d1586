//! How long the blocks of a bootstrap should be, from the data.
//!
//! Source: Politis and White, "Automatic block-length selection for the dependent bootstrap"
//! (2004), with the correction of Patton, Politis and White (2009); constants as in arch 8.

use super::number::{float, is_constant, mean, whole};
use super::{Error, check_count, check_finite};

/// Mean lengths of blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockLength {
    /// For the stationary bootstrap.
    pub stationary: f64,
    /// For the circular bootstrap.
    pub circular: f64,
}

/// The length of blocks that estimates the variance of the mean of `values` best; it may be below
/// one where neighbors are hardly related.
///
/// # Errors
/// A value that is not finite, fewer than 10 values, or values without spread.
pub fn block_length(values: &[f64]) -> Result<BlockLength, Error> {
    check_finite("value", values)?;
    check_count("values", values.len(), 10)?;
    if is_constant(values) {
        return Err(Error::NoSpread { what: "the series" });
    }
    let (n, mean) = (float(values.len()), mean(values));
    let distances: Vec<f64> = values.iter().map(|x| x - mean).collect();
    let quiet = 5.max(whole(libm::log10(n)));
    let lags_max = (whole(n.sqrt().ceil()) + quiet).min(values.len() - 2);
    let covariances: Vec<f64> = (0..=lags_max).map(|lag| product(&distances, lag) / n).collect();
    let lags = bandwidth(&distances, quiet, lags_max);
    let (mut slope, mut long_run) = (0.0, covariances[0]);
    for (lag, covariance) in covariances.iter().enumerate().take(lags + 1).skip(1) {
        let share = float(lag) / float(lags);
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        slope += 2.0 * weight * float(lag) * covariance;
        long_run += 2.0 * weight * covariance;
    }
    let longest = (3.0 * n.sqrt()).min(n / 3.0).ceil();
    let length = |factor: f64| {
        let ratio = 2.0 * slope * slope / (factor * long_run * long_run);
        (libm::cbrt(ratio) * libm::cbrt(n)).min(longest)
    };
    Ok(BlockLength { stationary: length(2.0), circular: length(4.0 / 3.0) })
}

/// Twice the first lag after which `quiet` autocorrelations in a row are inside the band of noise.
fn bandwidth(distances: &[f64], quiet: usize, lags_max: usize) -> usize {
    let n = float(distances.len());
    let band = 2.0 * (libm::log10(n) / n).sqrt();
    let is_inside = |lag: usize| {
        let tail = square(&distances[lag + 1..]);
        let head = square(&distances[..distances.len() - lag - 1]);
        product(distances, lag).abs() / (tail * head).sqrt() < band
    };
    let mut run = 0;
    for lag in 0..lags_max {
        run = if is_inside(lag) { run + 1 } else { 0 };
        if run >= quiet {
            return (2 * (lag + 1 - quiet).max(1)).min(lags_max);
        }
    }
    lags_max
}

fn product(distances: &[f64], lag: usize) -> f64 {
    distances[lag..].iter().zip(distances).map(|(a, b)| a * b).sum()
}

fn square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    fn chain(memory: f64) -> Vec<f64> {
        let mut stream = Seed::master(5).stream();
        let mut last = 0.0;
        let step = |()| {
            last = memory * last + stream.normal();
            last
        };
        std::iter::repeat_n((), 2000).map(step).collect()
    }

    #[test]
    fn longer_memory_needs_longer_blocks() {
        let lengths: Vec<f64> = [0.0, 0.5, 0.9]
            .iter()
            .map(|memory| block_length(&chain(*memory)).unwrap().stationary)
            .collect();
        assert!(lengths[0] < 4.0 && lengths[0] * 3.0 < lengths[1], "{lengths:?}");
        assert!(lengths[1] * 2.0 < lengths[2], "{lengths:?}");
    }

    #[test]
    fn what_has_no_memory_to_measure_is_refused() {
        assert_eq!(block_length(&[1.0; 50]), Err(Error::NoSpread { what: "the series" }));
        assert!(block_length(&[1.0, 2.0, 3.0]).is_err());
        assert!(block_length(&[f64::INFINITY; 50]).is_err());
        // The shortest that is taken on.
        let short: Vec<f64> = (0..10).map(|i| f64::from(i % 3)).collect();
        assert!(block_length(&short).unwrap().stationary.is_finite());
    }
}
