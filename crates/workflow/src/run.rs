//! A run as its journal tells it: the fold of its facts.
//!
//! Invariant: a `Run` holds nothing that is not in its events, so any process can rebuild it.

pub(crate) mod board;

use std::{io, sync::Arc};

use dirigent_core::{CorrelationId, Event, RunId, Timestamp, canonical, hash::Sha256Hex};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    artifact::{ArtifactRef, Artifacts},
    event::{Fact, Failure, Start, Unreadable, start},
    instances::{self, TaskId},
    plan::{InputRef, LifecycleStep, Plan, TaskPlan},
    task::{IllegalMove, TaskMove, TaskState},
};
use board::Board;

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
    /// Ended well but for something optional.
    Degraded,
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
        !matches!(self, Self::Running | Self::Interrupted)
    }

    /// Whether it has ended with a result.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Completed | Self::Degraded)
    }

    /// The word for users.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Completed => "completed",
            Self::Degraded => "degraded",
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
    /// How often it was started.
    pub attempts: u32,
    /// How often it failed or took too long since the run was last taken up after its end.
    pub failures: u32,
    /// When it was started last.
    started: Timestamp,
    detail: Option<Box<Detail>>,
}

/// What most tasks of a large run do not have.
#[derive(Clone, Debug, Default, PartialEq)]
struct Detail {
    output: Option<Value>,
    artifacts: Vec<ArtifactRef>,
    warnings: Vec<String>,
    error: Option<Failure>,
    reason: Option<String>,
    checkpoint: Option<Value>,
    cause: Option<Cause>,
}

/// The event that started a task.
#[derive(Clone, Debug, PartialEq)]
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
    const fn new() -> Self {
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
        self.detail.as_ref()?.error.as_ref()
    }

    /// Why it was skipped.
    pub fn reason(&self) -> Option<&str> {
        self.detail.as_ref()?.reason.as_deref()
    }

    /// The state that its next attempt begins from.
    pub fn checkpoint(&self) -> Option<&Value> {
        self.detail.as_ref()?.checkpoint.as_ref()
    }

    /// The event that started it.
    pub fn cause(&self) -> Option<&Cause> {
        self.detail.as_ref()?.cause.as_ref()
    }

    fn detail(&mut self) -> &mut Detail {
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
    warnings: Vec<String>,
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

/// The most tasks that events may start in one run, so that a circle of events ends.
pub const TRIGGERED_TASKS_MAX: u32 = 100_000;

/// The longest source of an event that is told in full by those that follow from it.
const SOURCE_BYTES_MAX: usize = 64;

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
                record.detail().checkpoint = Some(state.clone());
                return Ok(());
            }
            Fact::TaskCompleted { output, artifacts, warnings, .. } => {
                record.state = was.on(TaskMove::Complete)?;
                record.complete(output, artifacts, warnings);
            }
            Fact::TaskRetrying { error, at, .. } => {
                record.state = was.on(TaskMove::Retry { at: *at })?;
                record.failures += 1;
                record.detail().error = Some(error.clone());
                self.board.stopped(plan, task, started);
                self.board.retry(task, *at);
                return Ok(());
            }
            Fact::TaskFailed { error, .. } => {
                record.state = was.on(TaskMove::Fail)?;
                record.failures += 1;
                record.detail().error = Some(error.clone());
            }
            Fact::TaskTimeout { error, .. } => {
                record.state = was.on(TaskMove::TimeOut)?;
                record.failures += 1;
                record.detail().error = Some(error.clone());
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

    /// Makes the tasks that `fact`, which was just taken note of, starts.
    fn trigger(&mut self, time: Timestamp, fact: &Fact) {
        let start = Arc::clone(&self.start);
        let event = match fact {
            Fact::EventPublished { event, .. } => event.as_str(),
            fact => fact.kind(),
        };
        for &entry in start.plan.triggered_by(event) {
            let going_on = self.phases.last().is_some_and(|phase| {
                let place = start.plan.place(entry).phase as usize;
                !phase.completed && start.plan.phases()[place].name == phase.name
            });
            // What a task does about an event is no new event for the same task.
            if !going_on || self.status != RunStatus::Running || is_own(&start.plan, entry, fact) {
                continue;
            }
            if self.records(entry).len() >= TRIGGERED_TASKS_MAX as usize {
                self.too_many_triggered = true;
                continue;
            }
            let mut record = TaskRecord::new();
            let (source, payload) = (self.source_of(fact), fact.says());
            let cause = Cause { seq: self.seq, event: event.to_owned(), source, payload };
            record.detail().cause = Some(cause);
            self.tasks[entry as usize].push(record);
            self.board.spawned(&start.plan, entry, &mut self.tasks, time);
        }
    }

    /// What `fact` is about, the same in every order of events: a task that an event started is
    /// told by what started it, as its number tells only when.
    fn source_of(&self, fact: &Fact) -> String {
        let source = fact.source();
        let plan = &self.start.plan;
        let of = fact.task().and_then(|name| Some((name, TaskId::find(plan, name)?)));
        let cause = of.and_then(|(name, task)| Some((name, task, self.record(task)?.cause()?)));
        let Some((name, task, cause)) = cause else { return source };
        let by = match cause.source.len() {
            0..=SOURCE_BYTES_MAX => cause.source.clone(),
            _ => Sha256Hex::of(cause.source.as_bytes()).as_str()[..16].to_owned(),
        };
        source.replacen(name, &format!("{}({by})", plan.entry(task.entry).name), 1)
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

    /// The task called `name`.
    pub fn task(&self, name: &str) -> Option<&TaskRecord> {
        TaskId::find(&self.start.plan, name).and_then(|task| self.record(task))
    }

    /// What is known of `task`.
    pub fn record(&self, task: TaskId) -> Option<&TaskRecord> {
        self.tasks[task.entry as usize].get(task.instance as usize)
    }

    /// The tasks of one entry of the plan, in order.
    pub fn tasks_of(&self, entry: &str) -> &[TaskRecord] {
        self.start.plan.number(entry).map_or(&[], |entry| self.records(entry))
    }

    /// The tasks of the entry with this number.
    pub(crate) fn records(&self, entry: u32) -> &[TaskRecord] {
        &self.tasks[entry as usize]
    }

    /// Every task, in the order of the plan.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &TaskRecord)> {
        (0_u32..).zip(&self.tasks).flat_map(|(entry, records)| {
            let id = move |(instance, record)| (TaskId { entry, instance }, record);
            (0_u32..).zip(records).map(id)
        })
    }

    /// The tasks that are being worked on.
    pub fn running(&self) -> impl Iterator<Item = TaskId> + '_ {
        let is_running =
            |(_, task): &(TaskId, &TaskRecord)| matches!(task.state, TaskState::Running { .. });
        self.tasks().filter(is_running).map(|(task, _)| task)
    }

    /// The artifacts of all tasks, in the order of the plan.
    pub fn artifacts(&self) -> impl Iterator<Item = &ArtifactRef> {
        self.tasks.iter().flatten().flat_map(TaskRecord::artifacts)
    }

    /// The warnings of all phases and tasks, in the order of the plan.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let phases = self.phases.iter().flat_map(|phase| &phase.warnings);
        let tasks = self.tasks.iter().flatten().flat_map(TaskRecord::warnings);
        phases.chain(tasks).map(String::as_str)
    }

    /// What an input is: the output it names, read from its artifact if it is large, or null.
    ///
    /// # Errors
    /// If the artifact cannot be read.
    pub(crate) fn phase_value(&self, store: &Artifacts, input: &InputRef) -> io::Result<Value> {
        let plan = self.start.plan.phases().iter().find(|plan| plan.name == input.phase);
        let Some(plan) = plan else { return Ok(Value::Null) };
        if let Some(record) = plan.result.as_ref().and_then(|task| self.task(task)) {
            let mut whole = store.restore(record.output(), record.artifacts())?;
            if let Some(value) = whole.get_mut(&input.key) {
                return Ok(value.take());
            }
        }
        let is_named =
            |task: &&TaskPlan| task.name == input.key || plan.local_name(&task.name) == input.key;
        let Some(task) = plan.tasks.iter().find(is_named) else { return Ok(Value::Null) };
        let records = self.tasks_of(&task.name).iter();
        let mut all = records.map(|record| store.restore(record.output(), record.artifacts()));
        match (task.count, &task.on) {
            (None, None) => all.next().unwrap_or(Ok(Value::Null)),
            _ => Ok(in_order(task, all.collect::<io::Result<_>>()?)),
        }
    }

    /// What `phase` delivered under `key`, as it is recorded: a key of its result, or the output
    /// of one of its tasks.
    pub fn phase_output(&self, phase: &str, key: &str) -> Option<Value> {
        let plan = self.start.plan.phases().iter().find(|plan| plan.name == phase)?;
        let result = plan.result.as_ref().and_then(|task| self.task(task));
        if let Some(value) = result.and_then(|record| record.output().get(key)) {
            return Some(value.clone());
        }
        let is_named = |task: &&TaskPlan| task.name == key || plan.local_name(&task.name) == key;
        let task = plan.tasks.iter().find(is_named)?;
        Some(output_of(self, task))
    }
}

