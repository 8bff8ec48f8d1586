//! Metrics over a window that moves along the returns.

use super::{
    float,
    moments::{NOISE, Spread, Sum},
};

/// The Sharpe ratio (rate 0, annualized) of the last `window` returns at each return; `None`
/// before the window is full and where all its returns are equal.
///
/// Costs one step per return: sums slide, and are taken anew once per window so that rounding
/// never piles up.
pub fn rolling_sharpe(returns: &[f64], window: usize, periods_per_year: f64) -> Vec<Option<f64>> {
    if window < 2 {
        return vec![None; returns.len()];
    }
    let mut sums = Sliding::default();
    // How many returns before this one are equal to it.
    let mut equal = 0;
    (0..returns.len())
        .map(|now| {
            let same = now > 0 && (returns[now] - returns[now - 1 - equal]).abs() <= NOISE;
            equal = if same { equal + 1 } else { 0 };
            let start = (now + 1).checked_sub(window)?;
            if start % window == 0 {
                sums = Sliding::of(&returns[start..=now]);
            } else {
                sums.slide(returns[start - 1], returns[now]);
            }
            if equal + 1 >= window {
                return None;
            }
            sums.sharpe(window).map(|ratio| ratio * periods_per_year.sqrt())
        })
        .collect()
}

/// Sums over a window, of distances from an `origin` near its mean so that squares cancel little.
#[derive(Clone, Copy, Debug, Default)]
struct Sliding {
    origin: f64,
    sum: Sum,
    squares: Sum,
}

impl Sliding {
    fn of(window: &[f64]) -> Self {
        let origin = Spread::of(window.iter().copied()).mean;
        let mut sums = Self { origin, ..Self::default() };
        window.iter().for_each(|x| sums.add(*x, 1.0));
        sums
    }

    fn slide(&mut self, leaving: f64, entering: f64) {
        self.add(leaving, -1.0);
        self.add(entering, 1.0);
    }

    fn add(&mut self, x: f64, sign: f64) {
        let distance = x - self.origin;
        self.sum.add(sign * distance);
        self.squares.add(sign * distance * distance);
    }

    fn sharpe(self, window: usize) -> Option<f64> {
        let (n, sum) = (float(window), self.sum.total());
        let variance = (self.squares.total() - sum * sum / n) / (n - 1.0);
        (variance > 0.0).then(|| (self.origin + sum / n) / variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Returns;
    use super::*;

    #[test]
    fn a_window_of_one_has_no_deviation() {
        assert_eq!(rolling_sharpe(&[0.1, 0.2], 1, 252.0), [None, None]);
    }

    #[test]
    fn equal_returns_have_no_ratio_even_after_a_crash() {
        let mut returns = vec![0.001; 12];
        returns[2] = -0.9;
        let rolling = rolling_sharpe(&returns, 4, 252.0);
        let defined: Vec<_> = rolling.iter().map(Option::is_some).collect();
        let expected = (0..12).map(|bar| (3..=5).contains(&bar)).collect::<Vec<_>>();
        assert_eq!(defined, expected);
    }

    #[test]
    fn each_window_equals_the_ratio_of_its_returns() {
        let wave = |bar: u32| 0.01 * f64::from(bar * 7 % 13) - 0.05;
        let returns: Vec<f64> = (0..200).map(wave).collect();
        for (bar, found) in rolling_sharpe(&returns, 21, 252.0).into_iter().enumerate().skip(20) {
            let alone = Returns::new(&returns[bar - 20..=bar], 252.0).expect("finite").sharpe(0.0);
            let (found, alone) = (found.expect("spread"), alone.expect("spread"));
            assert!((found - alone).abs() < 1e-12 * alone.abs().max(1.0), "{bar}: {found} {alone}");
        }
    }
}
