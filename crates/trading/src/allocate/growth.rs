//! Weights under which wealth is expected to grow fastest, or a fraction of that.
//!
//! With weights w, expected returns m and covariance C, the logarithm of wealth grows by
//! m'w - w'Cw / 2 per unit of time, up to moments of higher order. Without limits the most is at
//! w = C^-1 m; cash, which earns nothing here, is the rest. A fraction f of it holds f C^-1 m, which
//! is the best of m'w - w'Cw / (2 f); that is what is maximized where there are limits, so that they
//! are those of what is held.
//!
//! Sources: Kelly, "A new interpretation of information rate", 1956; Thorp, "The Kelly criterion
//! in blackjack, sports betting and the stock market", 2006, section 8; MacLean, Thorp and Ziemba,
//! The Kelly Capital Growth Investment Criterion, 2011, for fractions and what they cost.

use super::{
    Caps, Covariance, Error, Limits, check_mean,
    optimum::{at_least, bounds, unit},
    quadratic::{Failure, minimize_from},
};

/// The weights of the best m'w - w'Cw / (2 `fraction`) that are not negative and keep `caps`; what
/// they do not sum to is cash, and all of it is where no mix is expected to earn.
///
/// # Errors
/// A singular covariance, expected returns or limits for another number of assets, or a fraction
/// outside of 0 to 1.
pub fn kelly(
    covariance: &Covariance,
    mean: &[f64],
    fraction: f64,
    caps: &Caps,
) -> Result<Vec<f64>, Error> {
    check_mean(mean, covariance)?;
    caps.check(covariance)?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::Fraction(fraction));
    }
    let size = covariance.len();
    let mut constraints = vec![at_least(vec![-1.0; size], -caps.whole())];
    for asset in 0..size {
        constraints.push(at_least(unit(size, asset, 1.0), 0.0));
        constraints.push(at_least(unit(size, asset, -1.0), -caps.max()));
    }
    let groups = caps.tight_groups();
    constraints.extend(groups.map(|group| at_least(bounds(size, group), -caps.group_max())));
    let linear: Vec<f64> = mean.iter().map(|mean| fraction * mean).collect();
    let mut weights =
        minimize_from(covariance, &linear, &constraints).map_err(|failure| match failure {
            Failure::Covariance(error) => error,
            // Nothing at all keeps every limit; only rounding can lose that.
            Failure::Infeasible => Error::NoConvergence { steps: constraints.len() },
        })?;
    Limits { min: 0.0, max: caps.max() }.apply(&mut weights);
    Ok(weights)
}
