//! A run as its journal tells it: the fold of its facts.
//!
//! Invariant: a `Run` holds nothing that is not in its events, so any process can rebuild it.

pub(crate) mod board;
mod record;
mod status;
mod trigger;
mod view;

use std::sync::Arc;

use dirigent_core::{CorrelationId, Event, RunId, Timestamp, hash::Sha256Hex};
use serde_json::{Map, Value};

use crate::{
    event::{Fact, Failure, Start, Unreadable, start},
    instances::{self, TaskId},
    plan::LifecycleStep,
    task::{IllegalMove, TaskMove, TaskState},
};
use board::Board;

pub use record::{Cause, PhaseRecord, TaskRecord};
pub use status::RunStatus;
pub use trigger::TRIGGERED_TASKS_MAX;
pub(crate) use view::{in_order, output_of};

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
    pub start: Arc<Start>,
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
    /// Phases in the order they began.
    pub phases: Vec<PhaseRecord>,
    /// The steps that were reached, in order.
    pub lifecycle: Vec<LifecycleStep>,
    /// How many containers were made, restarted and removed.
    pub containers: ContainerCounts,
    /// Who asked to stop it for good.
    pub cancel_requested: Option<String>,
    /// The digest, once completed.
    pub digest: Option<Sha256Hex>,
    /// Why it ended otherwise.
    pub failure: Option<Failure>,
    /// Whether an event started more tasks than it may.
    pub(crate) too_many_triggered: bool,
    /// The tasks of each entry of the plan.
    tasks: Vec<Vec<TaskRecord>>,
    pub(crate) board: Board,
}

/// What became of containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerCounts {
    /// Made, each counted once.
    pub created: usize,
    /// Begun again after a failure.
    pub restarted: usize,
    /// Given up.
    pub removed: usize,
}

