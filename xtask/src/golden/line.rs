//! Lines: what is said about one series, metric, weight or run.

use std::io::{self, Write};

/// What came of one check.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It agrees; the text has the largest error and where it is.
    Ok(String),
    /// It does not, or could not be checked.
    Fail(String),
    /// Nothing was checked, for this reason.
    Skipped(String),
}

impl Outcome {
    /// Its place in the totals: ok, failed, skipped.
    pub(crate) fn place(&self) -> usize {
        match self {
            Self::Ok(_) => 0,
            Self::Fail(_) => 1,
            Self::Skipped(_) => 2,
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// What was checked, within its file; empty for the file as a whole.
    pub(crate) item: String,
    pub(crate) outcome: Outcome,
}

impl Line {
    pub(crate) fn new(item: impl Into<String>, outcome: Outcome) -> Self {
        Self { item: item.into(), outcome }
    }

    /// An item that could not be checked.
    pub(crate) fn failed(item: impl Into<String>, error: &anyhow::Error) -> Self {
        Self::new(item, Outcome::Fail(format!("{error:#}")))
    }

    pub(crate) fn write(&self, file: &str, out: &mut dyn Write) -> io::Result<()> {
        let (word, text) = match &self.outcome {
            Outcome::Ok(text) => ("ok", text),
            Outcome::Fail(text) => ("FAIL", text),
            Outcome::Skipped(text) => ("skipped", text),
        };
        let item = if self.item.is_empty() { String::new() } else { format!("  {}", self.item) };
        writeln!(out, "{word:<8} {file}{item}  {text}")
    }
}
