//! Regimes: whether prices rise or fall, calmly or not, as it could be known at each bar.
//!
//! At the close of bar t, with closes c and returns r(i) = c(i) / c(i−1) − 1:
//! the trend is up if c(t) is above the mean of c(t−199) … c(t), else down; the volatility v(t) is
//! the sample deviation of r(t−19) … r(t), high if it is above the median of all v up to t.
//!
//! Promises: nothing at bar t depends on a bar after t. Means are exact. A split is not a fall:
//! closes before it are taken in its units.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::corporate::Ratio;
use crate::price::Price;

/// Bars of the mean that tells up from down; no bar before has a regime.
pub const AVERAGE_BARS: usize = 200;
/// Returns of which the volatility is measured.
pub const VOLATILITY_BARS: usize = 20;

/// Which way prices go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// Above their mean.
    Up,
    /// At their mean or below.
    Down,
}

/// How much prices move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volatility {
    /// No more than in half of the time so far.
    Low,
    /// More than in half of the time so far.
    High,
}

/// What kind of market it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Regime {
    /// Which way.
    pub trend: Trend,
    /// How much.
    pub volatility: Volatility,
}

/// The regime at the close of each bar; `splits` are bars that are the first to show a ratio, in
/// rising order.
pub fn regimes(closes: &[Price], splits: &[(usize, Ratio)]) -> Vec<Option<Regime>> {
    let mut closes = closes.to_vec();
    let mut splits = splits.iter().peekable();
    let mut median = Median::default();
    let mut sum = 0_i128;
    let mut found = Vec::with_capacity(closes.len());
    for bar in 0..closes.len() {
        while let Some((_, ratio)) = splits.next_if(|(at, _)| *at <= bar) {
            for close in &mut closes[bar.saturating_sub(AVERAGE_BARS)..bar] {
                *close = ratio.price(*close);
            }
            sum = closes[bar.saturating_sub(AVERAGE_BARS)..bar].iter().map(raw).sum();
        }
        sum += raw(&closes[bar]);
        sum -= bar.checked_sub(AVERAGE_BARS).map_or(0, |gone| raw(&closes[gone]));
        let volatility = volatility(&closes, bar).map(|value| (value, median.with(value)));
        let is_known = bar + 1 >= AVERAGE_BARS;
        found.push(volatility.filter(|_| is_known).map(|(value, median)| Regime {
            trend: match raw(&closes[bar]) * AVERAGE_BARS as i128 > sum {
                true => Trend::Up,
                false => Trend::Down,
            },
            volatility: if value > median { Volatility::High } else { Volatility::Low },
        }));
    }
    found
}

fn raw(price: &Price) -> i128 {
    price.raw().into()
}

/// The sample deviation of the last returns up to `bar`; none before there are enough.
#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn volatility(closes: &[Price], bar: usize) -> Option<f64> {
    let closes = &closes[bar.checked_sub(VOLATILITY_BARS)?..=bar];
    let mut returns = [0.0; VOLATILITY_BARS];
    for (value, pair) in returns.iter_mut().zip(closes.windows(2)) {
        *value = pair[1].to_f64() / pair[0].to_f64() - 1.0;
    }
    let mean = returns.iter().sum::<f64>() / VOLATILITY_BARS as f64;
    let squares: f64 = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / (VOLATILITY_BARS - 1) as f64).sqrt()).filter(|value| value.is_finite())
}

/// The median of what it was given so far: the lower half and the upper half, each with its middle
/// on top. Numbers are kept by their bits, which rise with them, because none is negative.
#[derive(Debug, Default)]
struct Median {
    lower: BinaryHeap<u64>,
    upper: BinaryHeap<Reverse<u64>>,
}

impl Median {
    /// The median with `value`, which is not negative.
    fn with(&mut self, value: f64) -> f64 {
        let bits = value.to_bits();
        match self.lower.peek() {
            Some(middle) if bits > *middle => self.upper.push(Reverse(bits)),
            _ => self.lower.push(bits),
        }
        if self.upper.len() > self.lower.len() {
            self.lower.extend(self.upper.pop().map(|Reverse(bits)| bits));
        } else if self.lower.len() > self.upper.len() + 1 {
            self.upper.extend(self.lower.pop().map(Reverse));
        }
        let low = self.lower.peek().map_or(0.0, |bits| f64::from_bits(*bits));
        match self.upper.peek() {
            Some(Reverse(bits)) if self.lower.len() == self.upper.len() => {
                f64::midpoint(low, f64::from_bits(*bits))
            }
            _ => low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn walk(bars: usize) -> Vec<Price> {
        let mut stream = Seed::master(7).child("regime").stream();
        let mut close = 100.0;
        let mut step = || {
            close *= 1.0 + (stream.uniform() - 0.5) * 0.02;
            Price::from_raw((close * 1e9) as i64)
        };
        (0..bars).map(|_| step()).collect()
    }

    /// The definition, written out with sorted lists.
    fn plain(closes: &[Price], bar: usize) -> Option<Regime> {
        let mean: i128 = closes[(bar + 1).checked_sub(AVERAGE_BARS)?..=bar].iter().map(raw).sum();
        let mut seen: Vec<f64> = (0..=bar).filter_map(|bar| volatility(closes, bar)).collect();
        let now = *seen.last()?;
        seen.sort_by(f64::total_cmp);
        let median = f64::midpoint(seen[(seen.len() - 1) / 2], seen[seen.len() / 2]);
        let is_up = raw(&closes[bar]) * AVERAGE_BARS as i128 > mean;
        Some(Regime {
            trend: if is_up { Trend::Up } else { Trend::Down },
            volatility: if now > median { Volatility::High } else { Volatility::Low },
        })
    }

    #[test]
    fn regimes_are_those_of_the_definition() {
        let closes = walk(700);
        let found = regimes(&closes, &[]);
        for bar in (0..700).step_by(23).chain([198, 199, 200]) {
            assert_eq!(found[bar], plain(&closes, bar), "bar {bar}");
        }
        let kinds: std::collections::BTreeSet<_> = found.into_iter().collect();
        assert_eq!(kinds.len(), 5, "every regime, and none before there is one");
    }

    #[test]
    fn no_regime_knows_a_later_bar() {
        let closes = walk(500);
        let all = regimes(&closes, &[]);
        for end in [1, 199, 200, 201, 333] {
            assert_eq!(regimes(&closes[..end], &[]), all[..end]);
        }
    }

    #[test]
    fn a_split_is_not_a_fall() {
        let closes = walk(500);
        let two: Ratio = "2".parse().unwrap();
        let mut halved = closes.clone();
        halved[300..].iter_mut().for_each(|close| *close = two.price(*close));
        assert_ne!(regimes(&halved, &[]), regimes(&closes, &[]));
        assert_eq!(regimes(&halved, &[(300, two)]), regimes(&closes, &[]));
    }

    #[test]
    fn prices_that_stand_still_are_down_and_calm() {
        let closes = vec!["0.1".parse().unwrap(); 250];
        let still = Regime { trend: Trend::Down, volatility: Volatility::Low };
        assert_eq!(regimes(&closes, &[])[249], Some(still));
    }
}
