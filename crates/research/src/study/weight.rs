//! Weights by regime: who shall have how much of the money while a regime lasts.

use super::float;

/// Bars of its own that a regime needs for its ratio to count as much as that of all bars.
const PRIOR_BARS: f64 = 252.0;

/// What a member earned while a regime was known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// Bars of which a return is counted.
    pub bars: usize,
    /// The Sharpe ratio of these bars, annualized.
    pub sharpe: Option<f64>,
}

/// The weight of each member (column) in each regime (row): the positive part of its Sharpe ratio
/// there, drawn towards that of all bars with the weight of 252 bars, over the sum of all members.
/// Where none is positive, all have the same.
pub fn regime_weights(of_regimes: &[Vec<Known>], of_all: &[Known]) -> Vec<Vec<f64>> {
    let weights = |row: &Vec<Known>| {
        let positive: Vec<f64> =
            row.iter().zip(of_all).map(|(own, all)| drawn(own, all).max(0.0)).collect();
        let total: f64 = positive.iter().sum();
        match total > 0.0 {
            true => positive.iter().map(|x| x / total).collect(),
            false => vec![1.0 / float(row.len().max(1)); row.len()],
        }
    };
    of_regimes.iter().map(weights).collect()
}

/// The ratio of a regime, drawn towards that of all bars.
fn drawn(own: &Known, all: &Known) -> f64 {
    let whole = all.sharpe.unwrap_or(0.0);
    let bars = if own.sharpe.is_some() { float(own.bars) } else { 0.0 };
    (bars * own.sharpe.unwrap_or(0.0) + PRIOR_BARS * whole) / (bars + PRIOR_BARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(bars: usize, sharpe: f64) -> Known {
        Known { bars, sharpe: Some(sharpe) }
    }

    #[test]
    fn each_regime_favours_who_earned_in_it() {
        let of_regimes = [
            vec![known(252, 3.0), known(252, -1.0)],
            vec![known(252, -3.0), known(252, 1.0)],
            vec![known(252, -5.0), known(252, -2.0)],
            vec![Known::default(), Known::default()],
        ];
        let found = regime_weights(&of_regimes, &[known(504, 1.0), known(504, 0.0)]);
        // 2 against -0.5; -1 against 0.5; none above zero; nothing known but all bars: 1 against 0.
        assert_eq!(found, [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]);
        let shared = regime_weights(&[vec![known(0, 9.0), known(252, 2.0)]], &[known(1, 1.0); 2]);
        assert_eq!(shared, [[0.4, 0.6]]);
        assert!(found.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
    }

    #[test]
    fn nobody_has_nothing() {
        assert_eq!(regime_weights(&[Vec::new()], &[]), [[0.0; 0]]);
    }
}
