//! What can go wrong outside of a run, with a code for each kind and what to do next.

mod catalogue;

use std::{io, path::PathBuf};

use dirigent_core::{CorrelationId, RunId};
use dirigent_workflow::{RunStatus, file::Problems, run::BrokenHistory, runtime};

pub use catalogue::{CATALOGUE, Entry};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workflow file has problems.
    #[error("{0}")]
    Config(Problems),
    /// The workflow file is right, but this version cannot run it.
    #[error("{0}")]
    NotYet(Problems),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] dirigent_journal::Error),
    /// A run could not be driven.
    #[error(transparent)]
    Runtime(runtime::Error),
    /// There is no journal yet.
    #[error("no run has been recorded in `{}`", home.display())]
    NoRuns {
        /// The home.
        home: PathBuf,
    },
    /// No run of that name.
    #[error("no run `{name}` in `{}`", home.display())]
    UnknownRun {
        /// What was asked for.
        name: String,
        /// The home.
        home: PathBuf,
    },
    /// Several runs begin so.
    #[error("`{name}` is the start of {count} run ids")]
    AmbiguousRun {
        /// What was asked for.
        name: String,
        /// How many begin so.
        count: usize,
    },
    /// A correlation id is used for two different things.
    #[error("correlation id `{id}` belongs to run `{run}` of another configuration")]
    CorrelationTaken {
        /// The key.
        id: CorrelationId,
        /// Its run.
        run: RunId,
    },
    /// A sweep could not be made.
    #[error("{}", .0.message)]
    Sweep(dirigent_workflow::event::Failure),
    /// Runs could not be compared.
    #[error("{}", .0.message)]
    Comparison(dirigent_workflow::event::Failure),
    /// Only completed runs can be verified.
    #[error("run `{run}` is {}, it has no digest to compare with", status.as_str())]
    NotCompleted {
        /// The run.
        run: RunId,
        /// Where it stands.
        status: RunStatus,
    },
    /// The recorded events contradict each other.
    #[error("the history of run `{run}` is broken")]
    History {
        /// The run.
        run: RunId,
        /// How.
        source: BrokenHistory,
    },
    /// A file of a run is missing or was changed.
    #[error("`{file}` of run `{run}` is not what the run made")]
    FileLost {
        /// The run.
        run: RunId,
        /// Its name.
        file: String,
        /// Where it was stored.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Somebody stopped all work.
    #[error("the home is halted by {} since {}: {}", .0.by, .0.since, .0.reason)]
    Halted(crate::system::Halt),
    /// A record of the system log that this version does not know.
    #[error("cannot read the system log")]
    SystemEvent(#[source] crate::system::event::Unreadable),
    /// No dead letter of that id.
    #[error("no dead letter `{id}` in `{}`", home.display())]
    UnknownLetter {
        /// What was asked for.
        id: crate::system::LetterId,
        /// The home.
        home: PathBuf,
    },
    /// A handler of events was not taken.
    #[error("cannot subscribe to events")]
    Subscription(#[source] crate::bus::Refused),
    /// The disk refused.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<runtime::Error> for Error {
    fn from(error: runtime::Error) -> Self {
        match error {
            runtime::Error::Journal(error) => Self::Journal(error),
            other => Self::Runtime(other),
        }
    }
}

impl Error {
    /// The code in the list of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(_) | Self::NotYet(_) => "config_invalid",
            Self::Journal(_) => "journal",
            Self::Runtime(_) | Self::Subscription(_) => "runtime",
            Self::Sweep(_) => "sweep",
            Self::Comparison(_) => "not_comparable",
            Self::NoRuns { .. } => "no_runs",
            Self::UnknownRun { .. } => "run_unknown",
            Self::AmbiguousRun { .. } => "run_ambiguous",
            Self::CorrelationTaken { .. } => "correlation_taken",
            Self::NotCompleted { .. } => "run_not_completed",
            Self::History { .. } => "history_broken",
            Self::FileLost { .. } => "file_lost",
            Self::Halted(_) => "halted",
            Self::SystemEvent(_) => "history_broken",
            Self::UnknownLetter { .. } => "dead_letter_unknown",
            Self::Write { .. } => "write_failed",
        }
    }

    /// Whether a run exists that it stopped: then something was done, and can be resumed.
    pub fn is_of_run(&self) -> bool {
        use Error as E;
        matches!(self, E::Runtime(_) | E::History { .. } | E::FileLost { .. } | E::Write { .. })
    }

    /// Whether the journal's disk failed, so that nothing can be relied on.
    pub fn is_disk(&self) -> bool {
        use dirigent_journal::Error as Journal;
        let Self::Journal(error) = self else { return false };
        matches!(error, Journal::Io { .. } | Journal::Storage { .. } | Journal::Stopped)
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) | Self::NotYet(_) | Self::Runtime(_) | Self::Subscription(_) => None,
            Self::Sweep(failure) | Self::Comparison(failure) => failure.hint.clone(),
            Self::Journal(error) => error.hint().map(str::to_owned),
            Self::NoRuns { .. } => Some(
                "start one with `dirigent run FILE`, or name another folder with `--home`".into(),
            ),
            Self::UnknownRun { .. } => Some("`dirigent runs` lists them".into()),
            Self::AmbiguousRun { .. } => Some("give more of its characters".into()),
            Self::CorrelationTaken { .. } => {
                Some("use another id, or the workflow file that run was started with".into())
            }
            Self::NotCompleted { run, .. } => Some(format!("`dirigent resume {run}` continues it")),
            Self::History { .. } => {
                Some("restore the journal from a backup; the run's files are untouched".into())
            }
            Self::FileLost { path, .. } => {
                let path = path.display();
                Some(format!("restore `{path}` from a backup, or run the workflow again"))
            }
            Self::Halted(_) => Some(
                "nothing runs until `dirigent halt --resume`; `dirigent runs` shows what was \
                 interrupted"
                    .into(),
            ),
            Self::SystemEvent(_) => Some("use the version of the program that wrote it".into()),
            Self::UnknownLetter { .. } => Some("`dirigent dead-letters list` lists them".into()),
            Self::Write { .. } => Some("check the space and the permissions of the folder".into()),
        }
    }
}
