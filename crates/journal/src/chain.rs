//! The hash chain of a run: making it and checking it.
//!
//! **Invariant:** an event that `follow` accepted has the position after the link, names the
//! link's hash as the one before it, and matches its own hash.

use dirigent_core::{
    CorrelationId, Event, RunId,
    event::{Draft, GENESIS_HASH},
};

use crate::{Error, RunHead};

/// Where a chain stands: the last position and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

impl Link {
    /// Before the first event.
    pub(crate) fn genesis() -> Self {
        Self { seq: 0, hash: GENESIS_HASH.to_owned() }
    }

    /// After `event`.
    pub(crate) fn after(event: &Event) -> Self {
        Self { seq: event.seq, hash: event.hash.as_str().to_owned() }
    }
}

/// The end of the chain that an append continues, if the writer is not stale.
pub(crate) fn expect(
    run: &RunId,
    correlation_id: &CorrelationId,
    expected: u64,
    head: Option<&RunHead>,
) -> Result<Link, Error> {
    let actual = head.map_or(0, |head| head.last_seq);
    if actual != expected {
        return Err(Error::Stale { run: run.clone(), expected, actual });
    }
    match head {
        None => Ok(Link::genesis()),
        Some(head) if head.correlation_id != *correlation_id => Err(Error::OtherCorrelation {
            run: run.clone(),
            actual: head.correlation_id.to_string(),
            given: correlation_id.to_string(),
        }),
        Some(head) => Ok(Link { seq: actual, hash: head.head_hash.as_str().to_owned() }),
    }
}

/// The events that `drafts` become behind `link`.
pub(crate) fn seal(
    drafts: Vec<Draft>,
    run: &RunId,
    correlation_id: &CorrelationId,
    link: &Link,
) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::with_capacity(drafts.len());
    for (seq, draft) in (link.seq + 1..).zip(drafts) {
        let prev_hash = events.last().map_or(link.hash.as_str(), |event| event.hash.as_str());
        events.push(Event::seal(draft, run, correlation_id, seq, prev_hash));
    }
    events
}

/// The link that `event` makes behind `link`.
pub(crate) fn follow(link: &Link, event: &Event) -> Result<Link, Error> {
    let what = if event.seq != link.seq + 1 {
        return Err(missing(&event.run, link.seq + 1));
    } else if event.prev_hash != link.hash {
        "it does not follow the event before it"
    } else if event.hash != event.expected_hash() {
        "its content does not match its hash"
    } else {
        return Ok(Link::after(event));
    };
    Err(Error::Damaged { run: event.run.clone(), seq: event.seq, what: what.to_owned() })
}

/// The finding that a run lacks the event at `seq`.
pub(crate) fn missing(run: &RunId, seq: u64) -> Error {
    Error::Damaged { run: run.clone(), seq, what: "it is missing".to_owned() }
}

/// Checks that `event`, if it is the first, is the one its run's head tells of.
pub(crate) fn check_begin(event: &Event, head: &RunHead) -> Result<(), Error> {
    if event.seq != 1 || event.time == head.first_time {
        return Ok(());
    }
    let what = "it is not the event that its run is listed to begin with".to_owned();
    Err(Error::Damaged { run: head.run.clone(), seq: 1, what })
}

/// Checks that `last`, the last event of a run, is the one its head tells of.
pub(crate) fn check_head(last: &Event, head: &RunHead) -> Result<(), Error> {
    if last.seq < head.last_seq {
        return Err(missing(&head.run, last.seq + 1));
    }
    let is_told = (last.seq, &last.hash, &last.kind, last.time)
        == (head.last_seq, &head.head_hash, &head.last_kind, head.last_time);
    if is_told {
        return Ok(());
    }
    let what = "it is not the event that its run is listed to end with".to_owned();
    Err(Error::Damaged { run: head.run.clone(), seq: last.seq.min(head.last_seq), what })
}
