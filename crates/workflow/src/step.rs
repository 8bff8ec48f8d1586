//! A step of a run: what came in, what is recorded of it, and what follows.
//!
//! Invariant: pure, as `decide` is; the same run and inputs give the same step. Every input that
//! does not fit the state of its task, such as the late outcome of an attempt that was given up,
//! changes nothing, so an outcome that comes twice counts once.
//! Not here: waiting, threads and disks; see `runtime`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use dirigent_core::{Seed, Timestamp};
use serde_json::Value;

use crate::{
    artifact::ArtifactRef,
    container,
    decide::{Capacity, decide},
    event::{Fact, Failure},
    instances::{self, TASKS_PER_RECORD_MAX, TaskId},
    plan::{OnFailure, TaskPlan},
    resource::Advice,
    retry::ErrorClass,
    run::{BrokenHistory, Run, RunStatus},
    task::TaskState,
};

/// The most inputs that one step takes, so that what it records fits a few appends.
pub const INPUTS_PER_STEP_MAX: usize = 512;

/// What a task delivered, with its output as it is to be recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    /// What it found, or the name of the artifact that holds it.
    pub output: Value,
    /// Files it made.
    pub artifacts: Vec<ArtifactRef>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Facts to record just before its completion.
    pub facts: Vec<Fact>,
    /// Events it publishes: name and payload.
    pub events: Vec<(String, Value)>,
}

/// How an attempt of a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It delivered.
    Delivered(Box<Delivery>),
    /// It failed.
    Failed(Failure, ErrorClass),
    /// It failed, and is not to be tried again whatever the plan says.
    GivenUp(Failure),
    /// It stopped because it was told to.
    Stopped,
}

/// What reaches a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An attempt of a task ended.
    Done {
        /// The task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// A task that is worked on keeps a state.
    Checkpoint {
        /// The task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The state.
        state: Value,
    },
    /// Somebody wants it stopped for good.
    Cancel {
        /// Who.
        by: String,
    },
    /// The process has to stop.
    Interrupt {
        /// Why.
        by: String,
    },
    /// What may run at once has changed.
    Advice(Advice),
    /// Time has passed.
    Tick,
}

/// What follows from inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Facts to record, in order, before anything else.
    pub record: Vec<Fact>,
    /// Tasks to start once that is durable, with their attempt.
    pub start: Vec<(TaskId, u32)>,
    /// Tasks to stop, with their attempt: nobody waits for their outcome.
    pub stop: Vec<(TaskId, u32)>,
}

/// Takes `inputs` in and decides until there is nothing left to decide. The run is then as it will
/// be once the step is recorded.
///
/// # Errors
/// If a fact does not follow from what is known, which is a defect.
pub fn step(
    run: &mut Run,
    capacity: &Capacity,
    now: Timestamp,
    mut inputs: Vec<Input>,
) -> Result<Step, BrokenHistory> {
    // After an interruption nothing is heard, not even a cancellation.
    inputs.sort_by_key(|input| matches!(input, Input::Interrupt { .. }));
    let mut step = Step::default();
    let mut alike = Alike::of(run);
    for input in inputs {
        if alike.takes(run, &input) {
            continue;
        }
        for fact in facts_of(run, now, input) {
            step.take(run, now, fact)?;
        }
    }
    for fact in alike.facts(run) {
        step.take(run, now, fact)?;
    }
    for (task, attempt) in overdue(run, now) {
        step.stop.push((task, attempt));
        for fact in timed_out(run, now, task, attempt) {
            step.take(run, now, fact)?;
        }
    }
    let start = Arc::clone(&run.start);
    run.board.wake(&start.plan, now);
    loop {
        let decision = decide(run, now, capacity);
        if decision.is_empty() {
            return Ok(step);
        }
        for fact in decision.record {
            step.take(run, now, fact)?;
        }
        step.start.extend(decision.start);
    }
}

