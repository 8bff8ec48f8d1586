//! The life of a task: one enum, one table, every other move refused.

use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TaskState {
    /// Waits for the tasks it needs.
    Pending,
    /// Is being worked on, for the `attempt`-th time.
    Running {
        /// Counted from 1.
        attempt: u32,
    },
    /// Ended with an output.
    Completed,
    /// Ended with an error.
    Failed {
        /// How often it was tried.
        attempts: u32,
    },
    /// Was stopped, or will not be started, because the run was cancelled or timed out.
    Cancelled,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskMove {
    /// It was handed to a worker, for the `attempt`-th time.
    Start {
        /// Counted from 1.
        attempt: u32,
    },
    /// It delivered its output.
    Complete,
    /// It reported an error.
    Fail,
    /// The run ended before it did.
    Cancel,
    /// The process that worked on it is gone, or a failed run is tried again.
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
    /// The state after `by`.
    ///
    /// # Errors
    /// If the table does not allow the move.
    pub fn on(self, by: TaskMove) -> Result<Self, IllegalMove> {
        use {TaskMove as M, TaskState as S};
        match (self, by) {
            (S::Pending, M::Start { attempt }) => Ok(S::Running { attempt }),
            (S::Pending | S::Running { .. }, M::Cancel) => Ok(S::Cancelled),
            (S::Running { .. }, M::Complete) => Ok(S::Completed),
            (S::Running { attempt }, M::Fail) => Ok(S::Failed { attempts: attempt }),
            (S::Running { .. } | S::Failed { .. } | S::Cancelled, M::Reset) => Ok(S::Pending),
            (from, by) => Err(IllegalMove { from, by }),
        }
    }

    /// Whether nothing more will happen to it in this attempt of the run.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed { .. } | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_exactly_the_legal_moves() {
        use {TaskMove as M, TaskState as S};
        let states = [
            S::Pending,
            S::Running { attempt: 1 },
            S::Completed,
            S::Failed { attempts: 1 },
            S::Cancelled,
        ];
        let moves = [M::Start { attempt: 1 }, M::Complete, M::Fail, M::Cancel, M::Reset];
        let legal: Vec<(usize, usize)> = (0..states.len())
            .flat_map(|s| (0..moves.len()).map(move |m| (s, m)))
            .filter(|&(s, m)| states[s].on(moves[m]).is_ok())
            .collect();
        let expected = [(0, 0), (0, 3), (1, 1), (1, 2), (1, 3), (1, 4), (3, 4), (4, 4)];
        assert_eq!(legal, expected);
    }
}
