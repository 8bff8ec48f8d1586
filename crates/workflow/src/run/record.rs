//! Records: what is known of a task and of a phase.

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{artifact::ArtifactRef, event::Failure, task::TaskState};

/// What is known of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// Where it stands.
    pub state: TaskState,
    /// How often it was started.
    pub attempts: u32,
    /// How often it failed or took too long since the run was last taken up after its end.
    pub failures: u32,
    /// When it was started last.
    pub(super) started: Timestamp,
    detail: Option<Box<Detail>>,
}

/// What most tasks of a large run do not have; what few of these have is boxed once more.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Detail {
    output: Option<Value>,
    artifacts: Vec<ArtifactRef>,
    warnings: Vec<String>,
    pub(super) error: Option<Box<Failure>>,
    pub(super) reason: Option<String>,
    pub(super) checkpoint: Option<Box<Value>>,
    pub(super) cause: Option<Box<Cause>>,
}

/// The event that started a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Its position in the run.
    pub seq: u64,
    /// Its name.
    pub event: String,
    /// The task or part that it is about, and which one of several: the same whatever came first.
    pub source: String,
    /// What it says.
    pub payload: Value,
}

impl TaskRecord {
    pub(super) const fn new() -> Self {
        let (attempts, failures, started) = (0, 0, Timestamp::from_nanos(0));
        Self { state: TaskState::Pending, attempts, failures, started, detail: None }
    }

    /// What it delivered, as it is recorded; null if it did not.
    pub fn output(&self) -> &Value {
        let output = self.detail.as_ref().and_then(|detail| detail.output.as_ref());
        output.unwrap_or(&Value::Null)
    }

    /// Files it made.
    pub fn artifacts(&self) -> &[ArtifactRef] {
        self.detail.as_ref().map_or(&[], |detail| &detail.artifacts)
    }

    /// What the user should know.
    pub fn warnings(&self) -> &[String] {
        self.detail.as_ref().map_or(&[], |detail| &detail.warnings)
    }

    /// The last error.
    pub fn error(&self) -> Option<&Failure> {
        self.detail.as_ref()?.error.as_deref()
    }

    /// Why it was skipped.
    pub fn reason(&self) -> Option<&str> {
        self.detail.as_ref()?.reason.as_deref()
    }

    /// The state that its next attempt begins from.
    pub fn checkpoint(&self) -> Option<&Value> {
        self.detail.as_ref()?.checkpoint.as_deref()
    }

    /// The event that started it.
    pub fn cause(&self) -> Option<&Cause> {
        self.detail.as_ref()?.cause.as_deref()
    }

    pub(super) fn detail(&mut self) -> &mut Detail {
        self.detail.get_or_insert_default()
    }
}

/// What is known of a phase that has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseRecord {
    /// Its name.
    pub name: String,
    /// Whether all of its tasks have ended.
    pub completed: bool,
    /// The outputs of earlier phases that it got, by `phase.key`.
    pub inputs: Map<String, Value>,
    pub(super) warnings: Vec<String>,
}

impl TaskRecord {
    pub(super) fn complete(
        &mut self,
        output: &Value,
        artifacts: &[ArtifactRef],
        warnings: &[String],
    ) {
        if let Some(detail) = &mut self.detail {
            detail.checkpoint = None;
        }
        if output.is_null() && artifacts.is_empty() && warnings.is_empty() {
            return;
        }
        let detail = self.detail();
        detail.output = Some(output.clone());
        detail.artifacts = artifacts.to_vec();
        detail.warnings = warnings.to_vec();
    }
}
