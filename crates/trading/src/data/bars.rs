//! Bars: open, high, low, close and volume of one symbol, column by column.
//!
//! Invariant: all columns have the same length and times rise strictly.

use std::ops::Range;

use dirigent_core::Timestamp;

use crate::execution::Bar;
use crate::indicator::Column;
use crate::price::Price;

use super::Times;

/// The bars of one symbol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// The symbol, as the workflow file names it.
    pub symbol: String,
    /// The start of each bar, UTC; a session date is midnight UTC of that date.
    pub time: Times,
    /// First price.
    pub open: Vec<Price>,
    /// Highest price.
    pub high: Vec<Price>,
    /// Lowest price.
    pub low: Vec<Price>,
    /// Last price.
    pub close: Vec<Price>,
    /// Units traded; zero where the source has none.
    pub volume: Vec<f64>,
}

impl Bars {
    /// How many bars there are.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// A column of prices; none for the volume.
    pub(crate) fn prices(&self, column: Column) -> Option<&[Price]> {
        match column {
            Column::Open => Some(&self.open),
            Column::High => Some(&self.high),
            Column::Low => Some(&self.low),
            Column::Close => Some(&self.close),
            Column::Volume => None,
        }
    }

    /// The prices of one bar.
    pub(crate) fn bar(&self, at: usize) -> Bar {
        Bar {
            time: self.time[at],
            open: self.open[at],
            high: self.high[at],
            low: self.low[at],
            close: self.close[at],
        }
    }

    /// Drops the bars that start at `end` or later.
    pub(crate) fn keep_before(&mut self, end: Timestamp) {
        let kept = self.time.partition_point(|time| *time < end);
        self.time.truncate(kept);
        for prices in [&mut self.open, &mut self.high, &mut self.low, &mut self.close] {
            prices.truncate(kept);
        }
        self.volume.truncate(kept);
    }

    /// The bars in `range`.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let of = |prices: &[Price]| prices[range.clone()].to_vec();
        Self {
            symbol: self.symbol.clone(),
            time: self.time[range.clone()].iter().copied().collect(),
            open: of(&self.open),
            high: of(&self.high),
            low: of(&self.low),
            close: of(&self.close),
            volume: self.volume[range.clone()].to_vec(),
        }
    }

    /// These and, after them, those of `later`.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let both = |first: &[Price], then: &[Price]| [first, then].concat();
        Self {
            symbol: later.symbol.clone(),
            time: self.time.iter().chain(&later.time).copied().collect(),
            open: both(&self.open, &later.open),
            high: both(&self.high, &later.high),
            low: both(&self.low, &later.low),
            close: both(&self.close, &later.close),
            volume: [&self.volume[..], &later.volume].concat(),
        }
    }

    /// Keeps the bars at these places, which rise.
    pub(crate) fn keep(&mut self, places: &[usize]) {
        self.time = places.iter().map(|place| self.time[*place]).collect();
        for prices in [&mut self.open, &mut self.high, &mut self.low, &mut self.close] {
            *prices = places.iter().map(|place| prices[*place]).collect();
        }
        self.volume = places.iter().map(|place| self.volume[*place]).collect();
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }
}
