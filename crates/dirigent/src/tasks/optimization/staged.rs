//! What the stages of a search found together.

use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Value, json};

/// What all stages found together.
pub(super) struct Staged;

impl TaskKind for Staged {
    fn name(&self) -> &'static str {
        "optimization.staged"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let order = context.input["stages"].as_array().cloned().unwrap_or_default();
        let of = |name: &Value| name.as_str().and_then(|name| context.outputs.get(name)).cloned();
        let mut stages: Vec<Value> = order.iter().filter_map(of).collect();
        let count = |key: &str| stages.iter().filter_map(|stage| stage[key].as_u64()).sum::<u64>();
        let (trials, failed) = (count("trials"), count("failed_trials"));
        let last = stages.last().cloned().unwrap_or_default();
        let mut value = json!({
            "algorithm": "staged",
            "objective": last["objective"],
            "trials": trials,
            "failed_trials": failed,
            "best_params": last["best_params"],
            "best_config": last["config"],
            "best": last["best"],
            "by_regime": last["by_regime"],
            "sharpes": last["sharpes"],
            "periods_per_year": last["periods_per_year"],
        });
        for stage in &mut stages {
            for key in ["config", "sharpes", "periods_per_year"] {
                stage.as_object_mut().map(|stage| stage.shift_remove(key));
            }
        }
        value["stages"] = stages.into();
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}
