//! The `with` of a request: its keys, their defaults and their limits.

use std::collections::BTreeMap;

use dirigent_workflow::port::TaskError;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    http::{Policy, Verb},
    tasks::{
        codes::invalid,
        with::{self, Seconds, Size, written},
    },
};

/// The largest answer that can be asked for.
const ANSWER_BYTES_LIMIT: u64 = 256 << 20;

/// What to ask for, and of whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    pub(super) method: Verb,
    /// Where; `${NAME}` takes the value of a variable of this process.
    pub(super) url: String,
    /// Headers; the same.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// What the server is given as `input` in the body.
    #[serde(default)]
    pub(super) input: Value,
    /// What it is given in place of that body.
    #[serde(default, deserialize_with = "written")]
    pub(super) body: Option<Value>,
    #[serde(default = "half_a_minute")]
    pub(super) timeout: Seconds,
    /// The statuses that mean success; all of 2xx when left out.
    #[serde(default)]
    pub(super) expect_status: Vec<u16>,
    /// How to wait for what was asked for.
    #[serde(default)]
    pub(super) wait: Option<Wait>,
    #[serde(default)]
    allow_hosts: Vec<String>,
    #[serde(default)]
    answer_bytes_max: Option<Size>,
}

/// How to wait for what was asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// Where to look.
    #[serde(default)]
    pub(super) url: Option<String>,
    /// Whether the answer says where, in its header `location`.
    #[serde(default)]
    pub(super) location: bool,
    #[serde(default = "two")]
    pub(super) every: Seconds,
    #[serde(default = "an_hour")]
    pub(super) timeout: Seconds,
    /// The status that ends it.
    #[serde(default)]
    pub(super) until_status: Option<u16>,
    /// What the answer holds at its end.
    #[serde(default)]
    pub(super) until: Option<Sign>,
    /// What the answer holds if it failed.
    #[serde(default)]
    pub(super) fail_if: Option<Sign>,
}

/// A value at a place in an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sign {
    /// A JSON pointer, as `/job/state`.
    pub(super) pointer: String,
    /// What is there.
    pub(super) equals: Value,
}

impl Sign {
    /// Whether `answer` shows it.
    pub(super) fn shows_in(&self, answer: &Value) -> bool {
        answer.pointer(&self.pointer) == Some(&self.equals)
    }
}

impl Input {
    /// The input that `with` describes.
    pub(super) fn read(with: &Value) -> Result<Self, TaskError> {
        let input: Self = with::read(with)?;
        input.check()?;
        Ok(input)
    }

    fn check(&self) -> Result<(), TaskError> {
        let wrong = |message: &str| Err(invalid(message.to_owned()));
        if self.method == Verb::Get && self.body.is_some() {
            return wrong("`body` cannot go with `method: GET`");
        }
        if self.expect_status.iter().any(|status| !(200..600).contains(status)) {
            return wrong("`expect_status` must be statuses from 200 to 599");
        }
        self.timeout.time("timeout")?;
        self.policy()?;
        let Some(wait) = &self.wait else { return Ok(()) };
        wait.every.time("wait.every")?;
        wait.timeout.time("wait.timeout")?;
        if wait.url.is_some() == wait.location {
            return wrong("`wait` needs either `url` or `location: true`");
        }
        if wait.until_status.is_none() && wait.until.is_none() {
            return wrong("`wait` needs `until_status` or `until`");
        }
        let is_pointer = |sign: &Sign| sign.pointer.is_empty() || sign.pointer.starts_with('/');
        if !wait.until.iter().chain(&wait.fail_if).all(is_pointer) {
            return wrong("`pointer` must begin with `/`, as `/job/state`");
        }
        Ok(())
    }

    /// Whom it may ask.
    pub(super) fn policy(&self) -> Result<Policy, TaskError> {
        let mut policy = Policy { allow_hosts: self.allow_hosts.clone(), ..Policy::default() };
        if let Some(size) = &self.answer_bytes_max {
            policy.answer_bytes_max = size.bytes("answer_bytes_max")?;
        }
        if policy.answer_bytes_max > ANSWER_BYTES_LIMIT {
            return Err(invalid("`answer_bytes_max` is over 256MB".into()));
        }
        Ok(policy)
    }

    /// Whether `status` is what was hoped for.
    pub(super) fn expects(&self, status: u16) -> bool {
        if self.expect_status.is_empty() {
            (200..300).contains(&status)
        } else {
            self.expect_status.contains(&status)
        }
    }
}

fn half_a_minute() -> Seconds {
    30.into()
}

fn two() -> Seconds {
    2.into()
}

fn an_hour() -> Seconds {
    3600.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_input_is_refused_and_names_the_key() {
        let check = |with: Value, expected: &str| {
            let error = Input::read(&with).unwrap_err();
            let TaskError::Failed(failure) = error else { panic!("{error:?}") };
            assert_eq!(failure.code, "task_invalid");
            assert!(failure.message.contains(expected), "{with}: {}", failure.message);
        };
        check(json!({}), "missing field `url`");
        check(json!({"url": "x", "methd": 1}), "unknown field `methd`");
        check(json!({"url": "x", "method": "DELETE"}), "unknown variant `DELETE`");
        check(json!({"url": "x", "method": "GET", "body": null}), "`body` cannot go");
        check(json!({"url": "x", "timeout": 0}), "`timeout` must be");
        check(json!({"url": "x", "timeout": 1e300}), "`timeout` must be");
        check(json!({"url": "x", "expect_status": [99]}), "`expect_status` must be");
        check(json!({"url": "x", "answer_bytes_max": "1GB"}), "over 256MB");
        let wait = |wait: Value| json!({"url": "x", "wait": wait});
        check(wait(json!({})), "needs either `url` or `location: true`");
        check(wait(json!({"url": "y", "location": true})), "needs either");
        check(wait(json!({"url": "y"})), "needs `until_status` or `until`");
        check(wait(json!({"url": "y", "until_status": 200, "every": -1})), "`wait.every` must be");
        let sign = json!({"pointer": "state", "equals": 1});
        check(wait(json!({"url": "y", "until": sign})), "`pointer` must begin with `/`");
    }
}
