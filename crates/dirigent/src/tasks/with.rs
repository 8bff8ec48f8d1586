//! What the kinds have in common in reading their `with`.

use std::{collections::BTreeMap, time::Duration};

use dirigent_workflow::{file::size, port::TaskError};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::codes::invalid;

/// The longest time that can be given, so that sums of times stay in range.
const SECONDS_MAX: f64 = 1e9;

/// `with` as a `T`; unknown keys are refused by its declaration.
pub(super) fn read<T: DeserializeOwned>(with: &Value) -> Result<T, TaskError> {
    T::deserialize(with).map_err(|error| match culprit::<T>(with, &error.to_string()) {
        Some(key) => invalid(format!("`{key}`: {error}")),
        None => invalid(format!("`with`: {error}")),
    })
}

/// The key whose value is the reason of `error`: without it, the error is another one.
fn culprit<'w, T: DeserializeOwned>(with: &'w Value, error: &str) -> Option<&'w String> {
    let named = error.starts_with("missing field") || error.starts_with("unknown field");
    let map = with.as_object().filter(|_| !named)?;
    let is_reason = |key: &&String| {
        let mut rest = map.clone();
        rest.shift_remove(*key);
        T::deserialize(Value::Object(rest)).err().is_none_or(|other| other.to_string() != error)
    };
    map.keys().find(is_reason)
}

/// A word of a command line or a variable: text, or a number or flag that stands for its text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected text, a number or a flag")]
enum Word {
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        match word {
            Word::Text(text) => text,
            Word::Number(number) => number.to_string(),
            Word::Flag(flag) => flag.to_string(),
        }
    }
}

/// A list of words.
pub(super) fn words<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Word>::deserialize(from)?.into_iter().map(String::from).collect())
}

/// Words by name.
pub(super) fn named_words<'d, D: Deserializer<'d>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let words = BTreeMap::<String, Word>::deserialize(from)?.into_iter();
    Ok(words.map(|(name, word)| (name, word.into())).collect())
}

/// A key that is there, even if it is null.
pub(super) fn written<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A number of bytes, or a text such as `512MB`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Size {
    Bytes(u64),
    Text(String),
}

impl Size {
    /// The number, which is more than 0; `name` is its key.
    pub(super) fn bytes(&self, name: &str) -> Result<u64, TaskError> {
        let found = match self {
            Self::Bytes(bytes) => Some(*bytes).filter(|bytes| *bytes > 0),
            Self::Text(text) => size(text),
        };
        found.ok_or_else(|| invalid(format!("`{name}` must be a size such as `512MB`")))
    }
}

/// A number of seconds, fractions included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Seconds(f64);

impl Seconds {
    /// The time, which is more than 0; `name` is its key.
    pub(super) fn time(self, name: &str) -> Result<Duration, TaskError> {
        if self.0 > 0.0 && self.0 <= SECONDS_MAX {
            Ok(Duration::from_secs_f64(self.0))
        } else {
            Err(invalid(format!("`{name}` must be a number of seconds above 0")))
        }
    }
}

impl From<u32> for Seconds {
    fn from(seconds: u32) -> Self {
        Self(f64::from(seconds))
    }
}
