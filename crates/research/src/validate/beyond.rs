//! What is left of returns beside a holding that moves as much with the market.
//!
//! Whoever is long half of the time in a market that rises earns half of the rise without any skill.
//! The residual of the regression on the market, its mean included, is what skill can claim (Jensen,
//! 1968); how sure its mean is above zero is asked as of any Sharpe ratio.

use super::number::{mean, sum};
use super::{Error, Estimate, Track, check_columns};

/// The part of returns that a holding does not explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beyond {
    /// How much of the market was held, on average.
    pub beta: f64,
    /// The mean return beside that, per period.
    pub alpha: f64,
    /// The probability that the true one is above zero; `None` where nothing varies.
    pub probability: Option<f64>,
}

/// Splits `returns` into a holding of `market` and the rest; `None` if the market stands still.
///
/// # Errors
/// Returns that are not finite or not as many.
pub fn beyond(returns: &[f64], market: &[f64]) -> Result<Option<Beyond>, Error> {
    check_columns(&[market.to_vec(), returns.to_vec()])?;
    let (own, other) = (mean(returns), mean(market));
    let spread = sum(market.iter().map(|x| (x - other) * (x - other)));
    if spread <= 0.0 {
        return Ok(None);
    }
    let beta = sum(returns.iter().zip(market).map(|(y, x)| (y - own) * (x - other))) / spread;
    let rest: Vec<f64> = returns.iter().zip(market).map(|(y, x)| y - beta * x).collect();
    let track = Track::of(&rest, Estimate::Population).ok();
    let probability = track.and_then(|track| track.probabilistic(0.0));
    Ok(Some(Beyond { beta, alpha: own - beta * other, probability }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    fn market() -> Vec<f64> {
        let mut stream = Seed::master(3).stream();
        (0..2_000).map(|_| 0.001 + 0.01 * stream.normal()).collect()
    }

    #[test]
    fn half_a_holding_has_nothing_beyond_it() {
        let market = market();
        let mut stream = Seed::master(4).stream();
        let half: Vec<f64> = market.iter().map(|x| 0.5 * x + 0.002 * stream.normal()).collect();
        let found = beyond(&half, &market).unwrap().unwrap();
        assert!((found.beta - 0.5).abs() < 0.02 && found.alpha.abs() < 2e-4, "{found:?}");
        let skilled: Vec<f64> = half.iter().map(|x| x + 0.0005).collect();
        let found = beyond(&skilled, &market).unwrap().unwrap();
        assert!(found.probability.unwrap() > 0.99, "{found:?}");
    }

    #[test]
    fn a_market_that_stands_still_explains_nothing() {
        assert_eq!(beyond(&[0.1, 0.2], &[0.0, 0.0]), Ok(None));
        assert!(beyond(&[0.1], &[0.0, 0.0]).is_err());
        assert!(beyond(&[f64::NAN, 0.1], &[0.0, 0.0]).is_err());
    }
}
