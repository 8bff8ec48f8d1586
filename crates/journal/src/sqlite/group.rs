//! Group commit: what goes into one transaction.
//!
//! Promises: a lone append never waits. Where several callers were answered together they are
//! likely to come back together, so the group waits for as many as the last one had, but not longer
//! than the last sync took: then waiting costs at most what a second sync would have.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use super::writer::Command;

/// Most commands in one transaction.
const COMMANDS_MAX: usize = 256;

/// The longest wait for callers to come back.
const WAIT_MAX: Duration = Duration::from_millis(2);

/// How the next transaction is put together.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// How many commands the last one had.
    size: usize,
    /// How long it took to become durable.
    pub(super) sync: Duration,
}

impl Group {
    /// Waits for commands; `None` once all callers are gone.
    pub(super) fn next(&mut self, commands: &Receiver<Command>) -> Option<Vec<Command>> {
        let deadline = now() + self.sync.min(WAIT_MAX);
        let mut batch = Vec::with_capacity(self.size);
        while batch.len() < self.size && self.size > 1 {
            match commands.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(command) => batch.push(command),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        if batch.is_empty() {
            batch.push(commands.recv().ok()?);
        }
        batch.extend(commands.try_iter().take(COMMANDS_MAX - batch.len()));
        self.size = batch.len();
        Some(batch)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to wait is not part of any record")]
pub(super) fn now() -> Instant {
    Instant::now()
}
