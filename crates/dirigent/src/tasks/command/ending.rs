//! How a program ended, and what that means for its task.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use dirigent_workflow::port::{TaskError, TaskOutput};
use rustix::process::{Resource, Signal, getrlimit};
use serde_json::Value;

use super::{
    Terms,
    input::{Input, Limits, Output},
    pipes::Pipes,
};
use crate::{
    machine::hold::{Hold, Overrun},
    tasks::{codes::failed, secrets::Secrets},
};

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

/// What programs say when a file may not grow, in lower case: the C library, shells.
const FILE_TOO_LARGE: &[&str] = &["file too large", "file size limit exceeded"];
/// What a shell adds to the signal that ended its last program.
const SHELL_SIGNAL: i32 = 128;
/// How the trampoline says that it did not start the program.
const UNHELD: &str = "dirigent: cannot be held to its limits";
const UNHELD_CODE: i32 = 125;
const MORE_MEMORY: &str =
    "raise `memory`, or `memory_per_container` of the task, or give it less to do";

/// A program that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    how: How,
    held: Held,
    written: Vec<u8>,
    said: String,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// By itself or by a signal; nothing if the system did not say in time.
    Status(Option<ExitStatus>),
    /// It was killed because it wrote too much.
    TooMuch,
}

/// How it was held to its memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Whether by the memory it used, not by its address space.
    memory: bool,
    overrun: Option<Overrun>,
}

impl Held {
    /// By `hold`, as far as that goes.
    pub(super) fn by(hold: &Hold) -> Self {
        Self { memory: hold.holds_memory(), overrun: hold.overrun() }
    }
}

/// Why it failed.
#[derive(Debug)]
struct Reason {
    code: &'static str,
    what: String,
    hint: &'static str,
}

impl Ended {
    /// It ended with `status`.
    pub(super) fn new(status: Option<ExitStatus>, held: Held, pipes: Pipes) -> Self {
        let (written, said) = pipes.into_texts();
        Self { how: How::Status(status), held, written, said }
    }

    /// It wrote more than it may.
    pub(super) fn too_much(pipes: Pipes) -> Self {
        let (_, said) = pipes.into_texts();
        Self { how: How::TooMuch, held: Held::default(), written: Vec::new(), said }
    }

    /// What the task delivers.
    pub(super) fn into_output(
        self,
        input: &Input,
        terms: &Terms,
        secrets: &Secrets<'_>,
    ) -> Result<TaskOutput, TaskError> {
        let tail = tail(&secrets.redact(&self.said));
        self.check(input, terms, &tail)?;
        let name = &terms.name;
        let value = secrets.redact_json(self.value(input, name, &tail)?);
        let warnings = (!tail.is_empty()).then(|| format!("`{name}` wrote to stderr: {tail}"));
        Ok(TaskOutput { value, warnings: warnings.into_iter().collect(), ..TaskOutput::default() })
    }

    /// Whether it ended as it should.
    fn check(&self, input: &Input, terms: &Terms, tail: &str) -> Result<(), TaskError> {
        let reason = match self.how {
            How::TooMuch => {
                let max = input.output_bytes_max()?;
                Reason {
                    code: "command_output_too_large",
                    what: format!("wrote more than {max} bytes to stdout and was killed"),
                    hint: "raise `output_bytes_max`, write a file, or log to stderr",
                }
            }
            How::Status(None) => Reason {
                code: "command_unavailable",
                what: "does not go away".into(),
                hint: "it hangs in the kernel; see what it waits for with `ps`",
            },
            How::Status(Some(status)) => {
                let success = |code| input.success_codes.contains(&code);
                let broken = self.never_ran(status).or_else(|| self.overrun(terms.limits));
                match broken {
                    Some(reason) => reason,
                    None if status.code().is_some_and(success) => return Ok(()),
                    None => self.failure(status, terms.limits),
                }
            }
        };
        let said = if tail.is_empty() { String::new() } else { format!(": {tail}") };
        let message = format!("`{}` {}{said}", terms.name, reason.what);
        Err(failed(reason.code, message, reason.hint))
    }

    /// Why it was not even started, which no exit code makes a success.
    fn never_ran(&self, status: ExitStatus) -> Option<Reason> {
        let refused = status.code() == Some(UNHELD_CODE) && self.said.contains(UNHELD);
        refused.then(|| Reason {
            code: "command_unavailable",
            what: "was not started".into(),
            hint: "see the limits of this process, and `dirigent health` for its control groups",
        })
    }

    /// Whether it was killed for the memory it used, however it took that.
    fn overrun(&self, limits: Limits) -> Option<Reason> {
        let overrun = self.held.overrun?;
        let bytes = limits.memory_bytes.unwrap_or(0);
        let peak = overrun.peak_bytes.map(|peak| format!(" (at its peak it used {peak})"));
        let peak = peak.unwrap_or_default();
        Some(Reason {
            code: "command_memory",
            what: format!("was killed as it did not fit into its {bytes} bytes of memory{peak}"),
            hint: MORE_MEMORY,
        })
    }

    /// Why it failed, by how it ended and what it said.
    fn failure(&self, status: ExitStatus, limits: Limits) -> Reason {
        if let Some(reason) = self.limit_reached(status, limits) {
            return reason;
        }
        if let Some(code) = status.code() {
            let what = format!("ended with exit code {code}");
            let hint = "see what it says, or add the code to `success_codes`";
            return Reason { code: "command_failed", what, hint };
        }
        let what = format!("was killed by signal {}", status.signal().unwrap_or(0));
        let hint = "see the system's log; it may be short of memory";
        Reason { code: "command_killed", what, hint }
    }

