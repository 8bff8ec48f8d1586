//! Deciding: from what is known of a run to what shall be recorded and started next.
//!
//! Invariant: pure. No I/O, no clock, no randomness; the same run gives the same decision.
//! Not here: carrying decisions out; see `runtime`.

use dirigent_core::{Timestamp, canonical, hash::Sha256Hex};
use serde_json::{Value, json};

use crate::{
    artifact::ArtifactRef,
    event::{Fact, Failure},
    plan::{LifecycleStep, Mode, PhasePlan, TaskPlan},
    run::{Run, RunStatus},
    task::TaskState,
};

/// What shall happen next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Facts to record, in this order, before anything is started.
    pub record: Vec<Fact>,
    /// Tasks to start once they are recorded, with their attempt.
    pub start: Vec<(String, u32)>,
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

/// What to do about `run` at `now`, with room for `free` more tasks.
pub fn decide(run: &Run, now: Timestamp, free: usize) -> Decision {
    if run.status != RunStatus::Running {
        return Decision::default();
    }
    if let Some(ending) = ending(run, now) {
        let step = LifecycleStep::ResourceCleanup;
        let cleanup = (!run.lifecycle.contains(&step)).then_some(Fact::LifecycleStep { step });
        let record = cleanup.into_iter().chain([ending]).collect();
        return Decision { record, start: Vec::new() };
    }
    if let Some(step) = reached_step(run) {
        return Decision::record(Fact::LifecycleStep { step });
    }
    for phase in run.start.plan.phases() {
        match run.phases.iter().find(|(name, _)| *name == phase.name) {
            Some((_, true)) => {}
            Some((_, false)) => return advance(run, phase, free),
            None => return Decision::record(Fact::PhaseStarted { phase: phase.name.clone() }),
        }
    }
    conclude(run)
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
    let failed = run.tasks.values().any(|task| matches!(task.state, TaskState::Failed { .. }));
    match (&run.failure, failed && run.running().next().is_none()) {
        (Some(error), true) => {
            Some(Fact::WorkflowFailed { status: RunStatus::Failed, error: error.clone() })
        }
        _ => None,
    }
}

/// The next lifecycle step that a completed task reached and that is not recorded yet.
fn reached_step(run: &Run) -> Option<LifecycleStep> {
    run.start
        .plan
        .tasks()
        .filter(|(_, task)| run.tasks[&task.name].state == TaskState::Completed)
        .filter_map(|(_, task)| task.reaches)
        .find(|step| !run.lifecycle.contains(step))
}

/// Starts what is ready in `phase`, or completes it.
fn advance(run: &Run, phase: &PhasePlan, free: usize) -> Decision {
    let state = |name: &str| run.tasks[name].state;
    if phase.tasks.iter().all(|task| state(&task.name) == TaskState::Completed) {
        return Decision::record(Fact::PhaseCompleted { phase: phase.name.clone() });
    }
    if run.failure.is_some() {
        return Decision::default();
    }
    let room = match phase.mode {
        Mode::Traditional => usize::from(run.running().next().is_none()),
        Mode::Auto | Mode::Composable | Mode::Hybrid => free,
    };
    let ready = |task: &&TaskPlan| {
        state(&task.name) == TaskState::Pending
            && task.needs.iter().all(|need| state(need) == TaskState::Completed)
    };
    let start: Vec<(String, u32)> = phase
        .tasks
        .iter()
        .filter(ready)
        .take(room)
        .map(|task| (task.name.clone(), run.attempt))
        .collect();
    let record = start
        .iter()
        .map(|(task, attempt)| Fact::TaskStarted { task: task.clone(), attempt: *attempt })
        .collect();
    Decision { record, start }
}

/// All phases are done: the last steps of the lifecycle, then the end.
fn conclude(run: &Run) -> Decision {
    use LifecycleStep as Step;
    let step = [Step::PhaseExecution, Step::ResultAggregation, Step::ResourceCleanup]
        .into_iter()
        .find(|step| !run.lifecycle.contains(step));
    Decision::record(match step {
        Some(step) => Fact::LifecycleStep { step },
        None => Fact::WorkflowCompleted { digest: digest(run) },
    })
}

/// SHA-256 over outputs and artifact hashes: no ids, times, host or worker facts.
pub fn digest(run: &Run) -> Sha256Hex {
    let outputs = run.tasks.keys().map(|name| (name.clone(), output(run, name))).collect();
    digest_of(outputs, run.artifacts())
}

/// The digest of a run whose tasks deliver `outputs`, by name, and make `artifacts`.
pub fn digest_of<'a>(
    outputs: serde_json::Map<String, Value>,
    artifacts: impl Iterator<Item = &'a ArtifactRef>,
) -> Sha256Hex {
    let artifacts: serde_json::Map<String, Value> = artifacts
        .filter(|artifact| artifact.in_digest)
        .map(|artifact| (artifact.name.clone(), json!(artifact.sha256)))
        .collect();
    canonical::digest(&json!({"outputs": outputs, "artifacts": artifacts}))
}

fn output(run: &Run, task: &str) -> Value {
    run.tasks[task].output.clone().unwrap_or_default()
}
