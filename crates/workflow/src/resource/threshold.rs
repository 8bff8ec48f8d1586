//! Thresholds that learn: each moves until so many of its cases succeed as are wanted.
//!
//! Promises: the value stays within its bounds, moves only on enough evidence gathered at the value
//! it has, and not more often than its cool-down.

use std::{collections::BTreeMap, time::Duration};

use dirigent_core::Timestamp;

use super::history::BoundedHistory;

/// How near to the wanted rate is near enough.
const TOLERANCE: f64 = 0.02;

/// What raising a threshold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raising {
    /// Fewer cases succeed, as with a pass mark.
    Hardens,
    /// More cases succeed, as with a time limit.
    Eases,
}

/// How a threshold learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// The share of cases that should succeed.
    pub success_rate: f64,
    /// What raising the value does.
    pub raising: Raising,
    /// How far it moves at most, as a share of the way from `low` to `high`.
    pub step: f64,
    /// How many cases it takes to move.
    pub samples_min: usize,
    /// How long it rests after it moved.
    pub cool_down: Duration,
}

impl Rules {
    /// Rules for a pass mark between two values: a step of a tenth, on 20 cases, once a minute.
    pub const fn between(low: f64, high: f64, success_rate: f64) -> Self {
        Self {
            low,
            high,
            success_rate,
            raising: Raising::Hardens,
            step: 0.1,
            samples_min: 20,
            cool_down: Duration::from_secs(60),
        }
    }

    fn check(&self) -> Result<(), InvalidRules> {
        let Self { low, high, success_rate, step, .. } = *self;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(InvalidRules::Bounds { low, high });
        }
        if !(0.0..=1.0).contains(&success_rate) {
            return Err(InvalidRules::Rate(success_rate));
        }
        if !(step > 0.0 && step <= 1.0) {
            return Err(InvalidRules::Step(step));
        }
        Ok(())
    }
}

/// The rules of a threshold make no sense.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidRules {
    /// There is nothing between the bounds.
    #[error("the lowest value `{low}` of a threshold is not below its highest `{high}`")]
    Bounds {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
    },
    /// No share.
    #[error("a success rate of `{0}` is not between 0 and 1")]
    Rate(f64),
    /// No share above zero.
    #[error("a step of `{0}` is not above 0 and at most 1")]
    Step(f64),
}

/// A value that adapts.
#[derive(Clone, Debug)]
pub struct DynamicThreshold {
    rules: Rules,
    value: f64,
    outcomes: BoundedHistory<bool>,
    moved: Option<Timestamp>,
}

impl DynamicThreshold {
    /// A threshold that starts at `value`, or at the nearest of its bounds.
    ///
    /// # Errors
    /// If the rules make no sense.
    pub fn new(rules: Rules, value: f64) -> Result<Self, InvalidRules> {
        rules.check()?;
        let value = if value.is_finite() { value.clamp(rules.low, rules.high) } else { rules.low };
        // Twice the minimum: cases that arrive while it rests count, but old ones fade.
        let outcomes = BoundedHistory::new(rules.samples_min.max(1).saturating_mul(2));
        Ok(Self { rules, value, outcomes, moved: None })
    }

    /// The value now.
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// Records how a case at this value ended; returns the value from now on.
    pub fn record(&mut self, success: bool, now: Timestamp) -> f64 {
        self.outcomes.push(success);
        let rests = self.moved.is_some_and(|at| now.since(at) < self.rules.cool_down);
        if rests || self.outcomes.len() < self.rules.samples_min.max(1) {
            return self.value;
        }
        let successes = self.outcomes.iter().filter(|success| **success).count();
        // Some dozens of cases are exact in doubles.
        let surplus = successes as f64 / self.outcomes.len() as f64 - self.rules.success_rate;
        if surplus.abs() > TOLERANCE {
            self.shift(surplus, now);
        }
        self.value
    }

