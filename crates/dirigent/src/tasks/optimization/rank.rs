//! The ranking: the best of all blocks, and one table of them.

use dirigent_workflow::{
    event::Failure,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use super::{
    found::{Block, Found},
    rows, search_of,
};
use crate::{
    config::search::Search,
    setup::failure,
    tasks::backtest::{Bench, sweep::Ranked, write_failed},
};

/// Finds the best of all blocks, and makes one table of them.
pub(super) struct Rank(pub(super) Bench);

impl TaskKind for Rank {
    fn name(&self) -> &'static str {
        "optimization.rank"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&self.0, context)?;
        let outputs = context.outputs.get("search").unwrap_or(&Value::Null);
        let blocks =
            outputs.as_array().map_or_else(|| std::slice::from_ref(outputs), Vec::as_slice);
        let mut all = vec![Found::default(); search.members.len()];
        let mut rows = Vec::new();
        for block in blocks {
            let block: Block = serde_json::from_value(block.clone()).map_err(unreadable)?;
            for found in &block.found {
                all.get_mut(found.member).into_iter().for_each(|own| own.join(found));
            }
            rows.push(block.rows);
        }
        for (found, member) in all.iter().zip(&search.members) {
            worth_something(found, member.name.as_deref())?;
        }
        let value = ranking(&search, &all);
        let table = rows::table(context, (&search.names(), search.is_several()), &rows)
            .map_err(write_failed)?;
        Ok(TaskOutput { value, artifacts: vec![table], ..TaskOutput::default() })
    }
}

/// One trial at least made a strategy.
pub(super) fn worth_something(found: &Found, name: Option<&str>) -> Result<(), TaskError> {
    if !found.best.is_empty() {
        return Ok(());
    }
    let why = found.first_refusal.as_deref().unwrap_or_default();
    let of = name.map_or_else(String::new, |name| format!(" of `{name}`"));
    let message = format!("none of {} combinations{of} makes a strategy: {why}", found.trials);
    Err(TaskError::Hopeless(failure("search_failed", message)))
}

fn ranking(search: &Search, all: &[Found]) -> Value {
    let mut whole = Found::default();
    all.iter().for_each(|found| whole.join(found));
    let mut value = json!({
        "algorithm": search.algorithm(),
        "objective": search.objective.as_str(),
    });
    let own = if search.is_several() {
        let named = search.members.iter().zip(all);
        let own = named.map(|(member, found)| (member.name.clone().unwrap_or_default(), found));
        let own: Vec<_> = own.collect();
        let best = own.iter().map(|(name, found)| (name.clone(), json!(found.best[0].params)));
        let (best, count) = (best.collect::<Map<_, _>>(), counted(&whole));
        let strategies = own.iter().map(|(name, found)| (name.clone(), Value::Object(told(found))));
        let strategies: Map<_, _> = strategies.collect();
        let own =
            [("best_params".to_owned(), best.into()), ("strategies".into(), strategies.into())];
        count.into_iter().chain(own).collect()
    } else {
        told(&whole)
    };
    if let Some(value) = value.as_object_mut() {
        value.extend(own);
        value.insert("sharpes".into(), json!(whole.sharpes));
        value.insert("periods_per_year".into(), json!(whole.periods_per_year));
    }
    value
}

fn counted(found: &Found) -> Map<String, Value> {
    let counts = [
        ("trials", json!(found.trials)),
        ("failed_trials", json!(found.refused)),
        ("first_failure", json!(found.first_refusal)),
    ];
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// What is told of the trials of one strategy.
pub(super) fn told(found: &Found) -> Map<String, Value> {
    let best = [
        ("best", found.best.first().map_or(Value::Null, row)),
        ("best_params", json!(found.best.first().map(|best| &best.params))),
        ("top", found.best.iter().map(row).collect()),
    ];
    let best = best.into_iter().map(|(name, value)| (name.to_owned(), value));
    counted(found).into_iter().chain(best).collect()
}

fn row(ranked: &Ranked) -> Value {
    json!({
        "trial": ranked.index,
        "params": ranked.params,
        "objective": ranked.objective,
        "metrics": {
            "sharpe": ranked.sharpe,
            "total_return": ranked.total_return,
            "cagr": ranked.cagr,
            "max_drawdown": ranked.max_drawdown,
            "trades": ranked.trades,
        },
        "final_equity": ranked.final_equity,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn unreadable(error: serde_json::Error) -> TaskError {
    TaskError::Failed(Failure {
        code: "record_invalid".into(),
        message: format!("what a block of the search recorded cannot be read: {error}"),
        hint: Some(
            "it was recorded by another version of Dirigent: use that, or start anew".into(),
        ),
    })
}
