//! Returns per period and what they say on their own, without a benchmark.
//!
//! Promises: sums are taken once, when the series is made; each metric then costs nothing or one
//! pass. Formulas and the libraries that share them: `docs/concepts/metrics.md`.

use super::{
    Error, check_finite, finite, float,
    moments::{self, Shape, Spread, Sum},
    normal, ratio,
};

/// Simple returns, one per period: 0.01 is one percent up.
#[derive(Clone, Debug)]
pub struct Returns<'a> {
    values: &'a [f64],
    periods_per_year: f64,
    pub(super) spread: Spread,
    pub(super) shape: Shape,
    pub(super) growth: f64,
    pub(super) sum: f64,
    pub(super) gains: f64,
    pub(super) losses: f64,
    pub(super) wins: usize,
    pub(super) defeats: usize,
    squares_below_zero: f64,
}

impl<'a> Returns<'a> {
    /// Takes returns, of which there are `periods_per_year` in a year.
    ///
    /// # Errors
    /// A return that is not finite, or a number of periods that is not above zero.
    pub fn new(values: &'a [f64], periods_per_year: f64) -> Result<Self, Error> {
        check_finite("return", values)?;
        if !(periods_per_year.is_finite() && periods_per_year > 0.0) {
            return Err(Error::PeriodsPerYear(periods_per_year));
        }
        let [mut gains, mut losses, mut squares] = [Sum::default(); 3];
        let (mut growth, mut wins, mut defeats) = (1.0, 0, 0);
        for &x in values {
            let (gain, loss) = (x.max(0.0), x.min(0.0));
            growth *= 1.0 + x;
            gains.add(gain);
            losses.add(loss);
            squares.add(loss * loss);
            wins += usize::from(x > 0.0);
            defeats += usize::from(x < 0.0);
        }
        let spread = Spread::of(values.iter().copied());
        let sum = spread.mean * float(values.len());
        Ok(Self {
            values,
            periods_per_year,
            spread,
            shape: Shape::of(values, &spread),
            growth,
            sum,
            gains: gains.total(),
            losses: losses.total(),
            wins,
            defeats,
            squares_below_zero: squares.total(),
        })
    }

    /// The returns.
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// How many periods make a year.
    pub fn periods_per_year(&self) -> f64 {
        self.periods_per_year
    }

    /// An annual rate as a rate per period, compounded: (1+rate)^(1/P) - 1.
    pub fn per_period(&self, annual_rate: f64) -> f64 {
        (annual_rate.ln_1p() / self.periods_per_year).exp_m1()
    }

    /// prod(1+r) - 1.
    pub fn total_return(&self) -> Option<f64> {
        self.some(self.growth - 1.0)
    }

    /// Compound annual growth by number of periods: prod(1+r)^(P/n) - 1.
    pub fn cagr(&self) -> Option<f64> {
        self.some(self.growth).and_then(|growth| self.annual_growth(growth))
    }

    /// What `growth` over all periods is per year, less one.
    pub(super) fn annual_growth(&self, growth: f64) -> Option<f64> {
        finite(growth.powf(self.periods_per_year / float(self.values.len())) - 1.0)
    }

    /// The arithmetic mean per period.
    pub fn mean(&self) -> Option<f64> {
        self.some(self.spread.mean)
    }

    /// The sample deviation (n-1), annualized by the root of time.
    pub fn volatility(&self) -> Option<f64> {
        self.spread.deviation(1).map(|deviation| deviation * self.periods_per_year.sqrt())
    }

    /// Mean excess over `rate` per period, over the sample deviation, annualized.
    pub fn sharpe(&self, rate_per_period: f64) -> Option<f64> {
        let deviation = self.spread.deviation(1)?;
        let per_period = ratio(self.spread.mean - rate_per_period, deviation)?;
        Some(per_period * self.periods_per_year.sqrt())
    }

    /// The root of the mean over ALL periods of min(r - target, 0)^2, per period.
    pub fn downside_deviation(&self, target_per_period: f64) -> Option<f64> {
        let squares = if target_per_period == 0.0 {
            self.squares_below_zero
        } else {
            Sum::of(self.values.iter().map(|x| (x - target_per_period).min(0.0).powi(2)))
        };
        self.some((squares / float(self.values.len())).sqrt())
    }

    /// Mean excess over `rate` per period, over the downside deviation from it, annualized.
    pub fn sortino(&self, rate_per_period: f64) -> Option<f64> {
        let below = self.downside_deviation(rate_per_period)?;
        let per_period = ratio(self.spread.mean - rate_per_period, below)?;
        Some(per_period * self.periods_per_year.sqrt())
    }

