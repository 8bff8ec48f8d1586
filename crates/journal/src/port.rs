//! The port: what every journal can do, whatever stores it.
//!
//! **Invariant:** a run's events are numbered from 1 without gaps and chained by hash; what a call
//! returned, or a reader was shown, survives a crash; nothing changes or disappears afterwards.
//! Not here: what the events mean; see `dirigent_workflow`.

use std::time::Duration;

use dirigent_core::{CorrelationId, Event, RunId, Sha256Hex, Timestamp, event::Draft};

use crate::{Error, chain, limits::EVENTS_PER_READ_MAX};

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// The run.
    pub run: RunId,
    /// The caller's key of it.
    pub correlation_id: CorrelationId,
    /// Position of its last event; the first has 1.
    pub last_seq: u64,
    /// When the first event was recorded.
    pub first_time: Timestamp,
    /// When the last event was recorded.
    pub last_time: Timestamp,
    /// Type of the last event.
    pub last_kind: String,
    /// Hash of the last event, which covers all before it.
    pub head_hash: Sha256Hex,
}

/// The state of a run after an event, so that not all events need to be folded again.
///
/// Always droppable: the journal alone rebuilds the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Position of the last event it contains.
    pub seq: u64,
    /// Level of the code that made it; another level must not read it.
    pub code_level: u32,
    /// The state, in the writer's own form.
    pub bytes: Vec<u8>,
}

/// What a verification went through without a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many runs.
    pub runs: u64,
    /// How many events.
    pub events: u64,
}

/// The half of a journal that any number of processes can use at the same time.
pub trait ReadJournal: Send + Sync {
    /// Events of `run` from position `from_seq` on, in order, at most `limit` and
    /// `EVENTS_PER_READ_MAX`. Empty behind the end and for an unknown run.
    ///
    /// # Errors
    /// `Damaged` if one of them cannot be read; storage failures.
    fn read(&self, run: &RunId, from_seq: u64, limit: usize) -> Result<Vec<Event>, Error>;

    /// Where `run` stands; `None` if it has no events.
    ///
    /// # Errors
    /// Storage failures.
    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Error>;

    /// The newest `limit` runs, the last created first.
    ///
    /// # Errors
    /// Storage failures.
    fn runs(&self, limit: usize) -> Result<Vec<RunHead>, Error>;

    /// All runs with this correlation id, the first created first.
    ///
    /// # Errors
    /// Storage failures.
    fn find_by_correlation(&self, correlation_id: &CorrelationId) -> Result<Vec<RunId>, Error>;

    /// The snapshot of `run`, if one was saved.
    ///
    /// # Errors
    /// `SnapshotDamaged` if it is not what was saved; storage failures.
    fn snapshot(&self, run: &RunId) -> Result<Option<Snapshot>, Error>;

    /// Waits until `run` has an event after `after_seq`, at most for `timeout`. Returns the run's
    /// last position then, which is not above `after_seq` if the time ran out.
    ///
    /// # Errors
    /// Storage failures.
    fn follow(&self, run: &RunId, after_seq: u64, timeout: Duration) -> Result<u64, Error>;

    /// Recomputes the chain of all runs.
    ///
    /// # Errors
    /// `Damaged` with the first bad event; storage failures.
    fn verify_all(&self) -> Result<Verified, Error>;

    /// Recomputes the chain of `run` and returns the number of its events.
    ///
    /// # Errors
    /// `Damaged` with the first bad event; `UnknownRun`; storage failures.
    fn verify(&self, run: &RunId) -> Result<u64, Error> {
        self.walk(run, &mut drop)
    }

    /// Shows every event of `run` in order, each after it was found to be what was recorded, and
    /// returns their number.
    ///
    /// # Errors
    /// As `verify`; what was shown before is as it should be.
    fn walk(&self, run: &RunId, show: &mut dyn FnMut(Event)) -> Result<u64, Error> {
        // The head first: events that come in meanwhile only make the run longer.
        let head = self.head(run)?.ok_or_else(|| Error::UnknownRun { run: run.clone() })?;
        let mut link = chain::Link::genesis();
        let mut last = None;
        while link.seq < head.last_seq {
            let events = self.read(run, link.seq + 1, EVENTS_PER_READ_MAX)?;
            if events.is_empty() {
                return Err(chain::missing(run, link.seq + 1));
            }
            for event in events {
                if link.seq == head.last_seq {
                    break;
                }
                link = chain::follow(&link, &event)?;
                chain::check_begin(&event, &head)?;
                if let Some(before) = last.replace(event) {
                    show(before);
                }
            }
        }
        let last = last.ok_or_else(|| chain::missing(run, 1))?;
        chain::check_head(&last, &head)?;
        show(last);
        Ok(link.seq)
    }
}

/// A journal that can be written; one process at a time has it.
pub trait Journal: ReadJournal {
    /// Appends `drafts` to `run` in one piece, and returns once they are durable.
    ///
    /// `expected_seq` is the last position the writer knows; 0 begins a new run. A run keeps the
    /// correlation id it began with.
    ///
    /// # Errors
    /// `Stale` if the run is not at `expected_seq`; a named limit; `DiskNearlyFull` for a new run.
    /// After any error nothing of the append is in the journal.
    fn append(
        &self,
        run: &RunId,
        correlation_id: &CorrelationId,
        expected_seq: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Event>, Error>;

    /// Keeps `snapshot` as the one of `run`, in place of an older one.
    ///
    /// # Errors
    /// `SnapshotAhead`, `SnapshotTooLarge`, `UnknownRun`; storage failures.
    fn save_snapshot(&self, run: &RunId, snapshot: &Snapshot) -> Result<(), Error>;

    /// Forgets the snapshot of `run`, if there is one.
    ///
    /// # Errors
    /// Storage failures.
    fn drop_snapshot(&self, run: &RunId) -> Result<(), Error>;
}
