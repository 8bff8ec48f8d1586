//! Features of prices, each known at the close of its bar.

use super::{Error, check_count, float};

/// How far features look back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Returns of which the volatility is measured.
    pub volatility_bars: usize,
    /// Bars over which the trend is measured.
    pub trend_bars: usize,
}

impl Default for Features {
    fn default() -> Self {
        Self { volatility_bars: 20, trend_bars: 60 }
    }
}

/// The returns 100 ln(c(t) / c(t-1)), one fewer than closes.
///
/// # Errors
/// A close that is not a finite number above zero.
pub fn log_returns_percent(closes: &[f64]) -> Result<Vec<f64>, Error> {
    let bad = closes.iter().position(|close| !(close.is_finite() && *close > 0.0));
    if let Some(index) = bad {
        return Err(Error::NotPositive { index, value: closes[index] });
    }
    Ok(closes.windows(2).map(|pair| 100.0 * libm::log(pair[1] / pair[0])).collect())
}

/// Two numbers for each bar from the first that has both: the log of the volatility of returns,
/// and the trend, ln(c(t) / c(t-n)) over that volatility times √n. Answers with the first bar too.
///
/// # Errors
/// A close that is not above zero, fewer than two returns to measure, or too few closes.
pub fn features(closes: &[f64], look: &Features) -> Result<(usize, Vec<f64>), Error> {
    check_count("returns of a volatility", look.volatility_bars, 2)?;
    check_count("bars of a trend", look.trend_bars, 1)?;
    let first = look.volatility_bars.max(look.trend_bars);
    check_count("closes", closes.len(), first.saturating_add(1))?;
    let returns = log_returns_percent(closes)?;
    let row = |bar: usize| {
        let spread = deviation(&returns[bar - look.volatility_bars..bar]).max(f64::MIN_POSITIVE);
        let climb = 100.0 * libm::log(closes[bar] / closes[bar - look.trend_bars]);
        // A price that stands still has a small volatility, not one of minus infinity.
        let calm = libm::log(spread.max(1e-6));
        [calm, climb / (spread.max(1e-6) * float(look.trend_bars).sqrt())]
    };
    Ok((first, (first..closes.len()).flat_map(row).collect()))
}

/// The sample deviation.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let n = float(values.len());
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_know_no_later_bar() {
        let closes: Vec<f64> = (0..200).map(|i| 100.0 + f64::from(i * 7 % 13)).collect();
        let (first, all) = features(&closes, &Features::default()).unwrap();
        assert_eq!((first, all.len()), (60, 280));
        let (_, part) = features(&closes[..150], &Features::default()).unwrap();
        assert_eq!(part, all[..part.len()]);
    }

    #[test]
    fn prices_that_stand_still_have_features() {
        let (_, all) = features(&[5.0; 70], &Features::default()).unwrap();
        assert!(all.iter().all(|x| x.is_finite()));
        assert!(features(&[5.0; 60], &Features::default()).is_err());
        assert!(log_returns_percent(&[1.0, 0.0]).is_err());
    }
}
