//! Estimates: how long work takes, learned from what it took.
//!
//! Promises: the default until three samples are there; then their mean and a fifth more, of the
//! name if it has three, else of the kind. The history is bounded.
//! Not here: deciding what runs; see `decide`.

use std::{collections::BTreeMap, time::Duration};

use dirigent_core::Timestamp;

use super::history::BoundedHistory;

/// How many samples it takes to trust them.
const SAMPLES_MIN: usize = 3;
/// How many samples of a key are kept.
const SAMPLES_MAX: usize = 100;
/// How many keys are kept. Work with a name beyond them counts for its kind alone.
const KEYS_MAX: usize = 10_000;

/// What work without history is taken for: the default time limit of a task, which it will not
/// exceed.
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

/// When work may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When the one it has to wait for will be done.
    pub busy_until: Option<Timestamp>,
    /// When it has to be done.
    pub closes: Option<Timestamp>,
}

/// Why work does not fit its window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Something else is at it.
    #[error("busy until {}", hours_and_minutes(*.0))]
    Busy(Timestamp),
    /// There is too little time.
    #[error(
        "needs {} and the window closes at {}",
        minutes_and_seconds(*.needs),
        hours_and_minutes(*.closes)
    )]
    TooLong {
        /// How long it will take.
        needs: Duration,
        /// When it has to be done.
        closes: Timestamp,
    },
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

    /// Records what a completed task took.
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

    /// How long a task of `kind` with `name` will take.
    pub fn estimate(&self, kind: &str, name: &str) -> Estimate {
        let kind = self.kinds.get(kind);
        let named = kind.and_then(|kind| kind.names.get(name)?.estimate(Basis::Name));
        let general = || kind.and_then(|kind| kind.all.estimate(Basis::Kind));
        let default = || Estimate { duration: self.default, basis: Basis::Default };
        named.or_else(general).unwrap_or_else(default)
    }

    /// When `remaining` tasks of a kind and name will be done if `workers` are at them.
    pub fn eta(&self, kind: &str, name: &str, remaining: usize, workers: usize) -> Duration {
        let rounds = remaining.div_ceil(workers.max(1));
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        self.estimate(kind, name).duration.saturating_mul(rounds)
    }

    /// Whether a task can start now and be done before its window closes.
    ///
    /// # Errors
    /// If something else is at it, or there is too little time; the error says which.
    pub fn fits_window(
        &self,
        kind: &str,
        name: &str,
        now: Timestamp,
        window: Window,
    ) -> Result<Estimate, Misfit> {
        let estimate = self.estimate(kind, name);
        match window {
            Window { busy_until: Some(until), .. } if now < until => Err(Misfit::Busy(until)),
            Window { closes: Some(closes), .. } if now.plus(estimate.duration) > closes => {
                Err(Misfit::TooLong { needs: estimate.duration, closes })
            }
            Window { .. } => Ok(estimate),
        }
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

fn hours_and_minutes(moment: Timestamp) -> String {
    let minutes = moment.nanos_of_day() / 60_000_000_000;
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

fn minutes_and_seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_nanos((hour * 60 + minute) * 60_000_000_000)
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

    #[test]
    fn the_time_to_the_end_counts_rounds_of_workers() {
        let durations = Durations::new(seconds(10));
        for (remaining, workers, expected) in
            [(0, 4, 0), (1, 4, 10), (4, 4, 10), (5, 4, 20), (5, 0, 50)]
        {
            assert_eq!(durations.eta("train", "hex", remaining, workers), seconds(expected));
        }
        assert!(durations.eta("train", "hex", usize::MAX, 1) > seconds(u64::from(u32::MAX)));
    }

    #[test]
    fn a_window_that_is_busy_or_too_short_is_refused_with_the_reason() {
        let durations = Durations::new(seconds(600));
        let fits = |window| durations.fits_window("train", "hex", at(14, 0), window);
        let busy = Window { busy_until: Some(at(14, 30)), closes: None };
        assert_eq!(fits(busy).unwrap_err().to_string(), "busy until 14:30 UTC");
        let short = Window { busy_until: Some(at(13, 0)), closes: Some(at(14, 9)) };
        let text = "needs 10 min 0 s and the window closes at 14:09 UTC";
        assert_eq!(fits(short).unwrap_err().to_string(), text);
        let enough = Window { busy_until: Some(at(14, 0)), closes: Some(at(14, 10)) };
        assert_eq!(fits(enough).map(|estimate| estimate.duration), Ok(seconds(600)));
    }
}
