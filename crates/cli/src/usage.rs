//! Usage: mistakes of the caller that no library knows, with what to do about them.

use std::fmt;

/// A mistake and its remedy.
#[derive(Debug)]
pub(crate) struct Advised {
    error: anyhow::Error,
    hint: String,
}

impl Advised {
    /// `cause`, with `hint` to follow it.
    pub(crate) fn error(error: anyhow::Error, hint: String) -> anyhow::Error {
        anyhow::Error::new(Self { error, hint })
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Advised {}
