//! Monte Carlo: the spread of outcomes that the same trades, or the same returns in other blocks,
//! could have had.
//!
//! A shuffle keeps every trade and changes only their order, so it says how much of a drawdown was
//! the luck of the order; the total stays. Resampled returns change the total too.

use dirigent_core::Seed;
use dirigent_trading::metrics::{Returns, growth_path, max_drawdown};

use super::bootstrap::{Distribution, Resample, below, bootstrap};
use super::number::float;
use super::{Error, check_count, check_finite};

/// What other orders of the same trades would have been like.
#[derive(Clone, Debug, PartialEq)]
pub struct Shuffled {
    /// The deepest fall from a high, zero or negative, as a fraction.
    pub max_drawdown: Distribution,
    /// The deepest fall in the order that happened.
    pub max_drawdown_actual: f64,
    /// The most losing trades in a row.
    pub losing_streak: Distribution,
    /// The most losing trades in a row in the order that happened.
    pub losing_streak_actual: usize,
}

/// Shuffles trades, whose returns on the whole account are given as fractions, `draws` times.
///
/// # Errors
/// A return that is not finite, fewer than two trades, or no draw.
pub fn shuffled_trades(returns: &[f64], draws: usize, seed: &Seed) -> Result<Shuffled, Error> {
    check_finite("return of trade", returns)?;
    check_count("trades", returns.len(), 2)?;
    check_count("draws", draws, 1)?;
    let mut stream = seed.child("shuffle").stream();
    let mut order = returns.to_vec();
    let mut falls = Vec::with_capacity(draws);
    let mut streaks = Vec::with_capacity(draws);
    for _ in 0..draws {
        // Fisher and Yates, from the back.
        for at in (1..order.len()).rev() {
            order.swap(at, below(&mut stream, at + 1));
        }
        falls.push(Some(fall(&order)));
        streaks.push(Some(float(losing_streak(&order))));
    }
    Ok(Shuffled {
        max_drawdown: Distribution::of(falls.into_iter()),
        max_drawdown_actual: fall(returns),
        losing_streak: Distribution::of(streaks.into_iter()),
        losing_streak_actual: losing_streak(returns),
    })
}

/// What other series of the same kind would have earned.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes {
    /// The growth over all periods, less one.
    pub total_return: Distribution,
    /// The annualized Sharpe ratio.
    pub sharpe: Distribution,
    /// The deepest fall from a high, zero or negative, as a fraction.
    pub max_drawdown: Distribution,
}

/// Draws `draws` series from `returns`, of which there are `periods_per_year` in a year.
///
/// # Errors
/// A return that is not finite, fewer than two, no draw, a block without length, or a number of
/// periods that is not above zero.
pub fn resampled(
    returns: &[f64],
    resample: Resample,
    draws: usize,
    periods_per_year: f64,
    seed: &Seed,
) -> Result<Outcomes, Error> {
    if !(periods_per_year.is_finite() && periods_per_year > 0.0) {
        let (what, rule) = ("number of periods per year", "a finite number above zero");
        return Err(Error::Setting { what, value: periods_per_year, rule });
    }
    let (mut sharpes, mut falls) = (Vec::new(), Vec::new());
    let total_return = bootstrap(returns, resample, draws, seed, |drawn| {
        let measured = Returns::new(drawn, periods_per_year).ok();
        sharpes.push(measured.as_ref().and_then(|returns| returns.sharpe(0.0)));
        falls.push(Some(fall(drawn)));
        measured.and_then(|returns| returns.total_return())
    })?;
    Ok(Outcomes {
        total_return,
        sharpe: Distribution::of(sharpes.into_iter()),
        max_drawdown: Distribution::of(falls.into_iter()),
    })
}

/// The deepest fall of one unit of money, from its start on.
fn fall(returns: &[f64]) -> f64 {
    max_drawdown(&growth_path(returns)).unwrap_or(0.0)
}

fn losing_streak(returns: &[f64]) -> usize {
    let step = |(longest, run): (usize, usize), x: &f64| {
        let run = if *x < 0.0 { run + 1 } else { 0 };
        (longest.max(run), run)
    };
    returns.iter().fold((0, 0), step).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trd_23_a_shuffle_keeps_trades_and_changes_falls() {
        // All losses at the end: no other order falls deeper.
        let returns: Vec<f64> = (0..40).map(|i| if i < 20 { 0.02 } else { -0.01 }).collect();
        let found = shuffled_trades(&returns, 500, &Seed::master(1)).unwrap();
        assert_eq!(found.losing_streak_actual, 20);
        let deepest = found.max_drawdown.quantile(0.0).unwrap();
        assert!((found.max_drawdown_actual - (0.99_f64.powi(20) - 1.0)).abs() < 1e-12);
        assert!(deepest > found.max_drawdown_actual, "{deepest}");
        assert!(found.losing_streak.quantile(0.5).unwrap() < 8.0);
        assert_eq!(found, shuffled_trades(&returns, 500, &Seed::master(1)).unwrap());
        assert_ne!(found, shuffled_trades(&returns, 500, &Seed::master(2)).unwrap());
    }

    #[test]
    fn trd_23_resampled_returns_spread_around_what_happened() {
        let returns: Vec<f64> = (0..500).map(|i| f64::from(i % 7 - 3) * 0.002 + 0.001).collect();
        let way = Resample::Stationary { mean_block: 7.0 };
        let found = resampled(&returns, way, 400, 252.0, &Seed::master(4)).unwrap();
        let actual = Returns::new(&returns, 252.0).unwrap();
        let interval = found.sharpe.interval(0.9).unwrap();
        let sharpe = actual.sharpe(0.0).unwrap();
        assert!(interval.low < sharpe && sharpe < interval.high, "{interval:?} {sharpe}");
        assert!(found.max_drawdown.quantile(1.0).unwrap() <= 0.0);
        assert!(found.total_return.share_below(0.0).unwrap() < 0.05);
        assert!(resampled(&returns, way, 10, 0.0, &Seed::master(4)).is_err());
    }
}
