//! The event envelope: what happened, in which run, when, and because of what.
//!
//! Invariant: events are facts; nothing changes them after they were appended.
//! Not here: which events exist and what they carry; see `dirigent_workflow::event`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
        Sha256Hex::of(self.canonical_text().as_bytes())
    }

    /// The canonical JSON of all fields but `hash`, written field by field in the order of their
    /// names: most of the cost of a journal would go into building a value of it first.
    fn canonical_text(&self) -> String {
        fn string(out: &mut String, key: &str, text: &str) {
            out.push_str(key);
            canonical::write_string(out, text);
        }
        let mut out = String::with_capacity(512);
        match &self.causation_id {
            Some(id) => string(&mut out, "{\"causation_id\":", id),
            None => out.push_str("{\"causation_id\":null"),
        }
        string(&mut out, ",\"correlation_id\":", self.correlation_id.as_str());
        string(&mut out, ",\"id\":", &self.id);
        out.push_str(",\"payload\":");
        canonical::write_value(&mut out, &self.payload);
        string(&mut out, ",\"prev_hash\":", &self.prev_hash);
        string(&mut out, ",\"run\":", self.run.as_str());
        let numbers = format_args!(",\"schema\":{},\"seq\":{}", self.schema, self.seq);
        out.write_fmt(numbers).expect("a string takes any text");
        string(&mut out, ",\"source\":", &self.source);
        string(&mut out, ",\"time\":", &self.time.to_string());
        string(&mut out, ",\"type\":", &self.kind);
        write!(out, ",\"v\":{ENVELOPE_VERSION}}}").expect("a string takes any text");
        out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn the_text_that_is_hashed_is_the_canonical_json_of_the_fields() {
        let run = RunId::new(&ManualClock::default());
        for cause in [None, Some("run_x:1 \"\u{7}é".to_owned())] {
            let draft = Draft {
                causation_id: cause,
                time: Timestamp::from_nanos(1_500),
                kind: "task_completed".into(),
                schema: 3,
                source: "a\\b".into(),
                payload: json!({"z": [1, 2.5, null], "a": {"é": "\n"}, "\u{e000}": 1, "\u{1f600}": 2}),
            };
            let event = Event::seal(draft, &run, &CorrelationId::from(&run), 7, GENESIS_HASH);
            let fields = json!({
                "v": ENVELOPE_VERSION, "id": event.id, "run": event.run,
                "correlation_id": event.correlation_id, "causation_id": event.causation_id,
                "seq": event.seq, "time": event.time, "type": event.kind, "schema": event.schema,
                "source": event.source, "payload": event.payload, "prev_hash": event.prev_hash,
            });
            assert_eq!(event.canonical_text(), canonical::to_string(&fields));
        }
    }

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
