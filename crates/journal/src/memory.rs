//! A journal in memory, for tests, simulations and dry runs.
//!
//! Promises: behaves as every other backend, except that it ends with the process.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use dirigent_core::{CorrelationId, Event, RunId, event::Draft};

use crate::{
    Error, Journal, ReadJournal, RunHead, Snapshot, Verified,
    chain::{self, Link},
    limits,
};

/// A journal in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    logs: Mutex<Logs>,
    appended: Condvar,
}

#[derive(Debug, Default)]
struct Logs {
    by_run: BTreeMap<RunId, Log>,
    /// In order of creation.
    created: Vec<RunId>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    snapshot: Option<Snapshot>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().expect("no code panics while it holds the logs")
    }
}

impl ReadJournal for MemoryJournal {
    fn read(&self, run: &RunId, from_seq: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let skipped = usize::try_from(from_seq.saturating_sub(1)).unwrap_or(usize::MAX);
        let limit = limit.min(limits::EVENTS_PER_READ_MAX);
        let logs = self.lock();
        let events = logs.by_run.get(run).map_or(&[][..], |log| &log.events);
        Ok(events.iter().skip(skipped).take(limit).cloned().collect())
    }

    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Error> {
        Ok(self.lock().by_run.get(run).and_then(Log::head))
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunHead>, Error> {
        let logs = self.lock();
        Ok(logs
            .created
            .iter()
            .rev()
            .take(limit)
            .filter_map(|run| logs.by_run[run].head())
            .collect())
    }

    fn find_by_correlation(&self, correlation_id: &CorrelationId) -> Result<Vec<RunId>, Error> {
        let logs = self.lock();
        let is_wanted = |run: &&RunId| {
            logs.by_run[*run].events.first().is_some_and(|e| e.correlation_id == *correlation_id)
        };
        Ok(logs.created.iter().filter(is_wanted).cloned().collect())
    }

    fn snapshot(&self, run: &RunId) -> Result<Option<Snapshot>, Error> {
        Ok(self.lock().by_run.get(run).and_then(|log| log.snapshot.clone()))
    }

    fn follow(&self, run: &RunId, after_seq: u64, timeout: Duration) -> Result<u64, Error> {
        let last_seq = |logs: &Logs| logs.by_run.get(run).map_or(0, Log::last_seq);
        let (logs, _) = self
            .appended
            .wait_timeout_while(self.lock(), timeout, |logs| last_seq(logs) <= after_seq)
            .expect("no code panics while it holds the logs");
        Ok(last_seq(&logs))
    }

    fn verify_all(&self) -> Result<Verified, Error> {
        let created = self.lock().created.clone();
        let mut verified = Verified::default();
        for run in &created {
            verified.events += self.verify(run)?;
            verified.runs += 1;
        }
        Ok(verified)
    }
}

impl Journal for MemoryJournal {
    fn append(
        &self,
        run: &RunId,
        correlation_id: &CorrelationId,
        expected_seq: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Event>, Error> {
        limits::admit(&drafts)?;
        let mut logs = self.lock();
        let head = logs.by_run.get(run).and_then(Log::head);
        let link = chain::expect(run, correlation_id, expected_seq, head.as_ref())?;
        let events = chain::seal(drafts, run, correlation_id, &link);
        if link == Link::genesis() {
            logs.created.push(run.clone());
        }
        logs.by_run.entry(run.clone()).or_default().events.extend_from_slice(&events);
        drop(logs);
        self.appended.notify_all();
        Ok(events)
    }

    fn save_snapshot(&self, run: &RunId, snapshot: &Snapshot) -> Result<(), Error> {
        let mut logs = self.lock();
        let log = logs.by_run.get_mut(run);
        limits::admit_snapshot(run, snapshot, log.as_deref().map(Log::last_seq))?;
        if let Some(log) = log {
            log.snapshot = Some(snapshot.clone());
        }
        Ok(())
    }

    fn drop_snapshot(&self, run: &RunId) -> Result<(), Error> {
        if let Some(log) = self.lock().by_run.get_mut(run) {
            log.snapshot = None;
        }
        Ok(())
    }
}

impl Log {
    fn last_seq(&self) -> u64 {
        self.events.last().map_or(0, |event| event.seq)
    }

    fn head(&self) -> Option<RunHead> {
        let (first, last) = (self.events.first()?, self.events.last()?);
        Some(RunHead {
            run: last.run.clone(),
            correlation_id: last.correlation_id.clone(),
            last_seq: last.seq,
            first_time: first.time,
            last_time: last.time,
            last_kind: last.kind.clone(),
            head_hash: last.hash.clone(),
        })
    }
}
