//! The event envelope: what happened, in which run, when, and because of what.
//!
//! Invariant: events are facts; nothing changes them after they were appended.
//! Not here: which events exist and what they carry; see `dirigent_workflow::event`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{canonical, clock::Timestamp, hash::Sha256Hex, id::CorrelationId, id::RunId};

/// The newest version of the envelope, which is the only one that is written.
pub const ENVELOPE_VERSION: u32 = 1;

/// A fact in the journal of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `<run>:<seq>`: unique in the whole home.
    pub id: String,
    /// The run it belongs to.
    pub run: RunId,
    /// The caller's key of that run.
    pub correlation_id: CorrelationId,
    /// The id of the event that led to this one; none for the first.
    pub causation_id: Option<String>,
    /// Position in the run, from 1 without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub time: Timestamp,
    /// Name in the catalogue, lower_snake.
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the payload's shape for this type.
    pub schema: u32,
    /// The part of the product that reports it.
    pub source: String,
    /// The facts, as the catalogue describes them for (type, schema).
    pub payload: Value,
    /// The hash of the event before it in the same run; 64 zeros before the first.
    pub prev_hash: String,
    /// SHA-256 over the canonical JSON of all other fields.
    pub hash: Sha256Hex,
}

/// What the writer knows of a new event; the journal adds position and hashes.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The id of the event that led to this one.
    pub causation_id: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    /// Name in the catalogue.
    pub kind: String,
    /// Version of the payload's shape.
    pub schema: u32,
    /// The part of the product that reports it.
    pub source: String,
    /// The facts.
    pub payload: Value,
}

/// `prev_hash` of a run's first event.
pub const GENESIS_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Event {
    /// The event that `draft` becomes at position `seq` after the event hashed `prev_hash`.
    pub fn seal(
        draft: Draft,
        run: &RunId,
        correlation_id: &CorrelationId,
        seq: u64,
        prev_hash: &str,
    ) -> Self {
        let mut event = Self {
            id: format!("{run}:{seq}"),
            run: run.clone(),
            correlation_id: correlation_id.clone(),
            causation_id: draft.causation_id,
            seq,
            time: draft.time,
            kind: draft.kind,
            schema: draft.schema,
            source: draft.source,
            payload: draft.payload,
            prev_hash: prev_hash.to_owned(),
            hash: Sha256Hex::of(b""),
        };
        event.hash = event.expected_hash();
        event
    }

    /// The hash that the other fields give; differs from `hash` if anything was changed.
    pub fn expected_hash(&self) -> Sha256Hex {
        canonical::digest(&json!({
            "v": ENVELOPE_VERSION,
            "id": self.id,
            "run": self.run,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "seq": self.seq,
            "time": self.time,
            "type": self.kind,
            "schema": self.schema,
            "source": self.source,
            "payload": self.payload,
            "prev_hash": self.prev_hash,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_changed_event_no_longer_matches_its_hash() {
        let run = RunId::new(&ManualClock::default());
        let draft = Draft {
            causation_id: None,
            time: Timestamp::from_nanos(1),
            kind: "run_created".into(),
            schema: 1,
            source: "workflow".into(),
            payload: json!({"a": 1}),
        };
        let mut event = Event::seal(draft, &run, &CorrelationId::from(&run), 1, GENESIS_HASH);
        assert_eq!(event.hash, event.expected_hash());
        event.payload = json!({"a": 2});
        assert_ne!(event.hash, event.expected_hash());
    }
}
