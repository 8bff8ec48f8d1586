//! Exit codes: what the shell is told.

/// A code with its meaning, for the reference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The number.
    pub code: u8,
    /// When it is returned.
    pub meaning: &'static str,
}

/// Everything went well.
pub const DONE: u8 = 0;
/// The run failed, timed out, was cancelled or interrupted; or a comparison found a difference.
pub const FAILED: u8 = 1;
/// Bad usage or configuration.
pub const USAGE: u8 = 2;
/// The run ended, but something optional failed or was left out.
pub const DEGRADED: u8 = 3;
/// The journal could not be written; the process ended at once (`EX_IOERR` of sysexits).
pub const JOURNAL_BROKEN: u8 = 74;

/// All exit codes.
pub const CATALOGUE: &[Entry] = &[
    Entry { code: DONE, meaning: "done; for `verify` and `diff`: equal" },
    Entry {
        code: FAILED,
        meaning: "the run failed (wrong rows in the data included), timed out, was cancelled or \
                  interrupted, or the home is halted; for `verify` and `diff`: not equal; for \
                  `health`: unhealthy or halted; for `dead-letters retry`: not delivered; for \
                  `data check`: wrong rows",
    },
    Entry {
        code: USAGE,
        meaning: "bad usage or configuration, a missing file included: nothing was run",
    },
    Entry {
        code: DEGRADED,
        meaning: "completed degraded: an optional task failed or was skipped; `show` says which",
    },
    Entry {
        code: JOURNAL_BROKEN,
        meaning: "the journal could not be written: the process ended at once, nothing was \
                  acknowledged after the error; restart it when the disk is well",
    },
];
