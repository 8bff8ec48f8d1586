//! A run as its journal tells it: the fold of its facts.
//!
//! Invariant: a `Run` holds nothing that is not in its events, so any process can rebuild it.

use std::collections::BTreeMap;

use dirigent_core::{CorrelationId, Event, RunId, Timestamp, hash::Sha256Hex};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    artifact::ArtifactRef,
    event::{Fact, Failure, Start, Unreadable},
    plan::LifecycleStep,
    task::{IllegalMove, TaskMove, TaskState},
};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Work is being done, or was when the process that did it went away.
    Running,
    /// The process was told to stop; the run can be resumed.
    Interrupted,
    /// Ended well.
    Completed,
    /// A task failed.
    Failed,
    /// Took longer than it may.
    Timeout,
    /// Somebody stopped it for good.
    Cancelled,
}

impl RunStatus {
    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Timeout | Self::Cancelled)
    }

    /// The word for users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is known of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRecord {
    /// Where it stands.
    pub state: TaskState,
    /// What it delivered.
    pub output: Option<Value>,
    /// Files it made.
    pub artifacts: Vec<ArtifactRef>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Why the events of a run do not make sense.
#[derive(Debug, thiserror::Error)]
pub enum BrokenHistory {
    /// A record that this binary cannot read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A task did something its state does not allow.
    #[error("event `{event}` does not follow from what was before")]
    Move {
        /// Which event.
        event: String,
        /// What was not allowed.
        source: IllegalMove,
    },
    /// An event names a task that the plan does not have.
    #[error("event `{event}` is about `{task}`, which is not in the plan")]
    UnknownTask {
        /// Which event.
        event: String,
        /// The name.
        task: String,
    },
    /// The first event does not start a run.
    #[error("run `{0}` does not begin with `workflow_started`")]
    NoStart(RunId),
}

/// One execution of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The caller's key.
    pub correlation_id: CorrelationId,
    /// What was asked for.
    pub start: Start,
    /// Where it stands.
    pub status: RunStatus,
    /// How often a process took it up, counted from 1.
    pub attempt: u32,
    /// The last event's position.
    pub seq: u64,
    /// When it was first started.
    pub started_at: Timestamp,
    /// When the present attempt began.
    pub attempt_at: Timestamp,
    /// When it ended, if it has.
    pub finished_at: Option<Timestamp>,
    /// Every task of the plan.
    pub tasks: BTreeMap<String, TaskRecord>,
    /// Phases in the order they began, and whether they completed.
    pub phases: Vec<(String, bool)>,
    /// The steps that were reached, in order.
    pub lifecycle: Vec<LifecycleStep>,
    /// Containers and their seeds.
    pub containers: BTreeMap<String, u32>,
    /// Who asked to stop it for good.
    pub cancel_requested: Option<String>,
    /// The digest, once completed.
    pub digest: Option<Sha256Hex>,
    /// Why it ended otherwise.
    pub failure: Option<Failure>,
}

impl Run {
    /// The run that `start` begins, at `time`.
    pub fn begin(id: RunId, correlation_id: CorrelationId, start: Start, time: Timestamp) -> Self {
        let idle = TaskRecord {
            state: TaskState::Pending,
            output: None,
            artifacts: Vec::new(),
            warnings: Vec::new(),
        };
        let tasks = start.plan.tasks().map(|(_, task)| (task.name.clone(), idle.clone())).collect();
        Self {
            id,
            correlation_id,
            start,
            status: RunStatus::Running,
            attempt: 1,
            seq: 1,
            started_at: time,
            attempt_at: time,
            finished_at: None,
            tasks,
            phases: Vec::new(),
            lifecycle: Vec::new(),
            containers: BTreeMap::new(),
            cancel_requested: None,
            digest: None,
            failure: None,
        }
    }

    /// The run that `events`, all of one run from its first, tell of.
    ///
    /// # Errors
    /// If an event cannot be read or does not follow from those before it.
    pub fn replay(id: &RunId, events: &[Event]) -> Result<Self, BrokenHistory> {
        let no_start = || BrokenHistory::NoStart(id.clone());
        let (first, rest) = events.split_first().ok_or_else(no_start)?;
        let Fact::WorkflowStarted(start) = Fact::read(first)? else { return Err(no_start()) };
        let mut run = Self::begin(id.clone(), first.correlation_id.clone(), *start, first.time);
        for event in rest {
            run.apply(event.time, &Fact::read(event)?)?;
        }
        Ok(run)
    }

