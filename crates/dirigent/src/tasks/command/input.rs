//! The `with` of a command: its keys, their defaults and their limits.

use std::collections::BTreeMap;

use dirigent_workflow::{port::TaskError, resource::Amount};
use serde::Deserialize;
use serde_json::Value;

use crate::tasks::{
    codes::invalid,
    with::{self, Size, named_words, words, written},
};

/// The names that the task kind itself gives a value.
const OWN: &str = "DIRIGENT_";
/// The most that a program may be allowed to write to stdout.
const OUTPUT_BYTES_LIMIT: u64 = 256 << 20;
/// What it may write when the file says nothing.
const OUTPUT_BYTES_DEFAULT: u64 = 4 << 20;

/// What to run, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The program and its arguments; no shell reads them.
    #[serde(deserialize_with = "words")]
    pub(super) argv: Vec<String>,
    /// What the program is given as `input` in its line of JSON.
    #[serde(default)]
    pub(super) input: Value,
    /// What it is given in place of that line.
    #[serde(default, deserialize_with = "written")]
    pub(super) stdin: Option<Value>,
    /// Variables; `${NAME}` takes the value of a variable of this process.
    #[serde(default, deserialize_with = "named_words")]
    pub(super) env: BTreeMap<String, String>,
    /// Variables of this process that are passed on.
    #[serde(default)]
    pub(super) pass_env: Vec<String>,
    /// Where it runs; from the folder of the file.
    #[serde(default)]
    pub(super) cwd: String,
    /// How stdout is read.
    #[serde(default)]
    pub(super) output: Output,
    #[serde(default)]
    memory: Option<Size>,
    #[serde(default)]
    cpu_seconds: Option<u64>,
    #[serde(default)]
    open_files: Option<u64>,
    #[serde(default)]
    output_bytes_max: Option<Size>,
    /// The exit codes that mean success.
    #[serde(default = "success")]
    pub(super) success_codes: Vec<i32>,
}

/// How stdout is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Output {
    /// Its last line that is not empty is JSON.
    #[default]
    Json,
    /// As one text.
    Text,
    /// Not at all.
    None,
}

/// What the system holds the command to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Memory that all of its processes use, or else address space of each.
    pub(super) memory_bytes: Option<u64>,
    /// Cores that all of its processes use, in thousandths.
    pub(super) millicores: Option<u64>,
    /// The most that each file may grow to.
    pub(super) file_bytes: Option<u64>,
    /// Time on a processor.
    pub(super) cpu_seconds: Option<u64>,
    /// Open files.
    pub(super) open_files: Option<u64>,
}

impl Input {
    /// The input that `with` describes.
    pub(super) fn read(with: &Value) -> Result<Self, TaskError> {
        let input: Self = with::read(with)?;
        input.check()?;
        Ok(input)
    }

    fn check(&self) -> Result<(), TaskError> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(invalid("`argv` names no program".into()));
        }
        if self.argv.iter().any(|argument| argument.contains('\0')) {
            return Err(invalid("`argv` holds a zero byte, which no program can be given".into()));
        }
        for name in self.env.keys().chain(&self.pass_env) {
            if !is_variable(name) {
                return Err(invalid(format!("`{name}` is no name for an environment variable")));
            }
            if name == "PWD" || name.starts_with(OWN) {
                return Err(invalid(format!("`{name}` cannot be set: the task sets it itself")));
            }
        }
        for (name, limit) in [("cpu_seconds", self.cpu_seconds), ("open_files", self.open_files)] {
            if limit == Some(0) {
                return Err(invalid(format!("`{name}` is 0, with which nothing can run")));
            }
        }
        self.limits().and(self.output_bytes_max()).map(|_| ())
    }

    /// The limits of each process.
    pub(super) fn limits(&self) -> Result<Limits, TaskError> {
        let memory_bytes = self.memory.as_ref().map(|memory| memory.bytes("memory")).transpose()?;
        let (cpu_seconds, open_files) = (self.cpu_seconds, self.open_files);
        Ok(Limits { memory_bytes, cpu_seconds, open_files, ..Limits::default() })
    }

    /// The most bytes of stdout that are taken.
    pub(super) fn output_bytes_max(&self) -> Result<u64, TaskError> {
        let Some(written) = &self.output_bytes_max else { return Ok(OUTPUT_BYTES_DEFAULT) };
        let bytes = written.bytes("output_bytes_max")?;
        if bytes > OUTPUT_BYTES_LIMIT {
            return Err(invalid("`output_bytes_max` is over 256MB: write a file instead".into()));
        }
        Ok(bytes)
    }
}

