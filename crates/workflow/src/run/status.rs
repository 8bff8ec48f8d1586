//! The status of a run.

use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Work is being done, or was when the process that did it went away.
    Running,
    /// The process was told to stop; the run can be resumed.
    Interrupted,
    /// Ended well.
    Completed,
    /// Ended well but for something optional.
    Degraded,
    /// A task failed.
    Failed,
    /// Took longer than it may.
    Timeout,
    /// Somebody stopped it for good.
    Cancelled,
}

impl RunStatus {
    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Running | Self::Interrupted)
    }

    /// Whether it has ended with a result.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Completed | Self::Degraded)
    }

    /// The word for users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Completed => "completed",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}
