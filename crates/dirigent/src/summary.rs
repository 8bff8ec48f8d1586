//! Summary: what is told of a run, in the one form that every command and interface uses.

use dirigent_core::Timestamp;
use dirigent_workflow::{
    Run, RunStatus,
    event::Failure,
    plan::{Mode, PhasePlan},
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
        let result = output(run, RESULT_TASK, home);
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
    let Some(record) = run.tasks.get(task) else { return Value::Null };
    let recorded = record.output.clone().unwrap_or_default();
    home.artifacts().restore(&recorded, &record.artifacts).unwrap_or_default()
}

fn phase_of(run: &Run, phase: &PhasePlan, home: &Home) -> Value {
    let state = |name: &str| run.tasks[name].state;
    let count = |wanted: fn(TaskState) -> bool| {
        phase.tasks.iter().filter(|task| wanted(state(&task.name))).count()
    };
    let begun = run.phases.iter().find(|(name, _)| *name == phase.name);
    let status = match (begun, run.status) {
        (Some((_, true)), _) => "completed",
        (Some(_), status) => status.as_str(),
        (None, _) => "pending",
    };
    let outputs: Map<String, Value> = phase
        .tasks
        .iter()
        .filter(|task| task.name != RESULT_TASK)
        .filter(|task| run.tasks[&task.name].output.is_some())
        .map(|task| (task.name.clone(), output(run, &task.name, home)))
        .collect();
    json!({
        "name": phase.name,
        "type": phase.kind,
        "mode": phase.mode,
        "status": status,
        "containers": {
            "created": run.containers.len(), "reused": 0, "failed": 0, "restarted": 0,
        },
        "tasks": {
            "total": phase.tasks.len(),
            "completed": count(|state| state == TaskState::Completed),
            "failed": count(|state| matches!(state, TaskState::Failed { .. })),
            "cancelled": count(|state| state == TaskState::Cancelled),
        },
        "outputs": outputs,
    })
}
