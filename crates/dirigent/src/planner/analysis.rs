//! `analysis`: the data is loaded, looked at from all sides, and shown.

use dirigent_workflow::plan::{PhasePlan, TaskPlan};
use serde_json::{Value, json};

use super::{Part, Planner, Refusal};

pub(super) struct Analysis;

/// The steps: their names and their kinds.
const STEPS: [(&str, &str); 3] = [
    ("load_data", "analysis.load"),
    ("analyze", "analysis.analyze"),
    ("generate_report", "analysis.report"),
];

impl Planner for Analysis {
    fn kind(&self) -> &'static str {
        "analysis"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        if part.containers().is_some() {
            return Err(Refusal {
                path: format!("workflow.phases.{}.container_count", part.name),
                message: "an analysis has no trials".into(),
                hint: "leave `container_count` out".into(),
            });
        }
        let of_phase = part.phase.and_then(|phase| phase.analysis_config.as_ref());
        let settings = of_phase.or(part.workflow.definition.analysis_config.as_ref());
        let mut input = json!({"analysis": settings.cloned().unwrap_or_default()});
        let overlay = part.phase.map(|phase| &phase.config).filter(|config| !config.is_empty());
        if let Some(overlay) = overlay {
            input["config"] = json!(overlay);
        }
        Ok(plan(part, &input))
    }
}

fn plan(part: &Part<'_>, input: &Value) -> PhasePlan {
    let mut tasks: Vec<TaskPlan> = Vec::with_capacity(STEPS.len());
    for (name, kind) in STEPS {
        tasks.push(TaskPlan {
            name: part.task_name(name),
            kind: kind.into(),
            needs: tasks.last().map(|before| before.name.clone()).into_iter().collect(),
            input: input.clone(),
            retry: part.restarts(),
            takes: part.takes(None),
            ..TaskPlan::default()
        });
    }
    PhasePlan {
        name: part.name.into(),
        kind: "analysis".into(),
        mode: part.mode(1),
        result: Some(part.task_name("analyze")),
        tasks,
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}
