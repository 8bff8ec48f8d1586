//! What a program or a service is told of the task it does.

use dirigent_workflow::port::TaskContext;
use serde_json::{Value, json};

/// `{run, task, attempt, seed, input, needs, inputs, event, checkpoint}`: which run, task and try it
/// is, the seed of its container, what the file gives as `input`, the outputs of the tasks it needs,
/// what its phase got from earlier ones, the event that started it, and the state that an earlier
/// try kept last.
pub(super) fn told(context: &TaskContext, input: &Value) -> Value {
    let event = context.cause.as_ref().map(
        |cause| json!({"event": cause.event, "source": cause.source, "payload": cause.payload}),
    );
    json!({
        "run": context.run.as_str(),
        "task": context.task,
        "attempt": context.attempt,
        "seed": context.container.seed().as_u32(),
        "input": input,
        "needs": context.outputs,
        "inputs": *context.inputs,
        "event": event,
        "checkpoint": context.container.restored(),
    })
}
