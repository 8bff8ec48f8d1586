//! `validation_config` as typed values.
//!
//! Promises: what is absent is as the declaration says; a test holds the two together.

use dirigent_research::validate::{self, Error, Split};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many tests a walk forward has unless it is told.
const WINDOWS: usize = 7;
/// How many tests the first training is as long as.
const TRAIN_TESTS: usize = 3;

/// What is tried to break a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validation {
    /// `skip`
    pub skip: Vec<String>,
    /// `walk_forward`
    pub walk_forward: WalkForward,
    /// `k_fold`
    pub k_fold: KFold,
    /// `combinatorial`
    pub combinatorial: Combinatorial,
    /// `monte_carlo`
    pub monte_carlo: MonteCarlo,
    /// `perturbation`
    pub perturbation: Perturbation,
    /// `costs`: factors, rising.
    pub costs: Vec<f64>,
    /// `delays`: bars, rising.
    pub delays: Vec<usize>,
    /// `luck`
    pub luck: Luck,
}

/// `walk_forward`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WalkForward {
    /// `period`
    pub period: Period,
    /// `windows`
    pub windows: Option<usize>,
    /// `train`
    pub train: Option<usize>,
    /// `test`
    pub test: Option<usize>,
    /// `step`
    pub step: Option<usize>,
    /// `purge`
    pub purge: usize,
    /// `embargo`
    pub embargo: usize,
}

/// Which past is trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// All of it.
    #[default]
    Anchored,
    /// A window that moves along.
    Rolling,
}

/// `k_fold`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KFold {
    /// `folds`
    pub folds: usize,
    /// `purge`
    pub purge: usize,
    /// `embargo`
    pub embargo: usize,
}

/// `combinatorial`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Combinatorial {
    /// `folds`
    pub folds: usize,
    /// `tests`
    pub tests: usize,
    /// `purge`
    pub purge: usize,
    /// `embargo`
    pub embargo: usize,
}

/// `monte_carlo`
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonteCarlo {
    /// `draws`
    pub draws: usize,
    /// `confidence`
    pub confidence: f64,
    /// `block`
    pub block: Option<f64>,
}

/// `perturbation`
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Perturbation {
    /// `spread`
    pub spread: f64,
    /// `steps`
    pub steps: usize,
}

/// `luck`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Luck {
    /// `draws`
    pub draws: usize,
    /// `blocks`
    pub blocks: usize,
    /// `against`
    pub against: Benchmark,
    /// `trials`
    pub trials: Option<usize>,
}

/// What trials are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Benchmark {
    /// The risk-free rate.
    #[default]
    Cash,
    /// The benchmark of the file, else all symbols in equal parts.
    BuyAndHold,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            skip: Vec::new(),
            walk_forward: WalkForward::default(),
            k_fold: KFold::default(),
            combinatorial: Combinatorial::default(),
            monte_carlo: MonteCarlo::default(),
            perturbation: Perturbation::default(),
            costs: vec![1.5, 2.0, 3.0],
            delays: vec![1, 2],
            luck: Luck::default(),
        }
    }
}

impl Default for KFold {
    fn default() -> Self {
        Self { folds: 5, purge: 0, embargo: 0 }
    }
}

impl Default for Combinatorial {
    fn default() -> Self {
        Self { folds: 6, tests: 2, purge: 0, embargo: 0 }
    }
}

impl Default for MonteCarlo {
    fn default() -> Self {
        Self { draws: 1_000, confidence: 0.9, block: None }
    }
}

impl Default for Perturbation {
    fn default() -> Self {
        Self { spread: 0.2, steps: 2 }
    }
}

impl Default for Luck {
    fn default() -> Self {
        Self { draws: 1_000, blocks: 12, against: Benchmark::Cash, trials: None }
    }
}

/// A key below `validation_config`, what is wrong with it, and what to do.
pub type Wrong = (&'static str, String, &'static str);

impl Validation {
    /// The settings that were written.
    ///
    /// # Errors
    /// The first that makes no sense beside the others.
    pub fn of(config: Option<&Map<String, Value>>) -> Result<Self, Wrong> {
        let written = config.cloned().unwrap_or_default();
        let found: Self = serde_json::from_value(Value::Object(written))
            .map_err(|error| ("", error.to_string(), "this is a mistake of ours"))?;
        found.check()?;
        Ok(found)
    }

    /// Whether a check is made.
    pub fn makes(&self, check: &str) -> bool {
        self.skip.iter().all(|skipped| skipped != check)
    }

