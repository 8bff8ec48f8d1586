//! The tasks that a planner made, held against the kinds that there are. Those that a file lists were
//! checked with the file.

use std::collections::BTreeSet;

use dirigent_workflow::{Plan, file::Problem};

use crate::{config::Config, tasks::Kinds};

/// Kinds that nobody does; each once.
pub(super) fn missing(config: &Config, plan: &Plan, kinds: &Kinds) -> Vec<Problem> {
    let asked: BTreeSet<&str> = plan.tasks().map(|(_, task)| task.kind.as_str()).collect();
    let missing = asked.into_iter().filter(|kind| !kinds.contains_key(kind));
    let of = &config.workflow.definition.kind;
    let problem = |kind| {
        let path = "workflow.type";
        let message = format!(
            "workflows of type `{of}` need tasks of kind `{kind}`, which cannot be run by this \
             version"
        );
        let hint = "the file is valid; `type: tasks` with `kind: command` runs programs of yours";
        Problem::error(config.place(path), path, message).hint(hint)
    };
    missing.map(problem).collect()
}

/// The first input that its kind does not take.
pub(super) fn unfit(config: &Config, plan: &Plan, kinds: &Kinds) -> Option<Problem> {
    plan.tasks().find_map(|(_, task)| {
        let wrong = kinds.get(task.kind.as_str())?.check(&task.input).err()?;
        let message = format!("task `{}`: {}", task.name, wrong.message);
        let path = "workflow.config";
        Some(Problem::error(config.place(path), path, message).hint(wrong.hint))
    })
}
