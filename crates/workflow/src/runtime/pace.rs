//! Pace: how far ahead of the workers tasks are handed out.
//!
//! A task is started after its start is durable. Tasks that take microseconds would spend their
//! time waiting for the disk, one by one; so short ones are handed out by the hundred, and as long
//! as a task is not known to be short, none is.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    decide::{Capacity, at_once},
    run::Run,
};

/// Work that may wait in the queue of a worker.
const AHEAD: Duration = Duration::from_millis(4);
/// The most tasks that wait for a worker.
const AHEAD_MAX: u32 = 1024;

/// How long tasks take, by their kind.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The longest of late: decays, so that one slow task is forgotten.
    took: BTreeMap<String, Duration>,
    lanes: Option<usize>,
}

impl Pace {
    /// Takes note that a task of `kind` took this long.
    pub(super) fn note(&mut self, kind: &str, took: Duration) {
        match self.took.get_mut(kind) {
            Some(known) => *known = took.max(*known * 7 / 8),
            None => drop(self.took.insert(kind.to_owned(), took)),
        }
    }

    /// How many tasks of each kind are handed out in place of one.
    pub(super) fn ahead(&self) -> BTreeMap<String, u32> {
        let fits = |took: &Duration| AHEAD.as_nanos() / took.as_nanos().max(1);
        let of = |(kind, took): (&String, &Duration)| {
            let ahead = u32::try_from(fits(took)).unwrap_or(AHEAD_MAX).min(AHEAD_MAX);
            (ahead > 1).then(|| (kind.clone(), ahead))
        };
        self.took.iter().filter_map(of).collect()
    }

    /// How many tasks may be worked on at once, if that has changed.
    pub(super) fn lanes(&mut self, run: &Run, capacity: &Capacity) -> Option<usize> {
        let phase = run.phases.len().checked_sub(1)?;
        let lanes = at_once(run, &run.start.plan.phases()[phase], capacity);
        let lanes = lanes.max(1) as usize;
        (self.lanes.replace(lanes) != Some(lanes)).then_some(lanes)
    }
}
