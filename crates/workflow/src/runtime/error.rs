//! Why a run could not go on.

use crate::run::BrokenHistory;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal did not take or give a record.
    #[error(transparent)]
    Journal(#[from] dirigent_journal::Error),
    /// The recorded events contradict each other.
    #[error("the history of the run is broken")]
    History(#[from] BrokenHistory),
    /// The plan names a task kind that this binary does not have.
    #[error("task `{task}` is of kind `{kind}`, which this version does not have")]
    UnknownKind {
        /// The task.
        task: String,
        /// Its kind.
        kind: String,
    },
    /// The operating system gave no thread.
    #[error("cannot start a worker thread")]
    Thread(#[source] std::io::Error),
    /// What an earlier task delivered cannot be read back.
    #[error("cannot read the output of an earlier task")]
    Artifact(#[source] std::io::Error),
}
