//! The start of a run in the journal: one event, or, where the definition is large, one event and
//! the definition in parts behind it, appended in one piece.
//!
//! Invariant: what was recorded reads back equal; a start with a part missing is refused.

use dirigent_core::{Event, Timestamp, event::Draft};
use serde_json::{Value, json};

use super::{Fact, SCHEMA, Start, Unreadable};
use crate::run::BrokenHistory;

/// The largest definition that fits one event.
const WHOLE_BYTES_MAX: usize = 60_000;
/// Bytes of a part; escaped, as JSON in JSON, it is at most twice as long in all but odd cases.
const PART_BYTES: usize = 24_000;
/// The largest definition, with all its defaults, that one append holds.
pub const START_BYTES_MAX: usize = 1_800_000;

impl Start {
    /// The records that begin a run, to be appended in one piece.
    pub fn drafts(&self, time: Timestamp) -> Vec<Draft> {
        let whole = Fact::WorkflowStarted(Box::new(self.clone())).draft(time, None);
        let text = whole.payload.to_string();
        if text.len() <= WHOLE_BYTES_MAX {
            return vec![whole];
        }
        let parts = split(&text);
        // What all records have in common. Not `whole`: its payload is as large as all parts.
        let frame = Draft { payload: Value::Null, ..whole };
        let payload = json!({
            "name": self.name,
            "type": self.kind,
            "mode": self.mode,
            "seed": self.seed,
            "config_hash": self.config_hash,
            "version": self.version,
            "parts": parts.len(),
        });
        let part = |text: &str| {
            let payload = json!({"text": text});
            Draft { kind: PART.into(), payload, ..frame.clone() }
        };
        let first = Draft { payload, ..frame.clone() };
        [first].into_iter().chain(parts.iter().map(|text| part(text))).collect()
    }
}

/// The name of the event that holds a part of a definition.
const PART: &str = "workflow_definition";

/// Pieces of `text` of about `PART_BYTES`, cut between characters.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PART_BYTES);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts
}

/// The start that `events`, the first of a run, tell of, and how many of them do.
pub(crate) fn read(events: &[Event]) -> Result<Option<(Start, usize)>, BrokenHistory> {
    let Some(first) = events.first().filter(|event| event.kind == "workflow_started") else {
        return Ok(None);
    };
    let Some(parts) = first.payload.get("parts").and_then(Value::as_u64) else {
        let Fact::WorkflowStarted(start) = Fact::read(first)? else { return Ok(None) };
        return Ok(Some((*start, 1)));
    };
    let parts = usize::try_from(parts).unwrap_or(usize::MAX);
    let Some(behind) = events.get(1..=parts) else { return Ok(None) };
    let mut text = String::new();
    for event in behind {
        match event.payload["text"].as_str().filter(|_| event.kind == PART) {
            Some(part) if event.schema <= SCHEMA => text.push_str(part),
            _ => return Ok(None),
        }
    }
    let start = serde_json::from_str(&text).map_err(|error| Unreadable::new(first, Some(error)))?;
    Ok(Some((start, parts + 1)))
}
