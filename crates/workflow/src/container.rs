//! A container: the isolated scope in which one trial or task works.
//!
//! Invariant: what one container holds, no other sees; its seed depends on the master seed and
//! its path alone, so making or restarting another shifts nothing.
//! What it holds lives in memory only. After a crash it is empty again, and a task that finds
//! it empty rebuilds what it needs from the recorded configuration or its last checkpoint.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dirigent_core::Seed;
use serde_json::Value;

use crate::{instances::TaskId, run::Run};

/// An isolated scope.
#[derive(Clone, Debug)]
pub struct Container {
    path: String,
    seed: Seed,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Debug, Default)]
struct Inside {
    held: Option<Arc<dyn Any + Send + Sync>>,
    checkpoint: Option<Value>,
}

impl Drop for Inside {
    /// Lets go of what is held. A panic at that has been told by the hook of the process, and is
    /// the task's own affair: the run goes on.
    fn drop(&mut self) {
        let held = self.held.take();
        drop(catch_unwind(AssertUnwindSafe(|| drop(held))));
    }
}

impl Container {
    /// An empty container at `path` under the master seed.
    pub fn new(master_seed: u64, path: &str) -> Self {
        Self { path: path.to_owned(), seed: seed(master_seed, path), inside: Arc::default() }
    }

    /// Its path, unique in the run.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its seed.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Holds `value` for later tasks in place of what was held before.
    pub fn hold<T: Send + Sync + 'static>(&self, value: Arc<T>) {
        self.inside().held = Some(value);
    }

    /// What is held, if it is a `T`.
    pub fn held<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.inside().held.clone()?.downcast().ok()
    }

    /// Keeps `state`, for the next attempt to begin from.
    pub fn checkpoint(&self, state: Value) {
        self.inside().checkpoint = Some(state);
    }

    /// The state that was kept last.
    pub fn restored(&self) -> Option<Value> {
        self.inside().checkpoint.clone()
    }

    /// Lets go of everything.
    pub fn clear(&self) {
        *self.inside() = Inside::default();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seed(master_seed: u64, path: &str) -> Seed {
    Seed::master(master_seed).child("container").child(path)
}

/// The path of the container that `task` works in. It does not depend on the order of events, so
/// neither does the seed.
pub fn path(run: &Run, task: TaskId) -> String {
    let plan = &run.start.plan;
    let entry = plan.entry(task.entry);
    let Some(base) = &entry.container else {
        let phase = &plan.phases()[plan.place(task.entry).phase as usize];
        return format!("{}/0", phase.name);
    };
    match run.record(task).and_then(|record| record.cause()) {
        Some(cause) => format!("{base}/{}", cause.source),
        None if entry.count.is_some() => format!("{base}/{}", task.instance),
        None => base.clone(),
    }
}

/// Containers that wait to be used again.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Arc<Mutex<Inside>>>>,
    size: usize,
}

impl Pool {
    /// A pool that keeps at most `size` idle containers.
    pub(crate) fn new(size: usize) -> Self {
        Self { idle: Mutex::default(), size }
    }

    /// A container at `path`, as empty as a new one.
    pub(crate) fn take(&self, master_seed: u64, path: String) -> Container {
        let inside = self.idle().pop().unwrap_or_default();
        Container { seed: seed(master_seed, &path), path, inside }
    }

    /// Empties `container` and keeps it, if nobody else has it and there is room.
    pub(crate) fn give(&self, container: Container) {
        container.clear();
        let mut idle = self.idle();
        if idle.len() < self.size && Arc::strong_count(&container.inside) == 1 {
            idle.push(container.inside);
        }
    }

    /// Lets go of all idle containers.
    pub(crate) fn drain(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Mutex<Inside>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_follow_the_path_and_nothing_else() {
        let seed = |master, path| Container::new(master, path).seed().as_u32();
        assert_eq!(seed(42, "backtest/0"), seed(42, "backtest/0"));
        assert_ne!(seed(42, "backtest/0"), seed(42, "backtest/1"));
        assert_ne!(seed(42, "backtest/0"), seed(43, "backtest/0"));
    }

    #[test]
    fn a_cleared_container_holds_nothing() {
        let container = Container::new(42, "a");
        container.hold(Arc::new(7_u32));
        assert_eq!(container.held::<u32>().as_deref(), Some(&7));
        assert!(container.held::<String>().is_none());
        container.clear();
        assert!(container.held::<u32>().is_none());
    }

    #[test]
    fn con_06_08_a_container_that_is_used_again_carries_nothing_over() {
        let pool = Pool::new(1);
        let first = pool.take(42, "a/0".into());
        first.hold(Arc::new(7_u32));
        first.checkpoint(Value::from(60));
        let inside = Arc::as_ptr(&first.inside);
        pool.give(first);
        let second = pool.take(42, "a/1".into());
        assert_eq!((second.path(), Arc::as_ptr(&second.inside)), ("a/1", inside));
        assert!(second.held::<u32>().is_none() && second.restored().is_none());
        assert_eq!(second.seed(), Container::new(42, "a/1").seed());
    }

    #[test]
    fn con_07_a_full_pool_keeps_no_more_and_a_shared_container_is_not_kept() {
        let pool = Pool::new(1);
        let (one, two) = (pool.take(1, "a".into()), pool.take(1, "b".into()));
        let still_held = one.clone();
        pool.give(one);
        assert_eq!(pool.idle().len(), 0);
        pool.give(two);
        pool.give(still_held);
        assert_eq!(pool.idle().len(), 1);
    }
}
