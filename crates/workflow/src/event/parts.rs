//! Parts: the facts of one step as appends that the journal takes.
//!
//! Promises: all facts, in order; each part within the limits of an append.

use dirigent_core::{RunId, Timestamp, event::Draft};
use dirigent_journal::limits::APPEND_BYTES_MAX;
use serde_json::Value;

use super::Fact;

/// The records of `facts` of `run`, which follow the event at `seq`, with at most `events_max` in a
/// part.
pub fn of(
    facts: &[Fact],
    now: Timestamp,
    run: &RunId,
    seq: u64,
    events_max: usize,
) -> impl Iterator<Item = Vec<Draft>> {
    let cause = format!("{run}:{seq}");
    let mut facts = facts.iter();
    std::iter::from_fn(move || {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while part.len() < events_max && bytes < APPEND_BYTES_MAX / 2 {
            let Some(fact) = facts.next() else { break };
            let draft = fact.draft(now, Some(cause.clone()));
            bytes += weight(&draft.payload);
            part.push(draft);
        }
        (!part.is_empty()).then_some(part)
    })
}

/// About how many bytes `value` takes as text, never much less.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 6,
        Value::Number(_) => 25,
        Value::String(text) => text.len() + text.len() / 8 + 3,
        Value::Array(items) => 2 + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => {
            2 + map.iter().map(|(key, item)| key.len() + 4 + weight(item)).sum::<usize>()
        }
    }
}
