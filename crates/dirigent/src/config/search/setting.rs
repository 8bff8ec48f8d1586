//! Settings of the file that a search may try, by their path, such as `risk.stop_loss_pct`.

use dirigent_workflow::file::spec::{Field, Kind, Range};
use serde_json::{Map, Value};

use super::{Wrong, wrong};
use crate::config::keys;

/// Sections whose settings may be searched.
const SECTIONS: [&str; 3] = ["risk", "portfolio", "execution"];

/// Whether `name` is the path of a setting, right or wrong.
pub(super) fn is_path(name: &str) -> bool {
    name.split_once('.').is_some_and(|(section, _)| SECTIONS.contains(&section))
}

/// Refuses a path that is no number of the file, and numbers that it does not take.
pub(super) fn check(path: &str, tried: &Value) -> Result<(), Wrong> {
    let key = format!("parameters.{path}");
    let range = match kind(path) {
        Some(Kind::Decimal(range) | Kind::Number(range)) => Some(range),
        Some(Kind::Whole { min, max }) => Some(whole(min, max)),
        _ => None,
    };
    let Some(range) = range else {
        let hint = "name a number of the file, such as `risk.stop_loss_pct` or \
                    `portfolio.sizing.percent`; `dirigent schema` has all";
        return wrong(&key, "is no number of `risk`, `portfolio` or `execution`", hint);
    };
    let listed = tried.get("choice").unwrap_or(tried);
    let ends = ["min", "max"].iter().filter_map(|end| tried.get(*end));
    let all = listed.as_array().into_iter().flatten().chain(ends);
    match all.filter_map(Value::as_f64).find(|value| !range.contains(*value)) {
        Some(value) => {
            wrong(&key, format!("cannot be {value}"), format!("give numbers {}", range.describe()))
        }
        None => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound")]
fn whole(min: i64, max: i64) -> Range {
    Range::from_to(min as f64, max as f64)
}

/// `value` as the recorded file has it at `path`: exact decimals are texts.
pub(crate) fn recorded(path: &str, value: &Value) -> Value {
    match (kind(path), value.is_number()) {
        (Some(Kind::Decimal(_)), true) => value.to_string().into(),
        _ => value.clone(),
    }
}

/// `config`, settings that are laid over the file, as the recorded file has them.
pub(crate) fn normalize(config: &mut Map<String, Value>, below: &str) {
    for (key, value) in config {
        let path = if below.is_empty() { key.clone() } else { format!("{below}.{key}") };
        match value {
            Value::Object(map) => normalize(map, &path),
            Value::Number(_) => *value = recorded(&path, value),
            _ => {}
        }
    }
}

/// What values stand at `path`.
fn kind(path: &str) -> Option<Kind> {
    let mut fields: Vec<&Field> = keys::FILE.fields.iter().collect();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let field = fields.into_iter().find(|field| field.key == part)?;
        if parts.peek().is_none() {
            return Some(field.kind);
        }
        fields = match field.kind {
            Kind::Section(section) => section.fields.iter().collect(),
            Kind::Tagged(tagged) => {
                tagged.variants.iter().flat_map(|variant| variant.section.fields).collect()
            }
            _ => return None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_of_the_file_are_found_and_others_refused() {
        assert!(check("risk.stop_loss_pct", &json!([2, 5])).is_ok());
        assert!(check("portfolio.sizing.percent", &json!({"min": 10, "max": 90})).is_ok());
        for (path, tried) in [
            ("risk.stop_los_pct", json!([2])),
            ("execution.fill", json!([1])),
            ("risk.stop_loss_pct", json!([2, -1])),
            ("portfolio.sizing", json!([1])),
        ] {
            assert_eq!(check(path, &tried).unwrap_err().key, format!("parameters.{path}"));
        }
        assert_eq!(recorded("risk.stop_loss_pct", &json!(2.5)), json!("2.5"));
        assert_eq!(recorded("risk.nothing", &json!(2.5)), json!(2.5));
    }
}
