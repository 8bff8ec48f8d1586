//! What can go wrong outside of a run, with a code for each kind and what to do next.

use std::{io, path::PathBuf};

use dirigent_core::{CorrelationId, RunId};
use dirigent_workflow::{RunStatus, file::Problems, run::BrokenHistory, runtime};

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

/// An error code with its meaning, for the reference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// When it occurs.
    pub meaning: &'static str,
    /// What to do.
    pub next: &'static str,
}

/// All error codes: of commands, and of failed runs.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        code: "config_invalid",
        meaning: "the workflow file, an override or a file it names is wrong",
        next: "each problem is printed with its place and a hint; nothing was run",
    },
    Entry {
        code: "data_invalid",
        meaning: "market data could not be read or did not pass the data check",
        next: "correct the rows named, or set `data.on_error` to `drop` or `repair`",
    },
    Entry {
        code: "data_changed",
        meaning: "a data file is not what it was when the run loaded it first",
        next: "restore the file, or start a new run",
    },
    Entry {
        code: "strategy_invalid",
        meaning: "the strategy cannot be built from the configuration and the data",
        next: "correct the rule or parameter named",
    },
    Entry {
        code: "backtest_failed",
        meaning: "the simulation could not go on",
        next: "see the message; the amounts involved may exceed the limits of the ledger",
    },
    Entry {
        code: "file_lost",
        meaning: "a file of a run is missing or was changed after the run made it",
        next: "restore the file named from a backup, or run the workflow again",
    },
    Entry {
        code: "halted",
        meaning: "somebody stopped all work in the home; nothing was run",
        next: "find out why, then `dirigent halt --resume`",
    },
    Entry {
        code: "dead_letter_unknown",
        meaning: "there is no dead letter of that id, or it was delivered or dropped meanwhile",
        next: "`dirigent dead-letters list` shows those there are",
    },
    Entry {
        code: "write_failed",
        meaning: "a file could not be written",
        next: "check the space and the permissions, then resume the run",
    },
    Entry {
        code: "task_invalid",
        meaning: "the `with` of a task is wrong",
        next: "correct the key named; see [task kinds](task-kinds.md)",
    },
    Entry {
        code: "secret_unset",
        meaning: "an environment variable that a task refers to is not set",
        next: "set it where `dirigent` runs, then resume the run",
    },
    Entry {
        code: "command_not_found",
        meaning: "the program of a `command` task is not there, or may not be run",
        next: "install it, or correct `argv`, `cwd` or `PATH`",
    },
    Entry {
        code: "command_failed",
        meaning: "a program ended with an exit code that does not mean success",
        next: "see what it wrote to stderr",
    },
    Entry {
        code: "command_killed",
        meaning: "a program was ended by a signal that Dirigent did not send",
        next: "see the system's log; the system may be short of memory",
    },
    Entry {
        code: "command_memory",
        meaning: "a program was refused memory beyond `memory`",
        next: "raise the limit, or give it less to do",
    },
    Entry {
        code: "command_cpu",
        meaning: "a program used up its `cpu_seconds`",
        next: "raise the limit, or give it less to do",
    },
    Entry {
        code: "command_output_too_large",
        meaning: "a program wrote more to stdout than `output_bytes_max`",
        next: "raise the limit, write a file, or log to stderr",
    },
    Entry {
        code: "command_output_invalid",
        meaning: "the last line of a program's stdout is no JSON",
        next: "correct the program, or set `output: text` or `output: none`",
    },
    Entry {
        code: "command_unavailable",
        meaning: "the system could not start a program or follow it",
        next: "check the memory, the processes and the disk in use",
    },
    Entry {
        code: "http_not_allowed",
        meaning: "the server of an `http` task is not public, or not asked over https",
        next: "name it in `allow_hosts` if that is meant",
    },
    Entry {
        code: "http_unreachable",
        meaning: "the server was not found, or the connection to it failed",
        next: "see the message; a POST may have had its effect",
    },
    Entry {
        code: "http_timeout",
        meaning: "the server did not answer within `timeout`, or its job took longer than `wait.timeout`",
        next: "see whether it did what was asked, then resume the run or raise the limit",
    },
    Entry {
        code: "http_tls",
        meaning: "the server could not prove who it is",
        next: "correct the URL or the server's certificate",
    },
    Entry {
        code: "http_redirect",
        meaning: "the server named another place, and redirects are not followed",
        next: "give the URL it names",
    },
    Entry {
        code: "http_refused",
        meaning: "the server answered with a status that is not expected",
        next: "see what it says, or add the status to `expect_status`",
    },
    Entry {
        code: "http_unavailable",
        meaning: "the server is overloaded or broken: status 408, 429 or 5xx",
        next: "resume the run later",
    },
    Entry {
        code: "http_answer_too_large",
        meaning: "the answer is larger than `answer_bytes_max`",
        next: "raise the limit, or ask for less",
    },
    Entry {
        code: "http_answer_invalid",
        meaning: "the answer is no text, or does not say where to wait",
        next: "correct the request or `wait`",
    },
    Entry {
        code: "http_job_failed",
        meaning: "the job that was waited for failed, as `wait.fail_if` tells",
        next: "see the answer",
    },
    Entry {
        code: "panic",
        meaning: "a task ended by a defect of the program",
        next: "report it with the workflow file",
    },
    Entry {
        code: "timeout",
        meaning: "the run took longer than `workflow.timeout_seconds`",
        next: "resume the run, which gives it the same time again, or raise the limit and start a new one",
    },
    Entry {
        code: "cancelled",
        meaning: "somebody cancelled the run",
        next: "`dirigent resume` continues it if that was a mistake",
    },
    Entry {
        code: "journal",
        meaning: "the journal is held by another process, damaged, newer than the program, or \
                  could not be written",
        next: "see the hint of the message",
    },
    Entry {
        code: "runtime",
        meaning: "a run could not be driven, for example because its plan needs a task kind that \
                  this version does not have",
        next: "run it with the version that recorded it",
    },
    Entry {
        code: "no_runs",
        meaning: "the home has no journal yet",
        next: "run something, or name another folder with `--home`",
    },
    Entry {
        code: "run_unknown",
        meaning: "no run has that id, beginning or correlation id",
        next: "`dirigent runs` lists them",
    },
    Entry {
        code: "run_ambiguous",
        meaning: "several run ids begin with what was given",
        next: "give more characters",
    },
    Entry {
        code: "correlation_taken",
        meaning: "the correlation id belongs to a run of another configuration",
        next: "use another id, or the same workflow file",
    },
    Entry {
        code: "run_not_completed",
        meaning: "only a completed run has a digest to verify",
        next: "resume it first",
    },
    Entry {
        code: "history_broken",
        meaning: "the events of a run contradict each other",
        next: "restore the journal from a backup",
    },
];