    fn check(&self) -> Result<(), Wrong> {
        let walk = &self.walk_forward;
        if walk.windows.is_some() && walk.test.is_some() {
            let what = "counts the tests, and `test` says how long each is".to_owned();
            return Err(("walk_forward.windows", what, "keep one of the two"));
        }
        if walk.step.is_some() && walk.test.is_none() {
            let what = "is counted in bars, and so has to be `test`".to_owned();
            return Err(("walk_forward.step", what, "give `test`, or leave `step` out"));
        }
        if self.combinatorial.tests >= self.combinatorial.folds {
            let Combinatorial { tests, folds, .. } = self.combinatorial;
            let what = format!("is {tests} of {folds} folds, which leaves none to train on");
            return Err(("combinatorial.tests", what, "test on fewer folds"));
        }
        if !self.luck.blocks.is_multiple_of(2) {
            let what = format!("is {}, which has no half", self.luck.blocks);
            return Err(("luck.blocks", what, "give an even number"));
        }
        if self.costs.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(("costs", "do not rise".into(), "order them, each once"));
        }
        if self.delays.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(("delays", "do not rise".into(), "order them, each once"));
        }
        Ok(())
    }
}

impl WalkForward {
    /// How many windows there are, where that does not depend on the number of bars.
    pub fn count(&self) -> Option<usize> {
        self.test.is_none().then(|| self.windows.unwrap_or(WINDOWS))
    }

    /// The windows on `bars` bars. A test that is shorter than the others is the last.
    ///
    /// # Errors
    /// Too few bars.
    pub fn splits(&self, bars: usize) -> Result<Vec<Split>, Error> {
        let gap = self.purge.saturating_add(self.embargo);
        let too_few =
            |needed| Err(Error::TooFew { what: "bars for these windows", found: bars, needed });
        let (train, test) = match (self.test, self.count()) {
            (Some(test), _) => (self.train.unwrap_or(test.saturating_mul(TRAIN_TESTS)), test),
            (None, count) => {
                let count = count.unwrap_or(WINDOWS);
                let free = bars.saturating_sub(gap);
                // By default all parts are as long, the training being some of them.
                let test = match self.train {
                    Some(train) => free.saturating_sub(train) / count,
                    None => free / (count + TRAIN_TESTS),
                };
                if test < 2 {
                    let needed = self.train.unwrap_or(2 * TRAIN_TESTS) + gap + 2 * count;
                    return too_few(needed);
                }
                (free - test * count, test)
            }
        };
        let walk = validate::WalkForward {
            train,
            test,
            step: self.step.unwrap_or(test),
            gap,
            period: match self.period {
                Period::Anchored => validate::Period::Anchored,
                Period::Rolling => validate::Period::Rolling,
            },
            partial: false,
        };
        let mut splits = validate::forward_splits(bars, &walk)?;
        if let Some(count) = self.count() {
            splits.truncate(count);
        }
        Ok(splits)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refuse(config: &Value, key: &str) {
        let found = Validation::of(config.as_object()).unwrap_err();
        assert_eq!(found.0, key, "{found:?}");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        refuse(&json!({"walk_forward": {"windows": 4, "test": 63}}), "walk_forward.windows");
        refuse(&json!({"walk_forward": {"step": 21}}), "walk_forward.step");
        refuse(&json!({"combinatorial": {"folds": 4, "tests": 4}}), "combinatorial.tests");
        refuse(&json!({"luck": {"blocks": 7}}), "luck.blocks");
        refuse(&json!({"costs": [2.0, 1.5]}), "costs");
        refuse(&json!({"delays": [1, 1]}), "delays");
        assert!(Validation::of(json!({"skip": ["costs"]}).as_object()).unwrap().makes("luck"));
    }

    fn windows(walk: &WalkForward, bars: usize) -> Vec<(usize, usize, usize, usize)> {
        let ends = |s: &Split| (s.train[0].start, s.train[0].end, s.test[0].start, s.test[0].end);
        walk.splits(bars).unwrap().iter().map(ends).collect()
    }

    #[test]
    fn windows_are_told_by_their_number_or_in_bars() {
        let found = windows(&WalkForward::default(), 1_000);
        assert_eq!(found.len(), 7);
        assert_eq!((found[0], found[6]), ((0, 300, 300, 400), (0, 900, 900, 1_000)));
        let rolling = WalkForward {
            period: Period::Rolling,
            windows: Some(4),
            train: Some(500),
            purge: 5,
            embargo: 5,
            ..WalkForward::default()
        };
        // What is left over goes to the training.
        assert_eq!(windows(&rolling, 1_000)[0], (0, 502, 512, 634));
        let bars = WalkForward {
            train: Some(252),
            test: Some(63),
            step: Some(21),
            ..WalkForward::default()
        };
        let found = windows(&bars, 400);
        assert_eq!((found.len(), found[1]), (5, (0, 273, 273, 336)));
        assert!(WalkForward::default().splits(15).is_err());
        assert!(bars.splits(300).is_err());
    }
}
