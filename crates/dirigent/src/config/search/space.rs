//! `parameters` and `constraints` as a space.

use dirigent_research::optimize::{Assignment, Condition, Domain, Error, Parameter, Scale, Space};
use dirigent_trading::rules::Formula;
use serde_json::{Map, Value};

use super::{
    Wrong,
    axes::{self, bounds},
    wrong,
};

const HINT: &str = "write a list `[5, 10, 20]`, `{min: 10, max: 50}`, `{min: 0.01, max: 1, log: \
                    true}` or `\"range(10, 50, 5)\"`, both ends included";

/// The space of these parameters, written at `key`.
pub(super) fn of(key: &str, parameters: Vec<Parameter>) -> Result<Space, Wrong> {
    Space::new(parameters).map_err(|error| refused(key, error))
}

/// The same without the points that `condition`, written at `key`, excludes.
pub(super) fn constrained(
    space: Space,
    key: &str,
    text: &str,
    holds: impl Fn(&Assignment<'_>) -> bool + Send + Sync + 'static,
) -> Result<Space, Wrong> {
    space.constrain(text, holds).map_err(|error| refused(key, error))
}

/// A condition on numbers among these parameters, such as `fast < slow`.
pub(super) fn condition_of(
    key: &str,
    text: &str,
    parameters: &[Parameter],
) -> Result<impl Fn(&Assignment<'_>) -> bool + Send + Sync + 'static + use<>, Wrong> {
    let names: Vec<String> = parameters
        .iter()
        .filter(|own| is_number(&own.domain))
        .map(|own| own.name.clone())
        .collect();
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
    Ok(move |point: &Assignment<'_>| {
        let numbers = names.iter().filter_map(|name| Some((name.as_str(), point.number(name)?)));
        let value = formula.value(numbers);
        // What names a parameter that is not active says nothing.
        value.is_nan() || value != 0.0
    })
}

fn is_number(domain: &Domain) -> bool {
    match domain {
        Domain::Choice { options, .. } => options.iter().all(Value::is_number),
        Domain::Integer { .. } | Domain::Float { .. } => true,
    }
}

fn refused(key: &str, error: Error) -> Wrong {
    let (key, what) = match error {
        Error::Parameter { parameter, problem } => (format!("{key}.{parameter}"), problem),
        Error::Unsatisfiable { .. } => ("constraints".to_owned(), format!("cannot hold: {error}")),
        other => (key.to_owned(), other.to_string()),
    };
    Wrong { key, what, hint: HINT.to_owned() }
}

/// The parameters that `written` at `key` describes.
pub(super) fn parameters(key: &str, written: &Map<String, Value>) -> Result<Vec<Parameter>, Wrong> {
    let one = |(name, value): (&String, &Value)| {
        let key = format!("{key}.{name}");
        match domain(value) {
            Some(domain) => parameter(&key, name, value, domain),
            None => wrong(&key, "is no set of values", HINT),
        }
    };
    written.iter().map(one).collect()
}

/// The same as lists of all values that are tried.
pub(super) fn lists(key: &str, written: &Map<String, Value>) -> Result<Vec<Parameter>, Wrong> {
    let one = |(name, value): (&String, &Value)| {
        let key = format!("{key}.{name}");
        parameter(&key, name, value, Domain::list(options(&key, value)?))
    };
    written.iter().map(one).collect()
}

/// All values of a list of names or numbers, or of a range.
fn options(key: &str, value: &Value) -> Result<Vec<Value>, Wrong> {
    let listed = value.get("choice").unwrap_or(value);
    let is_named = |list: &&Vec<Value>| !list.is_empty() && !list.iter().all(Value::is_number);
    if let Some(names) = listed.as_array().filter(is_named) {
        return Ok(names.clone());
    }
    let mut listed = listed.clone();
    listed.as_object_mut().and_then(|map| map.remove("when"));
    Ok(axes::values(key, &listed)?.into_iter().map(axes::number).collect())
}

fn parameter(key: &str, name: &str, value: &Value, domain: Domain) -> Result<Parameter, Wrong> {
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
