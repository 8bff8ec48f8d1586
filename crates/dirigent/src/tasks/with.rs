//! What the kinds have in common in reading their `with`.

use std::time::Duration;

use dirigent_workflow::{file::size, port::TaskError};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::codes::invalid;

/// The longest time that can be given, so that sums of times stay in range.
const SECONDS_MAX: f64 = 1e9;

/// `with` as a `T`; unknown keys are refused by its declaration.
pub(super) fn read<T: DeserializeOwned>(with: &Value) -> Result<T, TaskError> {
    T::deserialize(with).map_err(|error| invalid(format!("`with`: {error}")))
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
