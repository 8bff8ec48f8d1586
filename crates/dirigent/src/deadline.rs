//! Deadline: how long to be patient with what is outside of the process.
//!
//! Invariant: measured on the monotonic clock, so that setting the machine's clock neither cuts a
//! wait short nor draws it out. Nothing that is measured here becomes part of a record.

use std::{
    sync::mpsc::channel,
    time::{Duration, Instant},
};

/// How often whoever waits looks whether to stop.
pub(crate) const LOOK: Duration = Duration::from_millis(25);

/// A moment after which nothing more is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// The moment `patience` from now.
    pub(crate) fn after(patience: Duration) -> Self {
        let now = now();
        Self(now.checked_add(patience).unwrap_or(now))
    }

    /// What is left until then; nothing once it has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Whether it has passed.
    pub(crate) fn passed(self) -> bool {
        self.left().is_zero()
    }
}

/// Waits for `time`, or until `stop` says so; whether the whole time has passed.
pub(crate) fn pause(time: Duration, stop: &dyn Fn() -> bool) -> bool {
    let deadline = Deadline::after(time);
    // Nobody sends: this only waits.
    let (_sender, silence) = channel::<()>();
    while !deadline.passed() {
        if stop() {
            return false;
        }
        let slice = deadline.left().min(LOOK);
        let _ = silence.recv_timeout(slice);
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "patience is not part of any record")]
fn now() -> Instant {
    Instant::now()
}
