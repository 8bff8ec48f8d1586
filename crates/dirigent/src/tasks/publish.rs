//! The task kind `publish`: tells the run that something happened, which starts the tasks that
//! wait for it.

use dirigent_workflow::{
    event::canonical_name,
    port::{InvalidInput, TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde::Deserialize;
use serde_json::Value;

use super::{codes, with};

/// Publishes one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publish;

/// The `with` of the task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The name of the event.
    event: String,
    /// What it says.
    #[serde(default)]
    payload: Value,
}

impl Input {
    fn read(input: &Value) -> Result<Self, TaskError> {
        let input: Self = with::read(input)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if input.event.is_empty() || !input.event.chars().all(is_name) {
            return Err(codes::invalid(format!("`{}` is no name of an event", input.event)));
        }
        if let Some(own) = canonical_name(&input.event) {
            let message = format!("`{own}` is recorded by the engine itself");
            return Err(codes::invalid(message));
        }
        Ok(input)
    }
}

impl TaskKind for Publish {
    fn name(&self) -> &'static str {
        "publish"
    }

    fn check(&self, input: &Value) -> Result<(), InvalidInput> {
        Input::read(input).map(drop).map_err(codes::problem)
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let Input { event, payload } = Input::read(&context.input)?;
        Ok(TaskOutput { events: vec![(event, payload)], ..TaskOutput::default() })
    }
}
