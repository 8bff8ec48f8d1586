//! A container: the isolated scope in which one trial or task works.
//!
//! Invariant: what one container holds, no other sees; its seed depends on the master seed and
//! its path alone, so making or restarting another shifts nothing.
//! What it holds lives in memory only. After a crash it is empty again, and a task that finds
//! it empty rebuilds what it needs from the recorded configuration.

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use dirigent_core::Seed;

/// An isolated scope.
#[derive(Clone, Debug)]
pub struct Container {
    path: String,
    seed: Seed,
    held: Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>,
}

impl Container {
    /// An empty container at `path` under the master seed.
    pub fn new(master_seed: u64, path: &str) -> Self {
        let seed = Seed::master(master_seed).child("container").child(path);
        Self { path: path.to_owned(), seed, held: Arc::default() }
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
        *self.slot() = Some(value);
    }

    /// What is held, if it is a `T`.
    pub fn held<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.slot().clone()?.downcast().ok()
    }

    /// Lets go of what is held.
    pub fn clear(&self) {
        *self.slot() = None;
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<dyn Any + Send + Sync>>> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
}
