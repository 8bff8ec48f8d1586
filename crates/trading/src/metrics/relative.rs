//! Returns against those of a benchmark, period by period.
//!
//! Invariant: both series have the same length.

use super::{
    Error, Returns, check_finite, check_length, float,
    moments::{self, Spread, Sum},
    ratio,
};

/// Returns beside a benchmark's.
#[derive(Clone, Debug)]
pub struct Relative<'a> {
    returns: &'a Returns<'a>,
    benchmark: &'a [f64],
    base: Spread,
    active: Spread,
    covariance: f64,
}

impl<'a> Relative<'a> {
    /// Sets returns beside the benchmark's returns over the same periods.
    ///
    /// # Errors
    /// A benchmark of another length, or with a value that is not finite.
    pub fn new(returns: &'a Returns<'a>, benchmark: &'a [f64]) -> Result<Self, Error> {
        let values = returns.values();
        check_length("benchmark", benchmark.len(), values.len())?;
        check_finite("benchmark return", benchmark)?;
        let base = Spread::of(benchmark.iter().copied());
        let pairs = values.iter().zip(benchmark);
        let active = Spread::of(pairs.clone().map(|(r, b)| r - b));
        let own = returns.spread.mean;
        let products = pairs.map(|(r, b)| (r - own) * (b - base.mean));
        let covariance = if returns.spread.is_constant() || values.is_empty() {
            0.0
        } else {
            Sum::of(products) / float(values.len())
        };
        Ok(Self { returns, benchmark, base, active, covariance })
    }

    /// Covariance over the benchmark's variance.
    pub fn beta(&self) -> Option<f64> {
        ratio(self.covariance, self.base.variance())
    }

    /// Jensen's alpha per period: mean(r) - rate - beta * (mean(b) - rate).
    pub fn alpha_per_period(&self, rate_per_period: f64) -> Option<f64> {
        let own = self.returns.spread.mean - rate_per_period;
        self.beta().map(|beta| own - beta * (self.base.mean - rate_per_period))
    }

    /// `alpha_per_period` times the periods of a year.
    pub fn alpha(&self, rate_per_period: f64) -> Option<f64> {
        self.alpha_per_period(rate_per_period).map(|alpha| alpha * self.returns.periods_per_year())
    }

    /// Pearson's correlation.
    pub fn correlation(&self) -> Option<f64> {
        let product = self.returns.spread.variance() * self.base.variance();
        ratio(self.covariance, product.sqrt())
    }

    /// Mean of r-b over its sample deviation, per period: NOT annualized.
    pub fn information_ratio(&self) -> Option<f64> {
        ratio(self.active.mean, self.active.deviation(1)?)
    }

    /// The sample deviation of r-b, annualized.
    pub fn tracking_error(&self) -> Option<f64> {
        let root = self.returns.periods_per_year().sqrt();
        self.active.deviation(1).map(|deviation| deviation * root)
    }

    /// Mean return over the mean of the benchmark, in periods where `keep(benchmark)` holds.
    pub fn capture(&self, keep: impl Fn(f64) -> bool) -> Option<f64> {
        let pairs = || self.returns.values().iter().zip(self.benchmark);
        let own = moments::mean_of_marked(pairs().map(|(r, b)| (*r, keep(*b))))?;
        ratio(own, moments::mean_of_marked(pairs().map(|(_, b)| (*b, keep(*b))))?)
    }
}
