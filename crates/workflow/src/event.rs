//! The catalogue: every fact that a run can record, and what it carries.
//!
//! Invariant: a kind never changes its meaning; a new meaning is a new kind, a new shape a new
//! schema version with a reader for the old one.
//! Not here: the envelope around a fact; see `dirigent_core::event`.

mod catalogue;
pub mod parts;
pub(crate) mod start;

use dirigent_core::{Event, Timestamp, event::Draft, hash::Sha256Hex};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    artifact::ArtifactRef,
    plan::{LifecycleStep, Limits, Mode, Plan},
    resource::Level,
    run::RunStatus,
};

pub use catalogue::{CATALOGUE, Entry, canonical_name};
pub use start::START_BYTES_MAX;

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
    /// How much may be done at once.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
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
///
/// Where a fact names a `task`, the name may stand for several instances that went the same way:
/// `fan/0-255`; see `instances`.
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
        /// The outputs of earlier phases that it gets, by `phase.key`; of large ones `bytes` and
        /// `sha256`.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        inputs: Map<String, Value>,
        /// What the user should know, such as an input that is missing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    /// All tasks of a phase ended.
    PhaseCompleted {
        /// Its name.
        phase: String,
    },
    /// An isolated scope was made.
    ContainerCreated {
        /// Its path, unique in the run; may stand for several, as task names do.
        container: String,
        /// Its seed, 0 to 2^32 − 1; none where several were made, each with the seed of its path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u32>,
    },
    /// A failed container begins again, from its last checkpoint if it has one.
    ContainerRestarted {
        /// Its path.
        container: String,
        /// How often it has failed.
        failures: u32,
    },
    /// A container failed too often; the others go on.
    ContainerRemoved {
        /// Its path.
        container: String,
        /// How often it has failed.
        failures: u32,
    },
    /// A task was handed to a worker.
    TaskStarted {
        /// Its name.
        task: String,
        /// Counted from 1 over all attempts of the run.
        attempt: u32,
    },
    /// A task kept a state that it can begin again from.
    CheckpointSaved {
        /// Its name.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// The state.
        state: Value,
    },
    /// A task published an event of its own.
    EventPublished {
        /// The event.
        event: String,
        /// The task.
        task: String,
        /// Counted from 0 in the task.
        index: u32,
        /// What it says.
        payload: Value,
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
    /// A task failed and is tried again.
    TaskRetrying {
        /// Its name.
        task: String,
        /// Which attempt failed.
        attempt: u32,
        /// Why.
        error: Failure,
        /// When it is tried again.
        at: Timestamp,
    },
    /// A task failed for good.
    TaskFailed {
        /// Its name.
        task: String,
        /// Which attempt failed.
        attempt: u32,
        /// Why.
        error: Failure,
    },
    /// A task took longer than it may, and is not tried again.
    TaskTimeout {
        /// Its name.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// What is told of it.
        error: Failure,
    },
    /// The process that worked on a task is gone.
    TaskOrphaned {
        /// Its name.
        task: String,
    },
    /// A task will not be started.
    TaskSkipped {
        /// Its name.
        task: String,
        /// Why.
        reason: String,
    },
    /// The machine got busier or freer, and what may run at once changed.
    CapacityChanged {
        /// How many tasks may run at once; 0 starts nothing.
        concurrency: usize,
        /// How hard the machine asks to hold back.
        level: Level,
        /// Why.
        reason: String,
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
        /// Whether something optional failed or was left out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        degraded: bool,
    },
    /// The run ended otherwise.
    WorkflowFailed {
        /// failed, timeout or cancelled.
        status: RunStatus,
        /// Why.
        error: Failure,
    },
}

/// A record of this journal that this binary cannot read.
#[derive(Debug, thiserror::Error)]
#[error("event `{id}` of type `{kind}`, schema {schema}, cannot be read by this version")]
pub struct Unreadable {
    id: String,
    kind: String,
    schema: u32,
    source: Option<serde_json::Error>,
}

impl Unreadable {
    fn new(event: &Event, source: Option<serde_json::Error>) -> Self {
        let (id, kind) = (event.id.clone(), event.kind.clone());
        Self { id, kind, schema: event.schema, source }
    }
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
            Self::ContainerRestarted { .. } => "container_restarted",
            Self::ContainerRemoved { .. } => "container_removed",
            Self::CheckpointSaved { .. } => "checkpoint_saved",
            Self::EventPublished { .. } => "event_published",
            Self::TaskRetrying { .. } => "task_retrying",
            Self::TaskTimeout { .. } => "task_timeout",
            Self::TaskOrphaned { .. } => "task_orphaned",
            Self::TaskSkipped { .. } => "task_skipped",
            Self::CapacityChanged { .. } => "capacity_changed",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::RunInterrupted { .. } => "run_interrupted",
            Self::RunResumed { .. } => "run_resumed",
            Self::WorkflowCompleted { .. } => "workflow_completed",
            Self::WorkflowFailed { .. } => "workflow_failed",
        }
    }

    /// The task that it is about.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::TaskStarted { task, .. }
            | Self::CheckpointSaved { task, .. }
            | Self::EventPublished { task, .. }
            | Self::TaskCompleted { task, .. }
            | Self::TaskRetrying { task, .. }
            | Self::TaskFailed { task, .. }
            | Self::TaskTimeout { task, .. }
            | Self::TaskOrphaned { task }
            | Self::TaskSkipped { task, .. } => Some(task),
            _ => None,
        }
    }

    /// The container that it is about.
    pub fn container(&self) -> Option<&str> {
        match self {
            Self::ContainerCreated { container, .. }
            | Self::ContainerRestarted { container, .. }
            | Self::ContainerRemoved { container, .. } => Some(container),
            _ => None,
        }
    }

    /// What it is about, the same in every order of events.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::EventPublished { task, index, .. } => format!("{task}/{index}"),
            Self::TaskStarted { task, attempt }
            | Self::TaskRetrying { task, attempt, .. }
            | Self::CheckpointSaved { task, attempt, .. } => format!("{task}/{attempt}"),
            Self::PhaseStarted { phase, .. } | Self::PhaseCompleted { phase } => phase.clone(),
            Self::LifecycleStep { step } => format!("{step:?}"),
            Self::ContainerRestarted { container, failures } => format!("{container}/{failures}"),
            fact => fact.task().or(fact.container()).unwrap_or("run").to_owned(),
        }
    }

    /// What it says, for the task that it starts.
    pub(crate) fn says(&self) -> Value {
        match self {
            Self::EventPublished { payload, .. } => payload.clone(),
            fact => {
                serde_json::to_value(fact).map_or(Value::Null, |mut value| value["payload"].take())
            }
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
        if event.schema > SCHEMA {
            return Err(Unreadable::new(event, None));
        }
        serde_json::from_value(serde_json::json!({"type": event.kind, "payload": event.payload}))
            .map_err(|source| Unreadable::new(event, Some(source)))
    }
}
