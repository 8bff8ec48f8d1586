//! `optimization_config` as a search of how much the word of each member of an ensemble counts.
//!
//! Weights are searched as shares that add up to one: each is drawn as -ln(1 - u) of a number from 0 to
//! 1 and divided by their sum, which spreads even draws evenly over all shares (Rubinstein, Melamed
//! 1998, on the simplex).

use std::{collections::BTreeSet, sync::Arc};

use dirigent_research::optimize::Method;
use dirigent_trading::ensemble::{PARTS, Weights};
use serde_json::{Map, Value, json};

use super::{Guided, Objective, Wrong, goal, setting, space, trials, wrong};

/// What the names of weights begin with.
pub const WEIGHT: &str = "weight.";
/// The least share that has to agree.
pub const AGREEMENT: &str = "min_agreement";
/// How much of the weights of regimes counts.
pub const TILT: &str = "regime_tilt";
/// How many are tried if nothing else is said: replays are quick.
const TRIALS: usize = 1000;

/// A search of weights.
#[derive(Clone, Debug)]
pub struct WeightSearch {
    /// What is searched, how, and how often.
    pub guided: Guided,
    /// What decides who is best.
    pub objective: Objective,
    /// The members whose weights are drawn as shares.
    shares: BTreeSet<String>,
}

