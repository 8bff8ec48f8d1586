//! Summary: what is told of a run, in the one form that every command and interface uses.

use dirigent_core::Timestamp;
use dirigent_workflow::{
    Run, RunStatus,
    event::Failure,
    instances::TaskId,
    plan::{Mode, PhasePlan, TaskPlan},
    run::TaskRecord,
    task::TaskState,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::home::Home;

/// The task whose output is the result of a backtest.
pub const RESULT_TASK: &str = "execute_strategy";

/// A run for people and programs.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Its id.
    pub run_id: String,
    /// The caller's key.
    pub correlation_id: String,
    /// Name of the workflow.
    pub name: String,
    /// Workflow type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it stands.
    pub status: RunStatus,
    /// How its tasks were scheduled.
    pub mode: Mode,
    /// The schedule that was chosen, and why.
    pub schedule: String,
    /// Master seed.
    pub seed: u64,
    /// SHA-256 over results and artifacts, once completed.
    pub digest: Option<String>,
    /// SHA-256 of the configuration.
    pub config_hash: String,
    /// `version` of the file.
    pub config_version: String,
    /// How often a process took it up.
    pub attempt: u32,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, in milliseconds, pauses between attempts included.
    pub duration_ms: Option<u64>,
    /// What happened in each phase.
    pub phases: Vec<Value>,
    /// What was found; by workflow type.
    pub result: Value,
    /// Files, by the name under which they appear in the run's folder.
    pub artifacts: Vec<Value>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Why it did not complete.
    pub error: Option<Failure>,
}

impl Summary {
    /// The summary of `run`, with paths in `home`.
    pub fn of(run: &Run, home: &Home) -> Self {
        let folder = home.run_folder(&run.id);
        let artifacts = run
            .artifacts()
            .map(|file| {
                json!({
                    "name": file.name,
                    "path": folder.join(&file.name).display().to_string(),
                    "sha256": file.sha256,
                    "bytes": file.bytes,
                })
            })
            .collect();
        let result = result(run, home);
        let duration = run.finished_at.map(|end| end.since(run.started_at).as_millis());
        Self {
            run_id: run.id.to_string(),
            correlation_id: run.correlation_id.to_string(),
            name: run.start.name.clone(),
            kind: run.start.kind.clone(),
            status: run.status,
            mode: run.start.mode,
            schedule: run.start.schedule.clone(),
            seed: run.start.seed,
            digest: run.digest.as_ref().map(ToString::to_string),
            config_hash: run.start.config_hash.clone(),
            config_version: run.start.config_version.clone(),
            attempt: run.attempt,
            started_at: run.started_at,
            finished_at: run.finished_at,
            duration_ms: duration.and_then(|ms| u64::try_from(ms).ok()),
            phases: run
                .start
                .plan
                .phases()
                .iter()
                .map(|phase| phase_of(run, phase, home))
                .collect(),
            result,
            artifacts,
            warnings: run.warnings().map(str::to_owned).collect(),
            error: run.failure.clone(),
        }
    }
}

/// What `task` delivered; null if it did not, or if it cannot be read back.
pub(crate) fn output(run: &Run, task: &str, home: &Home) -> Value {
    run.task(task).map_or(Value::Null, |record| delivered(record, home))
}

fn delivered(record: &TaskRecord, home: &Home) -> Value {
    home.artifacts().restore(record.output(), record.artifacts()).unwrap_or_default()
}

/// What a run found: what its only phase did, or each of several, or how its tasks went.
pub(crate) fn result(run: &Run, home: &Home) -> Value {
    let phases = run.start.plan.phases();
    let of = |phase: &PhasePlan| {
        let task = phase.result.as_deref().or_else(|| {
            // Recorded before plans said so.
            phase.tasks.iter().map(|task| task.name.as_str()).find(|name| *name == RESULT_TASK)
        })?;
        Some((phase.name.clone(), output(run, task, home)))
    };
    let mut found: Map<String, Value> = phases.iter().filter_map(of).collect();
    match (phases, found.len()) {
        ([phase], 1) => found.remove(&phase.name).unwrap_or_default(),
        (_, 0) => json!({"tasks": counts(phases.iter().flat_map(|p| &p.tasks), run)}),
        _ => Value::Object(found),
    }
}

