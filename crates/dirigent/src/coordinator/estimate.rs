//! Estimates: how long a run will take, learned from the runs of the home that completed.
//!
//! Promises: writes nothing; a home without runs gives the default. A run that was interrupted
//! tells nothing about how long it works, so it is left out.

use dirigent_journal::{ReadJournal, RunHead};
use dirigent_workflow::resource::estimate::{Durations, Estimate};

use super::{Coordinator, lookup::heads};
use crate::Error;

/// How many of the newest runs are looked at.
const RUNS_MAX: usize = 500;
/// How many events of a run are searched for an interruption; beyond, pauses count as work.
const EVENTS_MAX: usize = 2_000;

impl Coordinator {
    /// How long a run of the workflow of type `kind` called `name` will take.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn estimate(&self, kind: &str, name: &str) -> Result<Estimate, Error> {
        let mut durations = Durations::default();
        let journal = match self.reader() {
            Err(Error::NoRuns { .. }) => return Ok(durations.estimate(kind, name)),
            opened => opened?,
        };
        let mut heads = heads(&*journal, RUNS_MAX)?;
        heads.retain(|head| head.last_kind == "workflow_completed");
        for head in heads.iter().rev() {
            note(&*journal, head, kind, &mut durations)?;
        }
        Ok(durations.estimate(kind, name))
    }
}

/// Takes note of what the run took, if it is of this type and went through in one piece.
fn note(
    journal: &dyn ReadJournal,
    head: &RunHead,
    kind: &str,
    durations: &mut Durations,
) -> Result<(), Error> {
    let first = journal.read(&head.run, 1, 1)?;
    let Some(name) = first.first().filter(|event| event.payload["type"] == kind) else {
        return Ok(());
    };
    let events = journal.read(&head.run, 2, EVENTS_MAX)?;
    if !events.iter().any(|event| event.kind == "run_resumed") {
        let name = name.payload["name"].as_str().unwrap_or_default();
        durations.record(kind, name, head.last_time.since(head.first_time));
    }
    Ok(())
}
