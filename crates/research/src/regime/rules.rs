//! Regimes by rules: how much prices move and which way, against thresholds.
//!
//! At the close of bar t: the trend is c(t) against the mean of the last closes, flat within a
//! band around it; the volatility is the sample deviation of the last returns, in levels between
//! cuts that are fixed or quantiles of its own past.

use std::collections::VecDeque;

use super::feature::{deviation, log_returns_percent};
use super::{Error, check_count, float};

/// Where one level of volatility ends and the next begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Levels {
    /// Deviations of daily returns in percent, rising.
    Fixed(Vec<f64>),
    /// Quantiles, rising, of the volatilities of the last bars, the present one included.
    Quantiles {
        /// From 0 to 1.
        cuts: Vec<f64>,
        /// How many bars count.
        history_bars: usize,
    },
}

/// Thresholds of a regime.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Bars of the mean that tells up from down.
    pub trend_bars: usize,
    /// Distance from the mean, as a fraction of it, within which prices are flat; 0 has no flat.
    pub trend_band: f64,
    /// Returns of which the volatility is measured.
    pub volatility_bars: usize,
    /// The levels of volatility.
    pub levels: Levels,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            trend_bars: 200,
            trend_band: 0.0,
            volatility_bars: 20,
            levels: Levels::Quantiles { cuts: vec![0.5], history_bars: 1260 },
        }
    }
}

impl Rules {
    /// The number of labels: trends times levels.
    pub fn count(&self) -> usize {
        self.trends() * self.level_count()
    }

    /// What a label is called, such as `down, volatility 1 of 2`.
    pub fn name(&self, label: usize) -> String {
        let names: &[&str] =
            if self.trends() == 3 { &["down", "flat", "up"] } else { &["down", "up"] };
        let (trend, level) = (label / self.level_count(), label % self.level_count());
        let trend = names.get(trend).copied().unwrap_or("none");
        format!("{trend}, volatility {} of {}", level + 1, self.level_count())
    }

    /// The label of each bar: trend times number of levels, plus level; none before both are
    /// known.
    ///
    /// # Errors
    /// A close that is not above zero, no bars to look at, or cuts that do not rise.
    pub fn labels(&self, closes: &[f64]) -> Result<Vec<Option<usize>>, Error> {
        self.check()?;
        let returns = log_returns_percent(closes)?;
        let mut history = History::new(&self.levels);
        let label = |bar: usize| {
            let level = bar
                .checked_sub(self.volatility_bars)
                .map(|from| history.level(deviation(&returns[from..bar])));
            let trend = (bar + 1)
                .checked_sub(self.trend_bars)
                .map(|from| self.trend(closes[bar], &closes[from..=bar]));
            Some(trend? * self.level_count() + level?)
        };
        Ok((0..closes.len()).map(label).collect())
    }

    fn trends(&self) -> usize {
        if self.trend_band > 0.0 { 3 } else { 2 }
    }

    fn level_count(&self) -> usize {
        match &self.levels {
            Levels::Fixed(cuts) | Levels::Quantiles { cuts, .. } => cuts.len() + 1,
        }
    }

    fn trend(&self, close: f64, window: &[f64]) -> usize {
        let mean = window.iter().sum::<f64>() / float(window.len());
        let distance = close / mean - 1.0;
        if distance > self.trend_band {
            self.trends() - 1
        } else if self.trends() == 3 && distance >= -self.trend_band {
            1
        } else {
            0
        }
    }

    fn check(&self) -> Result<(), Error> {
        check_count("bars of a trend", self.trend_bars, 1)?;
        check_count("returns of a volatility", self.volatility_bars, 2)?;
        let what = "band of a trend";
        if !(self.trend_band.is_finite() && self.trend_band >= 0.0) {
            return Err(Error::Setting { what, value: self.trend_band, rule: "zero or above" });
        }
        let (cuts, limit) = match &self.levels {
            Levels::Fixed(cuts) => (cuts, f64::INFINITY),
            Levels::Quantiles { cuts, history_bars } => {
                check_count("bars of history", *history_bars, 1)?;
                (cuts, 1.0)
            }
        };
        let is_bad = |at: &usize| {
            let from = if *at == 0 { 0.0 } else { cuts[at - 1] };
            !(cuts[*at] > from && cuts[*at] < limit)
        };
        match (0..cuts.len()).find(is_bad) {
            None => Ok(()),
            Some(at) => {
                let rule = "above the cut before it and above zero; a quantile below 1";
                Err(Error::Setting { what: "cut between levels", value: cuts[at], rule })
            }
        }
    }
}

