//! Secrets of a task: `${NAME}` is replaced at the last moment, and what was put in is taken out
//! of everything that comes back.
//!
//! Invariant: nothing that this module hands back for messages holds a value that it revealed.

use std::fmt;

use dirigent_workflow::{
    event::Failure,
    file::{Environment, REDACTED, expand},
    port::TaskError,
};
use serde_json::Value;

use super::codes::failed;

/// The shortest value that is taken out again: shorter ones are in every text by chance.
const SECRET_BYTES_MIN: usize = 4;

/// Reveals secrets and remembers which.
pub(super) struct Secrets<'e> {
    environment: &'e Environment,
    revealed: Vec<String>,
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl<'e> Secrets<'e> {
    /// Nothing revealed yet.
    pub(super) fn of(environment: &'e Environment) -> Self {
        Self { environment, revealed: Vec::new() }
    }

    /// `text`, which stands at `place`, with every `${NAME}` replaced.
    pub(super) fn reveal(&mut self, place: &str, text: &str) -> Result<String, TaskError> {
        let unset = |error| {
            let hint = "set the variable where `dirigent` runs, or write `${NAME}` correctly";
            failed("secret_unset", format!("`{place}` cannot be used: {error}"), hint)
        };
        let revealed = expand(text, self.environment).map_err(unset)?;
        for part in text.split("${").skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            self.environment.get(name).into_iter().for_each(|value| self.remember(value));
        }
        Ok(revealed)
    }

    /// The variable `name` of the process.
    pub(super) fn variable(&mut self, place: &str, name: &str) -> Result<String, TaskError> {
        self.reveal(place, &format!("${{{name}}}"))
    }

    /// `text` without any revealed value.
    pub(super) fn redact(&self, text: &str) -> String {
        self.revealed.iter().fold(text.to_owned(), |text, secret| text.replace(secret, REDACTED))
    }

    /// `error` as it may be recorded.
    pub(super) fn clean(&self, error: TaskError) -> TaskError {
        match error {
            TaskError::Failed(failure) => {
                let message = self.redact(&failure.message);
                TaskError::Failed(Failure { message, ..failure })
            }
            TaskError::Stopped => TaskError::Stopped,
        }
    }

    /// `value` without any revealed value, in keys and in texts.
    pub(super) fn redact_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(map) => {
                let entry =
                    |(key, value): (String, Value)| (self.redact(&key), self.redact_json(value));
                Value::Object(map.into_iter().map(entry).collect())
            }
            other => other,
        }
    }

    /// Longer values first, so that one which holds another is replaced as a whole. Programs
    /// print a secret of several lines line by line, so each line counts as well.
    fn remember(&mut self, value: &str) {
        let lines = value.lines().map(str::trim);
        for part in [value].into_iter().chain(lines) {
            if part.len() >= SECRET_BYTES_MIN && !self.revealed.iter().any(|known| known == part) {
                self.revealed.push(part.to_owned());
            }
        }
        self.revealed.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment() -> Environment {
        let pairs = [("TOKEN", "hunter2"), ("LONG", "hunter2-and-more"), ("FLAG", "1")];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn what_was_revealed_is_taken_out_again() {
        let environment = environment();
        let mut secrets = Secrets::of(&environment);
        assert_eq!(secrets.redact("hunter2"), "hunter2");
        assert_eq!(secrets.reveal("x", "Bearer ${TOKEN}").unwrap(), "Bearer hunter2");
        assert_eq!(secrets.variable("x", "LONG").unwrap(), "hunter2-and-more");
        assert_eq!(secrets.variable("x", "FLAG").unwrap(), "1");
        assert_eq!(secrets.redact("1: hunter2-and-more hunter2"), "1: *** ***");
        let answer = json!({"hunter2": ["hunter2", 1, null]});
        assert_eq!(secrets.redact_json(answer), json!({"***": ["***", 1, null]}));
    }

    #[test]
    fn an_unset_variable_is_named() {
        let environment = environment();
        let error = Secrets::of(&environment).reveal("env.KEY", "${TOKENS}").unwrap_err();
        let TaskError::Failed(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.code, "secret_unset");
        assert!(failure.message.contains("`env.KEY`") && failure.message.contains("`TOKENS`"));
    }
}
