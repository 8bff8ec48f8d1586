//! `parameters` and `constraints` as a space.

use dirigent_research::optimize::{Condition, Domain, Error, Parameter, Scale, Space};
use dirigent_trading::rules::Formula;
use serde_json::{Map, Value};

use super::{Wrong, bounds, wrong};

const HINT: &str = "write a list `[5, 10, 20]`, `{min: 10, max: 50}`, `{min: 0.01, max: 1, log: \
                    true}` or `\"range(10, 50, 5)\"`, both ends included";

/// The space of these parameters, without the points that the constraints of `config` exclude.
pub(super) fn of(
    config: &Map<String, Value>,
    parameters: &Map<String, Value>,
) -> Result<Space, Wrong> {
    let all = parameters.iter().map(|(name, value)| parameter(name, value));
    let all: Vec<Parameter> = all.collect::<Result<_, _>>()?;
    let numbers: Vec<String> =
        all.iter().filter(|own| is_number(&own.domain)).map(|own| own.name.clone()).collect();
    let mut space = Space::new(all).map_err(refused)?;
    let none = Vec::new();
    let constraints = config.get("constraints").and_then(Value::as_array).unwrap_or(&none);
    for (at, text) in constraints.iter().enumerate() {
        let key = format!("constraints[{at}]");
        space = constrained(space, &key, text.as_str().unwrap_or_default(), &numbers)?;
    }
    Ok(space)
}

fn constrained(space: Space, key: &str, text: &str, names: &[String]) -> Result<Space, Wrong> {
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let formula = match Formula::read(text, &known) {
        Ok(formula) => formula,
        Err(errors) => {
            let what = errors.first().map_or_else(String::new, |error| error.message.clone());
            let hint = format!(
                "write a condition on numbers, such as `fast < slow`; there are {}",
                known.join(", ")
            );
            return wrong(key, format!("`{text}`: {what}"), hint);
        }
    };
    let names = names.to_vec();
    let holds = move |point: &dirigent_research::optimize::Assignment<'_>| {
        let numbers = names.iter().filter_map(|name| Some((name.as_str(), point.number(name)?)));
        let value = formula.value(numbers);
        // What names a parameter that is not active says nothing.
        value.is_nan() || value != 0.0
    };
    space.constrain(text, holds).map_err(refused)
}

fn is_number(domain: &Domain) -> bool {
    match domain {
        Domain::Choice { options, .. } => options.iter().all(Value::is_number),
        Domain::Integer { .. } | Domain::Float { .. } => true,
    }
}

fn refused(error: Error) -> Wrong {
    let (key, what) = match error {
        Error::Parameter { parameter, problem } => (format!("parameters.{parameter}"), problem),
        Error::Unsatisfiable { .. } => ("constraints".to_owned(), format!("cannot hold: {error}")),
        other => ("parameters".to_owned(), other.to_string()),
    };
    Wrong { key, what, hint: HINT.to_owned() }
}

fn parameter(name: &str, value: &Value) -> Result<Parameter, Wrong> {
    let key = format!("parameters.{name}");
    let Some(domain) = domain(value) else {
        return wrong(&key, "is no set of values", HINT);
    };
    let when = match value.get("when") {
        None => None,
        Some(when) => match condition(when) {
            Some(condition) => Some(condition),
            None => {
                let hint = "write `when: {kind: ema}` or `when: {kind: [ema, wma]}`";
                return wrong(&format!("{key}.when"), "is no condition", hint);
            }
        },
    };
    Ok(Parameter { name: name.to_owned(), domain, when })
}

fn condition(when: &Value) -> Option<Condition> {
    let map = when.as_object().filter(|map| map.len() == 1)?;
    let (parameter, value) = map.iter().next()?;
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    Some(Condition { parameter: parameter.clone(), values })
}

fn domain(value: &Value) -> Option<Domain> {
    match value {
        Value::Array(list) => Some(Domain::list(list.clone())),
        Value::String(text) => {
            let [min, max, step] = bounds(text)?;
            Some(between(min, max, Some(step), Scale::Linear, !text.contains(['.', 'e'])))
        }
        Value::Object(map) => of_map(map),
        Value::Number(_) | Value::Bool(_) => Some(Domain::list(vec![value.clone()])),
        Value::Null => None,
    }
}

fn of_map(map: &Map<String, Value>) -> Option<Domain> {
    let known = ["min", "max", "step", "log", "choice", "when"];
    if !map.keys().all(|name| known.contains(&name.as_str())) {
        return None;
    }
    if let Some(choice) = map.get("choice") {
        let is_alone = map.keys().all(|name| ["choice", "when"].contains(&name.as_str()));
        return choice.as_array().filter(|_| is_alone).map(|list| Domain::list(list.clone()));
    }
    let number = |name: &str| map.get(name).map(Value::as_f64);
    // `1` is whole, `1.0` is not.
    let is_whole =
        ["min", "max", "step"].iter().all(|name| map.get(*name).is_none_or(Value::is_i64));
    let step = match number("step") {
        Some(step) => Some(step?),
        None => None,
    };
    let log = map.get("log").map_or(Some(false), Value::as_bool)?;
    let scale = if log { Scale::Log } else { Scale::Linear };
    Some(between(number("min")??, number("max")??, step, scale, is_whole))
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers that were written as such")]
fn between(min: f64, max: f64, step: Option<f64>, scale: Scale, is_whole: bool) -> Domain {
    if is_whole {
        let step = step.map_or(1, |step| step as i64);
        return Domain::Integer { min: min as i64, max: max as i64, step, scale };
    }
    Domain::Float { min, max, step, scale }
}
