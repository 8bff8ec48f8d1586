//! How a program ended, and what that means for its task.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use dirigent_workflow::port::{TaskError, TaskOutput};
use rustix::process::Signal;
use serde_json::Value;

use super::{
    input::{Input, Output},
    pipes::Pipes,
};
use crate::tasks::{codes::failed, secrets::Secrets};

/// How much of stderr is shown.
const TAIL_CHARS_MAX: usize = 2_000;
/// What programs say when an allocation is refused, in lower case: Python, Rust, C++, C and Go,
/// the GNU tools, the loader.
const OUT_OF_MEMORY: &[&str] = &[
    "memoryerror",
    "memory allocation of",
    "bad_alloc",
    "cannot allocate memory",
    "out of memory",
    "memory exhausted",
    "failed to map segment",
];

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    how: How,
    written: Vec<u8>,
    said: String,
}

#[derive(Debug)]
enum How {
    /// By itself or by a signal; nothing if the system did not say in time.
    Status(Option<ExitStatus>),
    /// It was killed because it wrote too much.
    TooMuch,
}

impl Ended {
    /// It ended with `status`.
    pub(super) fn new(status: Option<ExitStatus>, pipes: Pipes) -> Self {
        let (written, said) = pipes.into_texts();
        Self { how: How::Status(status), written, said }
    }

    /// It wrote more than it may.
    pub(super) fn too_much(pipes: Pipes) -> Self {
        let (_, said) = pipes.into_texts();
        Self { how: How::TooMuch, written: Vec::new(), said }
    }

    /// What the task delivers.
    pub(super) fn into_output(
        self,
        input: &Input,
        secrets: &Secrets<'_>,
    ) -> Result<TaskOutput, TaskError> {
        let tail = tail(&secrets.redact(&self.said));
        self.check(input, &tail)?;
        let value = secrets.redact_json(self.value(input, &tail)?);
        let name = &input.argv[0];
        let warnings = (!tail.is_empty()).then(|| format!("`{name}` wrote to stderr: {tail}"));
        Ok(TaskOutput { value, warnings: warnings.into_iter().collect(), ..TaskOutput::default() })
    }

    /// Whether it ended as it should.
    fn check(&self, input: &Input, tail: &str) -> Result<(), TaskError> {
        let fail = |code: &str, what: String, hint: &str| {
            let said = if tail.is_empty() { String::new() } else { format!(": {tail}") };
            Err(failed(code, format!("`{}` {what}{said}", input.argv[0]), hint))
        };
        let limits = input.limits()?;
        let status = match &self.how {
            How::TooMuch => {
                let max = input.output_bytes_max()?;
                let hint = "raise `output_bytes_max`, write a file, or log to stderr";
                let what = format!("wrote more than {max} bytes to stdout and was killed");
                return fail("command_output_too_large", what, hint);
            }
            How::Status(None) => {
                let hint = "it hangs in the kernel; see what it waits for with `ps`";
                return fail("command_unavailable", "does not go away".into(), hint);
            }
            How::Status(Some(status)) => *status,
        };
        if status.code().is_some_and(|code| input.success_codes.contains(&code)) {
            return Ok(());
        }
        if status.signal() == Some(Signal::XCPU.as_raw()) && limits.cpu_seconds.is_some() {
            let what = format!("used its {} s of processor time", limits.cpu_seconds.unwrap_or(0));
            return fail("command_cpu", what, "raise `cpu_seconds`, or give it less to do");
        }
        let said = self.said.to_lowercase();
        let is_out_of_memory = OUT_OF_MEMORY.iter().any(|words| said.contains(words));
        if let Some(bytes) = limits.memory_bytes.filter(|_| is_out_of_memory) {
            let what = format!("did not fit into its {bytes} bytes of memory");
            return fail("command_memory", what, "raise `memory`, or give it less to do");
        }
        match (status.code(), status.signal()) {
            (Some(code), _) => {
                let hint = "see what it says, or add the code to `success_codes`";
                fail("command_failed", format!("ended with exit code {code}"), hint)
            }
            (None, signal) => {
                let what = format!("was killed by signal {}", signal.unwrap_or(0));
                fail("command_killed", what, "see the system's log; it may be short of memory")
            }
        }
    }

    /// What it found.
    fn value(&self, input: &Input, tail: &str) -> Result<Value, TaskError> {
        let wrong = |what: String, hint: &str| {
            let said = if tail.is_empty() { String::new() } else { format!("; stderr: {tail}") };
            failed("command_output_invalid", format!("`{}` {what}{said}", input.argv[0]), hint)
        };
        if input.output == Output::None {
            return Ok(Value::Null);
        }
        let text = std::str::from_utf8(&self.written).map_err(|error| {
            wrong(format!("wrote no UTF-8 to stdout: {error}"), "set `output: none`, or encode it")
        })?;
        if input.output == Output::Text {
            return Ok(Value::from(text.trim_end_matches(['\r', '\n'])));
        }
        let json_only = "write one line of JSON last, or set `output: text` or `output: none`";
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let line = line.ok_or_else(|| wrong("wrote nothing to stdout".into(), json_only))?;
        serde_json::from_str(line).map_err(|error| {
            wrong(format!("did not end stdout with a line of JSON: {error}"), json_only)
        })
    }
}

/// The end of `text` as it may be shown: without control characters, which could command a
/// terminal.
fn tail(text: &str) -> String {
    let text = text.trim();
    let excess = text.chars().count().saturating_sub(TAIL_CHARS_MAX);
    let shown = text.chars().skip(excess);
    let shown =
        shown.map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c });
    if excess > 0 { "… ".chars().chain(shown).collect() } else { shown.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_short_and_harmless() {
        assert_eq!(tail(" a\n\u{1b}[31mb \n"), "a\n\u{fffd}[31mb");
        let long = tail(&format!("start{}", "x".repeat(TAIL_CHARS_MAX)));
        assert_eq!(long.chars().count(), TAIL_CHARS_MAX + 2);
        assert!(long.starts_with("… x"));
    }
}
