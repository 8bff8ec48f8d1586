//! The catalogue: every fact that a run can record, and what it carries.
//!
//! Invariant: a kind never changes its meaning; a new meaning is a new kind, a new shape a new
//! schema version with a reader for the old one.
//! Not here: the envelope around a fact; see `dirigent_core::event`.

use dirigent_core::{Event, Timestamp, event::Draft, hash::Sha256Hex};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    artifact::ArtifactRef,
    plan::{LifecycleStep, Mode, Plan},
    run::RunStatus,
};

/// The version of every payload in the catalogue that this binary writes.
pub const SCHEMA: u32 = 1;

/// What was asked for: recorded first, so that a run can be repeated from its journal alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Name of the workflow.
    pub name: String,
    /// Workflow type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How tasks are scheduled.
    pub mode: Mode,
    /// The schedule that was chosen, and why.
    pub schedule: String,
    /// Master seed.
    pub seed: u64,
    /// SHA-256 of the configuration, as PyYAML dumps it with sorted keys.
    pub config_hash: String,
    /// `version` of the file.
    pub config_version: String,
    /// The configuration with every default filled in, secrets by reference only.
    pub config: Value,
    /// The folder that relative paths in the configuration start from.
    pub base: String,
    /// Ends the run as timed out after this long; none means no limit.
    pub timeout_ms: Option<u64>,
    /// What will be done.
    pub plan: Plan,
    /// Version of the binary that recorded it.
    pub version: String,
}

/// Why a task or a run failed, as the user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Code in the list of errors.
    pub code: String,
    /// What failed, on what, and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum Fact {
    /// The run exists.
    WorkflowStarted(Box<Start>),
    /// A step of the lifecycle was reached.
    LifecycleStep {
        /// Which of the six.
        step: LifecycleStep,
    },
    /// A phase began.
    PhaseStarted {
        /// Its name.
        phase: String,
    },
    /// All tasks of a phase completed.
    PhaseCompleted {
        /// Its name.
        phase: String,
    },
    /// An isolated scope was made.
    ContainerCreated {
        /// Its path, unique in the run.
        container: String,
        /// Its seed, 0 to 2^32 − 1.
        seed: u32,
    },
    /// A task was handed to a worker.
    TaskStarted {
        /// Its name.
        task: String,
        /// Counted from 1 over all attempts of the run.
        attempt: u32,
    },
    /// A task delivered.
    TaskCompleted {
        /// Its name.
        task: String,
        /// Which attempt delivered.
        attempt: u32,
        /// What it found.
        output: Value,
        /// Files it made.
        artifacts: Vec<ArtifactRef>,
        /// What the user should know.
        warnings: Vec<String>,
    },
    /// A task failed.
    TaskFailed {
        /// Its name.
        task: String,
        /// Which attempt failed.
        attempt: u32,
        /// Why.
        error: Failure,
    },
    /// Somebody asked to stop the run for good.
    CancelRequested {
        /// Who.
        by: String,
    },
    /// The process was told to stop; the run can be resumed.
    RunInterrupted {
        /// By what, such as a signal.
        by: String,
    },
    /// A process took the run up again.
    RunResumed {
        /// Counted from 2.
        attempt: u32,
    },
    /// The run ended well.
    WorkflowCompleted {
        /// SHA-256 over results, phase outputs and artifacts.
        digest: Sha256Hex,
    },
    /// The run ended otherwise.
    WorkflowFailed {
        /// failed, timeout or cancelled.
        status: RunStatus,
        /// Why.
        error: Failure,
    },
}

/// A line of the generated reference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name of the event.
    pub kind: &'static str,
    /// Other spellings that are understood where events are named.
    pub aliases: &'static [&'static str],
    /// When it is recorded.
    pub when: &'static str,
    /// Fields of its payload.
    pub payload: &'static str,
}

