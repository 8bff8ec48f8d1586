//! What decides who is best: metrics, formulas of them, or the value of a test function.

use std::sync::Arc;

use dirigent_research::optimize::{Domain, Function, Parameter};
use serde_json::{Map, Value};

use super::{Objective, Wrong, wrong};
use crate::tasks::backtest::objective::Tested;

/// Dimensions of a test function that names none, where it has a choice.
const DIMENSIONS: usize = 2;

/// The objectives of `config`, one or more: trials are ranked by the first.
pub(super) fn objectives(config: &Map<String, Value>) -> Result<Vec<Objective>, Wrong> {
    match config.get("objective") {
        None | Some(Value::Null) => Ok(vec![Objective::Sharpe]),
        Some(Value::Object(map)) => Ok(vec![function(map)?]),
        Some(Value::Array(list)) => several(list),
        Some(one) => Ok(vec![named("objective", one.as_str().unwrap_or_default())?]),
    }
}

/// The objective of `config`, where there can be one only.
pub(super) fn objective(config: &Map<String, Value>) -> Result<Objective, Wrong> {
    match &objectives(config)?[..] {
        [Objective::Function(_)] => {
            wrong("objective", "is a test function, which has no weights", "name a metric")
        }
        [one] => Ok(one.clone()),
        all => {
            let what = format!("are {}, and weights are searched for one", all.len());
            wrong("objective", what, "name one, such as `maximize_sharpe`")
        }
    }
}

fn several(list: &[Value]) -> Result<Vec<Objective>, Wrong> {
    let one = |(at, one): (usize, &Value)| {
        named(&format!("objective[{at}]"), one.as_str().unwrap_or_default())
    };
    let all = list.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
    let is_twice = |at: usize| all[..at].iter().any(|own| own.as_str() == all[at].as_str());
    match (0..all.len()).find(|at| is_twice(*at)) {
        Some(at) => {
            let what = format!("is `{}` a second time", all[at].as_str());
            wrong(&format!("objective[{at}]"), what, "name each objective once")
        }
        None if all.is_empty() => {
            wrong("objective", "is an empty list", "name one or more, such as `maximize_sharpe`")
        }
        None => Ok(all),
    }
}

fn named(key: &str, name: &str) -> Result<Objective, Wrong> {
    if let Some(objective) = Objective::named(name) {
        return Ok(objective);
    }
    let hint = || {
        let (names, metrics) = (Objective::NAMES.join(", "), Objective::METRICS.join(", "));
        format!(
            "use one of {names}, or a formula of {metrics}, such as `sharpe - abs(max_drawdown)`"
        )
    };
    Objective::formula(name).map_err(|errors| {
        let why = errors.first().map_or_else(String::new, |error| error.message.clone());
        Wrong { key: key.into(), what: format!("`{name}`: {why}"), hint: hint() }
    })
}

/// `{function: rastrigin, dimensions: 5}`.
fn function(map: &Map<String, Value>) -> Result<Objective, Wrong> {
    let name = map.get("function").and_then(Value::as_str).unwrap_or_default();
    let default = if name == "hartmann6" { 6 } else { DIMENSIONS };
    let dimensions = map.get("dimensions").and_then(Value::as_u64);
    let dimensions = dimensions.map_or(default, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let is_shifted = map.get("shifted").and_then(Value::as_bool).unwrap_or(true);
    match Function::new(name, dimensions, is_shifted) {
        Ok(function) => Ok(Objective::Function(Arc::new(Tested {
            text: format!("minimize {name} in {dimensions} dimensions"),
            function,
        }))),
        Err(what) => {
            wrong("objective", what, "write `objective: {function: rastrigin, dimensions: 5}`")
        }
    }
}

/// The arguments of a test function.
pub(super) fn arguments(function: &Function) -> Vec<Parameter> {
    let one = |place| {
        let (min, max) = function.bounds(place);
        Parameter::new(Tested::argument(place), Domain::float(min, max))
    };
    (0..function.dimensions()).map(one).collect()
}