impl Limits {
    /// Those of what a task takes; nothing is taken as no limit.
    pub(super) fn of(takes: &Amount) -> Self {
        let some = |amount: u64| (amount > 0).then_some(amount);
        Self {
            memory_bytes: some(takes.memory_bytes),
            millicores: some(takes.millicores),
            file_bytes: some(takes.disk_bytes),
            ..Self::default()
        }
    }

    /// These, and of those that they do not name the ones of `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.or(other.memory_bytes),
            millicores: self.millicores.or(other.millicores),
            file_bytes: self.file_bytes.or(other.file_bytes),
            cpu_seconds: self.cpu_seconds.or(other.cpu_seconds),
            open_files: self.open_files.or(other.open_files),
        }
    }
}

fn success() -> Vec<i32> {
    vec![0]
}

fn is_variable(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_input_is_refused_and_names_the_key() {
        let check = |with: Value, expected: &str| {
            let error = Input::read(&with).unwrap_err();
            let TaskError::Hopeless(failure) = error else { panic!("{error:?}") };
            assert_eq!(failure.code, "task_invalid");
            assert!(failure.message.contains(expected), "{with}: {}", failure.message);
        };
        check(json!({}), "missing field `argv`");
        check(json!({"argv": []}), "`argv` names no program");
        check(json!({"argv": [""]}), "`argv` names no program");
        check(json!({"argv": ["a\u{0}b"]}), "zero byte");
        check(
            json!({"argv": "ls -l"}),
            "`argv`: invalid type: string \"ls -l\", expected a sequence",
        );
        check(json!({"argv": ["a"], "cwd": 1}), "`cwd`: invalid type: integer `1`");
        check(json!({"argv": ["a"], "comand": 1}), "unknown field `comand`");
        check(json!({"argv": ["a"], "env": {"A=B": ""}}), "`A=B` is no name");
        check(json!({"argv": ["a"], "pass_env": ["1A"]}), "`1A` is no name");
        check(json!({"argv": ["a"], "env": {"DIRIGENT_RUN": ""}}), "`DIRIGENT_RUN` cannot be set");
        check(json!({"argv": ["a"], "memory": "512XB"}), "`memory` must be a size");
        check(json!({"argv": ["a"], "memory": 0}), "`memory` must be a size");
        check(json!({"argv": ["a"], "cpu_seconds": 0}), "`cpu_seconds` is 0");
        check(json!({"argv": ["a"], "output_bytes_max": "1GB"}), "over 256MB");
        check(json!({"argv": ["a"], "output": "yaml"}), "unknown variant `yaml`");
    }

    #[test]
    fn sizes_are_numbers_or_texts() {
        let with = json!({"argv": ["a"], "memory": "64MB", "output_bytes_max": 10});
        let input = Input::read(&with).unwrap();
        assert_eq!(input.limits().unwrap().memory_bytes, Some(64 << 20));
        assert_eq!(input.output_bytes_max().unwrap(), 10);
    }

    #[test]
    fn numbers_and_flags_are_words_too() {
        let with = json!({"argv": ["sleep", 0.5, true], "env": {"FOLDS": 4}});
        let input = Input::read(&with).unwrap();
        assert_eq!(input.argv, ["sleep", "0.5", "true"]);
        assert_eq!(input.env["FOLDS"], "4");
    }

    #[test]
    fn a_written_null_is_not_the_same_as_nothing() {
        let stdin = |with: Value| Input::read(&with).unwrap().stdin;
        assert_eq!(stdin(json!({"argv": ["a"]})), None);
        assert_eq!(stdin(json!({"argv": ["a"], "stdin": null})), Some(Value::Null));
    }
}
