//! `optimization_config` as it is searched: what is tried, and what decides who is best.
//!
//! Promises: every problem names the key it is about.

use dirigent_trading::sweep::Axis;
use serde_json::{Map, Value};

use crate::tasks::backtest::sweep::Objective;

/// The most combinations of one search.
pub const COMBINATIONS_MAX: usize = 10_000_000;
/// The most values of one parameter.
const VALUES_MAX: usize = 100_000;

/// A search over a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The parameters that change, and their values; the last turns fastest.
    pub axes: Vec<Axis>,
    /// What decides who is best.
    pub objective: Objective,
}

/// What is wrong with a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The key below `optimization_config`; empty for itself.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

fn wrong<T>(key: &str, what: impl Into<String>, hint: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { key: key.to_owned(), what: what.into(), hint: hint.into() })
}

impl Search {
    /// The search that `config` asks for.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn of(config: &Map<String, Value>) -> Result<Self, Wrong> {
        let algorithm = config.get("algorithm").and_then(Value::as_str).unwrap_or("grid");
        if algorithm != "grid" {
            let what = format!("`{algorithm}` is not in this release");
            return wrong("algorithm", what, "use `grid`");
        }
        let stages = config.get("stages").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
        if stages {
            return wrong("stages", "are not in this release", "search in one stage");
        }
        let objective = objective(config)?;
        let axes = axes(config)?;
        let search = Self { axes, objective };
        let count = search.count();
        let trials = config.get("trials").and_then(Value::as_u64);
        match (count, trials) {
            (None, _) => wrong(
                "parameters",
                format!("have more than {COMBINATIONS_MAX} combinations"),
                "take fewer values",
            ),
            (Some(count), Some(trials)) if (count as u64) > trials => wrong(
                "trials",
                format!("are {trials}, and the grid has {count} combinations"),
                "a grid tries all: take fewer values, or leave `trials` out",
            ),
            _ => Ok(search),
        }
    }

    /// How many combinations there are; none if too many.
    pub fn count(&self) -> Option<usize> {
        let product = |all: usize, axis: &Axis| all.checked_mul(axis.values.len());
        self.axes.iter().try_fold(1, product).filter(|count| *count <= COMBINATIONS_MAX)
    }

    /// The values of combination `index`.
    pub fn params(&self, index: usize) -> Map<String, Value> {
        let mut slower = index;
        let mut params = Map::new();
        for axis in self.axes.iter().rev() {
            let value = axis.values[slower % axis.values.len()];
            params.insert(axis.name.clone(), number(value));
            slower /= axis.values.len();
        }
        let in_order = self.axes.iter().filter_map(|axis| params.remove_entry(&axis.name));
        in_order.collect()
    }
}

/// A whole number without a point, as a strategy wants it.
#[expect(clippy::cast_possible_truncation, reason = "looked at")]
fn number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { Value::from(x as i64) } else { Value::from(x) }
}

fn objective(config: &Map<String, Value>) -> Result<Objective, Wrong> {
    let name = config.get("objective").and_then(Value::as_str).unwrap_or("maximize_sharpe");
    match Objective::named(name) {
        Some(objective) => Ok(objective),
        None => wrong(
            "objective",
            format!("`{name}` is not known"),
            format!("use one of {}", Objective::NAMES.join(", ")),
        ),
    }
}

fn axes(config: &Map<String, Value>) -> Result<Vec<Axis>, Wrong> {
    let none = Map::new();
    let parameters = config.get("parameters").and_then(Value::as_object).unwrap_or(&none);
    if parameters.is_empty() {
        let hint = "add `parameters: {fast: [5, 10, 20], slow: \"range(20, 100, 10)\"}`";
        return wrong("parameters", "are not given", hint);
    }
    parameters
        .iter()
        .map(|(name, value)| {
            let key = format!("parameters.{name}");
            Ok(Axis { name: name.clone(), values: values(&key, value)? })
        })
        .collect()
}

const HINT: &str = "write a list `[5, 10, 20]`, `{min: 10, max: 50, step: 5}` or \
                    `\"range(10, 50, 5)\"`, both ends included";

