//! What decides who is best.

use serde_json::{Map, Value};

use super::{Objective, Wrong};

/// The `objective` of `config`.
pub(super) fn objective(config: &Map<String, Value>) -> Result<Objective, Wrong> {
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