    fn shift(&mut self, surplus: f64, now: Timestamp) {
        let Rules { low, high, step, raising, .. } = self.rules;
        let direction = match raising {
            Raising::Hardens => 1.0,
            Raising::Eases => -1.0,
        };
        let share = (direction * surplus).clamp(-step, step);
        self.value = (self.value + share * (high - low)).clamp(low, high);
        self.moved = Some(now);
        // What was seen at the old value says nothing about the new one.
        self.outcomes.clear();
    }
}

/// Thresholds by name.
#[derive(Clone, Debug, Default)]
pub struct Thresholds(BTreeMap<String, DynamicThreshold>);

impl Thresholds {
    /// Adds or replaces one.
    pub fn insert(&mut self, name: impl Into<String>, threshold: DynamicThreshold) {
        self.0.insert(name.into(), threshold);
    }

    /// The value of one.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(DynamicThreshold::value)
    }

    /// Records how a case of one ended; its value from now on.
    pub fn record(&mut self, name: &str, success: bool, now: Timestamp) -> Option<f64> {
        self.0.get_mut(name).map(|threshold| threshold.record(success, now))
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, threshold)| (name.as_str(), threshold.value()))
    }
}

#[cfg(test)]
mod tests {
    use dirigent_core::Seed;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let check = |rules: Rules| DynamicThreshold::new(rules, 0.5).map(drop).unwrap_err();
        let good = Rules::between(0.0, 1.0, 0.7);
        assert_eq!(check(Rules { low: 1.0, ..good }), InvalidRules::Bounds { low: 1.0, high: 1.0 });
        assert_eq!(check(Rules { success_rate: 1.5, ..good }), InvalidRules::Rate(1.5));
        assert_eq!(check(Rules { step: 0.0, ..good }), InvalidRules::Step(0.0));
    }

    /// Cases succeed with a chance that falls from 1 to 0 as the value rises from 0 to 1: the value
    /// has to find the wanted rate.
    #[track_caller]
    fn check_learns(raising: Raising, success_rate: f64, expected: f64) {
        let rules = Rules { raising, samples_min: 200, ..Rules::between(0.0, 1.0, success_rate) };
        let mut threshold = DynamicThreshold::new(rules, 0.9).unwrap();
        let mut stream = Seed::master(11).stream();
        for second in 0..20_000 {
            let chance = match raising {
                Raising::Hardens => 1.0 - threshold.value(),
                Raising::Eases => threshold.value(),
            };
            threshold.record(stream.uniform() < chance, at(second));
        }
        assert!((threshold.value() - expected).abs() < 0.08, "{}", threshold.value());
    }

    #[test]
    fn it_finds_the_value_at_which_the_wanted_rate_succeeds() {
        check_learns(Raising::Hardens, 0.7, 0.3);
        check_learns(Raising::Hardens, 0.2, 0.8);
        check_learns(Raising::Eases, 0.7, 0.7);
    }

    #[test]
    fn it_moves_on_enough_cases_and_not_before_it_rested() {
        let mut threshold = DynamicThreshold::new(Rules::between(0.0, 10.0, 0.5), 5.0).unwrap();
        let moves: Vec<i64> = (0..200)
            .filter(|second| {
                let before = threshold.value();
                threshold.record(true, at(*second)) > before
            })
            .collect();
        assert_eq!(moves, [19, 79, 139, 199]);
        assert!((threshold.value() - 9.0).abs() < 1e-9, "{}", threshold.value());
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let rules = Rules { cool_down: Duration::ZERO, ..Rules::between(1.0, 2.0, 0.5) };
        for (success, bound) in [(true, 2.0), (false, 1.0)] {
            let mut thresholds = Thresholds::default();
            thresholds.insert("pass", DynamicThreshold::new(rules, 1.5).unwrap());
            for second in 0..1_000 {
                let value = thresholds.record("pass", success, at(second));
                assert!(value.is_some_and(|value| (1.0..=2.0).contains(&value)), "{value:?}");
            }
            assert!(thresholds.iter().eq([("pass", bound)]));
            assert_eq!(thresholds.record("fail", success, at(0)), None);
        }
    }
}
