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
};

/// Tells a task to stop and the user how far it is. Checked by every long loop.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl Watch {
    /// Asks the work to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reports that `done` of `total` units are done.
    pub fn report(&self, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// The last report as (done, total).
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// What a task is given.
#[derive(Clone, Debug)]
pub struct TaskContext {
    /// The run.
    pub run: RunId,
    /// What was asked for, configuration included.
    pub start: Arc<Start>,
    /// Its name in the plan.
    pub task: String,
    /// What the plan tells it.
    pub input: Value,
    /// The outputs of the tasks completed so far, by name.
    pub outputs: BTreeMap<String, Value>,
    /// The same as they are recorded, large ones by the name of an artifact.
    pub recorded: BTreeMap<String, Value>,
    /// The files that completed tasks have made.
    pub made: Vec<ArtifactRef>,
    /// What completed tasks warned of.
    pub warnings: Vec<String>,
    /// The scope it works in.
    pub container: Container,
    /// Where its files go.
    pub artifacts: Artifacts,
    /// When to stop.
    pub watch: Watch,
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
}

/// Why a task did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// It was told to stop, and did.
    Stopped,
    /// It failed.
    Failed(Failure),
}

/// A kind of task: the translation from a task's input to a domain call and back.
pub trait TaskKind: Send + Sync {
    /// The name that plans use.
    fn name(&self) -> &'static str;

    /// Does the work; called on a worker thread, panics are contained.
    ///
    /// # Errors
    /// If the work failed or was told to stop.
    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError>;
}
