//! Not yet: types that a file may name, but this version cannot run.

use dirigent_workflow::file::Problem;

use crate::{config::Config, planner::Planners};

/// Types of the workflow and of its phases that nobody plans.
pub(super) fn types(config: &Config, planners: &Planners) -> Vec<Problem> {
    let workflow = &config.workflow;
    let definition = &workflow.definition;
    let mut problems = Vec::new();
    let mut add = |path: String, kind: &str, of: &str| {
        if !planners.contains_key(kind) {
            let can: Vec<String> = planners.keys().map(|kind| format!("`{kind}`")).collect();
            let message = format!("{of} of type `{kind}` cannot be run by this version");
            let hint = format!("the file is valid; this version runs {}", can.join(", "));
            problems.push(Problem::error(config.place(&path), path, message).hint(hint));
        }
    };
    add("workflow.type".to_owned(), &definition.kind, "workflows");
    for (at, phase) in definition.phases.iter().enumerate() {
        add(format!("workflow.phases.{at}.type"), &phase.kind, "phases");
    }
    problems
}
