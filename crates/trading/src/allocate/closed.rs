//! Optimal weights in closed form, long and short.
//!
//! Source: Merton, "An analytic derivation of the efficient portfolio frontier", 1972.

use super::{Covariance, Error, check_mean, normalized};

/// The mix of least variance: C^-1 1 / 1' C^-1 1. Weights may be negative.
///
/// # Errors
/// A singular covariance.
pub fn min_variance_unconstrained(covariance: &Covariance) -> Result<Vec<f64>, Error> {
    let weights = covariance.factor()?.solve(&vec![1.0; covariance.len()]);
    // 1' C^-1 1 is above zero for every matrix that has a factor.
    normalized(weights).ok_or(Error::Singular { asset: 0 })
}

/// The mix of highest Sharpe ratio: C^-1 (m - rate) / 1' C^-1 (m - rate). Weights may be negative.
///
/// # Errors
/// A singular covariance, expected returns of another length, or a mix of least variance that
/// does not earn the rate, so that no tangent touches the frontier.
pub fn tangency_unconstrained(
    covariance: &Covariance,
    mean: &[f64],
    risk_free_rate: f64,
) -> Result<Vec<f64>, Error> {
    check_mean(mean, covariance)?;
    let excess: Vec<f64> = mean.iter().map(|mean| mean - risk_free_rate).collect();
    let weights = covariance.factor()?.solve(&excess);
    normalized(weights).ok_or(Error::NoExcess { rate: risk_free_rate })
}
