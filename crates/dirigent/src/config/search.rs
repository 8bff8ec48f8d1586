//! `optimization_config` as it is searched: what is tried, and what decides who is best.
//!
//! Promises: every problem names the key it is about.

mod space;

use std::sync::Arc;

use dirigent_research::optimize::{Method, Space};
use dirigent_trading::sweep::Axis;
use serde_json::{Map, Value};

pub use crate::tasks::backtest::sweep::Objective;

/// The most combinations of one search.
pub const COMBINATIONS_MAX: usize = 10_000_000;
/// The most values of one parameter.
const VALUES_MAX: usize = 100_000;

/// How many trials a search makes that is not told.
const TRIALS: usize = 200;

/// What is tried, and what decides who is best.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is tried.
    pub trials: Trials,
    /// What decides who is best.
    pub objective: Objective,
}

/// What a search tries.
#[derive(Clone, Debug)]
pub enum Trials {
    /// All combinations of the values of parameters, the last of which turns fastest.
    Grid(Vec<Axis>),
    /// What a method asks for.
    Guided(Guided),
}

/// A search that is guided by what came of earlier trials, or by chance.
#[derive(Clone, Debug)]
pub struct Guided {
    /// What is searched.
    pub space: Arc<Space>,
    /// How.
    pub method: Method,
    /// How often.
    pub count: usize,
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
        let stages = config.get("stages").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
        if stages {
            return wrong("stages", "are not in this release", "search in one stage");
        }
        let objective = objective(config)?;
        let algorithm = config.get("algorithm").and_then(Value::as_str).unwrap_or("grid");
        let trials = match algorithm {
            "grid" => Trials::Grid(grid(config)?),
            name => Trials::Guided(guided(config, name)?),
        };
        Ok(Self { trials, objective })
    }

    /// How it searches.
    pub fn algorithm(&self) -> &'static str {
        match &self.trials {
            Trials::Grid(_) => "grid",
            Trials::Guided(guided) => guided.method.name(),
        }
    }

    /// The names of the parameters that change, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        match &self.trials {
            Trials::Grid(axes) => axes.iter().map(|axis| axis.name.as_str()).collect(),
            Trials::Guided(guided) => {
                guided.space.parameters().iter().map(|own| own.name.as_str()).collect()
            }
        }
    }

    /// How many trials it makes at most.
    pub fn count(&self) -> usize {
        match &self.trials {
            Trials::Grid(axes) => combinations(axes).unwrap_or(usize::MAX),
            Trials::Guided(guided) => guided.count,
        }
    }
}

/// How many combinations there are; none if too many.
fn combinations(axes: &[Axis]) -> Option<usize> {
    let product = |all: usize, axis: &Axis| all.checked_mul(axis.values.len());
    axes.iter().try_fold(1, product).filter(|count| *count <= COMBINATIONS_MAX)
}

/// The values of combination `index` of a grid.
pub fn params_of(axes: &[Axis], index: usize) -> Map<String, Value> {
    let mut slower = index;
    let mut params = Map::new();
    for axis in axes.iter().rev() {
        let value = axis.values[slower % axis.values.len()];
        params.insert(axis.name.clone(), number(value));
        slower /= axis.values.len();
    }
    let in_order = axes.iter().filter_map(|axis| params.remove_entry(&axis.name));
    in_order.collect()
}

fn trials(config: &Map<String, Value>) -> Option<usize> {
    config.get("trials").and_then(Value::as_u64).and_then(|trials| usize::try_from(trials).ok())
}

fn grid(config: &Map<String, Value>) -> Result<Vec<Axis>, Wrong> {
    let has_constraints = config.get("constraints").and_then(Value::as_array);
    if has_constraints.is_some_and(|list| !list.is_empty()) {
        let hint = "leave them out: combinations that make no strategy are refused one by one";
        return wrong("constraints", "are for searches other than `grid`", hint);
    }
    let axes = axes(config)?;
    match (combinations(&axes), trials(config)) {
        (None, _) => wrong(
            "parameters",
            format!("have more than {COMBINATIONS_MAX} combinations"),
            "take fewer values, or search with `algorithm: tpe`",
        ),
        (Some(count), Some(trials)) if count > trials => wrong(
            "trials",
            format!("are {trials}, and the grid has {count} combinations"),
            "a grid tries all: take fewer values, leave `trials` out, or use `algorithm: tpe`",
        ),
        _ => Ok(axes),
    }
}

fn guided(config: &Map<String, Value>, name: &str) -> Result<Guided, Wrong> {
    let method = match Method::named(name) {
        Some(method) if !matches!(method, Method::Halving(_) | Method::Nsga(_)) => method,
        _ => {
            let hint = "use `grid`, `random`, `sobol`, `genetic`, `differential_evolution`, `tpe` \
                        or `cma_es`";
            return wrong("algorithm", format!("`{name}` is not in this release"), hint);
        }
    };
    let space = space::of(config, given(config)?)?;
    let count = trials(config).unwrap_or(TRIALS);
    Ok(Guided { space: Arc::new(space), method, count })
}

/// A whole number without a point, as a strategy wants it.
#[expect(clippy::cast_possible_truncation, reason = "looked at")]
pub(crate) fn number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { Value::from(x as i64) } else { Value::from(x) }
}

fn objective(config: &Map<String, Value>) -> Result<Objective, Wrong> {
    let name = config.get("objective").and_then(Value::as_str).unwrap_or("maximize_sharpe");
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
        Wrong { key: "objective".into(), what: format!("`{name}`: {why}"), hint: hint() }
    })
}

/// The `parameters`, of which there is one or more.
fn given(config: &Map<String, Value>) -> Result<&Map<String, Value>, Wrong> {
    match config.get("parameters").and_then(Value::as_object) {
        Some(parameters) if !parameters.is_empty() => Ok(parameters),
        _ => {
            let hint = "add `parameters: {fast: [5, 10, 20], slow: \"range(20, 100, 10)\"}`";
            wrong("parameters", "are not given", hint)
        }
    }
}

fn axes(config: &Map<String, Value>) -> Result<Vec<Axis>, Wrong> {
    given(config)?
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
    let [min, max, step] = bounds(text)?;
    range(min, max, step)
}

/// First, last and step of `range(10, 50, 5)`.
fn bounds(text: &str) -> Option<[f64; 3]> {
    let inner = text.trim().strip_prefix("range(")?.strip_suffix(')')?;
    let parts: Option<Vec<f64>> = inner.split(',').map(|part| part.trim().parse().ok()).collect();
    match parts?[..] {
        [min, max] => Some([min, max, 1.0]),
        [min, max, step] => Some([min, max, step]),
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
mod tests;
