//! What a program or a service is told of the task it does.

use std::collections::BTreeMap;

use dirigent_workflow::port::TaskContext;
use serde_json::{Value, json};

/// `{run, task, seed, input, needs}`: which run and task it is, the seed of its container, what
/// the file gives as `input`, and the outputs of the tasks it needs.
pub(super) fn told(context: &TaskContext, input: &Value) -> Value {
    json!({
        "run": context.run.as_str(),
        "task": context.task,
        "seed": context.container.seed().as_u32(),
        "input": input,
        "needs": needs(context),
    })
}

/// The outputs of the tasks that this one needs. Others may be complete as well, depending on how
/// tasks were scheduled, and must not change what this one does.
fn needs(context: &TaskContext) -> BTreeMap<&str, &Value> {
    let plan = context.start.plan.task(&context.task);
    let needs = plan.iter().flat_map(|task| &task.needs);
    needs.filter_map(|name| Some((name.as_str(), context.outputs.get(name)?))).collect()
}
