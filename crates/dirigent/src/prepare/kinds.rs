//! The tasks of a plan, held against the kinds that there are.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_workflow::{
    Plan,
    file::{Problem, problem::PROBLEMS_SHOWN_MAX, suggest},
    plan::{PhasePlan, TaskPlan},
    port::TaskKind,
};

use crate::config::{self, Config};

/// Tasks of kinds that this version does not have, and inputs that their kinds do not take.
pub(super) fn unable(
    config: &Config,
    plan: &Plan,
    kinds: &BTreeMap<&'static str, Arc<dyn TaskKind>>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (phase, entry) in plan.tasks() {
        let place = place_of(config, phase, entry);
        match kinds.get(entry.kind.as_str()) {
            None => {
                let path = format!("{place}.kind");
                let message =
                    format!("tasks of kind `{}` cannot be run by this version", entry.kind);
                let known = kinds.keys().copied().filter(|kind| !kind.contains('.'));
                let all: Vec<String> = known.clone().map(|kind| format!("`{kind}`")).collect();
                let hint = match suggest(&entry.kind, known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("this version runs {}", all.join(", ")),
                };
                problems.push(Problem::error(config.place(&path), path, message).hint(hint));
            }
            Some(kind) => {
                if let Err(wrong) = kind.check(&entry.input) {
                    let path = match wrong.path.as_str() {
                        "" => format!("{place}.with"),
                        inside => format!("{place}.with.{inside}"),
                    };
                    let problem = Problem::error(config.place(&path), path, wrong.message);
                    problems.push(problem.hint(wrong.hint));
                }
            }
        }
        if problems.len() >= PROBLEMS_SHOWN_MAX {
            break;
        }
    }
    problems
}

/// Where `entry` of `phase` stands in the file.
fn place_of(config: &Config, phase: &PhasePlan, entry: &TaskPlan) -> String {
    let workflow = &config.workflow;
    let local = phase.local_name(&entry.name);
    let among = |tasks: &[config::workflow::Task]| tasks.iter().position(|task| task.name == local);
    if let Some(at) = among(&workflow.tasks) {
        return format!("tasks.{at}");
    }
    let phases = workflow.definition.phases.iter().enumerate();
    for (number, of) in phases.filter(|(_, of)| of.name == phase.name) {
        if let Some(at) = among(&of.tasks) {
            return format!("workflow.phases.{number}.tasks.{at}");
        }
    }
    "workflow".to_owned()
}
