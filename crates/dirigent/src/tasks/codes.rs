//! The codes of the general task kinds, and which of them make another try pointless.
//!
//! Not here: what each code means to a user; see the catalogue in `crate::error`.

use dirigent_workflow::{
    event::Failure,
    port::{InvalidInput, TaskError},
};

/// Failures that the same task, tried again, will meet again.
const PERMANENT: &[&str] = &[
    "task_invalid",
    "looks_ahead",
    "secret_unset",
    "command_not_found",
    "command_memory",
    "command_cpu",
    "command_disk",
    "command_output_too_large",
    "command_output_invalid",
    "http_not_allowed",
    "http_tls",
    "http_redirect",
    "http_refused",
    "http_answer_too_large",
    "http_answer_invalid",
    "http_job_failed",
];

/// Whether a task that failed with `code` would fail in the same way if it were tried again: its
/// configuration, or what it works with, must change first.
pub fn is_permanent(code: &str) -> bool {
    PERMANENT.contains(&code)
}

/// The failure `code` with what to do next.
pub(super) fn failed(code: &str, message: String, hint: &str) -> TaskError {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    let failure = Failure { code: code.to_owned(), message, hint };
    if is_permanent(code) { TaskError::Hopeless(failure) } else { TaskError::Failed(failure) }
}

/// What is wrong with the `with` of a task, before it runs.
pub(super) fn problem(error: TaskError) -> InvalidInput {
    let (message, hint) = match error {
        TaskError::Failed(failure) | TaskError::Hopeless(failure) => {
            (failure.message, failure.hint)
        }
        TaskError::Stopped => (String::new(), None),
    };
    InvalidInput { path: String::new(), message, hint: hint.unwrap_or_default() }
}

/// The task's `with` is wrong.
pub(super) fn invalid(message: String) -> TaskError {
    failed("task_invalid", message, "correct the `with` of the task")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CATALOGUE;

    #[test]
    fn every_permanent_code_is_in_the_catalogue() {
        for code in PERMANENT {
            assert!(CATALOGUE.iter().any(|entry| entry.code == *code), "{code}");
        }
        assert!(!is_permanent("command_failed") && !is_permanent("http_unavailable"));
    }
}