impl Run {
    /// The run that `start` begins, at `time`.
    pub fn begin(
        id: RunId,
        correlation_id: CorrelationId,
        start: impl Into<Arc<Start>>,
        time: Timestamp,
    ) -> Self {
        let start = start.into();
        let plan = &start.plan;
        let records = |entry| vec![TaskRecord::new(); plan.instances(entry) as usize];
        let mut tasks: Vec<Vec<TaskRecord>> = (0..plan.len()).map(records).collect();
        let board = Board::of(plan, &mut tasks, None, time);
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
            phases: Vec::new(),
            lifecycle: Vec::new(),
            containers: ContainerCounts::default(),
            cancel_requested: None,
            digest: None,
            failure: None,
            too_many_triggered: false,
            tasks,
            board,
        }
    }

    /// The run that `events`, all of one run from its first, tell of.
    ///
    /// # Errors
    /// If an event cannot be read or does not follow from those before it.
    pub fn replay(id: &RunId, events: &[Event]) -> Result<Self, BrokenHistory> {
        let (start, told) =
            start::read(events)?.ok_or_else(|| BrokenHistory::NoStart(id.clone()))?;
        let first = &events[0];
        let mut run = Self::begin(id.clone(), first.correlation_id.clone(), start, first.time);
        run.seq = told as u64;
        for event in &events[told..] {
            run.apply(event.time, &Fact::read(event)?)?;
        }
        Ok(run)
    }

    /// Takes note of the next fact.
    ///
    /// # Errors
    /// If it does not follow from what is known.
    pub fn apply(&mut self, time: Timestamp, fact: &Fact) -> Result<(), BrokenHistory> {
        match fact {
            Fact::WorkflowStarted(_) => return Err(BrokenHistory::NoStart(self.id.clone())),
            Fact::LifecycleStep { step } => self.lifecycle.push(*step),
            Fact::PhaseStarted { phase, inputs, warnings } => {
                self.begin_phase(phase, inputs, warnings, time)?;
            }
            Fact::PhaseCompleted { phase } => {
                for record in &mut self.phases {
                    record.completed |= record.name == *phase;
                }
            }
            Fact::ContainerCreated { container, .. } => {
                self.containers.created += instances::count(container);
            }
            Fact::ContainerRestarted { .. } => self.containers.restarted += 1,
            Fact::ContainerRemoved { .. } => self.containers.removed += 1,
            Fact::CancelRequested { by } => self.cancel_requested = Some(by.clone()),
            Fact::RunInterrupted { .. } => self.status = RunStatus::Interrupted,
            Fact::RunResumed { attempt } => self.resume(time, *attempt)?,
            Fact::WorkflowCompleted { digest, degraded } => {
                let status = if *degraded { RunStatus::Degraded } else { RunStatus::Completed };
                self.end(status, time)?;
                self.digest = Some(digest.clone());
            }
            Fact::WorkflowFailed { status, error } => {
                self.end(*status, time)?;
                self.failure = Some(error.clone());
            }
            Fact::CapacityChanged { .. } | Fact::EventPublished { .. } => {}
            Fact::TaskStarted { .. }
            | Fact::CheckpointSaved { .. }
            | Fact::TaskCompleted { .. }
            | Fact::TaskRetrying { .. }
            | Fact::TaskFailed { .. }
            | Fact::TaskTimeout { .. }
            | Fact::TaskOrphaned { .. }
            | Fact::TaskSkipped { .. } => self.apply_to_tasks(time, fact)?,
        }
        self.seq += 1;
        self.trigger(time, fact);
        Ok(())
    }

    fn apply_to_tasks(&mut self, time: Timestamp, fact: &Fact) -> Result<(), BrokenHistory> {
        let name = fact.task().unwrap_or_default();
        let unknown = |event| BrokenHistory::UnknownTask { event, task: name.to_owned() };
        let Some(tasks) = instances::tasks(&self.start.plan, name) else {
            return Err(unknown(self.next_event()));
        };
        for task in tasks {
            if self.record(task).is_none() {
                return Err(unknown(self.next_event()));
            }
            let applied = self.apply_to_task(time, task, fact);
            let event = || self.next_event();
            applied.map_err(|source| BrokenHistory::Move { event: event(), source })?;
        }
        Ok(())
    }

    /// The id of the event that comes next.
    fn next_event(&self) -> String {
        format!("{}:{}", self.id, self.seq + 1)
    }

    fn apply_to_task(
        &mut self,
        time: Timestamp,
        task: TaskId,
        fact: &Fact,
    ) -> Result<(), IllegalMove> {
        let plan = &self.start.plan;
        let record = &mut self.tasks[task.entry as usize][task.instance as usize];
        let (was, started) = (record.state, record.started);
        match fact {
            Fact::TaskStarted { attempt, .. } => {
                if was != TaskState::Queued {
                    record.state = record.state.on(TaskMove::Ready)?;
                }
                record.state = record.state.on(TaskMove::Start { attempt: *attempt })?;
                (record.attempts, record.started) = (*attempt, time);
                self.board.started(plan, task, was, &self.tasks, time);
                return Ok(());
            }
            Fact::CheckpointSaved { state, .. } => {
                record.detail().checkpoint = Some(Box::new(state.clone()));
                return Ok(());
            }
            Fact::TaskCompleted { output, artifacts, warnings, .. } => {
                record.state = was.on(TaskMove::Complete)?;
                record.complete(output, artifacts, warnings);
            }
            Fact::TaskRetrying { error, at, .. } => {
                record.state = was.on(TaskMove::Retry { at: *at })?;
                record.failures += 1;
                record.detail().error = Some(Box::new(error.clone()));
                self.board.stopped(plan, task, started);
                self.board.retry(task, *at);
                return Ok(());
            }
            Fact::TaskFailed { error, .. } => {
                record.state = was.on(TaskMove::Fail)?;
                record.failures += 1;
                record.detail().error = Some(Box::new(error.clone()));
            }
            Fact::TaskTimeout { error, .. } => {
                record.state = was.on(TaskMove::TimeOut)?;
                record.failures += 1;
                record.detail().error = Some(Box::new(error.clone()));
            }
            Fact::TaskSkipped { reason, .. } => {
                record.state = was.on(TaskMove::Skip)?;
                record.detail().reason = Some(reason.clone());
                self.board.forget_retry(task, was);
                self.board.ended(plan, task, &mut self.tasks, time);
                return Ok(());
            }
            Fact::TaskOrphaned { .. } => {
                record.state = was.on(TaskMove::Orphan)?;
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.board.stopped(plan, task, started);
        self.board.ended(plan, task, &mut self.tasks, time);
        Ok(())
    }

    fn begin_phase(
        &mut self,
        name: &str,
        inputs: &Map<String, Value>,
        warnings: &[String],
        time: Timestamp,
    ) -> Result<(), BrokenHistory> {
        let place = self.start.plan.phases().iter().position(|phase| phase.name == name);
        let (event, task) = (self.next_event(), name.to_owned());
        let unknown = || BrokenHistory::UnknownTask { event, task };
        let number = u32::try_from(place.ok_or_else(unknown)?).unwrap_or(u32::MAX);
        let (inputs, warnings) = (inputs.clone(), warnings.to_vec());
        self.phases.push(PhaseRecord { name: name.into(), completed: false, inputs, warnings });
        self.board.begin(&self.start.plan, number, &mut self.tasks, time);
        Ok(())
    }

    /// The facts with which another process takes the run up: which tasks lost their worker.
    pub(crate) fn take_up(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for entry in 0..self.start.plan.len() {
            let is_running = |(_, record): &(u32, &TaskRecord)| {
                matches!(record.state, TaskState::Running { .. })
            };
            let lost = (0_u32..).zip(self.records(entry)).filter(is_running);
            let lost: Vec<u32> = lost.map(|(instance, _)| instance).collect();
            for part in lost.chunks(instances::TASKS_PER_RECORD_MAX) {
                let task = instances::name(&self.start.plan, entry, part);
                facts.push(Fact::TaskOrphaned { task });
            }
        }
        facts.push(Fact::RunResumed { attempt: self.attempt + 1 });
        facts
    }

    /// What was completed stays. After a crash the tasks that were being worked on begin again;
    /// after the end, so do those that did not complete, unless their phase did.
    fn resume(&mut self, time: Timestamp, attempt: u32) -> Result<(), BrokenHistory> {
        let had_ended = self.status.is_terminal();
        let event = self.next_event();
        let start = Arc::clone(&self.start);
        let over = self.phases.iter().filter(|phase| phase.completed).count();
        let is_over = |entry: u32| (start.plan.place(entry).phase as usize) < over;
        let entries = (0_u32..).zip(&mut self.tasks);
        for (entry, record) in entries.flat_map(|(n, of)| of.iter_mut().map(move |r| (n, r))) {
            let by = match record.state {
                TaskState::Running { .. } => TaskMove::Orphan,
                TaskState::Completed => continue,
                state if state.is_final() && is_over(entry) => continue,
                state if had_ended && state.is_final() => TaskMove::Reset,
                _ => continue,
            };
            let moved = record.state.on(by);
            record.state =
                moved.map_err(|source| BrokenHistory::Move { event: event.clone(), source })?;
            if had_ended {
                record.failures = 0;
            }
        }
        // An attempt that ended gave its resources back; this one will have to do so again.
        self.lifecycle.retain(|step| *step != LifecycleStep::ResourceCleanup);
        (self.status, self.attempt, self.attempt_at) = (RunStatus::Running, attempt, time);
        (self.finished_at, self.cancel_requested) = (None, None);
        self.failure = None;
        let going_on = self.phases.last().filter(|phase| !phase.completed);
        let number = |phase: &PhaseRecord| {
            let place = self.start.plan.phases().iter().position(|p| p.name == phase.name)?;
            u32::try_from(place).ok()
        };
        let phase = going_on.and_then(number);
        self.board = Board::of(&self.start.plan, &mut self.tasks, phase, time);
        Ok(())
    }

    fn end(&mut self, status: RunStatus, time: Timestamp) -> Result<(), BrokenHistory> {
        let event = self.next_event();
        for record in self.tasks.iter_mut().flatten().filter(|task| !task.state.is_final()) {
            let moved = record.state.on(TaskMove::Cancel);
            record.state =
                moved.map_err(|source| BrokenHistory::Move { event: event.clone(), source })?;
        }
        self.board = Board::default();
        (self.status, self.finished_at) = (status, Some(time));
        Ok(())
    }
}
