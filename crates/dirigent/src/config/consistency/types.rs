//! Workflow types: each is built in or registered by a program.

use dirigent_workflow::file::{Problem, Resolved, spec::quoted, suggest};

use crate::config::{Vocabulary, keys::WORKFLOW_TYPES};

/// All types that a file may name: those of the declaration, then those that are registered.
pub(crate) fn workflow_types(vocabulary: &dyn Vocabulary) -> Vec<String> {
    let mut types: Vec<String> = WORKFLOW_TYPES.iter().map(ToString::to_string).collect();
    let registered = vocabulary.workflow_types().into_iter();
    types.extend(registered.filter(|kind| !WORKFLOW_TYPES.contains(&kind.as_str())));
    types
}

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>, vocabulary: &dyn Vocabulary) {
    let known = workflow_types(vocabulary);
    let phases = (0..root.list("workflow.phases").len()).map(|at| format!("workflow.phases.{at}"));
    for path in std::iter::once("workflow".to_owned()).chain(phases) {
        problems.extend(unknown(root, &format!("{path}.type"), &known));
    }
    problems.extend(settings(root));
}

fn unknown(root: &Resolved, path: &str, known: &[String]) -> Option<Problem> {
    let kind = root.text(path).filter(|kind| !known.iter().any(|name| name == kind))?;
    let names = || known.iter().map(String::as_str);
    let meant = suggest(kind, names());
    let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    let shown: String = kind.chars().take(60).collect();
    let problem = Problem::error(root.place(path), path, format!("unknown `{path}` `{shown}`"));
    Some(problem.hint(format!("{meant}valid: {}", quoted(names()))))
}

/// Settings for types that have keys of their own would be read by nobody.
fn settings(root: &Resolved) -> Option<Problem> {
    let path = "workflow.config";
    let kind = root.text("workflow.type").filter(|kind| WORKFLOW_TYPES.contains(kind))?;
    let config = root.get(path)?;
    let message = format!("`{path}` is not for workflows of type `{kind}`");
    let problem = Problem::error(config.span, path, message);
    Some(problem.hint("it belongs to types that a program registers; use the keys of this type"))
}
