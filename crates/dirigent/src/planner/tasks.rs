//! `tasks`: a graph of tasks of any kind.

use dirigent_workflow::{
    event::canonical_name,
    plan::{Limits, OnFailure, PhasePlan, TaskPlan},
    priority::Priority,
    resource::Amount,
    retry::{Backoff, Retry},
};
use serde_json::Value;

use super::{Part, Planned, Planner, Planners, Refusal, side_by_side};
use crate::config::workflow::{Orchestration, Resources, RetryStrategy, Task, Workflow};

pub(super) struct Tasks;

impl Planner for Tasks {
    fn kind(&self) -> &'static str {
        "tasks"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let (path, tasks) = match part.phase {
            Some(phase) => (format!("workflow.phases.{}.tasks", part.name), &phase.tasks),
            None => ("tasks".to_owned(), &part.workflow.tasks),
        };
        if tasks.is_empty() {
            let message = format!("`{}` has no task", part.name);
            return Err(refusal(path, message, "list at least one task"));
        }
        let one = |(at, task): (usize, &Task)| plan(part, task, &format!("{path}.{at}"));
        let tasks = tasks.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
        let mut phase = PhasePlan {
            name: part.name.into(),
            kind: self.kind().into(),
            tasks,
            max_parallel: part.max_parallel(),
            ..PhasePlan::default()
        };
        phase.mode = part.mode(side_by_side(&phase));
        Ok(phase)
    }

    fn plan(&self, workflow: &Workflow, _planners: &Planners) -> Result<Planned, Refusal> {
        let phase = self.phase(&Part::whole(workflow, self.kind()))?;
        Ok(Planned { phases: vec![phase], limits: limits(workflow) })
    }
}

pub(super) fn refusal(path: String, message: String, hint: &str) -> Refusal {
    Refusal { path, message, hint: hint.to_owned() }
}

/// How much of a workflow may be done at once.
pub(super) fn limits(workflow: &Workflow) -> Limits {
    let orchestration = &workflow.orchestration;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let kinds = &orchestration.max_concurrent_by_kind;
    Limits {
        concurrency: Some(count(orchestration.max_concurrent_tasks)),
        checkpoint_ms: milliseconds(workflow.coordinator.fault_tolerance.checkpoint_interval),
        kinds: kinds.iter().map(|(kind, most)| (kind.clone(), count(*most))).collect(),
        budget: budget(&workflow.coordinator.resources),
    }
}

/// What a file lets its run take.
pub(super) fn budget(resources: &Resources) -> Amount {
    let slots = resources.slots.iter();
    Amount {
        memory_bytes: resources.max_memory_bytes().unwrap_or(0),
        millicores: resources.max_millicores().unwrap_or(0),
        disk_bytes: 0,
        slots: slots.map(|(name, count)| (name.clone(), *count)).collect(),
    }
}

fn plan(part: &Part<'_>, task: &Task, path: &str) -> Result<TaskPlan, Refusal> {
    let orchestration = &part.workflow.orchestration;
    let name = part.task_name(&task.name);
    let on = task.on.as_deref().map(|event| canonical_name(event).unwrap_or(event).to_owned());
    if let Some((why, hint)) = on.as_deref().and_then(unheard) {
        let message = format!("no task can start on `{}`, as {why}", on.unwrap_or_default());
        return Err(refusal(format!("{path}.on"), message, hint));
    }
    Ok(TaskPlan {
        container: Some(format!("{}/{}", part.name, task.name)),
        name,
        kind: task.kind.clone(),
        needs: task.needs.iter().map(|need| part.task_name(need)).collect(),
        input: Value::Object(task.input.clone()),
        reaches: None,
        count: match task.count {
            1 => part.containers(),
            many => Some(u32::try_from(many).unwrap_or(u32::MAX)),
        },
        on,
        priority: priority(&task.priority),
        timeout_ms: Some(milliseconds(task.timeout.unwrap_or(orchestration.default_task_timeout))),
        retry: match (part.containers(), task.max_retries) {
            (Some(_), None) if task.count == 1 => part.restarts(),
            (_, most) => retry(orchestration, most),
        },
        on_failure: match (task.optional, part.containers()) {
            (true, _) => OnFailure::Degrade,
            (false, Some(_)) if task.count == 1 => OnFailure::FailIfAll,
            (false, _) => OnFailure::Fail,
        },
        isolation: task.isolation,
        takes: part.takes(task.resources.as_ref()),
    })
}

/// Why no task can start on `event`, and what to do in its place.
fn unheard(event: &str) -> Option<(&'static str, &'static str)> {
    match event {
        "workflow_completed" | "workflow_failed" => Some((
            "the run is over then",
            "use `notifications` to tell somebody of the end of a run",
        )),
        "phase_completed" => Some((
            "the phase of the task is over then",
            "put the task into the next phase, or let it need all others",
        )),
        "workflow_started" => {
            Some(("no phase has begun then", "leave `on` out: the task starts at once"))
        }
        _ => None,
    }
}

/// A priority as the file writes it, which was checked.
pub(super) fn priority(written: &Value) -> Priority {
    let text = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
    Priority::parse(&text).unwrap_or_default()
}

/// What is done about failures, if a task does not say how often it is tried again.
pub(super) fn retry(orchestration: &Orchestration, max: Option<u32>) -> Retry {
    if !orchestration.enable_retry {
        return Retry::NEVER;
    }
    let base_ms = milliseconds(orchestration.retry_base_delay);
    let backoff = match orchestration.retry_strategy {
        RetryStrategy::Exponential => {
            Backoff::Exponential { base_ms, max_ms: milliseconds(orchestration.retry_max_delay) }
        }
        RetryStrategy::Fixed => Backoff::Fixed { delay_ms: base_ms },
    };
    Retry {
        max: max.unwrap_or(orchestration.max_retries),
        backoff,
        jitter_percent: orchestration.retry_jitter_percent,
        permanent: orchestration.retry_permanent_errors,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive and at most a year"
)]
pub(super) fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}
