//! Reading JSON that may hold anything: what is missing is an error with its name.

use anyhow::{Context, Result};
use serde_json::{Map, Value};

pub(crate) fn field<'a>(value: &'a Value, name: &str) -> Result<&'a Value> {
    value.get(name).with_context(|| format!("has no `{name}`"))
}

pub(crate) fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>> {
    field(value, name)?.as_object().with_context(|| format!("`{name}` is not an object"))
}

pub(crate) fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value]> {
    let list = field(value, name)?.as_array();
    list.map(Vec::as_slice).with_context(|| format!("`{name}` is not a list"))
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    field(value, name)?.as_str().with_context(|| format!("`{name}` is not a text"))
}

pub(crate) fn number(value: &Value, name: &str) -> Result<f64> {
    field(value, name)?.as_f64().with_context(|| format!("`{name}` is not a number"))
}

/// A count or a position.
pub(crate) fn count(value: &Value, name: &str) -> Result<usize> {
    let count = field(value, name)?.as_u64().and_then(|count| usize::try_from(count).ok());
    count.with_context(|| format!("`{name}` is not a whole number"))
}

pub(crate) fn numbers(value: &Value, name: &str) -> Result<Vec<f64>> {
    let number = |x: &Value| x.as_f64();
    let all: Option<Vec<f64>> = list(value, name)?.iter().map(number).collect();
    all.with_context(|| format!("`{name}` holds what is not a number"))
}

pub(crate) fn texts(value: &Value, name: &str) -> Result<Vec<String>> {
    let text = |x: &Value| x.as_str().map(str::to_owned);
    let all: Option<Vec<String>> = list(value, name)?.iter().map(text).collect();
    all.with_context(|| format!("`{name}` holds what is not a text"))
}

/// The number that follows `words` in a text such as `rel 1e-9 (abs ...)`.
pub(crate) fn number_after(text: &str, words: &str) -> Option<f64> {
    let rest = &text[text.find(words)? + words.len()..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)));
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// All whole numbers in a text, in order.
pub(crate) fn whole_numbers(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}