    /// Takes note of the next fact.
    ///
    /// # Errors
    /// If it does not follow from what is known; the run is then as before.
    pub fn apply(&mut self, time: Timestamp, fact: &Fact) -> Result<(), BrokenHistory> {
        match fact {
            Fact::WorkflowStarted(_) => return Err(BrokenHistory::NoStart(self.id.clone())),
            Fact::LifecycleStep { step } => self.lifecycle.push(*step),
            Fact::PhaseStarted { phase } => self.phases.push((phase.clone(), false)),
            Fact::PhaseCompleted { phase } => {
                for (name, completed) in &mut self.phases {
                    *completed |= name == phase;
                }
            }
            Fact::ContainerCreated { container, seed } => {
                self.containers.insert(container.clone(), *seed);
            }
            Fact::TaskStarted { task, attempt } => {
                self.move_task(task, TaskMove::Start { attempt: *attempt })?;
            }
            Fact::TaskCompleted { task, output, artifacts, warnings, .. } => {
                let record = self.move_task(task, TaskMove::Complete)?;
                record.output = Some(output.clone());
                record.artifacts.clone_from(artifacts);
                record.warnings.clone_from(warnings);
            }
            Fact::TaskFailed { task, error, .. } => {
                self.move_task(task, TaskMove::Fail)?;
                self.failure = Some(error.clone());
            }
            Fact::CancelRequested { by } => self.cancel_requested = Some(by.clone()),
            Fact::RunInterrupted { .. } => self.status = RunStatus::Interrupted,
            Fact::RunResumed { attempt } => self.resume(time, *attempt)?,
            Fact::WorkflowCompleted { digest } => {
                self.end(RunStatus::Completed, time)?;
                self.digest = Some(digest.clone());
            }
            Fact::WorkflowFailed { status, error } => {
                self.end(*status, time)?;
                self.failure = Some(error.clone());
            }
        }
        self.seq += 1;
        Ok(())
    }

    fn move_task(&mut self, task: &str, by: TaskMove) -> Result<&mut TaskRecord, BrokenHistory> {
        let event = format!("{}:{}", self.id, self.seq + 1);
        let Some(record) = self.tasks.get_mut(task) else {
            return Err(BrokenHistory::UnknownTask { event, task: task.to_owned() });
        };
        record.state =
            record.state.on(by).map_err(|source| BrokenHistory::Move { event, source })?;
        Ok(record)
    }

    /// What was completed stays; everything else is to be done again.
    fn resume(&mut self, time: Timestamp, attempt: u32) -> Result<(), BrokenHistory> {
        let undone: Vec<String> = self
            .tasks
            .iter()
            .filter(|(_, task)| !matches!(task.state, TaskState::Completed | TaskState::Pending))
            .map(|(name, _)| name.clone())
            .collect();
        for task in undone {
            self.move_task(&task, TaskMove::Reset)?;
        }
        // An attempt that ended gave its resources back; this one will have to do so again.
        self.lifecycle.retain(|step| *step != LifecycleStep::ResourceCleanup);
        (self.status, self.attempt, self.attempt_at) = (RunStatus::Running, attempt, time);
        (self.finished_at, self.failure, self.cancel_requested) = (None, None, None);
        Ok(())
    }

    fn end(&mut self, status: RunStatus, time: Timestamp) -> Result<(), BrokenHistory> {
        let open: Vec<String> = self
            .tasks
            .iter()
            .filter(|(_, task)| !task.state.is_final())
            .map(|(name, _)| name.clone())
            .collect();
        for task in open {
            self.move_task(&task, TaskMove::Cancel)?;
        }
        (self.status, self.finished_at) = (status, Some(time));
        Ok(())
    }

    /// The tasks that are being worked on.
    pub fn running(&self) -> impl Iterator<Item = &str> {
        self.tasks
            .iter()
            .filter(|(_, task)| matches!(task.state, TaskState::Running { .. }))
            .map(|(name, _)| name.as_str())
    }

    /// The artifacts of all tasks, in the order of the plan.
    pub fn artifacts(&self) -> impl Iterator<Item = &ArtifactRef> {
        self.start.plan.tasks().flat_map(|(_, task)| &self.tasks[&task.name].artifacts)
    }

    /// The warnings of all tasks, in the order of the plan.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.start
            .plan
            .tasks()
            .flat_map(|(_, task)| self.tasks[&task.name].warnings.iter().map(String::as_str))
    }
}
