//! Optimal weights within limits, such as long only or at most 15 % each.
//!
//! Source: Markowitz, "Portfolio selection", 1952. The highest Sharpe ratio is a quadratic
//! program in unscaled weights: Cornuejols and Tütüncü, Optimization Methods in Finance, 8.2.

use super::{
    Covariance, Error, check_mean, dot, float, normalized,
    quadratic::{Constraint, Failure, Kind, minimize},
};

/// Weights that differ by less are the same.
const ROUNDING: f64 = 1e-12;

/// The smallest and largest weight of any one asset, as fractions of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// No weight below it; 0 is long only.
    pub min: f64,
    /// No weight above it.
    pub max: f64,
}

impl Default for Limits {
    /// Long only, up to everything in one asset.
    fn default() -> Self {
        Self { min: 0.0, max: 1.0 }
    }
}

impl Limits {
    fn check(self, assets: usize) -> Result<(), Error> {
        let Self { min, max } = self;
        let count = float(assets);
        // Rounding of 1/n times n must not refuse the one answer there is.
        let ordered = min.is_finite() && max.is_finite() && min <= max;
        if ordered && min * count <= 1.0 + 1e-12 && max * count >= 1.0 - 1e-12 {
            Ok(())
        } else {
            Err(Error::Limits { assets, min, max })
        }
    }

    /// Puts weights that are at a limit, but for rounding, exactly there: 1e-18 of an asset is
    /// an order that nobody wants.
    pub(super) fn apply(self, weights: &mut [f64]) {
        for weight in weights {
            if *weight <= self.min + ROUNDING {
                *weight = self.min;
            } else if *weight >= self.max - ROUNDING {
                *weight = self.max;
            }
        }
    }

    /// The most that weights within the limits can earn: the best assets to the brim.
    fn most(self, mean: &[f64]) -> f64 {
        let mut best = mean.to_vec();
        best.sort_by(|a, b| b.total_cmp(a));
        let mut rest = 1.0 - self.min * float(best.len());
        best.iter().fold(0.0, |earned, mean| {
            let extra = rest.clamp(0.0, self.max - self.min);
            rest -= extra;
            earned + mean * (self.min + extra)
        })
    }
}

/// The weights of least variance.
///
/// # Errors
/// A singular covariance, or limits that cannot be met.
pub fn min_variance(covariance: &Covariance, limits: Limits) -> Result<Vec<f64>, Error> {
    solve(covariance, limits, None)
}

/// The weights of least variance that are expected to earn at least `target`.
///
/// # Errors
/// A singular covariance, expected returns of another length, or limits or a target that cannot
/// be met.
pub fn efficient_return(
    covariance: &Covariance,
    mean: &[f64],
    target: f64,
    limits: Limits,
) -> Result<Vec<f64>, Error> {
    check_mean(mean, covariance)?;
    solve(covariance, limits, Some((mean, target)))
}

fn solve(
    covariance: &Covariance,
    limits: Limits,
    target: Option<(&[f64], f64)>,
) -> Result<Vec<f64>, Error> {
    let size = covariance.len();
    limits.check(size)?;
    let mut constraints = vec![equal_to(vec![1.0; size], 1.0)];
    if let Some((mean, target)) = target {
        let most = limits.most(mean);
        if target.is_nan() || target > most + 1e-12 * most.abs() {
            return Err(Error::Target { target, most });
        }
        constraints.push(at_least(mean.to_vec(), target));
    }
    for asset in 0..size {
        constraints.push(at_least(unit(size, asset, 1.0), limits.min));
        constraints.push(at_least(unit(size, asset, -1.0), -limits.max));
    }
    let mut weights = minimize(covariance, &constraints).map_err(|failure| match failure {
        Failure::Covariance(error) => error,
        Failure::Infeasible => Error::Limits { assets: size, min: limits.min, max: limits.max },
    })?;
    limits.apply(&mut weights);
    Ok(weights)
}

/// The weights of the highest expected return above `risk_free_rate` per deviation.
///
/// # Errors
/// A singular covariance, expected returns of another length, limits that cannot be met, or no
/// weights within the limits that earn more than the rate.
pub fn max_sharpe(
    covariance: &Covariance,
    mean: &[f64],
    risk_free_rate: f64,
    limits: Limits,
) -> Result<Vec<f64>, Error> {
    check_mean(mean, covariance)?;
    let size = covariance.len();
    limits.check(size)?;
    let no_excess = Error::NoExcess { rate: risk_free_rate };
    if limits.most(mean) <= risk_free_rate || !risk_free_rate.is_finite() {
        return Err(no_excess);
    }
    // Weights w = y / sum(y), with y scaled so that its excess return is one.
    let excess: Vec<f64> = mean.iter().map(|mean| mean - risk_free_rate).collect();
    let mut constraints = vec![equal_to(excess.clone(), 1.0)];
    for asset in 0..size {
        // min sum(y) <= y_i <= max sum(y).
        let mut above = vec![-limits.min; size];
        above[asset] += 1.0;
        let mut below = vec![limits.max; size];
        below[asset] -= 1.0;
        constraints.extend([at_least(above, 0.0), at_least(below, 0.0)]);
    }
    let scaled = minimize(covariance, &constraints).map_err(|failure| match failure {
        Failure::Covariance(error) => error,
        Failure::Infeasible => no_excess.clone(),
    })?;
    let mut weights = normalized(scaled).ok_or_else(|| no_excess.clone())?;
    limits.apply(&mut weights);
    if dot(&excess, &weights) > 0.0 { Ok(weights) } else { Err(no_excess) }
}

pub(super) fn equal_to(normal: Vec<f64>, bound: f64) -> Constraint {
    Constraint { normal, bound, kind: Kind::Equal }
}

pub(super) fn at_least(normal: Vec<f64>, bound: f64) -> Constraint {
    Constraint { normal, bound, kind: Kind::AtLeast }
}

pub(super) fn unit(size: usize, place: usize, value: f64) -> Vec<f64> {
    let mut vector = vec![0.0; size];
    vector[place] = value;
    vector
}

/// What keeps the sum of a group down.
pub(super) fn bounds(size: usize, group: &[usize]) -> Vec<f64> {
    let mut vector = vec![0.0; size];
    group.iter().for_each(|asset| vector[*asset] = -1.0);
    vector
}
