//! The facts of the system log: what happened to the home itself, and to no single run.
//!
//! Invariant: a kind never changes its meaning; a new meaning is a new kind, a new shape a new
//! schema version with a reader for the old one.

use dirigent_core::{Event, RunId, Timestamp, event::Draft};
use dirigent_workflow::event::Entry;
use serde::{Deserialize, Serialize};

use super::letter::LetterId;

/// The version of every payload that this binary writes.
pub const SCHEMA: u32 = 1;

/// A handler did not take an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The dead letter that stands for this event and this handler.
    pub letter: LetterId,
    /// Id of the event.
    pub event: String,
    /// Its type.
    pub event_type: String,
    /// The handler.
    pub handler: String,
    /// Why.
    pub error: String,
    /// Counted from 1.
    pub attempt: u32,
    /// When it is tried again; none if it is not, unless somebody asks for it.
    pub next_at: Option<Timestamp>,
}

/// Something that happened to the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum SystemFact {
    /// All work was stopped, and none may begin.
    Halted {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Work may begin again.
    HaltLifted {
        /// Who.
        by: String,
    },
    /// Events of a run will be told to somebody.
    NotificationsOpened {
        /// The run.
        run: RunId,
        /// Events up to this one were told before.
        after: u64,
    },
    /// Every event of the run was told, or is a dead letter.
    NotificationsSettled {
        /// The run.
        run: RunId,
    },
    /// A notification was delivered.
    HandlerSucceeded {
        /// Id of the event.
        event: String,
        /// Its type.
        event_type: String,
        /// The handler.
        handler: String,
    },
    /// What a handler of this process did while a run was driven.
    HandlerTally {
        /// The handler.
        handler: String,
        /// How many events it took.
        succeeded: u64,
    },
    /// A handler reported an error, panicked, or was not reached.
    HandlerFailed(Failed),
    /// A handler did not answer in time.
    HandlerTimeout(Failed),
    /// A dead letter was delivered after all.
    DeadLetterRecovered {
        /// Which.
        letter: LetterId,
        /// Which try delivered it.
        attempt: u32,
    },
    /// A dead letter is not tried again by itself.
    DeadLetterAbandoned {
        /// Which.
        letter: LetterId,
    },
    /// Somebody gave a dead letter up.
    DeadLetterDropped {
        /// Which.
        letter: LetterId,
        /// Who.
        by: String,
    },
    /// A service of the process failed.
    DaemonFailed {
        /// Its name.
        daemon: String,
        /// Why.
        error: String,
        /// When it is started again; none if it is given up.
        next_at: Option<Timestamp>,
    },
    /// A service that had failed works again.
    DaemonRestarted {
        /// Its name.
        daemon: String,
    },
}

/// All facts of the system log.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        kind: "halted",
        aliases: &["HALTED", "EMERGENCY_STOP"],
        when: "somebody stopped all work; none begins until `halt_lifted`",
        payload: "by, reason",
    },
    Entry {
        kind: "halt_lifted",
        aliases: &["HALT_LIFTED"],
        when: "`dirigent halt --resume`",
        payload: "by",
    },
    Entry {
        kind: "notifications_opened",
        aliases: &[],
        when: "before the first event of a run with `notifications`, and each time it is resumed",
        payload: "run, after (events up to this one were told before)",
    },
    Entry {
        kind: "notifications_settled",
        aliases: &[],
        when: "every event of the run so far was delivered or is a dead letter",
        payload: "run",
    },
    Entry {
        kind: "handler_succeeded",
        aliases: &["HANDLER_SUCCEEDED"],
        when: "a notification was delivered",
        payload: "event, event_type, handler",
    },
    Entry {
        kind: "handler_tally",
        aliases: &[],
        when: "a run was left, for each handler that the program registered",
        payload: "handler, succeeded",
    },
    Entry {
        kind: "handler_failed",
        aliases: &["HANDLER_FAILED"],
        when: "a handler reported an error, panicked, or was not reached",
        payload: "letter, event, event_type, handler, error, attempt, next_at",
    },
    Entry {
        kind: "handler_timeout",
        aliases: &["HANDLER_TIMEOUT"],
        when: "a handler did not answer within 30 s",
        payload: "letter, event, event_type, handler, error, attempt, next_at",
    },
    Entry {
        kind: "dead_letter_recovered",
        aliases: &["DEAD_LETTER_RECOVERED"],
        when: "a dead letter was delivered after all",
        payload: "letter, attempt",
    },
    Entry {
        kind: "dead_letter_abandoned",
        aliases: &["DEAD_LETTER_ABANDONED"],
        when: "the fifth try failed; only `dirigent dead-letters retry` tries again",
        payload: "letter",
    },
    Entry {
        kind: "dead_letter_dropped",
        aliases: &[],
        when: "somebody gave a dead letter up",
        payload: "letter, by",
    },
    Entry {
        kind: "daemon_failed",
        aliases: &["DAEMON_FAILED"],
        when: "a service of the process failed",
        payload: "daemon, error, next_at (none: it is given up)",
    },
    Entry {
        kind: "daemon_restarted",
        aliases: &["DAEMON_RESTARTED"],
        when: "a service that had failed works again",
        payload: "daemon",
    },
];

/// A record of the system log that this binary cannot read.
#[derive(Debug, thiserror::Error)]
#[error("event `{id}` of type `{kind}`, schema {schema}, cannot be read by this version")]
pub struct Unreadable {
    id: String,
    kind: String,
    schema: u32,
    source: Option<serde_json::Error>,
}

impl SystemFact {
    /// The record of this fact.
    ///
    /// # Panics
    /// Never: every fact is plain data.
    pub fn draft(&self, time: Timestamp) -> Draft {
        let mut value = serde_json::to_value(self).expect("facts are plain data");
        let kind = value["type"].as_str().expect("a fact is tagged with its type").to_owned();
        Draft {
            causation_id: None,
            time,
            kind,
            schema: SCHEMA,
            source: "system".to_owned(),
            payload: value["payload"].take(),
        }
    }

    /// The fact that `event` records.
    ///
    /// # Errors
    /// If the type is not in this binary's catalogue, its schema is newer, or the payload does not
    /// have its shape.
    pub fn read(event: &Event) -> Result<Self, Unreadable> {
        let unreadable = |source| Unreadable {
            id: event.id.clone(),
            kind: event.kind.clone(),
            schema: event.schema,
            source,
        };
        if event.schema > SCHEMA {
            return Err(unreadable(None));
        }
        serde_json::from_value(serde_json::json!({"type": event.kind, "payload": event.payload}))
            .map_err(|source| unreadable(Some(source)))
    }
}
