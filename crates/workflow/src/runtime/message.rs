//! Messages: what reaches a run from its workers and from outside.

use std::{sync::mpsc::Sender, time::Duration};

use serde_json::Value;

use crate::{
    instances::TaskId,
    port::{TaskError, TaskOutput},
    resource::Advice,
};

/// What reaches a run from outside.
pub(super) enum Message {
    Done { task: TaskId, attempt: u32, took: Duration, outcome: Result<TaskOutput, TaskError> },
    Checkpoint { task: TaskId, attempt: u32, state: Value },
    Cancel { by: String },
    Interrupt { by: String },
    Advise(Advice),
    Nudge,
}

/// Steers a run from another thread.
#[derive(Clone, Debug)]
pub struct Handle(pub(super) Sender<Message>);

impl Handle {
    /// Stops the run for good.
    pub fn cancel(&self, by: &str) {
        // A run that has ended no longer listens, and needs no stopping.
        let _ = self.0.send(Message::Cancel { by: by.to_owned() });
    }

    /// Stops the run so that it can be resumed.
    pub fn interrupt(&self, by: &str) {
        let _ = self.0.send(Message::Interrupt { by: by.to_owned() });
    }

    /// Tells how much to do at once; what is going on is not stopped.
    pub fn advise(&self, advice: Advice) {
        let _ = self.0.send(Message::Advise(advice));
    }

    /// Makes the run look at the clock, for clocks that are moved by hand.
    pub fn nudge(&self) {
        let _ = self.0.send(Message::Nudge);
    }
}