fn values(key: &str, value: &Value) -> Result<Vec<f64>, Wrong> {
    let values = match value {
        Value::Array(list) => list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>(),
        Value::Object(map) => {
            let of = |name: &str| map.get(name).and_then(Value::as_f64);
            let step = if map.contains_key("step") { of("step") } else { Some(1.0) };
            let known = map.keys().all(|name| ["min", "max", "step"].contains(&name.as_str()));
            let ends = of("min").zip(of("max")).zip(step).filter(|_| known);
            ends.and_then(|((min, max), step)| range(min, max, step))
        }
        Value::String(text) => written(text),
        other => other.as_f64().map(|value| vec![value]),
    };
    match values {
        Some(values) if values.is_empty() || values.len() > VALUES_MAX => {
            wrong(key, format!("has {} values", values.len()), "give 1 to 100,000 values")
        }
        Some(values) => {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            match sorted.windows(2).find(|pair| pair[0].total_cmp(&pair[1]).is_eq()) {
                Some(pair) => wrong(key, format!("has {} twice", pair[0]), "name each once"),
                None => Ok(values),
            }
        }
        None => wrong(key, "is no set of numbers", HINT),
    }
}

/// `range(10, 50, 5)`.
fn written(text: &str) -> Option<Vec<f64>> {
    let inner = text.trim().strip_prefix("range(")?.strip_suffix(')')?;
    let parts: Option<Vec<f64>> = inner.split(',').map(|part| part.trim().parse().ok()).collect();
    match parts?[..] {
        [min, max] => range(min, max, 1.0),
        [min, max, step] => range(min, max, step),
        _ => None,
    }
}

/// From `min` to `max` in steps, both included; `None` if that is no range.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at")]
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn range(min: f64, max: f64, step: f64) -> Option<Vec<f64>> {
    let fits = min.is_finite() && max.is_finite() && step > 0.0 && step.is_finite() && max >= min;
    if !fits {
        return None;
    }
    // A step of 0.1 shall reach the end although ten of them are less than one.
    let steps = ((max - min) / step * (1.0 + 1e-12)).floor();
    if steps >= VALUES_MAX as f64 {
        return Some(Vec::new());
    }
    Some((0..=steps as usize).map(|at| step.mul_add(at as f64, min)).map(tidy).collect())
}

/// The number without what binary fractions add: 0.30000000000000004 is 0.3.
fn tidy(x: f64) -> f64 {
    format!("{x:.12}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn search(config: Value) -> Result<Search, Wrong> {
        Search::of(config.as_object().unwrap())
    }

    #[test]
    fn values_are_lists_ranges_and_numbers() {
        let config = json!({"parameters": {
            "a": [5, 1], "b": {"min": 0.1, "max": 0.4, "step": 0.1}, "c": "range(10, 14, 2)", "d": 7,
        }});
        let found = search(config).unwrap();
        let values: Vec<&[f64]> = found.axes.iter().map(|axis| &axis.values[..]).collect();
        assert_eq!(values, [&[5.0, 1.0][..], &[0.1, 0.2, 0.3, 0.4], &[10.0, 12.0, 14.0], &[7.0]]);
        assert_eq!(found.count(), Some(24));
        let params = |index| Value::Object(found.params(index)).to_string();
        assert_eq!(params(0), r#"{"a":5,"b":0.1,"c":10,"d":7}"#);
        assert_eq!(params(23), r#"{"a":1,"b":0.4,"c":14,"d":7}"#);
    }

    #[test]
    fn what_cannot_be_searched_is_refused_with_its_key() {
        let refuse = |config: Value, key: &str, says: &str| {
            let found = search(config).unwrap_err();
            assert_eq!(found.key, key, "{found:?}");
            assert!(found.what.contains(says), "{found:?}");
        };
        refuse(json!({}), "parameters", "not given");
        refuse(json!({"algorithm": "genetic"}), "algorithm", "not in this release");
        refuse(json!({"parameters": {"n": [1, 1]}}), "parameters.n", "1 twice");
        refuse(json!({"parameters": {"n": "range(1)"}}), "parameters.n", "no set of numbers");
        refuse(json!({"parameters": {"n": {"min": 5, "max": 1}}}), "parameters.n", "no set");
        refuse(
            json!({"parameters": {"n": {"min": 0, "max": 9, "by": 1}}}),
            "parameters.n",
            "no set",
        );
        refuse(json!({"parameters": {"n": []}}), "parameters.n", "0 values");
        refuse(json!({"parameters": {"n": [1, 2]}, "trials": 1}), "trials", "2 combinations");
        refuse(json!({"parameters": {"n": [1]}, "objective": "luck"}), "objective", "not known");
        let many = json!({"min": 1, "max": 5000});
        let many = json!({"parameters": {"a": many, "b": many}});
        refuse(many, "parameters", "more than 10000000 combinations");
    }
}
