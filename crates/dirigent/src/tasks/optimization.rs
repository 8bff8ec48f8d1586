//! A search: blocks of trials are made, the best of all are found, the first of them is run.
//!
//! Promises: every trial is made once and stands once in `trials.csv`, in the order of its number,
//! whatever the number of workers and however often the run was killed in between.
//! Not here: how many combinations are traded at once; see `dirigent_trading::sweep`.

mod anew;
mod bench;
mod blocks;
mod found;
mod guided;
mod hunt;
mod judge;
mod kept;
mod packed;
pub(super) mod pictures;
mod rank;
mod rows;
mod sequence;
mod signals;
mod stage;
mod staged;
mod table;
mod warm;
mod weigh;

use std::sync::Arc;

use dirigent_workflow::port::{TaskContext, TaskError, TaskKind};

use super::backtest::Bench;
use crate::{
    config::search::Search,
    setup::{self, failure},
};
pub(super) use anew::{Anew, Period, anew, candidates};
pub(super) use blocks::part_of;

/// The steps of searches.
pub(super) fn kinds(bench: &Bench) -> [Arc<dyn TaskKind>; 8] {
    [
        Arc::new(blocks::Try(bench.clone())),
        Arc::new(guided::Guide(bench.clone())),
        Arc::new(rank::Rank(bench.clone())),
        Arc::new(signals::Capture(bench.clone())),
        Arc::new(weigh::Weigh(bench.clone())),
        Arc::new(stage::OneStage(bench.clone())),
        Arc::new(staged::Staged),
        Arc::new(judge::Judge),
    ]
}

/// The search that tasks of this name have in common.
pub(super) fn search_of(bench: &Bench, context: &TaskContext) -> Result<Arc<Search>, TaskError> {
    let key = format!("{} search {}", context.run, phase_of(&context.task));
    bench.shelf.get(key, || {
        let workflow = setup::workflow(&context.start, &context.input);
        let workflow = workflow.map_err(TaskError::Failed)?;
        let none = serde_json::Map::new();
        let config = context.input["search"].as_object().unwrap_or(&none);
        Search::of(config, &workflow, &bench.strategies).map_err(|wrong| {
            let message = format!("`optimization_config.{}` {}", wrong.key, wrong.what);
            TaskError::Hopeless(failure("config_invalid", message))
        })
    })
}

/// The phase of a task, with its dot; empty where there is only one.
fn phase_of(task: &str) -> &str {
    task.rfind('.').map_or("", |dot| &task[..=dot])
}
