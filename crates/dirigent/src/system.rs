//! The system log: what happened to the home itself, as one more run of the same journal.
//!
//! Invariant: whoever reads the log sees the same state; nothing acts on a halt, a delivery or a
//! dead letter before its record is durable.
//! Not here: the runs of workflows, from whose lists this one is kept out.

pub mod event;
pub mod letter;
pub mod state;

use std::sync::{Arc, Mutex, MutexGuard};

use dirigent_core::{
    Clock, CorrelationId, Event, RunId, Timestamp,
    event::{Draft, GENESIS_HASH},
};
use dirigent_journal::{Journal, ReadJournal, Snapshot};
use serde::{Deserialize, Serialize};

use crate::Error;

pub use event::SystemFact;
pub use letter::{DeadLetter, LetterId, LetterStatus};
pub use state::{Halt, System};

/// The name under which the system log stands among the runs.
pub const RUN: &str = "run_system";
/// The correlation id of all its events.
const CORRELATION_ID: &str = "system";
/// How many events are read at once.
const READ_PAGE: usize = 10_000;
/// After how many events the state is saved, so that the log need not be folded from its start.
const SNAPSHOT_EVERY: u64 = 1_000;
/// The form of a saved state; another one is not read.
const CODE_LEVEL: u32 = 1;

/// Whether `run` is the system log and no run of a workflow.
pub fn is_system(run: &RunId) -> bool {
    run.as_str() == RUN
}

/// The system log among the runs.
pub(crate) fn run() -> RunId {
    RUN.parse().expect("the name of the system log is an id")
}

fn correlation_id() -> CorrelationId {
    CORRELATION_ID.parse().expect("`system` is a correlation id")
}

/// The state, and the link of the chain it was folded up to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Folded {
    system: System,
    seq: u64,
    hash: String,
}

impl Default for Folded {
    fn default() -> Self {
        Self { system: System::default(), seq: 0, hash: GENESIS_HASH.to_owned() }
    }
}

impl Folded {
    /// The state that `journal` tells, from the last saved one on.
    fn load<J: ReadJournal + ?Sized>(journal: &J) -> Result<Self, Error> {
        let run = run();
        let Some(head) = journal.head(&run)? else { return Ok(Self::default()) };
        // A saved state only saves work: without a good one the log is folded from its start.
        let saved = journal.snapshot(&run).ok().flatten();
        let saved = saved.filter(|saved| saved.code_level == CODE_LEVEL);
        let mut folded: Self =
            saved.and_then(|saved| serde_json::from_slice(&saved.bytes).ok()).unwrap_or_default();
        while folded.seq < head.last_seq {
            let page = journal.read(&run, folded.seq + 1, READ_PAGE)?;
            if page.is_empty() {
                return Err(broken(folded.seq + 1, "it is missing"));
            }
            for event in &page {
                folded.follow(event)?;
            }
        }
        if folded.seq == head.last_seq && folded.hash != head.head_hash.as_str() {
            return Err(broken(
                folded.seq,
                "it is not the event that the log is listed to end with",
            ));
        }
        Ok(folded)
    }

    /// Takes in `event`, which must be the next of the chain.
    fn follow(&mut self, event: &Event) -> Result<(), Error> {
        let is_next = event.seq == self.seq + 1 && event.prev_hash == self.hash;
        if !is_next || event.hash != event.expected_hash() {
            return Err(broken(event.seq, "it was changed after it was recorded"));
        }
        let fact = SystemFact::read(event).map_err(Error::SystemEvent)?;
        self.system.apply(event.seq, event.time, fact);
        (self.seq, self.hash) = (event.seq, event.hash.as_str().to_owned());
        Ok(())
    }
}

fn broken(seq: u64, what: &str) -> Error {
    let what = what.to_owned();
    Error::Journal(dirigent_journal::Error::Damaged { run: run(), seq, what })
}

/// The state of the home as `journal` tells it, for those who only look.
///
/// # Errors
/// If the log cannot be read or was changed.
pub fn read<J: ReadJournal + ?Sized>(journal: &J) -> Result<System, Error> {
    Ok(Folded::load(journal)?.system)
}

/// The system log, opened by the one process that writes.
pub struct SystemLog {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    folded: Mutex<Folded>,
}

impl std::fmt::Debug for SystemLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemLog").finish_non_exhaustive()
    }
}

impl SystemLog {
    /// The log in `journal`.
    ///
    /// # Errors
    /// If it cannot be read or was changed.
    pub fn open(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let folded = Mutex::new(Folded::load(&*journal)?);
        Ok(Self { journal, clock, folded })
    }

    /// What `look` finds in the present state.
    pub fn look<T>(&self, look: impl FnOnce(&System) -> T) -> T {
        look(&self.lock().system)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The journal that the log is part of.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// Records what `decide` makes of the present state, which nobody changes meanwhile, and
    /// returns once it is durable.
    ///
    /// # Errors
    /// If the journal does not take it; then the state is what it was.
    pub fn record(
        &self,
        decide: impl FnOnce(&System, Timestamp) -> Vec<SystemFact>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut folded = self.lock();
        let facts = decide(&folded.system, now);
        if facts.is_empty() {
            return Ok(());
        }
        let drafts: Vec<Draft> = facts.iter().map(|fact| fact.draft(now)).collect();
        let events = self.journal.append(&run(), &correlation_id(), folded.seq, drafts)?;
        for (event, fact) in events.iter().zip(facts) {
            folded.system.apply(event.seq, event.time, fact);
            (folded.seq, folded.hash) = (event.seq, event.hash.as_str().to_owned());
        }
        if folded.seq % SNAPSHOT_EVERY < events.len() as u64 {
            self.save(&folded);
        }
        Ok(())
    }

    /// Saves the state. If it cannot be saved, the log is folded from its start next time.
    fn save(&self, folded: &Folded) {
        let Ok(bytes) = serde_json::to_vec(folded) else { return };
        let snapshot = Snapshot { seq: folded.seq, code_level: CODE_LEVEL, bytes };
        drop(self.journal.save_snapshot(&run(), &snapshot));
    }

    fn lock(&self) -> MutexGuard<'_, Folded> {
        self.folded.lock().expect("no code panics while it holds the system's state")
    }
}
