//! Planners: each turns a workflow type into a plan.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_workflow::plan::{LifecycleStep, Mode, PhasePlan, TaskPlan};
use serde_json::Value;

/// Turns workflows of one type into plans.
pub trait Planner: Send + Sync {
    /// The workflow type, as `workflow.type` names it.
    fn kind(&self) -> &'static str;

    /// What is to be done, in order, scheduled by `mode`.
    fn phases(&self, mode: Mode) -> Vec<PhasePlan>;

    /// How `mode` schedules such a plan, and why: recorded with the run.
    fn schedule(&self, mode: Mode) -> String;
}

/// All planners that are built in.
pub fn planners() -> BTreeMap<&'static str, Arc<dyn Planner>> {
    let all: [Arc<dyn Planner>; 1] = [Arc::new(Backtest)];
    all.into_iter().map(|planner| (planner.kind(), planner)).collect()
}

/// One historical simulation: five steps in one container.
struct Backtest;

impl Planner for Backtest {
    fn kind(&self) -> &'static str {
        "backtest"
    }

    fn phases(&self, mode: Mode) -> Vec<PhasePlan> {
        use LifecycleStep as Step;
        let steps = [
            ("parse_config", "backtest.parse", Some(Step::Validation)),
            ("create_container", "backtest.container", Some(Step::ContainerCreation)),
            ("load_data", "backtest.load", Some(Step::InfrastructureSetup)),
            ("execute_strategy", "backtest.execute", None),
            ("generate_report", "backtest.report", None),
        ];
        let mut tasks: Vec<TaskPlan> = Vec::with_capacity(steps.len());
        for (name, kind, reaches) in steps {
            let needs = tasks.last().map(|before| before.name.clone()).into_iter().collect();
            let (name, kind, input) = (name.into(), kind.into(), Value::Null);
            tasks.push(TaskPlan { name, kind, needs, input, reaches });
        }
        vec![PhasePlan { name: "backtest".into(), kind: self.kind().into(), mode, tasks }]
    }

    fn schedule(&self, mode: Mode) -> String {
        match mode {
            Mode::Traditional => "one task after the other",
            Mode::Auto => "one task after the other: one container whose five steps form a chain",
            Mode::Composable => "ready tasks share the workers; five steps in a chain",
            Mode::Hybrid => "the only phase follows the order of the plan",
        }
        .to_owned()
    }
}
