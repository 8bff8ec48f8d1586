//! What a search keeps of itself as it goes on: its trials, part by part.
//!
//! Promises: each trial is written once; when the search is over, nothing is left in the store.

use std::io::Write;

use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::found::Tried;
use crate::tasks::backtest::file_name;

/// The parts that were kept so far.
#[derive(Debug, Default)]
pub(super) struct Kept {
    parts: Vec<ArtifactRef>,
    /// Trials in them.
    pub(super) count: usize,
}

/// One part, which is like that of no other run or task, so that it can be removed.
#[derive(Serialize, Deserialize)]
struct Part<T> {
    run: String,
    task: String,
    first: usize,
    trials: T,
}

impl Kept {
    /// What an earlier attempt kept.
    pub(super) fn of(context: &TaskContext) -> (Self, Vec<Tried>) {
        let all = || {
            let state = context.container.restored()?;
            let parts: Vec<ArtifactRef> = serde_json::from_value(state["trials"].clone()).ok()?;
            let mut told = Vec::new();
            for part in &parts {
                let bytes = context.artifacts.get(part).ok()?;
                let part: Part<Vec<Tried>> = serde_json::from_slice(&bytes).ok()?;
                told.extend(part.trials);
            }
            Some((Self { parts, count: told.len() }, told))
        };
        all().unwrap_or_default()
    }

    /// Keeps what was told since. A search that could not be kept goes on, and would begin before
    /// that after a crash.
    pub(super) fn keep(&mut self, context: &TaskContext, told: &[Tried]) {
        let part = Part {
            run: context.run.to_string(),
            task: context.task.clone(),
            first: self.count,
            trials: &told[self.count..],
        };
        let name = file_name(context, "trials.kept");
        let write = |out: &mut dyn Write| Ok(serde_json::to_writer(out, &part)?);
        if let Ok(file) = context.artifacts.put(&name, false, write) {
            self.parts.push(file);
            self.count = told.len();
            context.checkpoint(&json!({"trials": self.parts}));
        }
    }

    /// Removes all that was kept.
    pub(super) fn discard(&self, context: &TaskContext) {
        for part in &self.parts {
            // What cannot be removed takes room, and nothing else.
            drop(context.artifacts.discard(part));
        }
    }
}
