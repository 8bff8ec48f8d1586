//! Advice: what the engine is told about how much to do at once.

use serde::{Deserialize, Serialize};

use super::backpressure::Level;

/// How many tasks to run now, and how hard to hold back otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// How many tasks may run at once. What runs already is not stopped; zero starts nothing.
    pub concurrency: usize,
    /// How hard the machine asks to hold back.
    pub level: Level,
    /// Why, with the figures.
    pub reason: String,
}

impl Advice {
    /// Whether work that nobody depends on should be left out and reported as degraded.
    pub fn sheds_optional_work(&self) -> bool {
        self.level >= Level::High
    }

    /// Whether what is only kept for speed should go to disk.
    pub fn spills(&self) -> bool {
        self.level >= Level::High
    }

    /// Whether anything may be started.
    pub fn starts(&self) -> bool {
        self.concurrency > 0 && self.level < Level::Critical
    }
}
