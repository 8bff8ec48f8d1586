//! What a program says to us while it works: lines `{"dirigent": …}` on stdout.

use std::cell::RefCell;

use dirigent_workflow::port::{TaskContext, TaskOutput};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tasks::secrets::Secrets;

/// A line for us.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tasks) struct Note {
    dirigent: Said,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// The next try is to begin from this state.
    Checkpoint(Value),
}

impl Note {
    /// The line that keeps `state`.
    pub(in crate::tasks) fn checkpoint(state: Value) -> String {
        let note = Self { dirigent: Said::Checkpoint(state) };
        serde_json::to_string(&note).unwrap_or_default()
    }
}

/// Heeds the notes of one program.
pub(super) struct Notes<'a> {
    context: &'a TaskContext,
    secrets: &'a Secrets<'a>,
    /// Why the first note that was not understood was not.
    odd: RefCell<Option<String>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(context: &'a TaskContext, secrets: &'a Secrets<'a>) -> Self {
        Self { context, secrets, odd: RefCell::default() }
    }

    /// Does what `lines` say, without the secrets that they repeat.
    pub(super) fn heed(&self, lines: Vec<String>) {
        for line in lines {
            match serde_json::from_str(&line) {
                Ok(Note { dirigent: Said::Checkpoint(state) }) => {
                    self.context.checkpoint(&self.secrets.redact_json(state));
                }
                Err(error) => drop(self.odd.borrow_mut().get_or_insert_with(|| error.to_string())),
            }
        }
    }

    /// `output`, with a warning about a note that was not understood.
    pub(super) fn add_warnings(self, mut output: TaskOutput) -> TaskOutput {
        output.warnings.extend(self.odd.into_inner().map(|why| {
            format!("a line `{{\"dirigent\": …}}` on stdout was left out: {why}; write `{{\"dirigent\": {{\"checkpoint\": STATE}}}}`")
        }));
        output
    }
}
