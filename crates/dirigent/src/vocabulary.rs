//! Everything that is registered with a coordinator, as the configuration asks for it.

use dirigent_trading::strategy::{self, Registry, Values};
use dirigent_workflow::file::{
    spec::{Range, quoted},
    suggest,
};
use serde_json::Value;

use crate::{
    config::{Parameter, ParameterKind, Vocabulary, WrongTask},
    planner::Planners,
    tasks::Kinds,
};

/// The registries of a coordinator.
#[derive(Clone, Copy)]
pub(crate) struct Registered<'a> {
    pub(crate) strategies: &'a Registry,
    pub(crate) planners: &'a Planners,
    pub(crate) kinds: &'a Kinds,
}

impl Vocabulary for Registered<'_> {
    fn strategies(&self) -> Vec<String> {
        self.strategies.names().map(str::to_owned).collect()
    }

    fn parameters(&self, name: &str) -> Option<Vec<Parameter>> {
        let parameter = |parameter: &strategy::Parameter| Parameter {
            name: parameter.name.to_owned(),
            kind: match parameter.values {
                Values::Whole { min, max, .. } => ParameterKind::Whole { min, max },
                Values::Number { min, max, .. } => ParameterKind::Number(Range::from_to(min, max)),
                Values::Choice { names, .. } => {
                    ParameterKind::Choice(names.iter().map(ToString::to_string).collect())
                }
            },
        };
        Some(self.strategies.get(name)?.parameters().iter().map(parameter).collect())
    }

    fn workflow_types(&self) -> Vec<String> {
        self.planners.keys().map(ToString::to_string).collect()
    }

    fn wrong_task(&self, kind: &str, with: &Value) -> Option<WrongTask> {
        let Some(found) = self.kinds.get(kind) else {
            // Kinds with a dot belong to a workflow type, which makes their tasks itself.
            let known = || self.kinds.keys().copied().filter(|kind| !kind.contains('.'));
            let meant = suggest(kind, known());
            let meant = meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
            return Some(WrongTask {
                key: "kind".to_owned(),
                message: format!("tasks of kind `{kind}` cannot be run by this version"),
                hint: format!("{meant}this version runs {}", quoted(known())),
            });
        };
        let wrong = found.check(with).err()?;
        let key =
            if wrong.path.is_empty() { "with".into() } else { format!("with.{}", wrong.path) };
        Some(WrongTask { key, message: wrong.message, hint: wrong.hint })
    }
}