    /// Skewness, adjusted for the size of the sample (G1).
    pub fn skew(&self) -> Option<f64> {
        self.shape.skew_adjusted()
    }

    /// Excess kurtosis, adjusted for the size of the sample (G2): 0 for a normal distribution.
    pub fn kurtosis(&self) -> Option<f64> {
        self.shape.kurtosis_adjusted()
    }

    /// The 5 % quantile as a normal distribution of this mean and deviation has it; without
    /// deviation there is none.
    pub fn value_at_risk_normal(&self) -> Option<f64> {
        let deviation = self.spread.deviation(1).filter(|deviation| *deviation > 0.0)?;
        Some(self.spread.mean + normal::QUANTILE_05 * deviation)
    }

    /// The mean of the worst 5 % as a normal distribution of this mean and deviation has it;
    /// without deviation there is none.
    pub fn expected_shortfall_normal(&self) -> Option<f64> {
        let deviation = self.spread.deviation(1).filter(|deviation| *deviation > 0.0)?;
        Some(self.spread.mean - deviation * normal::density(normal::QUANTILE_05) / 0.05)
    }

    /// The mean of the returns for which `keep` holds.
    pub(super) fn mean_where(&self, keep: impl Fn(f64) -> bool) -> Option<f64> {
        moments::mean_of_marked(self.values.iter().map(|&x| (x, keep(x))))
    }

    /// Positive among non-zero returns.
    pub fn win_rate(&self) -> Option<f64> {
        ratio(float(self.wins), float(self.wins + self.defeats))
    }

    /// Mean gain over mean loss.
    pub fn payoff_ratio(&self) -> Option<f64> {
        let loss = ratio(-self.losses, float(self.defeats))?;
        ratio(ratio(self.gains, float(self.wins))?, loss)
    }

    /// Sum of gains over sum of losses; equals the omega ratio at threshold 0.
    pub fn profit_factor(&self) -> Option<f64> {
        ratio(self.gains, -self.losses)
    }

    /// R^2 of the cumulative log return against time (empyrical's stability).
    pub fn stability(&self) -> Option<f64> {
        let mut level = Sum::default();
        let mut path = Vec::with_capacity(self.values.len());
        for x in self.values {
            level.add((1.0 + x).ln());
            path.push(level.total());
        }
        let line = Spread::of(path.iter().copied());
        if line.is_constant() || !line.mean.is_finite() {
            return None;
        }
        let middle = float(path.len() - 1) / 2.0;
        let covariance = mean_product(&path, line.mean, middle);
        // The variance of 0, 1, ..., n-1 is (n^2 - 1) / 12.
        let variance = (float(path.len()).powi(2) - 1.0) / 12.0;
        ratio(covariance * covariance, line.variance() * variance)
    }

    /// The probability that the true Sharpe ratio is above zero, given skewness and excess
    /// kurtosis (Bailey and López de Prado, "The Sharpe ratio efficient frontier", 2012).
    pub fn probabilistic_sharpe(&self, skew: Option<f64>, kurtosis: Option<f64>) -> Option<f64> {
        let sharpe = ratio(self.spread.mean, self.spread.deviation(1)?)?;
        let spread = 1.0 - skew? * sharpe + (kurtosis? + 2.0) / 4.0 * sharpe * sharpe;
        (spread > 0.0)
            .then(|| normal::cdf(sharpe * (float(self.values.len()) - 1.0).sqrt() / spread.sqrt()))
    }

    /// The value, unless there is no return at all.
    fn some(&self, x: f64) -> Option<f64> {
        if self.values.is_empty() { None } else { finite(x) }
    }
}

fn mean_product(path: &[f64], path_mean: f64, middle: f64) -> f64 {
    let products =
        path.iter().enumerate().map(|(index, y)| (y - path_mean) * (float(index) - middle));
    Sum::of(products) / float(path.len())
}

/// The curve of one unit of money under these returns, with its starting point: n+1 points.
pub fn growth_path(returns: &[f64]) -> Vec<f64> {
    let mut level = 1.0;
    let steps = returns.iter().map(|x| {
        level *= 1.0 + x;
        level
    });
    std::iter::once(1.0).chain(steps).collect()
}

/// The returns between the points of a curve. Once the curve is at or below zero nothing is left
/// to earn on, and every later return is 0.
pub fn returns_of(equity: &[f64]) -> Vec<f64> {
    equity
        .windows(2)
        .map(|pair| if pair[0] > 0.0 { pair[1] / pair[0] - 1.0 } else { 0.0 })
        .collect()
}
