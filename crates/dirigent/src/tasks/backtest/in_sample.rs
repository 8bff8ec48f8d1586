//! The days that were searched, traded once more with what was found, to be set beside the test.

use dirigent_workflow::port::{Sees, TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Value, json};

use super::{Bench, simulate};

/// Simulates the days before the test; delivers the result of the test with that beside it.
pub(super) struct InSample(pub(super) Bench);

impl TaskKind for InSample {
    fn name(&self) -> &'static str {
        "backtest.in_sample"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (mut setup, cast) = self.0.setup(context)?;
        setup.workflow.metrics.prove_causal = None;
        let stock = self.0.loaded(context, &setup, cast.foreign())?;
        let again = || self.0.cast(&setup);
        let finished = simulate::simulate(&setup, cast, stock, &context.watch, &again)?;
        let times = &finished.outcome().equity.time;
        let day = |at: Option<&dirigent_core::Timestamp>| {
            at.map(|time| time.to_string().chars().take(10).collect::<String>())
        };
        let mut value = context.outputs.get("execute_strategy").cloned().unwrap_or(Value::Null);
        value["in_sample"] = json!({
            "from": day(times.first()),
            "to": day(times.last()),
            "bars": finished.result["bars"],
            "final_equity": finished.result["final_equity"],
            "metrics": finished.result["metrics"],
        });
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}