/// All events, in the order of a run.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        kind: "workflow_started",
        aliases: &["WORKFLOW_STARTED", "WorkflowStarted"],
        when: "the run exists; always the first event",
        payload: "name, type, mode, schedule, seed, config_hash, config_version, config, base, \
                  timeout_ms, plan, version",
    },
    Entry {
        kind: "lifecycle_step",
        aliases: &[],
        when: "one of the six steps was reached, in this order: validation, container_creation, \
               infrastructure_setup, phase_execution, result_aggregation, resource_cleanup",
        payload: "step",
    },
    Entry {
        kind: "phase_started",
        aliases: &["PHASE_STARTED"],
        when: "before the first task of a phase",
        payload: "phase",
    },
    Entry {
        kind: "phase_completed",
        aliases: &["PHASE_COMPLETED"],
        when: "all tasks of the phase completed",
        payload: "phase",
    },
    Entry {
        kind: "container_created",
        aliases: &[],
        when: "an isolated scope with its own seed was made",
        payload: "container, seed",
    },
    Entry {
        kind: "task_started",
        aliases: &["TASK_STARTED", "task.started"],
        when: "before a worker begins",
        payload: "task, attempt",
    },
    Entry {
        kind: "task_completed",
        aliases: &["TASK_COMPLETED", "task.completed"],
        when: "the output and all files of the task are on disk",
        payload: "task, attempt, output (or `{artifact: NAME}` where it is large), artifacts, warnings",
    },
    Entry {
        kind: "task_failed",
        aliases: &["TASK_FAILED", "task.failed"],
        when: "the task reported an error or panicked",
        payload: "task, attempt, error {code, message, hint}",
    },
    Entry {
        kind: "cancel_requested",
        aliases: &[],
        when: "somebody asked to stop the run for good",
        payload: "by",
    },
    Entry {
        kind: "run_interrupted",
        aliases: &[],
        when: "the process was told to stop and left the run resumable",
        payload: "by",
    },
    Entry {
        kind: "run_resumed",
        aliases: &[],
        when: "a process took the run up again",
        payload: "attempt",
    },
    Entry {
        kind: "workflow_completed",
        aliases: &["WORKFLOW_COMPLETED", "WorkflowCompleted"],
        when: "the run ended well; terminal",
        payload: "digest",
    },
    Entry {
        kind: "workflow_failed",
        aliases: &["WORKFLOW_FAILED", "WorkflowFailed"],
        when: "the run failed, timed out or was cancelled; terminal",
        payload: "status, error {code, message, hint}",
    },
];

/// A record of this journal that this binary cannot read.
#[derive(Debug, thiserror::Error)]
#[error("event `{id}` of type `{kind}`, schema {schema}, cannot be read by this version")]
pub struct Unreadable {
    id: String,
    kind: String,
    schema: u32,
    source: Option<serde_json::Error>,
}

impl Fact {
    /// The name in the catalogue.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::WorkflowStarted(_) => "workflow_started",
            Self::LifecycleStep { .. } => "lifecycle_step",
            Self::PhaseStarted { .. } => "phase_started",
            Self::PhaseCompleted { .. } => "phase_completed",
            Self::ContainerCreated { .. } => "container_created",
            Self::TaskStarted { .. } => "task_started",
            Self::TaskCompleted { .. } => "task_completed",
            Self::TaskFailed { .. } => "task_failed",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::RunInterrupted { .. } => "run_interrupted",
            Self::RunResumed { .. } => "run_resumed",
            Self::WorkflowCompleted { .. } => "workflow_completed",
            Self::WorkflowFailed { .. } => "workflow_failed",
        }
    }

    /// The record of this fact.
    ///
    /// # Panics
    /// Never: every fact is plain data.
    pub fn draft(&self, time: Timestamp, causation_id: Option<String>) -> Draft {
        let mut value = serde_json::to_value(self).expect("facts are plain data");
        Draft {
            causation_id,
            time,
            kind: self.kind().to_owned(),
            schema: SCHEMA,
            source: "workflow".to_owned(),
            payload: value["payload"].take(),
        }
    }

    /// The fact that `event` records.
    ///
    /// # Errors
    /// If the type is not in this binary's catalogue, its schema is newer, or the payload does not
    /// have its shape.
    pub fn read(event: &Event) -> Result<Self, Unreadable> {
        let unreadable = |source| Unreadable {
            id: event.id.clone(),
            kind: event.kind.clone(),
            schema: event.schema,
            source,
        };
        if event.schema > SCHEMA {
            return Err(unreadable(None));
        }
        serde_json::from_value(serde_json::json!({"type": event.kind, "payload": event.payload}))
            .map_err(|source| unreadable(Some(source)))
    }
}