/// The volatilities that quantiles are taken of, in the order of time and in order.
struct History<'a> {
    levels: &'a Levels,
    recent: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl<'a> History<'a> {
    fn new(levels: &'a Levels) -> Self {
        Self { levels, recent: VecDeque::new(), sorted: Vec::new() }
    }

    /// How many cuts `value`, the next in time, is above.
    fn level(&mut self, value: f64) -> usize {
        let above = |cuts: &[f64], cut: &dyn Fn(f64) -> f64| {
            cuts.iter().filter(|at| value > cut(**at)).count()
        };
        match self.levels {
            Levels::Fixed(cuts) => above(cuts, &|cut| cut),
            Levels::Quantiles { cuts, history_bars } => {
                self.push(value, *history_bars);
                above(cuts, &|share| self.quantile(share))
            }
        }
    }

    fn push(&mut self, value: f64, limit: usize) {
        if self.recent.len() == limit
            && let Some(gone) = self.recent.pop_front()
        {
            let place = self.sorted.partition_point(|x| x.total_cmp(&gone).is_lt());
            self.sorted.remove(place);
        }
        self.recent.push_back(value);
        let place = self.sorted.partition_point(|x| x.total_cmp(&value).is_lt());
        self.sorted.insert(place, value);
    }

    /// Linear between order statistics.
    fn quantile(&self, share: f64) -> f64 {
        let at = share * float(self.sorted.len() - 1);
        let low = super::position(at / float(self.sorted.len()), self.sorted.len());
        let high = (low + 1).min(self.sorted.len() - 1);
        self.sorted[low] + (at - float(low)) * (self.sorted[high] - self.sorted[low])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    /// Calm and rising, then wild and falling.
    fn two_worlds() -> Vec<f64> {
        let mut stream = Seed::master(2).stream();
        let mut close = 100.0;
        let step = |i: usize| {
            let (drift, risk) = if i < 400 { (0.001, 0.004) } else { (-0.006, 0.02) };
            close *= 1.0 + drift + risk * stream.normal();
            close
        };
        (0..800).map(step).collect()
    }

    fn rules() -> Rules {
        Rules { trend_bars: 50, ..Rules::default() }
    }

    #[test]
    fn trd_20_known_worlds_are_recovered() {
        let labels = rules().labels(&two_worlds()).unwrap();
        assert_eq!(labels[48], None);
        let share = |range: std::ops::Range<usize>, wanted: &[usize]| {
            let hits = labels[range.clone()].iter().flatten().filter(|l| wanted.contains(l));
            float(hits.count()) / float(range.len())
        };
        assert!(share(100..400, &[2, 3]) > 0.8, "rising");
        assert!(share(450..600, &[1]) > 0.7, "falling and wild");
        assert_eq!(rules().name(1), "down, volatility 2 of 2");
    }

    #[test]
    fn trd_20_no_label_knows_a_later_bar() {
        let closes = two_worlds();
        let flat = Rules { trend_band: 0.02, ..rules() };
        let fixed = Rules { levels: Levels::Fixed(vec![0.5, 1.5]), ..rules() };
        for rules in [rules(), flat, fixed] {
            let all = rules.labels(&closes).unwrap();
            for end in [1, 49, 50, 333, 500, 799] {
                assert_eq!(rules.labels(&closes[..end]).unwrap(), all[..end]);
            }
            assert!(all.iter().flatten().all(|label| *label < rules.count()));
        }
    }

    #[test]
    fn history_forgets() {
        let levels = Levels::Quantiles { cuts: vec![0.5], history_bars: 3 };
        let mut history = History::new(&levels);
        let found: Vec<usize> =
            [9.0, 8.0, 1.0, 2.0, 3.0].iter().map(|x| history.level(*x)).collect();
        // 3 is above the median of 1, 2, 3; it would be below that of all.
        assert_eq!(found, [0, 0, 0, 0, 1]);
    }

    #[test]
    fn rules_without_sense_are_refused() {
        let closes = two_worlds();
        for levels in [
            Levels::Fixed(vec![2.0, 1.0]),
            Levels::Fixed(vec![0.0]),
            Levels::Quantiles { cuts: vec![1.0], history_bars: 9 },
            Levels::Quantiles { cuts: vec![0.5], history_bars: 0 },
        ] {
            assert!(Rules { levels, ..rules() }.labels(&closes).is_err());
        }
        assert!(Rules { trend_bars: 0, ..rules() }.labels(&closes).is_err());
        assert!(Rules { trend_band: f64::NAN, ..rules() }.labels(&closes).is_err());
    }
}
