//! The desk: what an analysis works on, as the file and the phases before say.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_workflow::{
    event::Failure,
    port::{TaskContext, TaskError},
};
use serde_json::Value;

use super::{Analyzed, analyze};
use crate::{
    cast::{self, Cast},
    config::workflow::Analysis,
    setup::{Setup, failure},
    tasks::backtest::{Bench, load::Stock, with_params},
};

/// The output of a search that an analysis takes over.
const BEST_PARAMS: &str = "best_params";

/// What every step may need.
pub(super) struct Desk(pub(super) Bench);

/// What an analysis works on.
pub(super) struct Laid {
    pub(super) setup: Setup,
    /// The strategies, if the file names any.
    pub(super) cast: Option<Cast>,
    pub(super) stock: Arc<Stock>,
    pub(super) asked: Analysis,
    /// What the author of the strategies should know.
    pub(super) warnings: Vec<String>,
}

impl Desk {
    /// The setup and the bars: those in the container, or loaded again and found to be the same.
    pub(super) fn laid(&self, context: &TaskContext) -> Result<Laid, TaskError> {
        let input = with_params(context);
        let mut setup = Setup::of(&context.start, &input).map_err(TaskError::Failed)?;
        check(&setup, &context.inputs).map_err(invalid)?;
        // Each strategy is looked at by itself, whatever it does together with others.
        setup.workflow.ensemble = None;
        let asked = serde_json::from_value(context.input["analysis"].clone()).unwrap_or_default();
        let file = &setup.workflow;
        let has_cast = file.strategy.is_some() || !file.strategies.is_empty();
        let cast = match has_cast {
            true => Some(self.cast(&setup)?),
            false => None,
        };
        let stock = self.stock(context, &setup, cast.as_ref())?;
        let warnings = cast.as_ref().map(Cast::warnings).unwrap_or_default();
        Ok(Laid { setup, cast, stock, asked, warnings })
    }

    fn cast(&self, setup: &Setup) -> Result<Cast, TaskError> {
        cast::choose(&self.0.strategies, &setup.workflow, &setup.data).map_err(invalid)
    }

    fn stock(
        &self,
        context: &TaskContext,
        setup: &Setup,
        cast: Option<&Cast>,
    ) -> Result<Arc<Stock>, TaskError> {
        if let Some(stock) = context.container.held::<Stock>() {
            return Ok(stock);
        }
        let foreign = cast.map(Cast::foreign).unwrap_or_default();
        let stock = self.0.loaded(context, setup, foreign)?;
        if context.outputs.get("load_data").is_some_and(|recorded| *recorded != stock.record()) {
            return Err(TaskError::Failed(Failure {
                code: "data_changed".into(),
                message: "the data is not what it was when this run loaded it first".into(),
                hint: Some("restore the files, or start a new run".into()),
            }));
        }
        context.container.hold(Arc::clone(&stock));
        Ok(stock)
    }

    /// What was found: that in the container, or found again and the same.
    pub(super) fn analyzed(&self, context: &TaskContext) -> Result<Arc<Analyzed>, TaskError> {
        if let Some(analyzed) = context.container.held::<Analyzed>() {
            return Ok(analyzed);
        }
        let analyzed = Arc::new(analyze(self.laid(context)?, context)?);
        if context.outputs.get("analyze").is_some_and(|recorded| *recorded != analyzed.result) {
            let message = "the analysis came out different from what this run recorded";
            let hint = "it was recorded by another version of Dirigent: use that, or start anew";
            return Err(TaskError::Failed(Failure {
                code: "data_changed".into(),
                message: message.into(),
                hint: Some(hint.into()),
            }));
        }
        context.container.hold(Arc::clone(&analyzed));
        Ok(analyzed)
    }
}

/// Whether the parameters that searches of earlier phases found are of strategies that there are.
fn check(setup: &Setup, inputs: &BTreeMap<String, Value>) -> Result<(), String> {
    let members: Vec<&str> = setup.workflow.strategies.iter().map(cast::name_of).collect();
    for (name, found) in inputs {
        if name.rsplit_once('.').is_some_and(|(_, key)| key == BEST_PARAMS) {
            check_one(&members, name, found)?;
        }
    }
    Ok(())
}

fn check_one(members: &[&str], name: &str, found: &Value) -> Result<(), String> {
    let Some(found) = found.as_object() else {
        return Err(format!("input `{name}` is {found}, not a map of parameters"));
    };
    // Numbers by themselves are settings of an account, or of the one strategy.
    let of_members = found.iter().filter(|(_, params)| params.is_object());
    match of_members.map(|(member, _)| member).find(|member| !members.contains(&member.as_str())) {
        Some(member) if !members.is_empty() => Err(format!(
            "input `{name}` has parameters of `{member}`, which is none of `strategies`: {}",
            members.join(", ")
        )),
        _ => Ok(()),
    }
}

fn invalid(message: String) -> TaskError {
    TaskError::Hopeless(failure("strategy_invalid", message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_those_of_strategies_that_there_are() {
        let refused =
            |members: &[&str], found: &Value| check_one(members, "a.best_params", found).err();
        assert_eq!(refused(&[], &json!({"fast": 5})), None);
        assert_eq!(refused(&["x", "y"], &json!({"y": {"fast": 5}, "min_agreement": 0.5})), None);
        let why = |members: &[&str], found: Value| refused(members, &found).unwrap_or_default();
        assert!(why(&[], json!([1])).contains("is [1], not a map of parameters"));
        assert!(why(&["x"], json!({"z": {}})).contains("`z`, which is none of `strategies`: x"));
    }
}
