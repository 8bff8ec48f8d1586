//! Portfolio weights from returns: how much of each asset to hold.
//!
//! Promises: weights sum to one, or to less where limits or growth leave the rest in cash; they
//! respect their limits, and are the same bits for the same input.
//! A question without an answer (singular covariance, target out of reach) is an error that says
//! which asset or limit is to blame, never a guess.
//! Not here: when to rebalance and the orders that do it; see `portfolio` and `backtest`.

mod capped;
mod caps;
mod closed;
mod covariance;
mod growth;
mod hierarchy;
mod matrix;
mod mean;
mod optimum;
mod quadratic;
mod risk;
mod turnover;

pub use capped::{capped_max_sharpe, capped_min_variance};
pub use caps::Caps;
pub use closed::{min_variance_unconstrained, tangency_unconstrained};
pub use covariance::{Covariance, Shrunk};
pub use growth::kelly;
pub use hierarchy::hierarchical_risk_parity;
pub use mean::{mean_arithmetic, mean_geometric};
pub use optimum::{Limits, efficient_return, max_sharpe, min_variance};
pub use risk::{equal, equal_risk, inverse_volatility};
pub use turnover::{toward, turnover};

/// The most assets that are accepted: solving takes time with the cube of their number.
pub const ASSETS_MAX: usize = 500;

/// Why there are no weights. Assets and periods count from 0, in the order given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Nothing to choose from, or more than can be solved.
    #[error("cannot weigh {0} assets: from 1 to {ASSETS_MAX} are possible")]
    Assets(usize),
    /// Columns of different lengths, or an estimate for another number of assets.
    #[error("{what} has {found} values where {expected} are needed")]
    Length {
        /// Which column or estimate.
        what: String,
        /// Its length.
        found: usize,
        /// The length of what it belongs to.
        expected: usize,
    },
    /// NaN or an infinity.
    #[error("{what} number {index} is `{value}`, which is not a finite number")]
    NotFinite {
        /// Which column or estimate.
        what: String,
        /// Where in it.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// A covariance needs two returns, and a mean one.
    #[error("{found} returns are too few: {needed} are needed")]
    TooFewReturns {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A matrix that differs from its mirror image.
    #[error("the covariance of assets {row} and {column} differs from that of {column} and {row}")]
    NotSymmetric {
        /// One asset.
        row: usize,
        /// The other.
        column: usize,
    },
    /// A return at or below -100 % leaves nothing to grow.
    #[error("asset {asset} loses everything: it has no geometric mean")]
    Ruined {
        /// Which asset.
        asset: usize,
    },
    /// An asset that never moves.
    #[error("asset {asset} has no variance: leave it out")]
    NoVariance {
        /// Which asset.
        asset: usize,
    },
    /// The covariance cannot be inverted.
    #[error(
        "the covariance is singular: asset {asset} is a combination of those before it; use more \
         returns than assets, shrink the covariance, or leave the asset out"
    )]
    Singular {
        /// The first asset that adds nothing.
        asset: usize,
    },
    /// No asset, or no mix, earns more than the risk-free rate.
    #[error("no mix of these assets is expected to earn more than the risk-free rate `{rate}`")]
    NoExcess {
        /// The rate.
        rate: f64,
    },
    /// Limits that no weights can meet.
    #[error("weights of {assets} assets from `{min}` to `{max}` cannot sum to 1")]
    Limits {
        /// How many assets.
        assets: usize,
        /// Smallest weight allowed.
        min: f64,
        /// Largest weight allowed.
        max: f64,
    },
    /// A limit that is no share of the whole.
    #[error("the limit of each {of} is `{value}`, which is not above 0 and at most 1")]
    Cap {
        /// What it limits: asset, group or sum.
        of: &'static str,
        /// What was asked.
        value: f64,
    },
    /// A part of a portfolio that is none.
    #[error("a fraction of `{0}` of the fastest growth is not above 0 and at most 1")]
    Fraction(f64),
    /// A target that no weights within the limits reach.
    #[error("a return of `{target}` is out of reach: at most `{most}` within the limits")]
    Target {
        /// What was asked.
        target: f64,
        /// What can be had.
        most: f64,
    },
    /// The solver did not finish.
    #[error("no solution after {steps} steps: the covariance is too close to singular")]
    NoConvergence {
        /// The limit that was reached.
        steps: usize,
    },
}

/// Refuses NaN and infinities.
fn check_finite(what: impl Fn() -> String, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite { what: what(), index, value: values[index] }),
    }
}

/// Returns of assets, one column each, checked: finite and of one length of at least `needed`.
fn check_returns(returns: &[Vec<f64>], needed: usize) -> Result<usize, Error> {
    let periods = match returns {
        [] => return Err(Error::Assets(0)),
        [first, ..] if returns.len() <= ASSETS_MAX => first.len(),
        _ => return Err(Error::Assets(returns.len())),
    };
    for (asset, column) in returns.iter().enumerate() {
        let what = || format!("return column {asset}");
        if column.len() != periods {
            return Err(Error::Length { what: what(), found: column.len(), expected: periods });
        }
        check_finite(what, column)?;
    }
    if periods < needed {
        return Err(Error::TooFewReturns { found: periods, needed });
    }
    Ok(periods)
}

/// Expected returns that fit the covariance.
fn check_mean(mean: &[f64], covariance: &Covariance) -> Result<(), Error> {
    let what = || "expected return".to_owned();
    let (found, expected) = (mean.len(), covariance.len());
    if found != expected {
        return Err(Error::Length { what: what(), found, expected });
    }
    check_finite(what, mean)
}

/// Scales weights so that they sum to one; `None` where their sum is not above zero.
fn normalized(mut weights: Vec<f64>) -> Option<Vec<f64>> {
    let sum: f64 = weights.iter().sum();
    if !(sum.is_finite() && sum > 0.0) {
        return None;
    }
    weights.iter_mut().for_each(|weight| *weight /= sum);
    Some(weights)
}

/// The sum of products.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}
