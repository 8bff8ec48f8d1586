//! A split: which bars train and which test.

use std::ops::Range;

/// Bars to fit on and bars to test on, as ranges in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Where to fit.
    pub train: Vec<Range<usize>>,
    /// Where to test; one range for each test fold.
    pub test: Vec<Range<usize>>,
}

impl Split {
    /// One range of each.
    pub(super) fn plain(train: Range<usize>, test: Range<usize>) -> Self {
        Self { train: vec![train], test: vec![test] }
    }

    /// The values of a column where it trains.
    pub fn train_of(&self, column: &[f64]) -> Vec<f64> {
        of(&self.train, column)
    }

    /// The values of a column where it tests.
    pub fn test_of(&self, column: &[f64]) -> Vec<f64> {
        of(&self.test, column)
    }
}

fn of(ranges: &[Range<usize>], column: &[f64]) -> Vec<f64> {
    ranges.iter().flat_map(|range| column.get(range.clone()).unwrap_or_default()).copied().collect()
}
