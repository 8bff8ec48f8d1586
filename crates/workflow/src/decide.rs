//! Deciding: from what is known of a run to what shall be recorded and started next.
//!
//! Invariant: pure. No I/O, no clock, no randomness; the same run gives the same decision.
//! Promises: a decision costs as much as the tasks it starts, whatever the size of the plan.
//! Not here: what becomes of outcomes, see `step`; carrying decisions out, see `runtime`.

mod digest;
mod pick;

use std::collections::BTreeMap;

use dirigent_core::{Timestamp, canonical, hash::Sha256Hex};
use serde_json::{Map, Value, json};

use crate::{
    event::{Fact, Failure},
    instances::TaskId,
    plan::{LifecycleStep, PhasePlan},
    resource::{Amount, Level},
    run::{Run, RunStatus},
};

pub use digest::{digest, digest_of};
pub(crate) use pick::at_once;

/// The most bytes of the inputs of a phase that its record repeats.
const INPUTS_BYTES_MAX: usize = 16 * 1024;

/// How much may go on at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// How many tasks may be worked on at once.
    pub workers: u32,
    /// How many tasks of a kind, by its name, take the place of one, because they are known to be
    /// short: so many are handed out in advance and need not wait for the disk one by one.
    pub ahead: BTreeMap<String, u32>,
    /// What all running tasks together may take.
    pub budget: Amount,
    /// How hard the machine asks to hold back: from HIGH on, optional work of low priority is left
    /// out.
    pub level: Level,
}

/// What shall happen next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Facts to record, in this order, before anything is started.
    pub record: Vec<Fact>,
    /// Tasks to start once they are recorded, with their attempt.
    pub start: Vec<(TaskId, u32)>,
}

impl Decision {
    /// Whether there is nothing to do but wait.
    pub fn is_empty(&self) -> bool {
        self.record.is_empty() && self.start.is_empty()
    }

    fn record(fact: Fact) -> Self {
        Self { record: vec![fact], start: Vec::new() }
    }
}

/// When a run has to end, if it has a limit.
pub fn deadline(run: &Run) -> Option<Timestamp> {
    let limit = run.start.timeout_ms?;
    Some(run.attempt_at.plus(std::time::Duration::from_millis(limit)))
}

/// When something is due that no message announces.
pub fn next_time(run: &Run) -> Option<Timestamp> {
    [deadline(run), run.board.next_time()].into_iter().flatten().min()
}

/// What to do about `run` at `now`, with room for what `capacity` says.
pub fn decide(run: &Run, now: Timestamp, capacity: &Capacity) -> Decision {
    if run.status != RunStatus::Running {
        return Decision::default();
    }
    if let Some(ending) = ending(run, now) {
        return Decision { record: with_cleanup(run, ending), start: Vec::new() };
    }
    if let Some(step) = reached_step(run) {
        return Decision::record(Fact::LifecycleStep { step });
    }
    let begun = run.phases.len();
    match (run.phases.last(), run.start.plan.phases().get(begun)) {
        (Some(phase), _) if !phase.completed => advance(run, begun - 1, capacity),
        (_, Some(next)) => begin(run, next),
        (_, None) => conclude(run),
    }
}

fn with_cleanup(run: &Run, ending: Fact) -> Vec<Fact> {
    let step = LifecycleStep::ResourceCleanup;
    let cleanup = (!run.lifecycle.contains(&step)).then_some(Fact::LifecycleStep { step });
    cleanup.into_iter().chain([ending]).collect()
}

/// The terminal fact, if a cancellation, the deadline or a failed task calls for it.
fn ending(run: &Run, now: Timestamp) -> Option<Fact> {
    let fail = |status, code: &str, message: String, hint: &str| {
        let error = Failure { code: code.into(), message, hint: Some(hint.into()) };
        Some(Fact::WorkflowFailed { status, error })
    };
    if let Some(by) = &run.cancel_requested {
        let message = format!("run `{}` was cancelled by {by}", run.id);
        return fail(RunStatus::Cancelled, "cancelled", message, "`dirigent resume` continues it");
    }
    if let Some(limit) = deadline(run).filter(|limit| *limit <= now) {
        let after = limit.since(run.attempt_at).as_secs_f64();
        let message = format!("run `{}` took longer than its limit of {after} s", run.id);
        let hint = "`dirigent resume` gives it the same time again; for more, raise \
                    `workflow.timeout_seconds` and start a new run";
        return fail(RunStatus::Timeout, "timeout", message, hint);
    }
    if run.too_many_triggered {
        let most = crate::run::TRIGGERED_TASKS_MAX;
        let message = format!("an event started more than {most} tasks");
        let hint = "look for tasks whose events start each other in a circle";
        return fail(RunStatus::Failed, "too_many_triggered", message, hint);
    }
    let fatal = run.board.fatal.filter(|_| run.board.running == 0)?;
    Some(failed(run, fatal))
}

