//! The catalogue of error codes, from which the reference is made.

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
        code: "looks_ahead",
        meaning: "run on the beginning of its data, a strategy decides otherwise: it knew what came later",
        next: "see what it computes from bars after the one that closed",
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
        code: "not_comparable",
        meaning: "runs cannot be put side by side: one has no backtest that completed, is named twice, or there are too many",
        next: "name completed backtests, each once; `dirigent runs` lists them",
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
        meaning: "a program needed more memory than `memory`, or than its task takes",
        next: "raise the limit, or give it less to do",
    },
    Entry {
        code: "command_cpu",
        meaning: "a program used up its `cpu_seconds`",
        next: "raise the limit, or give it less to do",
    },
    Entry {
        code: "command_disk",
        meaning: "a program wrote a file larger than its task takes of the disk",
        next: "raise `disk_per_container` of its `resources`, or write smaller files",
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
    Entry {
        code: "http_breaker_open",
        meaning: "the server failed several times in a row and is left alone for a while",
        next: "find out what is wrong with the server; the task is tried again as its retries say",
    },
    Entry {
        code: "task_timeout",
        meaning: "a task took longer than its `timeout`, also in its last try",
        next: "give it more time, or less to do",
    },
    Entry {
        code: "resources",
        meaning: "a task takes more memory, cores, disk or slots than the whole budget has",
        next: "give it less in `resources`, or the run more in `coordinator.resources`",
    },
    Entry {
        code: "record_too_large",
        meaning: "a task published or delivered more than an event holds: 64 KiB, 100 levels",
        next: "write a file, or deliver less",
    },
    Entry {
        code: "isolation_unavailable",
        meaning: "a task wants a process of its own, and the program that runs it can make none",
        next: "give the coordinator a child program, or write `isolation: thread`",
    },
    Entry {
        code: "input_missing",
        meaning: "a phase asks for an output that its source did not give, and `strict_inputs` is set",
        next: "correct the key, or set `workflow.strict_inputs: false` to go on with null",
    },
    Entry {
        code: "too_many_triggered",
        meaning: "an event started more than 100,000 tasks",
        next: "look for tasks whose events start each other in a circle",
    },
];