    /// Which limit of a process it reached, if it was one.
    fn limit_reached(&self, status: ExitStatus, limits: Limits) -> Option<Reason> {
        let ended_by = |signal: Signal| status.signal() == Some(signal.as_raw());
        if let Some(seconds) = limits.cpu_seconds.filter(|_| ended_by(Signal::XCPU)) {
            let what = format!("used its {seconds} s of processor time");
            let hint = "raise `cpu_seconds`, or give it less to do";
            return Some(Reason { code: "command_cpu", what, hint });
        }
        let in_shell = status.code() == Some(SHELL_SIGNAL + Signal::XFSZ.as_raw());
        let file_was_full = ended_by(Signal::XFSZ) || in_shell || self.says(FILE_TOO_LARGE);
        // A task in a process of its own hands its limit on to the programs that it starts.
        let file_bytes = limits.file_bytes.or_else(|| getrlimit(Resource::Fsize).current);
        if let Some(bytes) = file_bytes.filter(|_| file_was_full) {
            let what = format!("wrote a file of more than the {bytes} bytes that one may have");
            let hint = "raise `disk_per_container` of its `resources`, or write smaller files";
            return Some(Reason { code: "command_disk", what, hint });
        }
        let was_refused = !self.held.memory && self.says(OUT_OF_MEMORY);
        limits.memory_bytes.filter(|_| was_refused).map(|bytes| Reason {
            code: "command_memory",
            what: format!("did not fit into its {bytes} bytes of memory"),
            hint: MORE_MEMORY,
        })
    }

    fn says(&self, phrases: &[&str]) -> bool {
        let said = self.said.to_lowercase();
        phrases.iter().any(|phrase| said.contains(phrase))
    }

    /// What it found.
    fn value(&self, input: &Input, name: &str, tail: &str) -> Result<Value, TaskError> {
        let wrong = |what: String, hint: &str| {
            let said = if tail.is_empty() { String::new() } else { format!("; stderr: {tail}") };
            failed("command_output_invalid", format!("`{name}` {what}{said}"), hint)
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
    use dirigent_workflow::file::Environment;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tail_is_short_and_harmless() {
        assert_eq!(tail(" a\n\u{1b}[31mb \n"), "a\n\u{fffd}[31mb");
        let long = tail(&format!("start{}", "x".repeat(TAIL_CHARS_MAX)));
        assert_eq!(long.chars().count(), TAIL_CHARS_MAX + 2);
        assert!(long.starts_with("… x"));
    }

    const KILLED: i32 = 9;

    /// The code and the message of a program that ended with `status`, as wait(2) has it.
    #[track_caller]
    fn check(status: i32, held: Held, said: &str, expected: &str) {
        let with =
            json!({"argv": ["a"], "output": "none", "memory": 4096, "success_codes": [0, 125]});
        let input = Input::read(&with).unwrap();
        let limits = Limits { file_bytes: Some(512), ..input.limits().unwrap() };
        let terms = Terms { name: "a".into(), limits };
        let how = How::Status(Some(ExitStatus::from_raw(status)));
        let ended = Ended { how, held, written: Vec::new(), said: said.into() };
        let told = match ended.into_output(&input, &terms, &Secrets::of(&Environment::new())) {
            Ok(_) => "fine".to_owned(),
            Err(TaskError::Failed(f) | TaskError::Hopeless(f)) => {
                format!("{}: {}", f.code, f.message)
            }
            Err(TaskError::Stopped) => "stopped".to_owned(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn a_program_that_was_not_held_has_failed_whatever_codes_mean_success() {
        check(125 << 8, Held::default(), "", "fine");
        let expected =
            "command_unavailable: `a` was not started: dirigent: cannot be held to its limits";
        check(125 << 8, Held::default(), "dirigent: cannot be held to its limits\n", expected);
    }

    #[test]
    fn memory_is_told_by_the_group_or_else_by_what_the_program_says() {
        let held = |overrun| Held { memory: true, overrun };
        let over = held(Some(Overrun { peak_bytes: Some(4000) }));
        let expected = "command_memory: `a` was killed as it did not fit into its 4096 bytes of \
                        memory (at its peak it used 4000)";
        check(KILLED, over, "", expected);
        check(0, over, "", expected);
        let expected =
            "command_memory: `a` was killed as it did not fit into its 4096 bytes of memory";
        check(KILLED, held(Some(Overrun { peak_bytes: None })), "", expected);
        check(KILLED, held(None), "", "command_killed: `a` was killed by signal 9");
        let said = "java.lang: Out of memory";
        let expected = format!("command_failed: `a` ended with exit code 1: {said}");
        check(1 << 8, held(None), said, &expected);
        let expected =
            format!("command_memory: `a` did not fit into its 4096 bytes of memory: {said}");
        check(1 << 8, Held::default(), said, &expected);
    }

    #[test]
    fn a_file_that_may_not_grow_is_told_by_the_signal_or_the_words() {
        let told = "command_disk: `a` wrote a file of more than the 512 bytes that one may have";
        let signal = Signal::XFSZ.as_raw();
        check(signal, Held::default(), "", told);
        check((128 + signal) << 8, Held::default(), "", told);
        let said = "OSError: [Errno 27] File too large";
        check(1 << 8, Held::default(), said, &format!("{told}: {said}"));
    }
}
