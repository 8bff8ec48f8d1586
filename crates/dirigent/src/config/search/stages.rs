//! `optimization_config.stages`: searches that build on each other, each of one component.

use std::sync::Arc;

use dirigent_research::optimize::Method;
use dirigent_trading::strategy::Registry;
use serde_json::{Map, Value};

use super::{Guided, Objective, Search, TRIALS, Trials, Wrong, goal, space, trials, wrong};
use crate::{
    cast::name_of,
    config::workflow::{Regimes, Strategy, Workflow},
    regimes,
};

/// What a detector of regimes is judged by.
pub const GAIN: &str = "predictive_gain";

/// The most points of a grid of a detector.
const GRID_MAX: usize = 100_000;

/// One search of several.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// The component, as it is written.
    pub component: String,
    /// What is searched of it.
    pub sought: Sought,
    /// Whether each regime has a search of its own.
    pub by_regime: bool,
    config: Map<String, Value>,
}

/// What a stage searches.
#[derive(Clone, Debug)]
pub enum Sought {
    /// The settings of `regimes`.
    Detector,
    /// The parameters of this strategy.
    Strategy(Box<Strategy>),
}

/// The stages of `config`, none if it has none.
///
/// # Errors
/// What of them cannot be searched.
pub fn of(
    config: &Map<String, Value>,
    workflow: &Workflow,
    registry: &Registry,
) -> Result<Vec<Stage>, Wrong> {
    let list = config.get("stages").and_then(Value::as_array);
    let is_staged = list.is_some_and(|list| !list.is_empty());
    let is_given = |key: &&str| match config.get(*key) {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    };
    let own = ["algorithm", "parameters", "constraints", "trials"];
    if let (true, Some(key)) = (is_staged, own.iter().find(|key| is_given(key))) {
        let hint = "write it in the stage that it is for";
        return wrong(key, "has no effect beside `stages`", hint);
    }
    let mut stages: Vec<Stage> = Vec::new();
    for (at, written) in list.into_iter().flatten().enumerate() {
        let none = Map::new();
        let stage = Stage::of(written.as_object().unwrap_or(&none), workflow, registry);
        let stage = stage.map_err(|wrong| below(at, wrong))?;
        if stages.iter().any(|other| other.name == stage.name) {
            let what = format!("is `{}`, as that of another stage", stage.name);
            return wrong(&format!("stages.{at}.name"), what, "give each a name of its own");
        }
        stage.check(workflow, registry).map_err(|wrong| below(at, wrong))?;
        stages.push(stage);
    }
    Ok(stages)
}

fn below(at: usize, wrong: Wrong) -> Wrong {
    Wrong { key: format!("stages.{at}.{}", wrong.key), ..wrong }
}

impl Stage {
    fn of(
        written: &Map<String, Value>,
        workflow: &Workflow,
        registry: &Registry,
    ) -> Result<Self, Wrong> {
        let text = |key: &str| written.get(key).and_then(Value::as_str).unwrap_or_default();
        let component = text("component").to_owned();
        let by_regime = written.get("regime_specific").and_then(Value::as_bool) == Some(true);
        let sought = sought(&component, workflow, registry)?;
        if by_regime && matches!(sought, Sought::Detector) {
            let hint = "search the detector first, then a strategy in each of its regimes";
            return wrong("regime_specific", "is not for a detector of regimes", hint);
        }
        let (name, config) = (text("name").to_owned(), written.clone());
        if name.is_empty() || name.contains(['.', '/']) {
            return wrong("name", "is empty or has a dot or slash", "use letters, digits and `_`");
        }
        Ok(Self { name, component, sought, by_regime, config })
    }

    fn check(&self, workflow: &Workflow, registry: &Registry) -> Result<(), Wrong> {
        match &self.sought {
            Sought::Detector => {
                self.of_detector(&workflow.regimes.clone().unwrap_or_default()).map(drop)
            }
            Sought::Strategy(strategy) => self.of_strategy(strategy, workflow, registry).map(drop),
        }
    }

