//! Lists and ranges of numbers: what a grid tries.

use dirigent_research::optimize::{Domain, Parameter};
use dirigent_trading::sweep::Axis;
use serde_json::{Map, Value};

use super::{Wrong, wrong};

/// The most combinations of one search.
pub const COMBINATIONS_MAX: usize = 10_000_000;
/// The most values of one parameter.
const VALUES_MAX: usize = 100_000;

/// How many combinations there are; none if too many.
pub(super) fn combinations(axes: &[Axis]) -> Option<usize> {
    let product = |all: usize, axis: &Axis| all.checked_mul(axis.values.len());
    axes.iter().try_fold(1, product).filter(|count| *count <= COMBINATIONS_MAX)
}

/// Lists of numbers without conditions as axes.
pub(super) fn of(parameters: &[Parameter]) -> Option<Vec<Axis>> {
    let axis = |own: &Parameter| {
        let Domain::Choice { options, .. } = &own.domain else { return None };
        let values = options.iter().map(Value::as_f64).collect::<Option<_>>()?;
        own.when.is_none().then(|| Axis { name: own.name.clone(), values })
    };
    parameters.iter().map(axis).collect()
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

/// A whole number without a point, as a strategy wants it.
#[expect(clippy::cast_possible_truncation, reason = "looked at")]
pub(crate) fn number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e15 { Value::from(x as i64) } else { Value::from(x) }
}

const HINT: &str = "write a list `[5, 10, 20]`, `{min: 10, max: 50, step: 5}` or \
                    `\"range(10, 50, 5)\"`, both ends included";

/// The numbers that `value` at `key` lists.
pub(super) fn values(key: &str, value: &Value) -> Result<Vec<f64>, Wrong> {
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
pub(super) fn bounds(text: &str) -> Option<[f64; 3]> {
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
pub(super) fn range(min: f64, max: f64, step: f64) -> Option<Vec<f64>> {
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
