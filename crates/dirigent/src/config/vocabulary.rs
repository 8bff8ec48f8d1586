//! The vocabulary: what is registered and a file may name beside the declared keys.
//!
//! Not here: the registries themselves; the product implements the trait over them.

use serde_json::Value;

use super::strategies::Parameter;

/// What a file may name: strategies, workflow types and kinds of tasks.
pub trait Vocabulary {
    /// The registered strategies, in the order they are listed to users; `rules` need not be among
    /// them.
    fn strategies(&self) -> Vec<String>;

    /// The parameters of the strategy called `name`; `None` if there is no such strategy.
    fn parameters(&self, name: &str) -> Option<Vec<Parameter>>;

    /// The registered workflow types; those of [`WORKFLOW_TYPES`](super::keys::WORKFLOW_TYPES) need
    /// not be among them.
    fn workflow_types(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is wrong with a task of `kind` that is told `with`.
    fn wrong_task(&self, _kind: &str, _with: &Value) -> Option<WrongTask> {
        None
    }
}

/// What is wrong with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongTask {
    /// The key of the task that it is about, as `kind` or `with.argv`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}
