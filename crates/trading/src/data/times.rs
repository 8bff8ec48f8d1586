//! Times: the time of each bar, in order; copies share one column.
//!
//! What is made of bars (the account after every bar, bars of another origin) has their times, so
//! a copy must not cost what a million of them do.

use std::ops::Deref;
use std::sync::Arc;

use dirigent_core::Timestamp;

/// A column of times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(Arc<Vec<Timestamp>>);

impl Times {
    /// Adds a time.
    pub fn push(&mut self, time: Timestamp) {
        Arc::make_mut(&mut self.0).push(time);
    }

    /// Adds some times.
    pub fn extend_from_slice(&mut self, times: &[Timestamp]) {
        Arc::make_mut(&mut self.0).extend_from_slice(times);
    }

    /// Adds a time before the one at `place`.
    pub fn insert(&mut self, place: usize, time: Timestamp) {
        Arc::make_mut(&mut self.0).insert(place, time);
    }

    /// Keeps the first times only.
    pub fn truncate(&mut self, count: usize) {
        Arc::make_mut(&mut self.0).truncate(count);
    }
}

impl Deref for Times {
    type Target = [Timestamp];

    fn deref(&self) -> &[Timestamp] {
        &self.0
    }
}

impl From<Vec<Timestamp>> for Times {
    fn from(times: Vec<Timestamp>) -> Self {
        Self(Arc::new(times))
    }
}

impl FromIterator<Timestamp> for Times {
    fn from_iter<I: IntoIterator<Item = Timestamp>>(times: I) -> Self {
        Self::from(times.into_iter().collect::<Vec<_>>())
    }
}

impl<'a> IntoIterator for &'a Times {
    type Item = &'a Timestamp;
    type IntoIter = std::slice::Iter<'a, Timestamp>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