impl WeightSearch {
    /// The search that `config` asks for, of the weights of `members`; `count` trials if it names none.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn of(
        config: &Map<String, Value>,
        members: &[String],
        has_regimes: bool,
        count: Option<usize>,
    ) -> Result<Self, Wrong> {
        let none = Map::new();
        let given = config.get("parameters").and_then(Value::as_object).unwrap_or(&none);
        check(given, members)?;
        if given.contains_key(TILT) && !has_regimes {
            let hint = "give `ensemble.regime_weights`, or take them of an analysis as input";
            return wrong(&format!("parameters.{TILT}"), "has no weights of regimes to tilt", hint);
        }
        let mut all = Map::new();
        let mut shares = BTreeSet::new();
        for member in members {
            let name = format!("{WEIGHT}{member}");
            if !given.contains_key(&name) {
                shares.insert(member.clone());
                all.insert(name, json!({"min": 0.0, "max": 1.0}));
            }
        }
        if given.is_empty() {
            all.insert(AGREEMENT.into(), json!({"min": 0.05, "max": 0.95, "step": 0.05}));
            if has_regimes {
                all.insert(TILT.into(), json!({"min": 0.0, "max": 1.0}));
            }
        }
        all.extend(given.clone());
        let parameters = space::parameters("parameters", &all)?;
        let mut space = space::of("parameters", parameters)?;
        let constraints = config.get("constraints").and_then(Value::as_array);
        for (at, text) in constraints.into_iter().flatten().enumerate() {
            let (key, text) = (format!("constraints[{at}]"), text.as_str().unwrap_or_default());
            let holds = space::condition_of(&key, text, space.parameters())?;
            space = space::constrained(space, &key, text, holds)?;
        }
        let space = Arc::new(space);
        let method = method(config)?;
        let count = trials(config).or(count).unwrap_or(TRIALS);
        let guided = Guided { space, method, count };
        Ok(Self { guided, objective: goal::objective(config)?, shares })
    }

    /// The names of what changes, in the order of the table.
    pub fn names(&self) -> Vec<&str> {
        self.guided.space.parameters().iter().map(|own| own.name.as_str()).collect()
    }

    /// A point with its weights as shares with nine decimals; none where no weight is above zero.
    pub fn settled(&self, mut params: Map<String, Value>) -> Option<Map<String, Value>> {
        let drawn = |u: f64| -(1.0 - u.min(0.999_999_999)).ln();
        let of_member = |(name, value): (&String, &Value)| {
            let is_drawn = self.shares.contains(name.strip_prefix(WEIGHT)?);
            Some((is_drawn, value.as_f64().unwrap_or(0.0)))
        };
        let all: Vec<(bool, f64)> = params.iter().filter_map(of_member).collect();
        let named: f64 = all.iter().filter(|(is_drawn, _)| !is_drawn).map(|(_, w)| w).sum();
        let sum: f64 = all.iter().filter(|(is_drawn, _)| *is_drawn).map(|(_, u)| drawn(*u)).sum();
        // Weights that are named are kept; the others share what is left.
        let left = (1.0 - named).max(0.0);
        let proportion = |(is_drawn, value): &(bool, f64)| match is_drawn {
            true if sum > 0.0 => drawn(*value) / sum * left,
            true => 0.0,
            false => *value,
        };
        let proportions: Vec<f64> = all.iter().map(proportion).collect();
        let weights = Weights::new(&proportions).ok()?;
        let of_members = params.iter_mut().filter(|(name, _)| name.starts_with(WEIGHT));
        for ((_, value), parts) in of_members.zip(weights.parts()) {
            *value = Value::from(share(*parts));
        }
        Some(params)
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 10^9")]
fn share(parts: i64) -> f64 {
    parts as f64 / PARTS as f64
}

fn method(config: &Map<String, Value>) -> Result<Method, Wrong> {
    let name = config.get("algorithm").and_then(Value::as_str).unwrap_or("cma_es");
    match Method::named(name) {
        Some(Method::Grid(_) | Method::Halving(_) | Method::Nsga(_)) | None => {
            let hint =
                "use `cma_es`, `differential_evolution`, `tpe`, `genetic`, `sobol` or `random`";
            wrong("algorithm", format!("`{name}` does not search weights"), hint)
        }
        Some(method) => Ok(method),
    }
}

fn check(given: &Map<String, Value>, members: &[String]) -> Result<(), Wrong> {
    for (name, tried) in given {
        if setting::is_path(name) {
            setting::check(name, tried)?;
            continue;
        }
        let is_member =
            name.strip_prefix(WEIGHT).is_some_and(|own| members.iter().any(|member| member == own));
        if !(is_member || [AGREEMENT, TILT].contains(&name.as_str())) {
            let hint = format!(
                "search `{AGREEMENT}`, `{TILT}`, `{WEIGHT}NAME` of {}, or a setting such as \
                 `risk.stop_loss_pct`",
                members.join(", ")
            );
            return wrong(&format!("parameters.{name}"), "is nothing that an ensemble has", hint);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).into()
    }

    #[test]
    fn weights_are_shares_that_add_up_to_one() {
        let search = WeightSearch::of(&Map::new(), &members(), true, Some(7)).unwrap();
        assert_eq!(search.names(), ["weight.a", "weight.b", "weight.c", AGREEMENT, TILT]);
        assert_eq!(search.guided.count, 7);
        let point =
            json!({"weight.a": 0.5, "weight.b": 1.0, "weight.c": 0.0, "min_agreement": 0.3});
        let settled = search.settled(point.as_object().unwrap().clone()).unwrap();
        let of = |name: &str| settled[name].as_f64().unwrap();
        let sum = of("weight.a") + of("weight.b") + of("weight.c");
        assert!((sum - 1.0).abs() < 1e-12 && of("weight.c").abs() < 1e-15, "{settled:?}");
        assert!(of("weight.b") > 0.95 && settled["min_agreement"] == 0.3, "{settled:?}");
        let fixed = json!({"parameters": {"weight.a": [0.5]}});
        let fixed = WeightSearch::of(fixed.as_object().unwrap(), &members(), false, None).unwrap();
        let point = json!({"weight.b": 0.4, "weight.c": 0.7, "weight.a": 0.5});
        let settled = fixed.settled(point.as_object().unwrap().clone()).unwrap();
        assert_eq!(settled["weight.a"], 0.5);
        let nothing = json!({"weight.a": 0.0, "weight.b": 0.0, "weight.c": 0.0});
        assert!(search.settled(nothing.as_object().unwrap().clone()).is_none());
    }

    #[test]
    fn what_an_ensemble_does_not_have_is_refused_by_name() {
        let of = |parameters: Value| {
            let config = json!({"parameters": parameters});
            WeightSearch::of(config.as_object().unwrap(), &members(), false, None)
        };
        assert_eq!(of(json!({"fast": [1, 2]})).unwrap_err().key, "parameters.fast");
        assert_eq!(of(json!({"weight.d": [1, 2]})).unwrap_err().key, "parameters.weight.d");
        let search = of(json!({"risk.stop_loss_pct": [2, 4], "weight.a": [0.2, 0.4]})).unwrap();
        assert_eq!(search.names(), ["weight.b", "weight.c", "risk.stop_loss_pct", "weight.a"]);
        let grid = json!({"algorithm": "grid"});
        let refused = WeightSearch::of(grid.as_object().unwrap(), &members(), false, None);
        assert_eq!(refused.unwrap_err().key, "algorithm");
    }
}