/// How tasks stand, by state; all of them, and those that completed, also if there is none.
fn counts<'p>(tasks: impl Iterator<Item = &'p TaskPlan>, run: &Run) -> Value {
    let mut counts =
        Map::from_iter([("total".to_owned(), json!(0)), ("completed".to_owned(), json!(0))]);
    for record in tasks.flat_map(|task| run.tasks_of(&task.name)) {
        for key in ["total", record.state.as_str()] {
            let count = counts.get(key).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(key.to_owned(), json!(count + 1));
        }
    }
    Value::Object(counts)
}

fn phase_of(run: &Run, phase: &PhasePlan, home: &Home) -> Value {
    let begun = run.phases.iter().find(|record| record.name == phase.name);
    let status = match (begun, run.status) {
        (Some(record), _) if record.completed => "completed",
        (Some(_), status) => status.as_str(),
        (None, _) => "pending",
    };
    json!({
        "name": phase.name,
        "type": phase.kind,
        "mode": phase.mode,
        "status": status,
        "needs": needs(phase),
        "inputs": begun.map(|record| &record.inputs),
        "containers": containers(run, phase),
        "tasks": counts(phase.tasks.iter(), run),
        "outputs": outputs(run, phase, home),
        "errors": errors(run, phase),
    })
}

/// The phases whose outputs `phase` asks for, each once.
fn needs(phase: &PhasePlan) -> Vec<&str> {
    let mut needs: Vec<&str> = Vec::new();
    for input in &phase.inputs {
        if !needs.contains(&input.phase.as_str()) {
            needs.push(&input.phase);
        }
    }
    needs
}

/// How many containers the tasks of `phase` had, restarted and gave up.
fn containers(run: &Run, phase: &PhasePlan) -> Value {
    let own = || {
        let own = phase.tasks.iter().filter(|task| task.container.is_some());
        own.flat_map(|task| run.tasks_of(&task.name)).filter(|record| record.attempts > 0)
    };
    let shared = phase.tasks.iter().any(|task| {
        task.container.is_none() && run.tasks_of(&task.name).iter().any(|r| r.attempts > 0)
    });
    let failed = own().filter(|record| record.state.is_failure()).count();
    let restarted: u32 =
        own().map(|record| record.failures - u32::from(record.state.is_failure())).sum();
    json!({
        "created": own().count() + usize::from(shared),
        "failed": failed,
        "restarted": restarted,
    })
}

/// What the tasks of `phase` delivered, apart from its result, which is told elsewhere.
fn outputs(run: &Run, phase: &PhasePlan, home: &Home) -> Map<String, Value> {
    let is_result = |task: &TaskPlan| {
        phase.result.as_ref().map_or(task.name == RESULT_TASK, |result| *result == task.name)
    };
    let mut outputs = Map::new();
    for task in phase.tasks.iter().filter(|task| !is_result(task)) {
        let records = run.tasks_of(&task.name);
        let is_one = task.count.is_none() && task.on.is_none();
        if records.iter().all(|record| record.output().is_null()) {
            continue;
        }
        let mut all = records.iter().map(|record| delivered(record, home));
        let value = if is_one { all.next().unwrap_or_default() } else { all.collect() };
        outputs.insert(phase.local_name(&task.name).to_owned(), value);
    }
    outputs
}

/// The most tasks of a phase that are listed with what went wrong.
const ERRORS_SHOWN_MAX: usize = 20;

/// The tasks of `phase` that did not complete, and why.
fn errors(run: &Run, phase: &PhasePlan) -> Vec<Value> {
    let plan = &run.start.plan;
    let of_phase = |id: &TaskId| TaskId::phase(*id, plan) == phase.name;
    let wrong = run
        .tasks()
        .filter(|(_, record)| record.state.is_failure() || record.state == TaskState::Skipped);
    wrong
        .filter(|(id, _)| of_phase(id))
        .take(ERRORS_SHOWN_MAX)
        .map(|(id, record)| {
            let why = record.error().map(|error| error.message.as_str()).or(record.reason());
            json!({
                "task": id.name(plan),
                "state": record.state.as_str(),
                "attempts": record.attempts,
                "why": why,
            })
        })
        .collect()
}
