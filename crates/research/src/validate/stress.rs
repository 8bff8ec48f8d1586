//! Stress: higher costs and later fills, as small plans that the caller evaluates.

use super::number::float;
use super::{Error, check_count, check_finite};

/// Costs times these factors.
#[derive(Clone, Debug, PartialEq)]
pub struct CostStress {
    /// In rising order; 1 is the costs as they are.
    pub factors: Vec<f64>,
}

impl Default for CostStress {
    fn default() -> Self {
        Self { factors: vec![0.0, 1.0, 1.5, 2.0, 3.0, 5.0] }
    }
}

/// Orders that arrive this many bars late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayStress {
    /// In rising order; 0 is no delay.
    pub bars: Vec<usize>,
}

impl Default for DelayStress {
    fn default() -> Self {
        Self { bars: vec![0, 1, 2, 5] }
    }
}

/// Scores at rising levels of stress.
#[derive(Clone, Debug, PartialEq)]
pub struct Stressed {
    /// The level where nothing is stressed.
    base: f64,
    points: Vec<(f64, Option<f64>)>,
}

impl CostStress {
    /// Asks for the score at each factor.
    ///
    /// # Errors
    /// Factors that do not rise, are below zero, or lack 1.
    pub fn evaluate(&self, evaluate: impl FnMut(f64) -> Option<f64>) -> Result<Stressed, Error> {
        Stressed::evaluate(&self.factors, 1.0, evaluate)
    }
}

impl DelayStress {
    /// Asks for the score at each delay.
    ///
    /// # Errors
    /// Delays that do not rise or lack 0.
    pub fn evaluate(
        &self,
        mut evaluate: impl FnMut(usize) -> Option<f64>,
    ) -> Result<Stressed, Error> {
        let levels: Vec<f64> = self.bars.iter().map(|bars| float(*bars)).collect();
        let mut bars = self.bars.iter();
        Stressed::evaluate(&levels, 0.0, |_| bars.next().and_then(|bars| evaluate(*bars)))
    }
}

impl Stressed {
    fn evaluate(
        levels: &[f64],
        base: f64,
        mut evaluate: impl FnMut(f64) -> Option<f64>,
    ) -> Result<Self, Error> {
        check_finite("level of stress", levels)?;
        check_count("levels of stress", levels.len(), 1)?;
        let falls = levels.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| pair[1]);
        if let Some(value) = falls.or(levels.first().copied().filter(|first| *first < 0.0)) {
            let rule = "above the one before it, and not below zero";
            return Err(Error::Setting { what: "level of stress", value, rule });
        }
        if !levels.iter().any(|level| level.total_cmp(&base).is_eq()) {
            let rule = "among the levels, to compare with";
            return Err(Error::Setting { what: "level without stress", value: base, rule });
        }
        let point = |level: &f64| (*level, evaluate(*level).filter(|score| score.is_finite()));
        Ok(Self { base, points: levels.iter().map(point).collect() })
    }

    /// The levels with their scores.
    pub fn points(&self) -> &[(f64, Option<f64>)] {
        &self.points
    }

    /// The score at a level that was evaluated.
    pub fn at(&self, level: f64) -> Option<f64> {
        self.points.iter().find(|(at, _)| at.total_cmp(&level).is_eq())?.1
    }

    /// The score at a level as a share of that without stress; `None` unless the latter is above
    /// zero.
    pub fn kept(&self, level: f64) -> Option<f64> {
        let base = self.at(self.base).filter(|base| *base > 0.0)?;
        Some(self.at(level)? / base)
    }

    /// The level at which the score is gone, on a line between two levels; `None` if it never is,
    /// or never was there.
    pub fn break_even(&self) -> Option<f64> {
        let known: Vec<(f64, f64)> =
            self.points.iter().filter_map(|(level, score)| Some((*level, (*score)?))).collect();
        known.windows(2).find(|pair| pair[0].1 > 0.0 && pair[1].1 <= 0.0).map(|pair| {
            let [(low, above), (high, below)] = [pair[0], pair[1]];
            low + (high - low) * above / (above - below)
        })
    }

    /// The highest level that was evaluated.
    pub fn highest(&self) -> f64 {
        self.points.last().map_or(self.base, |(level, _)| *level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_eat_a_thin_edge() {
        let thin = CostStress::default().evaluate(|factor| Some(1.0 - factor * 0.4)).unwrap();
        assert!((thin.break_even().unwrap() - 2.5).abs() < 1e-12);
        assert!((thin.kept(2.0).unwrap() - 0.2 / 0.6).abs() < 1e-12);
        let thick = CostStress::default().evaluate(|factor| Some(9.0 - factor)).unwrap();
        assert_eq!((thick.break_even(), thick.highest()), (None, 5.0));
    }

    #[test]
    fn delays_are_asked_in_bars() {
        let mut asked = Vec::new();
        let found = DelayStress::default()
            .evaluate(|bars| {
                asked.push(bars);
                (bars < 2).then(|| 1.0 - float(bars) * 0.25)
            })
            .unwrap();
        assert_eq!(asked, [0, 1, 2, 5]);
        assert_eq!((found.kept(1.0), found.kept(2.0)), (Some(0.75), None));
    }

    #[test]
    fn levels_without_sense_are_refused() {
        for factors in [vec![], vec![1.0, 1.0], vec![-1.0, 1.0], vec![2.0], vec![1.0, f64::NAN]] {
            assert!(CostStress { factors }.evaluate(|_| None).is_err());
        }
        assert!(DelayStress { bars: vec![1, 2] }.evaluate(|_| None).is_err());
    }
}
