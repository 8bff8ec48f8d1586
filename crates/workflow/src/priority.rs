//! Priority: who goes first among tasks that are ready.
//!
//! Invariant: a ready task is overtaken only by tasks that became ready within `AGING` per level
//! after it, so the lowest priority is never starved.

use std::time::Duration;

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a level of priority is worth: a LOW task that has waited three times this goes before
/// a CRITICAL one that becomes ready then.
pub const AGING: Duration = Duration::from_secs(30);

/// How urgent a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Priority {
    /// Maintenance, optimization, cleanup.
    Low,
    /// Analysis, monitoring, reporting.
    #[default]
    Medium,
    /// Trading decisions, order execution.
    High,
    /// Risk alerts, emergency exits.
    Critical,
}

impl Priority {
    /// The priority that `text` names, by word in any case or by number: 1 is LOW, 4 is CRITICAL.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "LOW" | "1" => Some(Self::Low),
            "MEDIUM" | "NORMAL" | "2" => Some(Self::Medium),
            "HIGH" | "3" => Some(Self::High),
            "CRITICAL" | "4" => Some(Self::Critical),
            _ => None,
        }
    }

    /// Where a task that became ready at `since` stands in line: lower goes first.
    pub fn rank(self, since: Timestamp) -> i64 {
        let levels = match self {
            Self::Critical => 0,
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
        };
        since.plus(AGING * levels).as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tsk_14_words_and_numbers_name_the_same_levels() {
        for (words, priority) in [
            (["LOW", "low", "1"], Priority::Low),
            (["MEDIUM", "NORMAL", "2"], Priority::Medium),
            (["HIGH", "High", "3"], Priority::High),
            (["CRITICAL", "critical", "4"], Priority::Critical),
        ] {
            assert!(words.iter().all(|word| Priority::parse(word) == Some(priority)), "{words:?}");
        }
        assert_eq!(Priority::parse("urgent"), None);
        assert_eq!(Priority::parse("0"), None);
    }

    #[test]
    fn a_low_task_that_waited_long_goes_before_a_new_critical_one() {
        let at = |seconds: u64| Timestamp::default().plus(Duration::from_secs(seconds));
        assert!(Priority::Critical.rank(at(89)) < Priority::Low.rank(at(0)));
        assert!(Priority::Critical.rank(at(91)) > Priority::Low.rank(at(0)));
        assert!(Priority::High.rank(at(5)) < Priority::Medium.rank(at(5)));
    }
}
