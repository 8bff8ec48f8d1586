//! Inputs of phases that no earlier phase will give, as far as the plan tells.

use dirigent_workflow::{
    Plan,
    file::{Problem, suggest},
    plan::{InputRef, PhasePlan},
};

use crate::config::Config;

/// Inputs that name no task of their source. A phase with a result may give any key, so nothing is
/// said of those.
pub(super) fn unknown(config: &Config, plan: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    for phase in plan.phases() {
        for (at, input) in phase.inputs.iter().enumerate() {
            let source = plan.phases().iter().find(|source| source.name == input.phase);
            let source = source.filter(|source| source.result.is_none());
            if let Some(source) = source.filter(|source| !gives(source, &input.key)) {
                problems.push(problem(config, phase, at, source, input));
            }
        }
    }
    problems
}

fn gives(source: &PhasePlan, key: &str) -> bool {
    source.tasks.iter().any(|task| task.name == key || source.local_name(&task.name) == key)
}

fn problem(
    config: &Config,
    phase: &PhasePlan,
    at: usize,
    source: &PhasePlan,
    input: &InputRef,
) -> Problem {
    let number = config.workflow.definition.phases.iter().position(|of| of.name == phase.name);
    let path = format!("workflow.phases.{}.inputs.{at}", number.unwrap_or(0));
    let (key, from) = (&input.key, &input.phase);
    let message = format!("input `{from}.{key}`: phase `{from}` has no task `{key}`");
    let names = || source.tasks.iter().map(|task| source.local_name(&task.name));
    let hint = suggest(key, names()).map_or_else(
        || "name one of its tasks; the input is null otherwise".to_owned(),
        |meant| format!("did you mean `{from}.{meant}`?"),
    );
    let place = config.place(&path);
    let problem = if phase.strict_inputs {
        Problem::error(place, path, message)
    } else {
        Problem::warning(place, path, message)
    };
    problem.hint(hint)
}
