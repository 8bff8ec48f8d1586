//! The limits of a journal, and the one check of an append against them.
//!
//! Promises: what passes `admit` can be stored by every backend and read back equal.

use dirigent_core::{RunId, event::Draft};
use serde_json::Value;

use crate::{Error, Snapshot};

/// Most events in one append.
pub const EVENTS_PER_APPEND_MAX: usize = 1024;
/// Most bytes of one payload as JSON text; more is an artifact.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of all payloads of one append.
pub const APPEND_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most levels of arrays and objects in a payload; `serde_json` reads back at most 127.
pub const PAYLOAD_DEPTH_MAX: usize = 100;
/// Most bytes of an event's type, source and causation id, each.
pub const NAME_BYTES_MAX: usize = 256;
/// Most events that one `read` returns.
pub const EVENTS_PER_READ_MAX: usize = 10_000;
/// Most bytes of a snapshot.
pub const SNAPSHOT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The JSON texts of the payloads, in order, if the append is within all limits.
pub(crate) fn admit(drafts: &[Draft]) -> Result<Vec<String>, Error> {
    if drafts.is_empty() || drafts.len() > EVENTS_PER_APPEND_MAX {
        return Err(Error::EventCount { count: drafts.len() });
    }
    let texts = drafts.iter().map(admit_one).collect::<Result<Vec<_>, _>>()?;
    match texts.iter().map(String::len).sum() {
        bytes if bytes > APPEND_BYTES_MAX => Err(Error::AppendTooLarge { bytes }),
        _ => Ok(texts),
    }
}

/// Checks a snapshot against the limits and against `head`, the run's last position.
pub(crate) fn admit_snapshot(
    run: &RunId,
    snapshot: &Snapshot,
    head: Option<u64>,
) -> Result<(), Error> {
    let (run, seq, bytes) = (run.clone(), snapshot.seq, snapshot.bytes.len());
    match head {
        None => Err(Error::UnknownRun { run }),
        Some(head) if seq > head => Err(Error::SnapshotAhead { run, seq, head }),
        Some(_) if bytes > SNAPSHOT_BYTES_MAX => Err(Error::SnapshotTooLarge { run, bytes }),
        Some(_) => Ok(()),
    }
}

/// Whether `draft` is within the limits of one event.
///
/// # Errors
/// With the limit that it breaks.
pub fn check(draft: &Draft) -> Result<(), Error> {
    admit_one(draft).map(drop)
}

fn admit_one(draft: &Draft) -> Result<String, Error> {
    let causation_id = draft.causation_id.as_deref().unwrap_or_default();
    for (what, text) in
        [("type", &*draft.kind), ("source", &*draft.source), ("causation id", causation_id)]
    {
        if text.len() > NAME_BYTES_MAX {
            return Err(Error::NameTooLong { what, bytes: text.len() });
        }
    }
    // Before the text is made, because making it recurses as deeply as the value goes.
    if !is_within_depth(&draft.payload, PAYLOAD_DEPTH_MAX) {
        return Err(Error::PayloadTooDeep { kind: draft.kind.clone() });
    }
    match draft.payload.to_string() {
        text if text.len() > PAYLOAD_BYTES_MAX => {
            Err(Error::PayloadTooLarge { kind: draft.kind.clone(), bytes: text.len() })
        }
        text => Ok(text),
    }
}

fn is_within_depth(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => {
            levels > 0 && items.iter().all(|item| is_within_depth(item, levels - 1))
        }
        Value::Object(map) => {
            levels > 0 && map.values().all(|item| is_within_depth(item, levels - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