/// Whether `fact` is about tasks of `entry`, or their containers.
fn is_own(plan: &Plan, entry: u32, fact: &Fact) -> bool {
    let of_task = |name| Some(instances::tasks(plan, name)?.next()?.entry == entry);
    let base = plan.entry(entry).container.as_deref();
    match fact {
        Fact::ContainerCreated { container, .. }
        | Fact::ContainerRestarted { container, .. }
        | Fact::ContainerRemoved { container, .. } => base.is_some_and(|base| {
            let inside = container.strip_prefix(base);
            inside.is_some_and(|inside| inside.is_empty() || inside.starts_with('/'))
        }),
        fact => fact.task().and_then(of_task).unwrap_or(false),
    }
}

/// What `task` delivered: its output, or the list of its instances' outputs.
pub(crate) fn output_of(run: &Run, task: &TaskPlan) -> Value {
    let records = run.tasks_of(&task.name);
    match (task.count, &task.on) {
        (None, None) => records[0].output().clone(),
        _ => in_order(task, records.iter().map(|record| record.output().clone()).collect()),
    }
}

/// What the tasks of an entry found, as a list. Those that events started are in the order of what
/// they found: the order of events is no part of a result.
pub(crate) fn in_order(task: &TaskPlan, mut found: Vec<Value>) -> Value {
    if task.on.is_some() {
        found.sort_by_cached_key(canonical::to_string);
    }
    Value::Array(found)
}

impl TaskRecord {
    fn complete(&mut self, output: &Value, artifacts: &[ArtifactRef], warnings: &[String]) {
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
