//! The trace: everything that happened, as a hash, with the last lines in words.

use std::{collections::VecDeque, fmt, io::Write};

/// How many of the last lines a failure shows.
const LINES_MAX: usize = 60;

/// What happened.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    lines: VecDeque<String>,
    print: bool,
}

impl Trace {
    pub(crate) fn new(print: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: VecDeque::new(), print }
    }

    /// Takes down that `what` happened at `now`.
    pub(crate) fn note(&mut self, now: u64, what: fmt::Arguments<'_>) {
        let line = format!("{:>12}.{:06} {what}", now / 1_000_000_000, now / 1_000 % 1_000_000);
        self.hash = mixed(self.hash, line.as_bytes());
        if self.print {
            // Whoever pipes the trace into `head` has seen enough.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Equal for two executions in which the same happened.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// What happened last.
    pub(crate) fn last(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// FNV-1a: `hash` after `bytes`. Tells traces apart; it protects nothing.
pub(crate) fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
