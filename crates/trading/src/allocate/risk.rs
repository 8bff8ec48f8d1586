//! Weights from risk alone, without expected returns.

use super::{ASSETS_MAX, Covariance, Error, dot, float, normalized};

/// Sweeps of `equal_risk` before it gives up; real covariances take tens.
const SWEEPS_MAX: usize = 10_000;
/// How far the risk shares may differ from each other, relative.
const SHARE_TOLERANCE: f64 = 1e-13;

/// The same weight for each asset.
///
/// # Errors
/// No or too many assets.
pub fn equal(assets: usize) -> Result<Vec<f64>, Error> {
    if !(1..=ASSETS_MAX).contains(&assets) {
        return Err(Error::Assets(assets));
    }
    Ok(vec![1.0 / float(assets); assets])
}

/// Weights in inverse proportion to each asset's own deviation.
///
/// # Errors
/// An asset without variance.
pub fn inverse_volatility(covariance: &Covariance) -> Result<Vec<f64>, Error> {
    let variances = covariance.variances()?;
    let weights = variances.iter().map(|variance| variance.sqrt().recip()).collect();
    normalized(weights).ok_or(Error::NoVariance { asset: 0 })
}

/// Long-only weights with which every asset adds the same to the portfolio's variance.
///
/// Source: the convex form of Spinu, "An algorithm for computing risk parity weights", 2013, by
/// cyclical coordinate descent (Griveau-Billion, Richard and Roncalli, 2013).
///
/// # Errors
/// A singular covariance.
pub fn equal_risk(covariance: &Covariance) -> Result<Vec<f64>, Error> {
    covariance.factor()?;
    let variances = covariance.variances()?;
    let budget = float(variances.len()).recip();
    let mut x: Vec<f64> = variances.iter().map(|variance| (budget / variance).sqrt()).collect();
    for _ in 0..SWEEPS_MAX {
        for (asset, variance) in variances.iter().enumerate() {
            // The positive root of variance x^2 + others x - budget = 0.
            let others = dot(covariance.row(asset), &x) - variance * x[asset];
            let root = (others * others + 4.0 * variance * budget).sqrt();
            x[asset] = if others > 0.0 {
                2.0 * budget / (others + root)
            } else {
                (root - others) / (2.0 * variance)
            };
        }
        let shares = covariance.times(&x).into_iter().zip(&x).map(|(slope, x)| slope * x);
        if shares.map(|share| (share / budget - 1.0).abs()).fold(0.0, f64::max) < SHARE_TOLERANCE {
            return normalized(x).ok_or(Error::NoConvergence { steps: SWEEPS_MAX });
        }
    }
    Err(Error::NoConvergence { steps: SWEEPS_MAX })
}
