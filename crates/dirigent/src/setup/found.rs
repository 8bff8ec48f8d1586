//! What searches found, laid over the settings of a later step.

use serde_json::{Map, Value};

use super::lay_over;
use crate::config::search::{
    setting,
    weights::{AGREEMENT, TILT, WEIGHT},
};

/// The outputs of earlier phases that say how to trade, by the name of the output.
pub(crate) const NAMES: [&str; 4] =
    ["best_config", "best_params", "final_weights", "regime_weights"];

/// Lays `value`, an output called `name`, over `config`; leaves it as it is if it is of another sort.
pub(crate) fn lay(config: &mut Value, name: &str, value: &Value) {
    let Some(found) = value.as_object() else { return };
    match name {
        "best_config" => lay_over(config, value),
        "best_params" => params(config, found),
        "final_weights" => {
            ensemble(config);
            found.iter().for_each(|(member, weight)| weigh(config, member, weight));
        }
        "regime_weights" if !found.is_empty() && has_several(config) => {
            ensemble(config).insert("regime_weights".into(), value.clone());
        }
        _ => {}
    }
}

/// Parameters of the one strategy, of each of several by name, or settings of an ensemble.
fn params(config: &mut Value, found: &Map<String, Value>) {
    for (name, value) in found {
        if let (Some(params), Some(own)) = (value.as_object(), member(config, name)) {
            let all = below(own, "params");
            params.iter().for_each(|(name, value)| drop(all.insert(name.clone(), value.clone())));
        } else if let Some(member) = name.strip_prefix(WEIGHT) {
            ensemble(config);
            weigh(config, member, value);
        } else if has_several(config) && [AGREEMENT, TILT].contains(&name.as_str()) {
            ensemble(config).insert(name.clone(), value.clone());
        } else if name.contains('.') {
            lay_at(config, name, &setting::recorded(name, value));
        } else if !has_several(config) && !value.is_object() {
            config["strategy"]["params"][name] = value.clone();
        }
    }
}

fn has_several(config: &Value) -> bool {
    config["strategies"].as_array().is_some_and(|list| !list.is_empty())
}

/// The map at `key`, made if there is none.
fn below<'v>(map: &'v mut Map<String, Value>, key: &str) -> &'v mut Map<String, Value> {
    let entry = map.entry(key).or_insert(Value::Null);
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry.as_object_mut().expect("it was just made one")
}

fn ensemble(config: &mut Value) -> &mut Map<String, Value> {
    if !config.is_object() {
        *config = Value::Object(Map::new());
    }
    below(config.as_object_mut().expect("it was just made one"), "ensemble")
}

/// A setting such as `risk.stop_loss_pct`.
fn lay_at(config: &mut Value, path: &str, value: &Value) {
    let at = path.split('.').fold(config, |at, part| &mut at[part]);
    at.clone_from(value);
}

/// One of `strategies`, by its name or else its type.
fn member<'c>(config: &'c mut Value, name: &str) -> Option<&'c mut Map<String, Value>> {
    let of = |own: &Map<String, Value>| {
        let name = own.get("name").filter(|name| name.is_string()).or_else(|| own.get("type"));
        name.and_then(Value::as_str).map(str::to_owned)
    };
    let list = config.get_mut("strategies")?.as_array_mut()?;
    let mut maps = list.iter_mut().filter_map(Value::as_object_mut);
    maps.find(|own| of(own).as_deref() == Some(name))
}

/// Weights are exact decimals in the file.
fn weigh(config: &mut Value, name: &str, weight: &Value) {
    let text = weight.as_f64().map(|weight| format!("{weight:.9}"));
    if let (Some(own), Some(text)) = (member(config, name), text) {
        own.insert("weight".into(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_found_is_laid_over_what_it_is_about() {
        let mut config = json!({
            "strategies": [{"name": "a", "type": "x", "params": {"n": 1}}, {"type": "b"}],
            "risk": {"stop_loss_pct": 9},
        });
        lay(&mut config, "best_params", &json!({"a": {"n": 5}, "b": {"m": 2}}));
        lay(&mut config, "final_weights", &json!({"a": 0.25, "b": 0.75}));
        lay(&mut config, "regime_weights", &json!({"calm": {"a": 1.0, "b": 0.0}}));
        lay(&mut config, "best_params", &json!({"min_agreement": 0.3, "risk.stop_loss_pct": 4}));
        lay(&mut config, "trials", &json!(12));
        let expected = json!({
            "strategies": [
                {"name": "a", "type": "x", "params": {"n": 5}, "weight": "0.250000000"},
                {"type": "b", "params": {"m": 2}, "weight": "0.750000000"},
            ],
            "risk": {"stop_loss_pct": "4"},
            "ensemble": {"min_agreement": 0.3, "regime_weights": {"calm": {"a": 1.0, "b": 0.0}}},
        });
        assert_eq!(config, expected);
        let mut one = json!({"strategy": {"type": "x"}});
        lay(&mut one, "best_params", &json!({"n": 5}));
        assert_eq!(one, json!({"strategy": {"type": "x", "params": {"n": 5}}}));
    }
}
