//! The home as it is open in this process: one journal, one system log and one set of workers,
//! shared by all runs that go on at the same time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use dirigent_core::RunId;
use dirigent_journal::Journal;
use dirigent_workflow::{
    Run,
    runtime::{Handle, Workers},
};

use super::{Coordinator, Observer, load};
use crate::{Error, system::SystemLog};

/// How long one look at a run that another thread works on waits for its next event.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the runs of one process share.
pub(crate) struct Opened {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) log: Arc<SystemLog>,
    pub(crate) workers: Workers,
    active: Mutex<BTreeMap<RunId, Option<Handle>>>,
    admission: Mutex<()>,
}

impl Opened {
    /// Takes `run` for the caller alone; nothing if somebody in this process works on it.
    pub(super) fn take(self: &Arc<Self>, run: &RunId) -> Option<Working> {
        let mut active = self.active();
        if active.contains_key(run) {
            return None;
        }
        active.insert(run.clone(), None);
        Some(Working { opened: Arc::clone(self), run: run.clone() })
    }

    /// Held while it is found out whether a key has a run, and until that run is somebody's: keys
    /// that come at once make one run.
    pub(super) fn admission(&self) -> MutexGuard<'_, ()> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody in this process works on `run`.
    pub(crate) fn works_on(&self, run: &RunId) -> bool {
        self.active().contains_key(run)
    }

    fn active(&self) -> MutexGuard<'_, BTreeMap<RunId, Option<Handle>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody in this process works on `run` any more, and tells how it stands then.
    pub(super) fn wait_for(&self, run: &RunId) -> Result<Run, Error> {
        let mut seen = 0;
        while self.works_on(run) {
            seen = self.journal.follow(run, seen, LOOK_EVERY)?;
        }
        load(&*self.journal, run)
    }
}

/// A run that somebody works on; it is free again when this goes.
pub(crate) struct Working {
    pub(super) opened: Arc<Opened>,
    run: RunId,
}

impl Working {
    /// Lets the run be steered from outside.
    pub(super) fn steer(&self, handle: Handle) {
        self.opened.active().insert(self.run.clone(), Some(handle));
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.opened.active().remove(&self.run);
    }
}

impl Coordinator {
    /// The home, opened for writing: by this call, or before by another run of this process.
    pub(super) fn opened(
        &self,
        purpose: &str,
        observer: &mut dyn Observer,
    ) -> Result<Arc<Opened>, Error> {
        // One opens it, the others wait for that; who only looks at `shared` waits for nobody.
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = self.shared().upgrade() {
            return Ok(opened);
        }
        let mut wait = |holder: &str| observer.waiting(holder);
        let journal = self.home.writer(purpose, &self.on_broken, &mut wait)?;
        let failed = |source| Error::Write { path: self.home.root().to_owned(), source };
        self.home.artifacts().sweep().map_err(failed)?;
        let journal: Arc<dyn Journal> = Arc::new(journal);
        let log = Arc::new(self.system_log(Arc::clone(&journal))?);
        let (workers, active, admission) = (Workers::new(1), Mutex::default(), Mutex::default());
        let opened = Arc::new(Opened { journal, log, workers, active, admission });
        *self.shared() = Arc::downgrade(&opened);
        Ok(opened)
    }

    fn shared(&self) -> MutexGuard<'_, Weak<Opened>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs that this process works on.
    pub fn active(&self) -> Vec<RunId> {
        let shared = self.shared();
        shared.upgrade().map_or_else(Vec::new, |opened| opened.active().keys().cloned().collect())
    }

    /// Asks all runs of this process to stop where they are; each can be resumed.
    pub fn shutdown(&self, reason: &str) {
        if let Some(opened) = self.shared().upgrade() {
            opened.active().values().flatten().for_each(|handle| handle.interrupt(reason));
        }
    }
}
