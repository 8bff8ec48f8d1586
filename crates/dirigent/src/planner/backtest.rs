//! `backtest`: one historical simulation, five steps in one container.

use dirigent_workflow::plan::{LifecycleStep as Step, OnFailure, PhasePlan, TaskPlan};
use serde_json::{Value, json};

use super::{Part, Planner, Refusal, chain};

pub(super) struct Backtest;

/// The steps: their names, their kinds, and what they reach.
const STEPS: [(&str, &str, Option<Step>); 5] = [
    ("parse_config", "backtest.parse", Some(Step::Validation)),
    ("create_container", "backtest.container", Some(Step::ContainerCreation)),
    ("load_data", "backtest.load", Some(Step::InfrastructureSetup)),
    ("execute_strategy", "backtest.execute", None),
    ("generate_report", "backtest.report", None),
];

impl Planner for Backtest {
    fn kind(&self) -> &'static str {
        "backtest"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let overlay = part.phase.map(|phase| &phase.config).filter(|config| !config.is_empty());
        let input = overlay.map_or(Value::Null, |config| json!({"config": config}));
        if let Some(count) = part.containers() {
            return Ok(trials(part, count, input));
        }
        let mut tasks = steps(part, &input, None);
        let mut result = part.task_name("execute_strategy");
        if let Some(config) = chain::searched_days(part) {
            let report = tasks.pop();
            let in_sample = TaskPlan {
                name: part.task_name("in_sample"),
                kind: "backtest.in_sample".into(),
                needs: vec![result],
                input: json!({"config": config}),
                ..TaskPlan::default()
            };
            result = in_sample.name.clone();
            tasks.push(in_sample);
            tasks.extend(report.map(|own| TaskPlan { needs: vec![result.clone()], ..own }));
        }
        Ok(PhasePlan {
            name: part.name.into(),
            kind: self.kind().into(),
            mode: part.mode(1),
            tasks,
            result: Some(result),
            max_parallel: part.max_parallel(),
            ..PhasePlan::default()
        })
    }
}

/// The steps of one backtest, one after the other, the first of them after task `after`.
pub(super) fn steps(part: &Part<'_>, input: &Value, after: Option<&str>) -> Vec<TaskPlan> {
    let mut tasks: Vec<TaskPlan> = Vec::with_capacity(STEPS.len());
    for (name, kind, reaches) in STEPS {
        let before = tasks.last().map(|before| before.name.as_str()).or(after);
        let needs = before.map(str::to_owned).into_iter().collect();
        let (name, kind, input) = (part.task_name(name), kind.into(), input.clone());
        let takes = part.takes(None);
        tasks.push(TaskPlan { name, kind, needs, input, reaches, takes, ..TaskPlan::default() });
    }
    tasks
}

/// Many containers that each do the whole backtest, and one task that sums them up.
fn trials(part: &Part<'_>, count: u32, input: Value) -> PhasePlan {
    let trial = TaskPlan {
        name: part.task_name("trial"),
        kind: "backtest.trial".into(),
        input,
        count: Some(count),
        container: Some(part.name.into()),
        retry: part.restarts(),
        on_failure: OnFailure::FailIfAll,
        takes: part.takes(None),
        ..TaskPlan::default()
    };
    let sum = TaskPlan {
        name: part.task_name("trials"),
        kind: "backtest.trials".into(),
        needs: vec![trial.name.clone()],
        ..TaskPlan::default()
    };
    PhasePlan {
        name: part.name.into(),
        kind: "backtest".into(),
        mode: part.mode(u64::from(count)),
        result: Some(sum.name.clone()),
        tasks: vec![trial, sum],
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}