    /// What is tried of a detector with these settings.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn of_detector(&self, settings: &Regimes) -> Result<Trials, Wrong> {
        let given = self.config.get("parameters").and_then(Value::as_object);
        let parameters = match given {
            Some(given) => space::parameters("parameters", given)?,
            None => regimes::space(settings.method),
        };
        let mut space = space::of("parameters", parameters)?;
        let constraints = self.config.get("constraints").and_then(Value::as_array);
        for (at, text) in constraints.into_iter().flatten().enumerate() {
            let (key, text) = (format!("constraints.{at}"), text.as_str().unwrap_or_default());
            let holds = space::condition_of(&key, text, space.parameters())?;
            space = space::constrained(space, &key, text, holds)?;
        }
        let method = match Method::named(self.algorithm()) {
            Some(Method::Halving(_) | Method::Nsga(_)) | None => {
                let what = format!("`{}` does not search a stage", self.algorithm());
                return wrong("algorithm", what, "use `grid`, `tpe` or `cma_es`");
            }
            Some(method) => method,
        };
        let count = match (&method, trials(&self.config)) {
            (Method::Grid(_), given) => {
                let all = space.points().map_or(TRIALS, |points| points.take(GRID_MAX).count());
                if given.is_some_and(|given| given < all) {
                    let hint = "a grid tries all: leave `trials` out, or use `algorithm: tpe`";
                    return wrong("trials", format!("are fewer than the {all} of the grid"), hint);
                }
                all
            }
            (_, given) => given.unwrap_or(TRIALS),
        };
        Ok(Trials::Guided(Guided { space: Arc::new(space), method, count }))
    }

    /// What is tried of `strategy`, and what decides who is best.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn of_strategy(
        &self,
        strategy: &Strategy,
        workflow: &Workflow,
        registry: &Registry,
    ) -> Result<(Trials, Objective), Wrong> {
        let mut alone = workflow.clone();
        (alone.strategy, alone.strategies, alone.ensemble) =
            (Some(strategy.clone()), Vec::new(), None);
        let mut search = Search::of(&self.config, &alone, registry)?;
        if search.has_fractions() {
            let what = format!("`{}` does not search a stage", self.algorithm());
            return wrong("algorithm", what, "use `grid`, `tpe` or `cma_es`");
        }
        let objective = goal::objective(&self.config)?;
        match search.members.pop() {
            Some(member) => Ok((member.trials, objective)),
            None => wrong("parameters", "leave nothing to search", "name some"),
        }
    }

    /// How it searches.
    pub fn algorithm(&self) -> &str {
        self.config.get("algorithm").and_then(Value::as_str).unwrap_or("grid")
    }

    /// What decides who is best.
    ///
    /// # Errors
    /// An objective that cannot be read.
    pub fn objective(&self) -> Result<String, Wrong> {
        match self.sought {
            Sought::Detector => Ok(GAIN.to_owned()),
            Sought::Strategy(_) => {
                goal::objective(&self.config).map(|objective| objective.as_str().to_owned())
            }
        }
    }
}

/// The component called `name`.
fn sought(name: &str, workflow: &Workflow, registry: &Registry) -> Result<Sought, Wrong> {
    if name == regimes::DETECTOR {
        return Ok(Sought::Detector);
    }
    let own = workflow.strategies.iter().find(|own| name_of(own) == name);
    let own = own.map(|own| &own.strategy);
    let one = workflow.strategy.as_ref().filter(|own| own.kind == name || own.kind == snake(name));
    if let Some(strategy) = own.or(one) {
        return Ok(Sought::Strategy(Box::new(strategy.clone())));
    }
    let kind = snake(name);
    if registry.get(&kind).is_some() {
        return Ok(Sought::Strategy(Box::new(Strategy::of_kind(kind))));
    }
    let mut names = vec![regimes::DETECTOR.to_owned()];
    names.extend(workflow.strategies.iter().map(|own| name_of(own).to_owned()));
    names.extend(registry.names().map(str::to_owned));
    wrong("component", format!("`{name}` is unknown"), format!("there are {}", names.join(", ")))
}

/// `TrendStrategy` as strategies are called: `trend_strategy`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() && !text.ends_with('_') {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_called_as_strategies_or_as_types() {
        for (name, expected) in [
            ("TrendStrategy", "trend_strategy"),
            ("sma_crossover", "sma_crossover"),
            ("RsiMeanReversion", "rsi_mean_reversion"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }
}