/// Takes up `run`, which no process works on: tasks that lost their worker begin again, then
/// `inputs` come in. Nothing is started yet. Gives the facts to record.
///
/// # Errors
/// If a fact does not follow from what is known, which is a defect.
pub fn take_up(
    run: &mut Run,
    capacity: &Capacity,
    now: Timestamp,
    inputs: Vec<Input>,
) -> Result<Vec<Fact>, BrokenHistory> {
    let mut facts = run.take_up();
    for fact in &facts {
        run.apply(now, fact)?;
    }
    // Without room nothing is started before the run is driven.
    let capacity = Capacity { workers: 0, ..capacity.clone() };
    facts.extend(step(run, &capacity, now, inputs)?.record);
    Ok(facts)
}

impl Step {
    fn take(&mut self, run: &mut Run, now: Timestamp, fact: Fact) -> Result<(), BrokenHistory> {
        run.apply(now, &fact)?;
        self.record.push(fact);
        Ok(())
    }
}

/// Whether `attempt` of `task` is what is being worked on.
fn is_current(run: &Run, task: TaskId, attempt: u32) -> bool {
    let state = run.record(task).map(|record| record.state);
    run.status == RunStatus::Running && state == Some(TaskState::Running { attempt })
}

fn facts_of(run: &Run, now: Timestamp, input: Input) -> Vec<Fact> {
    match input {
        Input::Done { task, attempt, outcome } if is_current(run, task, attempt) => match outcome {
            Outcome::Delivered(delivery) => delivered(run, task, attempt, *delivery),
            Outcome::Failed(error, class) => failed(run, now, task, attempt, error, class),
            Outcome::GivenUp(error) => {
                let name = task.name(&run.start.plan);
                ended(run, task, Fact::TaskFailed { task: name, attempt, error })
            }
            Outcome::Stopped => {
                let message = format!("task `{}` stopped by itself", task.name(&run.start.plan));
                let error = Failure { code: "stopped".into(), message, hint: None };
                failed(run, now, task, attempt, error, ErrorClass::Transient)
            }
        },
        Input::Checkpoint { task, attempt, state } if is_current(run, task, attempt) => {
            vec![Fact::CheckpointSaved { task: task.name(&run.start.plan), attempt, state }]
        }
        Input::Done { .. } | Input::Checkpoint { .. } | Input::Tick => Vec::new(),
        _ if run.status != RunStatus::Running => Vec::new(),
        Input::Cancel { by } => vec![Fact::CancelRequested { by }],
        // It ends at once.
        Input::Interrupt { .. } if run.cancel_requested.is_some() => Vec::new(),
        Input::Interrupt { by } => vec![Fact::RunInterrupted { by }],
        Input::Advice(Advice { concurrency, level, reason }) => {
            vec![Fact::CapacityChanged { concurrency, level, reason }]
        }
    }
}

/// The facts of a task that delivered.
pub(crate) fn delivered(run: &Run, task: TaskId, attempt: u32, delivery: Delivery) -> Vec<Fact> {
    let name = task.name(&run.start.plan);
    let Delivery { output, artifacts, warnings, facts, events } = delivery;
    let published = (0_u32..).zip(events).map(|(index, (event, payload))| Fact::EventPublished {
        event,
        task: name.clone(),
        index,
        payload,
    });
    let mut facts: Vec<Fact> = facts.into_iter().chain(published).collect();
    facts.push(Fact::TaskCompleted { task: name, attempt, output, artifacts, warnings });
    facts
}

/// What a failed attempt leads to: another one, or the end of the task.
fn failed(
    run: &Run,
    now: Timestamp,
    task: TaskId,
    attempt: u32,
    error: Failure,
    class: ErrorClass,
) -> Vec<Fact> {
    let name = task.name(&run.start.plan);
    match retried(run, now, task, attempt, &error, class) {
        Some(facts) => facts,
        None => ended(run, task, Fact::TaskFailed { task: name, attempt, error }),
    }
}

