//! `optimization`: a search in blocks of combinations, the ranking, and a backtest of the best.

use dirigent_workflow::plan::{PhasePlan, TaskPlan};
use serde_json::{Value, json};

use super::{Part, Planner, Refusal, backtest};
use crate::config::search::{Search, Trials};

pub(super) struct Optimization;

/// How many combinations one task tries: what is lost at most when a run is killed.
const BLOCK: usize = 1024;

impl Planner for Optimization {
    fn kind(&self) -> &'static str {
        "optimization"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let of_phase = part.phase.and_then(|phase| phase.optimization_config.as_ref());
        let config = of_phase.or(part.workflow.definition.optimization_config.as_ref());
        let path = "workflow.optimization_config";
        let Some(config) = config else {
            return Err(Refusal {
                path: path.into(),
                message: format!("Required field '{path}' missing"),
                hint: "add `optimization_config: {parameters: {fast: [5, 10, 20]}}`".into(),
            });
        };
        let search = Search::of(config).map_err(|wrong| Refusal {
            path: format!("{path}.{}", wrong.key),
            message: format!("`{path}.{}` {}", wrong.key, wrong.what),
            hint: wrong.hint,
        })?;
        let blocks = match &search.trials {
            Trials::Grid(_) => {
                let count = search.count();
                let wanted = part.containers().unwrap_or(0).max(number(count.div_ceil(BLOCK)));
                Some(wanted.min(number(count)))
            }
            Trials::Guided(_) => None,
        };
        Ok(plan(part, config.clone().into(), blocks))
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A grid has `blocks`; what a guided search tries depends on what came before, so it is one task.
fn plan(part: &Part<'_>, config: Value, blocks: Option<u32>) -> PhasePlan {
    let overlay = part.phase.map(|phase| &phase.config).filter(|config| !config.is_empty());
    let mut input = json!({"search": config});
    if let Some(blocks) = blocks {
        input["blocks"] = json!(blocks);
    }
    if let Some(overlay) = overlay {
        input["config"] = json!(overlay);
    }
    let search = TaskPlan {
        name: part.task_name("search"),
        kind: if blocks.is_some() { "optimization.search" } else { "optimization.guided" }.into(),
        input: input.clone(),
        count: blocks,
        // What a guided search was told is kept in a container of its own.
        container: (blocks.is_none() || part.containers().is_some()).then(|| part.name.into()),
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
    input["params_of"] = "rank".into();
    tasks.extend(backtest::steps(part, &input, Some(&after)));
    let judge = TaskPlan {
        name: part.task_name("judge"),
        kind: "optimization.judge".into(),
        needs: vec![after, part.task_name("execute_strategy")],
        ..TaskPlan::default()
    };
    let result = judge.name.clone();
    tasks.push(judge);
    PhasePlan {
        name: part.name.into(),
        kind: "optimization".into(),
        mode: part.mode(blocks.unwrap_or(1).into()),
        result: Some(result),
        tasks,
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}
