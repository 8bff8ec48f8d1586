//! Choosing the best trial on each training window and living with it in the test that follows.
//!
//! Columns are the returns of trials over the same bars, each with fixed parameters, so one
//! evaluation of each trial is enough for every split.
//! Promises: what is chosen for a test depends on no bar of it.

use super::number::{float, mean, sharpe};
use super::split::Split;
use super::{Error, check_columns, check_count};

/// What happened on one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The trial with the best Sharpe ratio in training, the first of equals.
    pub trial: usize,
    /// Its Sharpe ratio per period in training; `None` if no trial moved there.
    pub in_sample: Option<f64>,
    /// Its Sharpe ratio per period in the test; `None` if it did not move there.
    pub out_of_sample: Option<f64>,
}

/// A walk through all splits.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// One for each split.
    pub splits: Vec<Chosen>,
    /// The returns of the tests, one after another.
    pub returns: Vec<f64>,
}

impl Selection {
    /// Sharpe ratio per period of all tests over the mean of those in training: the walk-forward
    /// efficiency of Pardo. `None` unless the latter is above zero.
    pub fn efficiency(&self) -> Option<f64> {
        let inside: Vec<f64> = self.splits.iter().filter_map(|s| s.in_sample).collect();
        let inside = mean(&inside);
        (inside > 0.0).then(|| sharpe(&self.returns).map(|outside| outside / inside))?
    }

    /// Share of splits whose test did not lose, among those that moved.
    pub fn share_of_gains(&self) -> Option<f64> {
        let moved: Vec<f64> = self.splits.iter().filter_map(|s| s.out_of_sample).collect();
        let gains = moved.iter().filter(|sharpe| **sharpe > 0.0).count();
        (!moved.is_empty()).then(|| float(gains) / float(moved.len()))
    }
}

/// Chooses on the training bars of each split, and measures on its test bars.
///
/// # Errors
/// Columns that do not fit each other, no split, or one that reaches beyond the last bar.
pub fn select_forward(columns: &[Vec<f64>], splits: &[Split]) -> Result<Selection, Error> {
    let bars = check_columns(columns)?;
    check_count("splits", splits.len(), 1)?;
    let needed = splits.iter().flat_map(|s| s.train.iter().chain(&s.test)).map(|r| r.end).max();
    check_count("bars for these splits", bars, needed.unwrap_or(0))?;
    let mut returns = Vec::new();
    let choose = |split: &Split| {
        let (trial, in_sample) = best(columns, split);
        let test = split.test_of(&columns[trial]);
        let out_of_sample = sharpe(&test);
        returns.extend(test);
        Chosen { trial, in_sample, out_of_sample }
    };
    Ok(Selection { splits: splits.iter().map(choose).collect(), returns })
}

fn best(columns: &[Vec<f64>], split: &Split) -> (usize, Option<f64>) {
    let mut best = (0, None);
    for (trial, column) in columns.iter().enumerate() {
        let found = sharpe(&split.train_of(column));
        if found.is_some() && (best.1.is_none() || found > best.1) {
            best = (trial, found);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Period, WalkForward, forward_splits};

    fn wave(good: std::ops::Range<usize>) -> Vec<f64> {
        let value = |i: usize| if good.contains(&i) { 0.02 } else { -0.01 };
        (0..120).map(|i| value(i) + if i % 2 == 0 { 0.005 } else { -0.005 }).collect()
    }

    fn splits() -> Vec<Split> {
        let walk = WalkForward {
            train: 40,
            test: 20,
            step: 20,
            gap: 0,
            period: Period::Rolling,
            partial: false,
        };
        forward_splits(120, &walk).unwrap()
    }

    #[test]
    fn the_best_of_the_past_is_taken_whatever_comes() {
        let found = select_forward(&[wave(0..60), wave(60..120)], &splits()).unwrap();
        let trials: Vec<usize> = found.splits.iter().map(|s| s.trial).collect();
        assert_eq!(trials, [0, 0, 0, 1]);
        // Trained on 20..60, the first trial loses in 60..80: the choice cannot know.
        assert!(found.splits[1].out_of_sample.unwrap() < 0.0);
        assert_eq!((found.returns.len(), found.share_of_gains()), (80, Some(0.5)));
        assert!(found.efficiency().unwrap() < 0.5);
    }

    #[test]
    fn a_choice_knows_no_later_bar() {
        let columns = [wave(0..60), wave(60..120)];
        let mut changed = columns.clone();
        changed.iter_mut().for_each(|column| column[100..].fill(9.0));
        let choices = |columns: &[Vec<f64>]| -> Vec<_> {
            let found = select_forward(columns, &splits()).unwrap();
            found.splits.into_iter().map(|s| (s.trial, s.in_sample)).collect()
        };
        assert_eq!(choices(&columns), choices(&changed));
    }

    #[test]
    fn trials_that_never_move_are_chosen_last() {
        let found = select_forward(&[vec![0.0; 120], wave(0..0)], &splits()).unwrap();
        assert!(found.splits.iter().all(|s| s.trial == 1));
        let still = select_forward(&[vec![0.0; 120]], &splits()).unwrap();
        assert_eq!((still.efficiency(), still.share_of_gains()), (None, None));
        assert!(select_forward(&[vec![0.0; 119]], &splits()).is_err());
    }
}
