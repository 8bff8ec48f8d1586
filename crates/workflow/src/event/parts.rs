//! Parts: the facts of one step as appends that the journal takes.
//!
//! Promises: all facts, in order; each part within the limits of an append. What a task published
//! stays together with its completion, up to a quarter of what an append holds.

use dirigent_core::{RunId, Timestamp, event::Draft};
use dirigent_journal::limits::{APPEND_BYTES_MAX, EVENTS_PER_APPEND_MAX};
use serde_json::Value;

use super::Fact;

/// The records of `facts` of `run`, which follow the event at `seq`, with at most `events_max` in a
/// part, or one piece.
pub fn of(
    facts: &[Fact],
    now: Timestamp,
    run: &RunId,
    seq: u64,
    events_max: usize,
) -> impl Iterator<Item = Vec<Draft>> {
    let cause = format!("{run}:{seq}");
    let mut left = facts;
    std::iter::from_fn(move || {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while !left.is_empty() {
            let piece = first_piece(left);
            let is_full = part.len() + piece.len() > events_max || bytes >= APPEND_BYTES_MAX / 2;
            if is_full && !part.is_empty() {
                break;
            }
            for fact in piece {
                let draft = fact.draft(now, Some(cause.clone()));
                bytes += weight(&draft.payload);
                part.push(draft);
            }
            left = &left[piece.len()..];
        }
        (!part.is_empty()).then_some(part)
    })
}

/// The first of `facts` that a crash must not part: the events that a task published, and its
/// completion, without which the task is done and they are published again.
fn first_piece(facts: &[Fact]) -> &[Fact] {
    let mut bytes = 0;
    let published = facts.iter().take_while(|fact| {
        let Fact::EventPublished { payload, .. } = fact else { return false };
        bytes += weight(payload);
        bytes < APPEND_BYTES_MAX / 4
    });
    let count = (published.count() + 1).min(facts.len()).min(EVENTS_PER_APPEND_MAX);
    &facts[..count]
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
