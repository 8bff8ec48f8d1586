//! Estimates: how long work takes, learned from what it took.
//!
//! Promises: the default until three samples are there; then their mean and a fifth more, of the
//! name if it has three, else of the kind. The history is bounded.
//! Not here: deciding what runs; see `decide`.

use std::{collections::BTreeMap, time::Duration};

use super::history::BoundedHistory;

/// How many samples it takes to trust them.
const SAMPLES_MIN: usize = 3;
/// How many samples of a key are kept.
const SAMPLES_MAX: usize = 100;
/// How many keys are kept. Work with a name beyond them counts for its kind alone.
const KEYS_MAX: usize = 10_000;

/// What work without history is taken for: the default time limit of a task.
pub const DEFAULT: Duration = Duration::from_secs(300);

/// Where an estimate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// There are too few samples.
    Default,
    /// From this many samples of the kind.
    Kind(usize),
    /// From this many samples of the kind with this name.
    Name(usize),
}

/// How long work will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The duration.
    pub duration: Duration,
    /// Where it comes from.
    pub basis: Basis,
}

/// What work took, by kind and name.
#[derive(Clone, Debug)]
pub struct Durations {
    default: Duration,
    kinds: BTreeMap<String, Kind>,
    keys: usize,
}

#[derive(Clone, Debug)]
struct Kind {
    all: History,
    names: BTreeMap<String, History>,
}

impl Default for Durations {
    fn default() -> Self {
        Self::new(DEFAULT)
    }
}

impl Durations {
    /// No history; everything is taken for `default`.
    pub const fn new(default: Duration) -> Self {
        Self { default, kinds: BTreeMap::new(), keys: 0 }
    }

    /// Records what completed work took.
    pub fn record(&mut self, kind: &str, name: &str, took: Duration) {
        if !self.kinds.contains_key(kind) && self.take_key() {
            let fresh = Kind { all: History::new(), names: BTreeMap::new() };
            self.kinds.insert(kind.to_owned(), fresh);
        }
        let known = |kind: &Kind| kind.names.contains_key(name);
        let adds_name = self.kinds.get(kind).is_some_and(|kind| !known(kind)) && self.take_key();
        let Some(kind) = self.kinds.get_mut(kind) else { return };
        kind.all.push(took);
        if adds_name {
            kind.names.insert(name.to_owned(), History::new());
        }
        if let Some(named) = kind.names.get_mut(name) {
            named.push(took);
        }
    }

    /// Counts one more key, if there may be one.
    const fn take_key(&mut self) -> bool {
        let may = self.keys < KEYS_MAX;
        self.keys += may as usize;
        may
    }

    /// How long work of `kind` with `name` will take.
    pub fn estimate(&self, kind: &str, name: &str) -> Estimate {
        let kind = self.kinds.get(kind);
        let named = kind.and_then(|kind| kind.names.get(name)?.estimate(Basis::Name));
        let general = || kind.and_then(|kind| kind.all.estimate(Basis::Kind));
        let default = || Estimate { duration: self.default, basis: Basis::Default };
        named.or_else(general).unwrap_or_else(default)
    }
}

/// The last samples of one key, and their sum.
#[derive(Clone, Debug)]
struct History {
    samples: BoundedHistory<Duration>,
    sum: Duration,
}

impl History {
    fn new() -> Self {
        Self { samples: BoundedHistory::new(SAMPLES_MAX), sum: Duration::ZERO }
    }

    fn push(&mut self, took: Duration) {
        // A hundred durations of five years each still add up; longer ones are not times of tasks.
        let took = took.min(Duration::from_secs(157_680_000));
        self.sum += took;
        if let Some(gone) = self.samples.push(took) {
            self.sum -= gone;
        }
    }

    /// The mean and a fifth more; `basis` names its samples.
    fn estimate(&self, basis: fn(usize) -> Basis) -> Option<Estimate> {
        let count = self.samples.len();
        let divisor = u32::try_from(count * 5).ok().filter(|_| count >= SAMPLES_MIN)?;
        Some(Estimate { duration: self.sum * 6 / divisor, basis: basis(count) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[track_caller]
    fn check(durations: &Durations, name: &str, expected: Duration, basis: Basis) {
        assert_eq!(durations.estimate("train", name), Estimate { duration: expected, basis });
    }

    #[test]
    fn three_samples_replace_the_default_and_the_name_comes_before_the_kind() {
        let mut durations = Durations::default();
        durations.record("train", "hex", seconds(10));
        durations.record("train", "hex", seconds(20));
        check(&durations, "hex", seconds(300), Basis::Default);
        durations.record("train", "go", seconds(60));
        check(&durations, "hex", seconds(36), Basis::Kind(3));
        check(&durations, "go", seconds(36), Basis::Kind(3));
        durations.record("train", "hex", seconds(30));
        check(&durations, "hex", seconds(24), Basis::Name(3));
        check(&durations, "go", seconds(36), Basis::Kind(4));
        assert_eq!(durations.estimate("evaluate", "hex").basis, Basis::Default);
    }

    #[test]
    fn old_samples_are_forgotten() {
        let mut durations = Durations::default();
        for took in (0..200).map(|index| if index < 100 { 1_000 } else { 10 }) {
            durations.record("train", "hex", seconds(took));
        }
        check(&durations, "hex", seconds(12), Basis::Name(100));
    }

    #[test]
    fn names_beyond_the_limit_count_for_their_kind() {
        let mut durations = Durations::default();
        for index in 0..KEYS_MAX + 5 {
            durations.record("train", &index.to_string(), seconds(5));
        }
        for _ in 0..3 {
            durations.record("train", "late", seconds(5));
            durations.record("other", "late", seconds(5));
        }
        check(&durations, "late", seconds(6), Basis::Kind(100));
        assert_eq!(durations.estimate("other", "late").basis, Basis::Default);
    }
}
