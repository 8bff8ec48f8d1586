//! What a strategy declares of itself, for searches that name no parameters.
//!
//! What `params` of the file fixes stays as it is written.

use dirigent_research::optimize::{Assignment, Domain, Parameter};
use dirigent_trading::strategy::{self, ParamValue, StrategyKind, Values};
use serde_json::{Map, Value};

use super::axes::{number, range};

/// How finely a declaration is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// In the steps that it names.
    Steps,
    /// Every whole number, and every number.
    Fine,
}

/// The parameters of `kind` that `fixed` leaves open.
pub(super) fn parameters(
    kind: &dyn StrategyKind,
    fixed: &Map<String, Value>,
    grain: Grain,
) -> Vec<Parameter> {
    let open = kind.parameters().iter().filter(|own| !fixed.contains_key(own.name));
    open.map(|own| Parameter::new(own.name, domain(&own.values, grain))).collect()
}

fn domain(values: &Values, grain: Grain) -> Domain {
    let steps = |min, max, step| {
        let all = range(min, max, step).unwrap_or_default();
        Domain::list(all.into_iter().map(number).collect())
    };
    match (*values, grain) {
        (Values::Whole { search: (min, max, _), .. }, Grain::Fine) => Domain::integer(min, max),
        (Values::Number { search: (min, max, _), .. }, Grain::Fine) => Domain::float(min, max),
        #[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
        (Values::Whole { search: (min, max, step), .. }, Grain::Steps) => {
            steps(min as f64, max as f64, step as f64)
        }
        (Values::Number { search: (min, max, step), .. }, Grain::Steps) => steps(min, max, step),
        (Values::Choice { names, .. }, _) => {
            Domain::list(names.iter().map(|name| Value::from(*name)).collect())
        }
    }
}

/// A pair of parameters, the first of which must be smaller: as text and as a condition.
pub(super) fn rising(
    kind: &dyn StrategyKind,
    fixed: &Map<String, Value>,
    (smaller, larger): (&str, &str),
) -> (String, impl Fn(&Assignment<'_>) -> bool + Send + Sync + 'static + use<>) {
    let number = |name: &str| {
        let own = kind.parameters().iter().find(|own| own.name == name);
        let default = own.and_then(default_number);
        fixed.get(name).and_then(Value::as_f64).or(default).unwrap_or(f64::NAN)
    };
    let [smaller, larger] = [smaller, larger].map(|name| (name.to_owned(), number(name)));
    let text = format!("{} < {}", smaller.0, larger.0);
    let holds = move |point: &Assignment<'_>| {
        let of = |(name, fixed): &(String, f64)| point.number(name).unwrap_or(*fixed);
        of(&smaller) < of(&larger)
    };
    (text, holds)
}

fn default_number(own: &strategy::Parameter) -> Option<f64> {
    match own.values.default_value() {
        ParamValue::Number(number) => Some(number),
        ParamValue::Name(_) => None,
    }
}
