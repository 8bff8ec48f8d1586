//! `optimization`: a search in blocks of trials, the ranking, and a backtest of the best.

use std::{borrow::Cow, sync::Arc};

use dirigent_trading::strategy::Registry;
use dirigent_workflow::plan::{PhasePlan, TaskPlan};
use serde_json::{Map, Value, json};

use super::{Part, Planner, Refusal, backtest, replay, stages};
use crate::{
    config::{
        search::{self, Search, Wrong, told},
        workflow::Workflow,
    },
    setup,
};

pub(super) struct Optimization(pub(super) Arc<Registry>);

/// How many trials one task makes: what is lost at most when a run is killed.
const BLOCK: usize = 1024;
/// The same where each trial is a simulation by itself.
const BLOCK_SLOW: usize = 32;

impl Planner for Optimization {
    fn kind(&self) -> &'static str {
        "optimization"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let of_phase = part.phase.and_then(|phase| phase.optimization_config.as_ref());
        let path = match of_phase {
            Some(_) => format!("{}.optimization_config", part.path()),
            None => "workflow.optimization_config".to_owned(),
        };
        let written = of_phase.or(part.workflow.definition.optimization_config.as_ref());
        if let Some(method) = replay::method(part, written) {
            return Ok(replay::plan(part, written, method));
        }
        let config = told(written, part.containers());
        let workflow = overlaid(part)?;
        let refuse = |wrong: Wrong| Refusal {
            path: format!("{path}.{}", wrong.key),
            message: format!("`{path}.{}` {}", wrong.key, wrong.what),
            hint: wrong.hint,
        };
        let raw = written.cloned().unwrap_or_default();
        let staged = search::stages::of(&raw, &workflow, &self.0).map_err(&refuse)?;
        if !staged.is_empty() {
            return Ok(stages::plan(part, &raw, &staged));
        }
        let is_test = config.get("objective").is_some_and(Value::is_object);
        let has_types = config.get("types").is_some_and(Value::is_array);
        let names_none = workflow.strategy.is_none() && workflow.strategies.is_empty();
        if names_none && !is_test && !has_types {
            return Err(Refusal {
                path: "strategy".into(),
                message: "Required field 'strategy' missing: there is nothing to search".into(),
                hint: "add `strategy: {type: sma_crossover}`, or several `strategies`".into(),
            });
        }
        let search = Search::of(&config, &workflow, &self.0).map_err(refuse)?;
        let parts = if search.is_adaptive() {
            Parts::Strategies(search.is_several().then(|| number(search.members.len())))
        } else {
            let is_one = workflow.data.as_ref().is_some_and(|data| data.symbols.len() == 1);
            let is_fast = is_test || is_one && !has_types;
            let block = if is_fast { BLOCK } else { BLOCK_SLOW };
            let count = search.count();
            let wanted = part.containers().unwrap_or_else(|| number(count.div_ceil(block)));
            Parts::Blocks(wanted.clamp(1, number(count)))
        };
        Ok(plan(part, config, is_test, parts))
    }
}

/// The file with the settings of the phase laid over it, as its tasks see it.
fn overlaid<'w>(part: &Part<'w>) -> Result<Cow<'w, Workflow>, Refusal> {
    let Some(phase) = part.phase.filter(|phase| !phase.config.is_empty()) else {
        return Ok(Cow::Borrowed(part.workflow));
    };
    let laid = serde_json::to_value(part.workflow).and_then(|mut all| {
        setup::lay_over(&mut all, &Value::Object(phase.config.clone()));
        serde_json::from_value(all)
    });
    laid.map(Cow::Owned).map_err(|error| Refusal {
        path: format!("{}.config", part.path()),
        message: format!("what it lays over the file does not fit: {error}"),
        hint: "write it as it would stand at the top of the file".into(),
    })
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Which tasks a search consists of.
enum Parts {
    /// So many with a part of the trials each.
    Blocks(u32),
    /// One for each of so many strategies, or one, as what is tried depends on what came before.
    Strategies(Option<u32>),
}

/// A strategy that was found is run and judged, the minimum of a function is the result by itself.
fn plan(part: &Part<'_>, config: Map<String, Value>, is_test: bool, parts: Parts) -> PhasePlan {
    let overlay = part.settings();
    let mut input = json!({"search": config});
    if let Parts::Blocks(blocks) = parts {
        input["blocks"] = json!(blocks);
    }
    if !overlay.is_empty() {
        input["config"] = json!(overlay);
    }
    let (kind, count, has_container) = match parts {
        Parts::Blocks(blocks) => ("optimization.search", Some(blocks), part.containers().is_some()),
        // What such a search was told is kept in a container of its own.
        Parts::Strategies(count) => ("optimization.guided", count, true),
    };
    let search = TaskPlan {
        name: part.task_name("search"),
        kind: kind.into(),
        input: input.clone(),
        count,
        container: has_container.then(|| part.name.into()),
        retry: part.restarts(),
        takes: part.takes(None),
        ..TaskPlan::default()
    };
    let rank = TaskPlan {
        name: part.task_name("rank"),
        kind: "optimization.rank".into(),
        needs: vec![search.name.clone()],
        input: input.clone(),
        ..TaskPlan::default()
    };
    let after = rank.name.clone();
    let mut tasks = vec![search, rank];
    if !is_test {
        input["params_of"] = "rank".into();
        tasks.extend(backtest::steps(part, &input, Some(&after)));
        tasks.push(TaskPlan {
            name: part.task_name("judge"),
            kind: "optimization.judge".into(),
            needs: vec![after, part.task_name("load_data"), part.task_name("execute_strategy")],
            ..TaskPlan::default()
        });
    }
    let result = tasks.last().map(|last| last.name.clone());
    PhasePlan {
        name: part.name.into(),
        kind: "optimization".into(),
        mode: part.mode(count.unwrap_or(1).into()),
        result,
        tasks,
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}