/// The run failed, because `entry` did.
fn failed(run: &Run, entry: u32) -> Fact {
    Fact::WorkflowFailed { status: RunStatus::Failed, error: error_of(run, entry) }
}

/// Why the tasks of `entry` failed: what the last of them said, with its name.
fn error_of(run: &Run, entry: u32) -> Failure {
    let all = (0_u32..).zip(run.records(entry)).filter(|(_, record)| record.state.is_failure());
    let last = all.filter_map(|(instance, record)| Some((instance, record.error()?))).last();
    let Some((instance, error)) = last else {
        return Failure { code: "failed".into(), message: "a task failed".into(), hint: None };
    };
    let (name, mut error) = (TaskId { entry, instance }.name(&run.start.plan), error.clone());
    if !error.message.contains(&name) {
        error.message = format!("task `{name}`: {}", error.message);
    }
    error
}

/// The next lifecycle step that a completed task reached and that is not recorded yet.
fn reached_step(run: &Run) -> Option<LifecycleStep> {
    let plan = &run.start.plan;
    let is_new = |step: &LifecycleStep| !run.lifecycle.contains(step);
    let reached = |&(entry, step): &(u32, LifecycleStep)| {
        is_new(&step) && run.board.ended_of(entry) == (plan.instances(entry), 0)
    };
    plan.steps().iter().find(|of| reached(of)).map(|(_, step)| *step)
}

/// Begins `phase` with what it asks of earlier ones.
fn begin(run: &Run, phase: &PhasePlan) -> Decision {
    let (mut inputs, mut warnings) = (Map::new(), Vec::new());
    let mut room = INPUTS_BYTES_MAX;
    for input in &phase.inputs {
        let value = run.phase_output(&input.phase, &input.key);
        let name = String::from(input.clone());
        if value.is_none() {
            let text =
                format!("phase `{}` gets no `{name}`: its source gave no such output", phase.name);
            if phase.strict_inputs {
                return Decision { record: with_cleanup(run, missing(text)), start: Vec::new() };
            }
            warnings.push(text);
        }
        inputs.insert(name, shortened(value.unwrap_or(Value::Null), &mut room));
    }
    let name = phase.name.clone();
    Decision::record(Fact::PhaseStarted { phase: name, inputs, warnings })
}

/// `value`, or its size and hash if it is above `room`, of which it takes its part. The record of a
/// phase tells people what the phase got; its tasks read the outputs themselves.
fn shortened(value: Value, room: &mut usize) -> Value {
    let text = canonical::to_string(&value);
    if let Some(left) = room.checked_sub(text.len()) {
        *room = left;
        return value;
    }
    json!({"bytes": text.len(), "sha256": Sha256Hex::of(text.as_bytes())})
}

fn missing(message: String) -> Fact {
    let hint = "correct the key, or set `workflow.strict_inputs: false` to go on with null";
    let error = Failure { code: "input_missing".into(), message, hint: Some(hint.into()) };
    Fact::WorkflowFailed { status: RunStatus::Failed, error }
}

/// Skips what cannot start in the phase that is going on, starts what can, or completes it.
fn advance(run: &Run, phase: usize, capacity: &Capacity) -> Decision {
    let plan = &run.start.plan;
    let number = u32::try_from(phase).unwrap_or(u32::MAX);
    let mut entries = run.board.doomed.range(plan.entries_of(number));
    if let Some((&entry, &need)) = entries.next() {
        return Decision::record(pick::skip(run, entry, need));
    }
    if run.board.phase_is_over() {
        if let Some(entry) = run.board.lost_triggered(plan, number) {
            return Decision { record: with_cleanup(run, failed(run, entry)), start: Vec::new() };
        }
        return Decision::record(Fact::PhaseCompleted { phase: plan.phases()[phase].name.clone() });
    }
    if run.board.fatal.is_some() {
        return Decision::default();
    }
    pick::pick(run, &plan.phases()[phase], capacity)
}

/// All phases are done: the last steps of the lifecycle, then the end.
fn conclude(run: &Run) -> Decision {
    use LifecycleStep as Step;
    let step = [Step::PhaseExecution, Step::ResultAggregation, Step::ResourceCleanup]
        .into_iter()
        .find(|step| !run.lifecycle.contains(step));
    Decision::record(match step {
        Some(step) => Fact::LifecycleStep { step },
        None => Fact::WorkflowCompleted { digest: digest(run), degraded: run.board.degraded },
    })
}
