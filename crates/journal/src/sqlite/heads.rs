//! Where the runs stand that this process writes: saves a look into the database per append, and
//! wakes who follows a run.
//!
//! **Invariant:** an entry is what the last commit left, because a run is loaded while the map is
//! locked, and published after its commit under the same lock.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use dirigent_core::RunId;

use super::{SqliteReader, row::StoredHead};
use crate::Error;

/// Most runs that are kept; with more, all are forgotten and loaded again when needed.
const HEADS_MAX: usize = 4096;

/// The runs' heads.
#[derive(Debug, Default)]
pub(super) struct Heads {
    by_run: Mutex<BTreeMap<RunId, StoredHead>>,
    moved: Condvar,
}

impl Heads {
    /// Where `run` stands; `None` if it has no events.
    pub(super) fn get(
        &self,
        run: &RunId,
        reader: &SqliteReader,
    ) -> Result<Option<StoredHead>, Error> {
        Self::load(&mut self.lock(), run, reader)
    }

    /// Takes over where runs stand after a commit.
    pub(super) fn publish(&self, heads: impl Iterator<Item = StoredHead>) {
        let mut by_run = self.lock();
        for stored in heads {
            make_room(&mut by_run);
            by_run.insert(stored.head.run.clone(), stored);
        }
        drop(by_run);
        self.moved.notify_all();
    }

    /// Waits until `run` is behind `after_seq`, at most for `timeout`; its last position then.
    pub(super) fn follow(
        &self,
        run: &RunId,
        after_seq: u64,
        timeout: Duration,
        reader: &SqliteReader,
    ) -> Result<u64, Error> {
        let mut by_run = self.lock();
        Self::load(&mut by_run, run, reader)?;
        let last_seq = |by_run: &BTreeMap<RunId, StoredHead>| {
            by_run.get(run).map_or(0, |stored| stored.head.last_seq)
        };
        let (by_run, _) = self
            .moved
            .wait_timeout_while(by_run, timeout, |by_run| last_seq(by_run) <= after_seq)
            .expect("no code panics while it holds the heads");
        Ok(last_seq(&by_run))
    }

    fn load(
        by_run: &mut BTreeMap<RunId, StoredHead>,
        run: &RunId,
        reader: &SqliteReader,
    ) -> Result<Option<StoredHead>, Error> {
        if let Some(stored) = by_run.get(run) {
            return Ok(Some(stored.clone()));
        }
        let Some(stored) = reader.stored_head(run)? else {
            return Ok(None);
        };
        make_room(by_run);
        by_run.insert(run.clone(), stored.clone());
        Ok(Some(stored))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, StoredHead>> {
        self.by_run.lock().expect("no code panics while it holds the heads")
    }
}

fn make_room(by_run: &mut BTreeMap<RunId, StoredHead>) {
    if by_run.len() >= HEADS_MAX {
        by_run.clear();
    }
}
