//! A check that found something.

use std::fmt;

/// What must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name of the check.
    pub check: &'static str,
    /// What it found.
    pub message: String,
}

impl Violation {
    pub(crate) fn new(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.message)
    }
}

/// What a check gives.
pub(crate) type Checked = Result<(), Violation>;

/// Asks that `holds`; otherwise `check` failed with the message.
pub(crate) fn ensure(
    holds: bool,
    check: &'static str,
    message: impl FnOnce() -> String,
) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(check, message())) }
}
