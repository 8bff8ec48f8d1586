//! The life of a task: one enum, one table, every other move refused.
//!
//! ```text
//! Pending ─▶ Queued ─▶ Running ─▶ Completed
//!    │         ▲         ├──────▶ Failed, Timeout
//!    │         ├─────────┼─ Retrying ◀┘
//!    │         └─────────┴─ Orphaned
//!    └─▶ Skipped     any that has not ended ─▶ Cancelled; Retrying ─▶ Skipped
//! ```

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TaskState {
    /// Waits for the tasks it needs.
    Pending,
    /// Could start, and waits for room.
    Queued,
    /// Is being worked on, for the `attempt`-th time.
    Running {
        /// Counted from 1.
        attempt: u32,
    },
    /// Failed or took too long, and waits to be tried again.
    Retrying {
        /// How often it was tried.
        attempt: u32,
        /// When it is tried again.
        at: Timestamp,
    },
    /// The process that worked on it is gone.
    Orphaned {
        /// How often it was tried.
        attempt: u32,
    },
    /// Ended with an output.
    Completed,
    /// Ended with an error, after the last retry.
    Failed {
        /// How often it was tried.
        attempts: u32,
    },
    /// Took too long, after the last retry.
    Timeout {
        /// How often it was tried.
        attempts: u32,
    },
    /// Was stopped, or will not be started, because the run was cancelled or timed out.
    Cancelled,
    /// Will not be started, because a task it needs did not complete or its event did not come.
    Skipped,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskMove {
    /// Everything it needs is there.
    Ready,
    /// It was handed to a worker, for the `attempt`-th time.
    Start {
        /// Counted from 1.
        attempt: u32,
    },
    /// It delivered its output.
    Complete,
    /// It reported an error and is not tried again.
    Fail,
    /// It took too long and is not tried again.
    TimeOut,
    /// It failed or took too long, and is tried again.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// The process that worked on it is gone.
    Orphan,
    /// Something it needs will never be there.
    Skip,
    /// The run ended before it did.
    Cancel,
    /// A run that ended is tried again.
    Reset,
}

/// A move that the table does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task that is `{from:?}` cannot `{by:?}`")]
pub struct IllegalMove {
    from: TaskState,
    by: TaskMove,
}

impl TaskState {
    /// The names of all states.
    pub const NAMES: [&'static str; 10] = [
        "pending",
        "queued",
        "running",
        "retrying",
        "orphaned",
        "completed",
        "failed",
        "timeout",
        "cancelled",
        "skipped",
    ];

    /// The state after `by`.
    ///
    /// # Errors
    /// If the table does not allow the move.
    pub fn on(self, by: TaskMove) -> Result<Self, IllegalMove> {
        use {TaskMove as M, TaskState as S};
        match (self, by) {
            (S::Pending | S::Retrying { .. } | S::Orphaned { .. }, M::Ready) => Ok(S::Queued),
            (S::Queued, M::Start { attempt }) => Ok(S::Running { attempt }),
            (S::Running { .. }, M::Complete) => Ok(S::Completed),
            (S::Running { attempt }, M::Fail) => Ok(S::Failed { attempts: attempt }),
            (S::Running { attempt }, M::TimeOut) => Ok(S::Timeout { attempts: attempt }),
            (S::Running { attempt }, M::Retry { at }) => Ok(S::Retrying { attempt, at }),
            (S::Running { attempt }, M::Orphan) => Ok(S::Orphaned { attempt }),
            (S::Pending | S::Queued | S::Retrying { .. }, M::Skip) => Ok(S::Skipped),
            (from, M::Cancel) if !from.is_final() => Ok(S::Cancelled),
            (from, M::Reset) if from != S::Completed => Ok(S::Pending),
            (from, by) => Err(IllegalMove { from, by }),
        }
    }

    /// Whether nothing more will happen to it in this attempt of the run.
    pub fn is_final(self) -> bool {
        use TaskState as S;
        match self {
            S::Completed | S::Failed { .. } | S::Timeout { .. } | S::Cancelled | S::Skipped => true,
            S::Pending
            | S::Queued
            | S::Running { .. }
            | S::Retrying { .. }
            | S::Orphaned { .. } => false,
        }
    }

    /// Whether it ended without an output by its own fault.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Timeout { .. })
    }

    /// The word for users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Running { .. } => "running",
            Self::Retrying { .. } => "retrying",
            Self::Orphaned { .. } => "orphaned",
            Self::Completed => "completed",
            Self::Failed { .. } => "failed",
            Self::Timeout { .. } => "timeout",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tsk_08_the_table_holds_exactly_the_legal_moves() {
        use {TaskMove as M, TaskState as S};
        let at = Timestamp::default();
        let states = [
            S::Pending,
            S::Queued,
            S::Running { attempt: 1 },
            S::Retrying { attempt: 1, at },
            S::Orphaned { attempt: 1 },
            S::Completed,
            S::Failed { attempts: 1 },
            S::Timeout { attempts: 1 },
            S::Cancelled,
            S::Skipped,
        ];
        let legal = |from: S| -> Vec<&str> {
            [
                ("ready", M::Ready),
                ("start", M::Start { attempt: 1 }),
                ("complete", M::Complete),
                ("fail", M::Fail),
                ("time_out", M::TimeOut),
                ("retry", M::Retry { at }),
                ("orphan", M::Orphan),
                ("skip", M::Skip),
                ("cancel", M::Cancel),
                ("reset", M::Reset),
            ]
            .into_iter()
            .filter(|(_, by)| from.on(*by).is_ok())
            .map(|(name, _)| name)
            .collect()
        };
        let table: Vec<(&str, String)> =
            states.iter().map(|state| (state.as_str(), legal(*state).join(" "))).collect();
        let expected = [
            ("pending", "ready skip cancel reset"),
            ("queued", "start skip cancel reset"),
            ("running", "complete fail time_out retry orphan cancel reset"),
            ("retrying", "ready skip cancel reset"),
            ("orphaned", "ready cancel reset"),
            ("completed", ""),
            ("failed", "reset"),
            ("timeout", "reset"),
            ("cancelled", "reset"),
            ("skipped", "reset"),
        ];
        assert_eq!(expected.map(|(state, _)| state), TaskState::NAMES);
        assert_eq!(table, expected.map(|(state, moves)| (state, moves.to_owned())));
    }
}
