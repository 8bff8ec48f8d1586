//! Optimal weights within limits of assets, of groups of assets and of all.
//!
//! They sum to as much as the limits allow. Where that is less than the whole, every limit is met
//! with equality, and the freedom that is left lies within groups.

use super::{
    Caps, Covariance, Error, Limits, check_mean, dot, max_sharpe, min_variance,
    optimum::{at_least, bounds, equal_to, unit},
    quadratic::{Constraint, Failure, minimize_from},
};

/// The least excess return that counts, as a share of the largest of any asset.
const EXCESS_LEAST: f64 = 1e-6;
/// How near to the most that can be earned is there.
const EARNED_TOLERANCE: f64 = 1e-12;
/// How exactly the price of the highest Sharpe ratio is found, relative.
const ROOT_TOLERANCE: f64 = 1e-12;
/// Steps to and from the highest Sharpe ratio; about ten are needed.
const STEPS_MAX: usize = 64;

/// The weights of least variance within `caps`.
///
/// # Errors
/// A singular covariance, or limits for another number of assets.
pub fn capped_min_variance(covariance: &Covariance, caps: &Caps) -> Result<Vec<f64>, Error> {
    caps.check(covariance)?;
    if let Some(limits) = plain(caps) {
        return min_variance(covariance, limits);
    }
    solve(covariance, &vec![0.0; covariance.len()], caps, &all(caps))
}

/// The weights within `caps` of the highest expected return above `risk_free_rate` per deviation.
///
/// # Errors
/// A singular covariance, expected returns or limits for another number of assets, or no weights
/// within the limits that earn more than the rate.
pub fn capped_max_sharpe(
    covariance: &Covariance,
    mean: &[f64],
    risk_free_rate: f64,
    caps: &Caps,
) -> Result<Vec<f64>, Error> {
    caps.check(covariance)?;
    if let Some(limits) = plain(caps) {
        match max_sharpe(covariance, mean, risk_free_rate, limits) {
            // Where hardly anything is earned, scaled weights are too large to be told apart.
            Err(Error::NoConvergence { .. }) => {}
            answer => return answer,
        }
    }
    check_mean(mean, covariance)?;
    let excess: Vec<f64> = mean.iter().map(|mean| mean - risk_free_rate).collect();
    let scale = excess.iter().fold(0.0_f64, |scale, excess| scale.max(excess.abs()));
    let most = caps.most(&excess);
    let least = EXCESS_LEAST * scale * caps.total();
    if most > least && most.is_finite() {
        let weights =
            Frontier { covariance, excess, caps, constraints: all(caps) }.sharpest(most)?;
        return Ok(weights);
    }
    Err(Error::NoExcess { rate: risk_free_rate })
}

/// The weights of least w'Cw / 2 - price e'w, for every price of excess return e.
///
/// Along them the Sharpe ratio rises as long as price e'w < w'Cw and falls after. While the same
/// limits bind, the difference is a straight line of the price, so that secants find its root.
struct Frontier<'a> {
    covariance: &'a Covariance,
    excess: Vec<f64>,
    caps: &'a Caps,
    constraints: Vec<Constraint>,
}

struct Point {
    price: f64,
    weights: Vec<f64>,
    earned: f64,
    /// price e'w - w'Cw.
    past: f64,
}

impl Frontier<'_> {
    fn at(&self, price: f64) -> Result<Point, Error> {
        let linear: Vec<f64> = self.excess.iter().map(|excess| price * excess).collect();
        let weights = solve(self.covariance, &linear, self.caps, &self.constraints)?;
        let earned = dot(&self.excess, &weights);
        let past = price * earned - self.covariance.variance_of(&weights);
        Ok(Point { price, weights, earned, past })
    }

    /// The weights of the highest Sharpe ratio, where the most that can be earned is `most`.
    fn sharpest(&self, most: f64) -> Result<Vec<f64>, Error> {
        let mut low = self.at(0.0)?;
        // No mix has less variance, and none earns more.
        let mut high = self.at(-low.past / most)?;
        for _ in 0..STEPS_MAX {
            if high.past >= 0.0 || high.earned >= most * (1.0 - EARNED_TOLERANCE) {
                break;
            }
            let next = self.at(4.0 * high.price)?;
            low = std::mem::replace(&mut high, next);
        }
        let mut ends = [-low.past, high.past];
        for _ in 0..STEPS_MAX {
            if high.past <= 0.0 {
                break;
            }
            // The Illinois rule: an end that stays counts half, so that both come closer.
            let share = ends[0] / (ends[0] + ends[1]);
            let middle = self.at(low.price + share * (high.price - low.price))?;
            let rest = middle.past.abs();
            if rest <= ROOT_TOLERANCE * self.covariance.variance_of(&middle.weights) {
                return Ok(middle.weights);
            }
            if middle.past > 0.0 {
                (high, ends) = (middle, [ends[0] / 2.0, rest]);
            } else {
                (low, ends) = (middle, [rest, ends[1] / 2.0]);
            }
        }
        Ok(high.weights)
    }
}

/// The limits, if they are of each asset alone and all together can be invested.
fn plain(caps: &Caps) -> Option<Limits> {
    let is_plain = caps.tight_groups().next().is_none() && !caps.is_brimful();
    let is_whole = caps.whole().to_bits() == 1.0_f64.to_bits();
    (is_plain && is_whole).then_some(Limits { min: 0.0, max: caps.max() })
}

/// The weights of least w'Cw / 2 - `linear`'w that meet all `constraints`, which are those of `caps`.
fn solve(
    covariance: &Covariance,
    linear: &[f64],
    caps: &Caps,
    constraints: &[Constraint],
) -> Result<Vec<f64>, Error> {
    let mut weights =
        minimize_from(covariance, linear, constraints).map_err(|failure| match failure {
            Failure::Covariance(error) => error,
            // Weights that sum to the total exist; only rounding can lose them.
            Failure::Infeasible => Error::NoConvergence { steps: constraints.len() },
        })?;
    Limits { min: 0.0, max: caps.max() }.apply(&mut weights);
    Ok(weights)
}

/// The constraints of weights that sum to the total.
fn all(caps: &Caps) -> Vec<Constraint> {
    let mut constraints = if caps.is_brimful() {
        forced(caps)
    } else {
        vec![equal_to(vec![1.0; caps.len()], caps.whole())]
    };
    constraints.extend(inequalities(caps));
    constraints
}

/// Not below zero, no asset and no group above its limit.
fn inequalities(caps: &Caps) -> Vec<Constraint> {
    let size = caps.len();
    let of_asset = |asset| {
        let above = at_least(unit(size, asset, 1.0), 0.0);
        [above, at_least(unit(size, asset, -1.0), -caps.max())]
    };
    let groups = caps.tight_groups();
    let groups = groups.map(|group| at_least(bounds(size, group), -caps.group_max()));
    (0..size).flat_map(of_asset).chain(groups).collect()
}

/// Every limit met with equality.
fn forced(caps: &Caps) -> Vec<Constraint> {
    let size = caps.len();
    let full = caps.loose().map(|asset| equal_to(unit(size, asset, 1.0), caps.max()));
    let groups = caps.tight_groups().map(|group| {
        let sum = bounds(size, group).iter().map(|x| -x).collect();
        equal_to(sum, caps.group_max())
    });
    full.chain(groups).collect()
}