fn timed_out(run: &Run, now: Timestamp, task: TaskId, attempt: u32) -> Vec<Fact> {
    let plan = run.start.plan.entry(task.entry);
    let name = task.name(&run.start.plan);
    let limit = std::time::Duration::from_millis(plan.timeout_ms.unwrap_or_default());
    let message = format!("task `{name}` took longer than its limit of {} s", limit.as_secs_f64());
    let hint = Some("give it more time in `timeout`, or less to do".to_owned());
    let error = Failure { code: "task_timeout".into(), message, hint };
    match retried(run, now, task, attempt, &error, ErrorClass::Transient) {
        Some(facts) => facts,
        None => ended(run, task, Fact::TaskTimeout { task: name, attempt, error }),
    }
}

/// The facts of another attempt, if there is to be one.
fn retried(
    run: &Run,
    now: Timestamp,
    task: TaskId,
    attempt: u32,
    error: &Failure,
    class: ErrorClass,
) -> Option<Vec<Fact>> {
    let failures = run.record(task)?.failures + 1;
    let plan = run.start.plan.entry(task.entry);
    let seed = Seed::master(run.start.seed).child("container").child(&container::path(run, task));
    let at = now.plus(plan.retry.after(failures, class, seed)?);
    let (name, error) = (task.name(&run.start.plan), error.clone());
    let mut facts = vec![Fact::TaskRetrying { task: name, attempt, error, at }];
    if plan.container.is_some() {
        let container = container::path(run, task);
        facts.push(Fact::ContainerRestarted { container, failures });
    }
    Some(facts)
}

/// The facts of a task that ended badly.
fn ended(run: &Run, task: TaskId, fact: Fact) -> Vec<Fact> {
    let plan: &TaskPlan = run.start.plan.entry(task.entry);
    let mut facts = vec![fact];
    if plan.container.is_some() && plan.on_failure != OnFailure::Fail {
        let failures = run.record(task).map_or(1, |record| record.failures + 1);
        facts.push(Fact::ContainerRemoved { container: container::path(run, task), failures });
    }
    facts
}

/// Tasks that have been worked on for longer than they may.
fn overdue(run: &Run, now: Timestamp) -> Vec<(TaskId, u32)> {
    if run.status != RunStatus::Running {
        return Vec::new();
    }
    let late = run.board.deadlines.iter().take_while(|(limit, _)| *limit <= now);
    let attempt = |task: TaskId| run.record(task).map_or(0, |record| record.attempts);
    late.take(INPUTS_PER_STEP_MAX).map(|(_, task)| (*task, attempt(*task))).collect()
}

/// Tasks of many that found nothing to tell share one record.
struct Alike {
    /// Whether each completion has to be an event of its own.
    apart: bool,
    done: BTreeMap<(u32, u32), BTreeSet<u32>>,
}

impl Alike {
    fn of(run: &Run) -> Self {
        let apart = !run.start.plan.triggered_by("task_completed").is_empty();
        Self { apart, done: BTreeMap::new() }
    }

    /// Whether `input` needs no record of its own: it shares one, or comes twice.
    fn takes(&mut self, run: &Run, input: &Input) -> bool {
        let Input::Done { task, attempt, outcome } = input else { return false };
        let group = (task.entry, *attempt);
        if self.done.get(&group).is_some_and(|same| same.contains(&task.instance)) {
            return true;
        }
        let Outcome::Delivered(delivery) = outcome else { return false };
        let many = run.start.plan.entry(task.entry).count.is_some();
        let takes = !self.apart
            && many
            && **delivery == Delivery::default()
            && is_current(run, *task, *attempt);
        if takes {
            self.done.entry(group).or_default().insert(task.instance);
        }
        takes
    }

    fn facts(self, run: &Run) -> Vec<Fact> {
        let fact = |((entry, attempt), done): ((u32, u32), BTreeSet<u32>)| {
            let done: Vec<u32> = done.into_iter().collect();
            let of = |part: &[u32]| Fact::TaskCompleted {
                task: instances::name(&run.start.plan, entry, part),
                attempt,
                output: Value::Null,
                artifacts: Vec::new(),
                warnings: Vec::new(),
            };
            done.chunks(TASKS_PER_RECORD_MAX).map(of).collect::<Vec<_>>()
        };
        self.done.into_iter().flat_map(fact).collect()
    }
}
