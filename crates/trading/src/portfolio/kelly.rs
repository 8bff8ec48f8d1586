//! Kelly's rule: the share of equity at which the trades so far would have grown it fastest.
//!
//! With the return rᵢ of each closed trade, net profit over what its entries were worth, it is the f
//! that maximizes Σ ln(1 + f·rᵢ); where all trades win or lose the same it is p/l − q/w for shares p and
//! q of winners and losers and their returns w and −l. A fraction of it is used.
//! Sources: J. L. Kelly, "A New Interpretation of Information Rate", 1956; E. O. Thorp, "The Kelly
//! Criterion in Blackjack, Sports Betting and the Stock Market", 2006.

use crate::price::Rate;

/// Halvings of the interval in which the share lies; more change no digit of a rate.
const HALVINGS: usize = 64;

/// How Kelly's rule is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kelly {
    /// How much of the share is used: one half is half Kelly.
    pub fraction: Rate,
    /// The number of closed trades from which on they say the share.
    pub trades_min: usize,
    /// How many of the last closed trades are looked at.
    pub trades_max: usize,
    /// The share before that.
    pub start: Rate,
    /// The least share, so that a bad record can become a better one.
    pub least: Rate,
    /// The largest share.
    pub most: Rate,
}

impl Kelly {
    /// The share of equity that an entry gets, by the returns of closed trades in their order.
    pub fn share(&self, returns: &[f64]) -> Rate {
        let last = &returns[returns.len().saturating_sub(self.trades_max)..];
        if last.len() < self.trades_min.max(1) {
            return self.start;
        }
        let used = fastest(last).map(|share| share * self.fraction.to_f64());
        let share = used.and_then(Rate::from_f64).unwrap_or(self.most);
        share.clamp(self.least, self.most)
    }
}

/// The share of fastest growth; `None` where no trade lost, so that any more would be faster.
fn fastest(returns: &[f64]) -> Option<f64> {
    let worst = returns.iter().copied().fold(0.0, f64::min);
    if returns.iter().sum::<f64>() <= 0.0 {
        return Some(0.0);
    }
    if worst >= 0.0 {
        return None;
    }
    // The slope of the growth falls all the way to where the worst trade takes everything.
    let slope = |share: f64| returns.iter().map(|r| r / (1.0 + share * r)).sum::<f64>();
    let (mut low, mut high) = (0.0, -1.0 / worst);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF: Kelly = Kelly {
        fraction: Rate::percent(50),
        trades_min: 4,
        trades_max: 10,
        start: Rate::percent(7),
        least: Rate::percent(1),
        most: Rate::percent(80),
    };

    #[track_caller]
    fn check(returns: &[f64], expected: f64) {
        let found = HALF.share(returns).to_f64();
        assert!((found - expected).abs() < 1e-8, "{found}, not {expected}");
    }

    #[test]
    fn trades_of_two_outcomes_by_the_closed_form() {
        // Three of five win 20 %, two lose 10 %: 0.6 / 0.1 − 0.4 / 0.2 = 4, half of it 2, at most 0.8.
        check(&[0.2, -0.1, 0.2, -0.1, 0.2], 0.8);
        // Three of five win 100 %, two lose all but nothing: 0.6 / 1 − 0.4 / 1 = 0.2, half of it 0.1.
        check(&[1.0, -1.0, 1.0, -1.0, 1.0], 0.1);
        // Half win 60 %, half lose 40 %: 0.5 / 0.4 − 0.5 / 0.6 = 5/12.
        check(&[0.6, -0.4, 0.6, -0.4], 5.0 / 24.0);
    }

    #[test]
    fn few_trades_bad_trades_and_only_good_ones_have_bounds() {
        check(&[], 0.07);
        check(&[0.5, 0.5, -0.1], 0.07);
        check(&[0.1, -0.2, 0.1, -0.2], 0.01);
        check(&[0.1, 0.0, 0.1, 0.2], 0.8);
        check(&[0.0; 5], 0.01);
        // Only the last ten count: of these half win 60 % and half lose 40 %.
        let mut returns = vec![-0.9; 30];
        returns.extend([0.6, -0.4].repeat(5));
        check(&returns, 5.0 / 24.0);
    }

    proptest! {
        #[test]
        fn no_other_share_would_have_grown_faster(
            returns in prop::collection::vec(-0.99_f64..2.0, 4..10), other in 0.0_f64..1.0,
        ) {
            let Some(best) = fastest(&returns) else { return Ok(()) };
            let growth = |f: f64| returns.iter().map(|r| (1.0 + f * r).ln()).sum::<f64>();
            let worst = returns.iter().copied().fold(0.0, f64::min);
            let limit = if worst < 0.0 { -1.0 / worst } else { 10.0 };
            prop_assert!(growth(best) >= growth(other * limit) - 1e-9);
        }
    }
}
