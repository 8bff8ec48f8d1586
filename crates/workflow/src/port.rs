//! Ports: what this crate asks of others.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use dirigent_core::RunId;
use serde_json::Value;

use crate::{
    artifact::{ArtifactRef, Artifacts},
    container::Container,
    event::{Fact, Failure, Start},
    resource::Amount,
    run::Cause,
};

/// Tells a task to stop and the user how far it is. Checked by every long loop.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    run: Arc<Progress>,
    /// Whether what it is told of progress goes nowhere.
    is_quiet: bool,
}

#[derive(Debug, Default)]
struct Progress {
    stop: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    /// The bits of the best value so far; 0 for none.
    best: AtomicU64,
}

impl Watch {
    /// A watch of one task of the run that this is the watch of: it stops with the run, or alone.
    #[must_use]
    pub fn of_task(&self) -> Self {
        Self { stop: Arc::default(), run: Arc::clone(&self.run), is_quiet: false }
    }

    /// The same watch for a part of the work, whose progress is not that of the whole.
    #[must_use]
    pub fn quiet(&self) -> Self {
        Self { is_quiet: true, ..self.clone() }
    }

    /// Tells of a value that a search reached, of which more is better.
    pub fn reached(&self, value: f64) {
        // A plain zero would mean none.
        let bits = (value + 0.0).to_bits().max(1);
        let better = |so_far: u64| (so_far == 0 || value > f64::from_bits(so_far)).then_some(bits);
        let _ = self.run.best.fetch_update(Ordering::Relaxed, Ordering::Relaxed, better);
    }

    /// Forgets what a search reached, as it is over.
    pub fn searched(&self) {
        self.run.best.store(0, Ordering::Relaxed);
        self.report(0, 0);
    }

    /// The best value that was told.
    pub fn best(&self) -> Option<f64> {
        let bits = self.run.best.load(Ordering::Relaxed);
        (bits != 0).then(|| f64::from_bits(bits))
    }

    /// Asks the work to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Asks all work of the run to stop.
    pub fn stop_all(&self) {
        self.run.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.run.stop.load(Ordering::Relaxed)
    }

    /// Reports that `done` of `total` units are done.
    pub fn report(&self, done: u64, total: u64) {
        if self.is_quiet {
            return;
        }
        self.run.done.store(done, Ordering::Relaxed);
        self.run.total.store(total, Ordering::Relaxed);
    }

    /// The last report as (done, total).
    pub fn progress(&self) -> (u64, u64) {
        (self.run.done.load(Ordering::Relaxed), self.run.total.load(Ordering::Relaxed))
    }
}

/// Keeps a state of a task in the journal.
pub type Keep = Arc<dyn Fn(Value) + Send + Sync>;

/// What a task is given.
#[derive(Clone)]
pub struct TaskContext {
    /// The run.
    pub run: RunId,
    /// What was asked for, configuration included.
    pub start: Arc<Start>,
    /// Its name in the plan.
    pub task: String,
    /// Which try this is, counted from 1.
    pub attempt: u32,
    /// What the plan tells it.
    pub input: Value,
    /// The outputs of the tasks it needs, or of all so far if its kind sees them, by the name that
    /// they have within the phase.
    pub outputs: BTreeMap<String, Value>,
    /// The same as they are recorded, large ones by the name of an artifact.
    pub recorded: BTreeMap<String, Value>,
    /// What the phase got from earlier ones, by `phase.key`.
    pub inputs: Arc<BTreeMap<String, Value>>,
    /// The event that started it.
    pub cause: Option<Cause>,
    /// The files that completed tasks have made, if its kind sees all so far.
    pub made: Vec<ArtifactRef>,
    /// What completed tasks warned of, if its kind sees all so far.
    pub warnings: Vec<String>,
    /// The scope it works in.
    pub container: Container,
    /// Where its files go.
    pub artifacts: Artifacts,
    /// When to stop.
    pub watch: Watch,
    /// How many threads it may use, its own among them.
    pub threads: usize,
    /// Makes a state durable; see `checkpoint`.
    pub keep: Keep,
}

impl std::fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (task, attempt) = (&self.task, self.attempt);
        f.debug_struct("TaskContext").field("task", task).field("attempt", &attempt).finish()
    }
}

impl TaskContext {
    /// Keeps `state`: the next attempt begins with it, after a failure as well as after a crash of
    /// the process if it was recorded: not above 64 KiB, and not more often than
    /// `coordinator.fault_tolerance.checkpoint_interval`.
    pub fn checkpoint(&self, state: &Value) {
        self.container.checkpoint(state.clone());
        (self.keep)(state.clone());
    }
}

/// What a task delivers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskOutput {
    /// What it found; part of the digest, so without times, paths or host facts.
    pub value: Value,
    /// Files it made.
    pub artifacts: Vec<ArtifactRef>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Facts to record just before its completion, such as a container it made.
    pub facts: Vec<Fact>,
    /// Events that it publishes with its completion: name and payload.
    pub events: Vec<(String, Value)>,
}

/// Why a task did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// It was told to stop, and did.
    Stopped,
    /// It failed; another try may help.
    Failed(Failure),
    /// It failed, and would again.
    Hopeless(Failure),
}

/// Which earlier outputs a task is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Those of the tasks that it needs.
    Needs,
    /// Those of all tasks of its phase so far; for small plans.
    Phase,
}

/// What becomes of a task that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It is tried again as often as the plan says.
    AsPlanned,
    /// It is given up at once.
    GiveUp,
}

/// A kind of task: the translation from a task's input to a domain call and back.
pub trait TaskKind: Send + Sync {
    /// The name that plans use.
    fn name(&self) -> &'static str;

    /// Which earlier outputs its tasks are given.
    fn sees(&self) -> Sees {
        Sees::Needs
    }

    /// Checks the input of a task before anything runs.
    ///
    /// # Errors
    /// With what is wrong, and where in the input.
    fn check(&self, _input: &Value) -> Result<(), InvalidInput> {
        Ok(())
    }

    /// What to do about the `failures`-th failure of one of its tasks, in place of what the plan
    /// says; called by the engine, so without waiting.
    fn recover(&self, _failure: &Failure, _failures: u32) -> Recovery {
        Recovery::AsPlanned
    }

    /// Does the work; called on a worker thread, panics are contained.
    ///
    /// # Errors
    /// If the work failed or was told to stop.
    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError>;
}

/// Runs tasks in processes of their own.
pub trait Isolate: Send + Sync {
    /// Does what `kind` does with `context`, held to `takes`.
    ///
    /// # Errors
    /// As the kind, or if the process could not be run or broke a limit.
    fn run(
        &self,
        kind: &str,
        context: &TaskContext,
        takes: &Amount,
    ) -> Result<TaskOutput, TaskError>;
}

/// What is wrong with the input of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidInput {
    /// Where in the input: `argv`, or `wait.every`; empty for all of it.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}
