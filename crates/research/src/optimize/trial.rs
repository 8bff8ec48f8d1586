//! Trials: what was tried and what came of it.

use super::point::Point;

/// Whether little or much is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

impl Direction {
    /// The value as a cost: less is better.
    pub(super) fn cost(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// One value for each objective. A value that is not a finite number counts as a failure.
    Values(Vec<f64>),
    /// Nothing that could be measured.
    Failed,
}

impl Outcome {
    /// One value.
    pub fn value(value: f64) -> Self {
        Self::Values(vec![value])
    }

    /// What each direction makes of the values; `None` if there is nothing to compare.
    pub(super) fn costs(&self, directions: &[Direction]) -> Option<Vec<f64>> {
        match self {
            Self::Failed => None,
            Self::Values(values) => values
                .iter()
                .zip(directions)
                .map(|(value, direction)| value.is_finite().then(|| direction.cost(*value)))
                .collect(),
        }
    }
}

/// One evaluation of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Trials are numbered from 0 in the order they were asked for.
    pub number: u64,
    /// What to try.
    pub point: Point,
    /// How much of the resource (data, time) to spend: 1 is all of it.
    pub fraction: f64,
    /// What came of it, once told.
    pub outcome: Option<Outcome>,
}
