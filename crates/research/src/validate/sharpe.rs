//! Sharpe ratios with their doubt: probabilistic, deflated, and how long a record has to be.
//!
//! Sharpe ratios here are per period, with the sample deviation (n-1); kurtosis is not excess: 3
//! for a normal distribution.
//! Sources: Bailey and López de Prado, "The Sharpe ratio efficient frontier" (2012), and
//! "The deflated Sharpe ratio" (2014).

use super::number::{deviation, float, is_constant, mean, sum};
use super::{Error, check_count, check_finite};
use crate::normal;

/// The Euler–Mascheroni constant.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// How skewness and kurtosis are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimate {
    /// Of the sample as if it were all there is, as in the papers.
    #[default]
    Population,
    /// Adjusted for its size (G1 and G2), as pandas and Excel do. Needs four returns.
    Adjusted,
}

/// What a series of returns says about its Sharpe ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// Number of returns.
    pub periods: usize,
    /// Mean over sample deviation, per period.
    pub sharpe: f64,
    /// Skewness.
    pub skew: f64,
    /// Kurtosis; 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Track {
    /// Measures `returns`.
    ///
    /// # Errors
    /// A return that is not finite, fewer than four, or returns without spread.
    pub fn of(returns: &[f64], estimate: Estimate) -> Result<Self, Error> {
        check_finite("return", returns)?;
        check_count("returns", returns.len(), 4)?;
        if is_constant(returns) {
            return Err(Error::NoSpread { what: "the series of returns" });
        }
        let (n, mean) = (float(returns.len()), mean(returns));
        let moment = |power: fn(f64) -> f64| sum(returns.iter().map(|x| power(x - mean))) / n;
        let second = moment(|d| d * d);
        let skew = moment(|d| d * d * d) / (second * second.sqrt());
        let kurtosis = moment(|d| d * d * d * d) / (second * second);
        let (skew, kurtosis) = match estimate {
            Estimate::Population => (skew, kurtosis),
            Estimate::Adjusted => (
                (n * (n - 1.0)).sqrt() / (n - 2.0) * skew,
                (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (kurtosis - 3.0) + 6.0) + 3.0,
            ),
        };
        Ok(Self { periods: returns.len(), sharpe: mean / deviation(returns), skew, kurtosis })
    }

    /// The probability that the true Sharpe ratio is above `hurdle`, per period; `None` where the
    /// estimate of its variance is not positive.
    pub fn probabilistic(&self, hurdle: f64) -> Option<f64> {
        let variance = self.variance()?;
        let distance = (self.sharpe - hurdle) * (float(self.periods) - 1.0).sqrt();
        Some(normal::cdf(distance / variance.sqrt()))
    }

    /// The probability that the true Sharpe ratio is above what the best of `trials` without any
    /// edge would show.
    pub fn deflated(&self, trials: &Trials) -> Option<f64> {
        self.probabilistic(trials.hurdle())
    }

    /// The number of periods after which this Sharpe ratio would be above `hurdle` with
    /// probability `confidence`; `None` if it is not above it at all.
    pub fn length_min(&self, hurdle: f64, confidence: f64) -> Option<f64> {
        let excess = self.sharpe - hurdle;
        let distance = normal::quantile(confidence) / excess;
        let needed = 1.0 + self.variance()? * distance * distance;
        (excess > 0.0 && needed.is_finite()).then_some(needed)
    }

    /// The variance of the estimated Sharpe ratio times the number of periods less one.
    fn variance(&self) -> Option<f64> {
        let s = self.sharpe;
        let variance = 1.0 - self.skew * s + (self.kurtosis - 1.0) / 4.0 * s * s;
        (variance > 0.0).then_some(variance)
    }
}

/// The trials a result was chosen from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trials {
    /// How many independent ones.
    pub count: usize,
    /// The sample deviation of their Sharpe ratios, per period.
    pub deviation: f64,
}

impl Trials {
    /// Of the Sharpe ratios of all trials, per period.
    ///
    /// # Errors
    /// No trial, or a ratio that is not finite.
    pub fn of(sharpes: &[f64]) -> Result<Self, Error> {
        check_count("trials", sharpes.len(), 1)?;
        check_finite("Sharpe ratio", sharpes)?;
        Ok(Self { count: sharpes.len(), deviation: deviation(sharpes) })
    }

    /// The Sharpe ratio to expect of the best of them if none has an edge.
    pub fn hurdle(&self) -> f64 {
        self.deviation * expected_max(self.count)
    }
}

/// The expected largest of `count` independent standard normal numbers (the approximation of the
/// paper); zero of one, as nothing was chosen.
pub fn expected_max(count: usize) -> f64 {
    if count < 2 {
        return 0.0;
    }
    let n = float(count);
    (1.0 - EULER_GAMMA) * normal::quantile(1.0 - 1.0 / n)
        + EULER_GAMMA * normal::quantile(1.0 - 1.0 / (n * std::f64::consts::E))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-9 * expected, "{found}, not {expected}");
    }

    /// Worked examples of the two papers.
    #[test]
    fn published_examples_are_met() {
        check(Some(expected_max(100)), 2.530_602_893_201_684_6);
        let fund =
            Track { periods: 24, sharpe: 1.585 / 12.0_f64.sqrt(), skew: -2.448, kurtosis: 10.164 };
        check(fund.probabilistic(0.0), 0.913_234_306_884_860_2);
        let deflated =
            Track { periods: 1250, sharpe: 2.5 / 250.0_f64.sqrt(), skew: -3.0, kurtosis: 10.0 };
        let trials = Trials { count: 100, deviation: (0.5_f64 / 250.0).sqrt() };
        check(deflated.deflated(&trials), 0.900_396_834_449_390_3);
        for (periods, years) in [(250.0_f64, 2.731_187_801_728_176), (52.0, 2.828_833_586_945_237)]
        {
            let root = periods.sqrt();
            let normal = Track { periods: 0, sharpe: 2.0 / root, skew: 0.0, kurtosis: 3.0 };
            check(normal.length_min(1.0 / root, 0.95).map(|length| length / periods), years);
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        assert_eq!(
            Track::of(&[0.1; 3], Estimate::Population),
            Err(Error::TooFew { what: "returns", found: 3, needed: 4 })
        );
        let constant = Track::of(&[0.001; 9], Estimate::Adjusted);
        assert_eq!(constant, Err(Error::NoSpread { what: "the series of returns" }));
        let broken = Track::of(&[0.1, f64::NAN], Estimate::Population);
        assert!(matches!(broken, Err(Error::NotFinite { index: 1, .. })));
    }

    #[test]
    fn a_record_below_its_hurdle_is_never_long_enough() {
        let track = Track { periods: 100, sharpe: 0.05, skew: 0.0, kurtosis: 3.0 };
        assert_eq!(track.length_min(0.05, 0.95), None);
        assert_eq!(track.length_min(0.06, 0.95), None);
        // At exactly the length it takes, the probability is the confidence.
        let length = track.length_min(0.0, 0.95).unwrap();
        let periods = super::super::number::whole(length.round());
        let reached = Track { periods, ..track }.probabilistic(0.0).unwrap();
        assert!((reached - 0.95).abs() < 1e-3, "{reached}");
    }

    #[test]
    fn one_trial_is_no_choice() {
        let one = Trials::of(&[0.1]).unwrap();
        let track = Track { periods: 100, sharpe: 0.1, skew: 0.0, kurtosis: 3.0 };
        assert_eq!(track.deflated(&one), track.probabilistic(0.0));
    }
}
