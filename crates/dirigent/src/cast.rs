//! The cast of a backtest: one strategy, or several with their parts of the money.

use dirigent_trading::{
    Quantity,
    rules::{self, RuleError, Shown},
    strategy::Registry,
};
use serde_json::{Value, json};

use crate::{
    config::workflow::{Data, Sizing, WeightedStrategy, Workflow},
    ensemble::Ensemble,
    strategy::{self, Chosen},
};

/// Who trades.
pub(crate) enum Cast {
    /// One strategy with all the money.
    One(Box<Chosen>),
    /// Several, sorted by name.
    Several(Vec<Role>),
}

/// One of several.
pub(crate) struct Role {
    /// Its name in the run.
    pub(crate) name: String,
    /// Its part of the money, relative to the others.
    pub(crate) weight: Quantity,
    /// How large its entries are; `None` is as the portfolio says.
    pub(crate) sizing: Option<Sizing>,
    /// What it trades; `None` is all symbols.
    pub(crate) symbols: Option<Vec<String>>,
    /// The strategy itself.
    pub(crate) chosen: Chosen,
}

/// What a strategy of the list is called: its name, else its type.
pub(crate) fn name_of(written: &WeightedStrategy) -> &str {
    written.name.as_deref().unwrap_or(&written.strategy.kind)
}

/// Chooses every strategy that a file describes.
///
/// # Errors
/// In words: none, both ways of writing them, or what is wrong with rules or parameters.
pub(crate) fn choose(
    registry: &Registry,
    workflow: &Workflow,
    data: &Data,
) -> Result<Cast, String> {
    let in_words = |errors: Vec<RuleError>| {
        let lines: Vec<String> =
            errors.iter().map(|error| format!("{}: {error}", error.place)).collect();
        lines.join("; ")
    };
    match (&workflow.strategy, &workflow.strategies[..]) {
        (Some(_), [_, ..]) => Err("`strategy` and `strategies` are both given".into()),
        (None, []) => Err("the file names no strategy".into()),
        (Some(written), []) => {
            let chosen = strategy::choose(registry, written, Some(data)).map_err(in_words)?;
            Ok(Cast::One(Box::new(chosen)))
        }
        (None, several) => {
            let role = |written: &WeightedStrategy| {
                let name = name_of(written).to_owned();
                let chosen = strategy::choose(registry, &written.strategy, Some(data))
                    .map_err(|errors| format!("{name}: {}", in_words(errors)))?;
                let symbols = written.strategy.symbols.clone();
                let (weight, sizing) = (written.weight, written.sizing);
                Ok(Role { name, weight, sizing, symbols, chosen })
            };
            let mut roles = several.iter().map(role).collect::<Result<Vec<_>, String>>()?;
            roles.sort_by(|a, b| a.name.cmp(&b.name));
            match workflow.ensemble {
                None => Ok(Cast::Several(roles)),
                Some(_) => Ok(Cast::One(Box::new(Ensemble::of(workflow, roles)?.into()))),
            }
        }
    }
}

impl Cast {
    /// The same, all of whose decisions come `bars` bars late.
    pub(crate) fn late(mut self, bars: usize) -> Self {
        match &mut self {
            Self::One(chosen) => chosen.late_bars = bars,
            Self::Several(roles) => {
                roles.iter_mut().for_each(|role| role.chosen.late_bars = bars);
            }
        }
        self
    }

    /// The symbols that rules look at beside those they trade.
    pub(crate) fn foreign(&self) -> Vec<String> {
        match self {
            Self::One(chosen) => chosen.foreign(),
            Self::Several(roles) => roles.iter().flat_map(|role| role.chosen.foreign()).collect(),
        }
    }

    /// What its author should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        match self {
            Self::One(chosen) => chosen.warnings.clone(),
            Self::Several(roles) => {
                let of = |role: &Role| {
                    let named = |warning: &String| format!("`{}`: {warning}", role.name);
                    role.chosen.warnings.iter().map(named).collect::<Vec<_>>()
                };
                roles.iter().flat_map(of).collect()
            }
        }
    }

    /// Types, parameters and rules, for the record.
    pub(crate) fn facts(&self) -> Value {
        let own = |chosen: &Chosen| {
            json!({
                "strategy": chosen.label,
                "params": chosen.params,
                "rules": chosen.rules_json(),
            })
        };
        match self {
            Self::One(chosen) => own(chosen),
            Self::Several(roles) => {
                let of = |role: &Role| {
                    let mut facts = own(&role.chosen);
                    facts["name"] = role.name.clone().into();
                    facts["weight"] = role.weight.to_string().into();
                    facts["symbols"] = json!(role.symbols);
                    facts
                };
                json!({"strategies": roles.iter().map(of).collect::<Vec<_>>()})
            }
        }
    }

    /// The numbers that the rules of the one strategy compare; of several strategies none, as each
    /// has its own.
    pub(crate) fn shown(&self) -> Option<Shown> {
        match self {
            Self::One(chosen) => chosen.rule_set().and_then(rules::shown),
            Self::Several(_) => None,
        }
    }

    /// The strategies that vote, if they do.
    pub(crate) fn ensemble(&self) -> Option<&Ensemble> {
        match self {
            Self::One(chosen) => chosen.ensemble(),
            Self::Several(_) => None,
        }
    }

    /// All of it in one line.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::One(chosen) => chosen.describe(),
            Self::Several(roles) => {
                let of = |role: &Role| {
                    format!("{} ×{}: {}", role.name, role.weight, role.chosen.describe())
                };
                roles.iter().map(of).collect::<Vec<_>>().join("; ")
            }
        }
    }
}
