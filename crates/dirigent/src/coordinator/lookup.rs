//! Looking: what the journal tells of runs, beside a process that may be writing.

use dirigent_core::{Event, RunId};
use dirigent_journal::{ReadJournal, RunHead};
use dirigent_workflow::{Fact, Run, RunStatus};

use super::Coordinator;
use crate::{
    Error,
    system::is_system,
    timeline::{Telling, Timeline},
};

/// How many runs are looked through for one that was named.
const RUNS_MAX: usize = 1_000_000;

/// A run of a list: its id, and what its journal tells, if that can be read.
pub type Listed = (RunId, Result<Run, Error>);

impl Coordinator {
    /// The run called `name`: an id, the unique start of one, a correlation id, or `last`.
    ///
    /// # Errors
    /// If there is none, or several begin so.
    pub fn find(&self, name: &str) -> Result<RunId, Error> {
        let journal = self.reader()?;
        let heads = heads(&*journal, if name == "last" { 1 } else { RUNS_MAX })?;
        if name == "last" {
            let none = || Error::NoRuns { home: self.home.root().to_owned() };
            return heads.into_iter().next().map(|head| head.run).ok_or_else(none);
        }
        let mut found: Vec<RunId> = heads
            .iter()
            .filter(|head| head.run.as_str() == name || head.correlation_id.as_str() == name)
            .map(|head| head.run.clone())
            .collect();
        if found.is_empty() && name.starts_with("run_") {
            let begins = |head: &&RunHead| head.run.as_str().starts_with(name);
            found = heads.iter().filter(begins).map(|head| head.run.clone()).collect();
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::UnknownRun { name: name.into(), home: self.home.root().to_owned() }),
            count => Err(Error::AmbiguousRun { name: name.into(), count }),
        }
    }

    /// The run as its journal tells it.
    ///
    /// # Errors
    /// If it is unknown or its history cannot be read.
    pub fn run(&self, id: &RunId) -> Result<Run, Error> {
        self.seen(load(&*self.reader()?, id)?)
    }

    /// What became of each task of the run `id`, and when.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    pub fn timeline(&self, id: &RunId) -> Result<Timeline, Error> {
        let journal = self.reader()?;
        let run = self.seen(load(&*journal, id)?)?;
        let mut telling = Telling::default();
        journal.walk(id, &mut |event| telling.note(&run, &event))?;
        Ok(telling.timeline(&run))
    }

    /// A run as it is seen from outside: one that nobody works on is interrupted, whatever its last
    /// event says.
    fn seen(&self, mut run: Run) -> Result<Run, Error> {
        if run.status == RunStatus::Running && !self.home.is_in_use() {
            run.status = RunStatus::Interrupted;
        }
        Ok(run)
    }

    /// The newest `limit` runs, newest first; one that cannot be read is an error of its own.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<Listed>, Error> {
        let journal = self.reader()?;
        let heads = heads(&*journal, limit)?;
        let read = |id: &RunId| self.seen(load(&*journal, id)?);
        Ok(heads.into_iter().map(|head| (head.run.clone(), read(&head.run))).collect())
    }

    /// Reads beside a process that writes.
    ///
    /// # Errors
    /// If there is no journal or it cannot be read.
    pub fn reader(&self) -> Result<Box<dyn ReadJournal>, Error> {
        self.home.reader()
    }
}

/// The newest `limit` runs of workflows, without the system log.
pub(super) fn heads(journal: &dyn ReadJournal, limit: usize) -> Result<Vec<RunHead>, Error> {
    let mut heads = journal.runs(limit.saturating_add(1))?;
    heads.retain(|head| !is_system(&head.run));
    heads.truncate(limit);
    Ok(heads)
}

/// The run called `id` in `journal`.
///
/// # Errors
/// If it is unknown or its history cannot be read.
pub fn load<J: ReadJournal + ?Sized>(journal: &J, id: &RunId) -> Result<Run, Error> {
    // A record that was changed is not believed, whoever asks.
    let mut events = Vec::new();
    journal.walk(id, &mut |event| events.push(event))?;
    Run::replay(id, &events).map_err(|source| Error::History { run: id.clone(), source })
}

/// The fact that `event` records, for those who print it.
pub fn fact(event: &Event) -> Option<Fact> {
    Fact::read(event).ok()
}
