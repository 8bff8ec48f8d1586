//! The ranking: the best of all blocks, and one table of them.

use std::io;

use dirigent_workflow::{
    artifact::ArtifactRef,
    event::Failure,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use super::{
    found::{Block, Found, knee, values},
    packed, pictures,
    rows::{self, Columns},
    search_of, warm,
};
use crate::{
    config::search::{Objective, Search, types},
    setup::failure,
    tasks::backtest::{Bench, file_name, sweep::Ranked, write_failed},
};

/// Finds the best of all blocks, and makes one table of them.
pub(super) struct Rank(pub(super) Bench);

impl TaskKind for Rank {
    fn name(&self) -> &'static str {
        "optimization.rank"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        context.watch.searched();
        let search = search_of(&self.0, context)?;
        let outputs = context.outputs.get("search").unwrap_or(&Value::Null);
        let blocks =
            outputs.as_array().map_or_else(|| std::slice::from_ref(outputs), Vec::as_slice);
        let mut all = vec![Found::default(); search.members.len()];
        let (mut rows, mut warm) = (Vec::new(), Vec::new());
        for block in blocks {
            let block: Block = serde_json::from_value(block.clone()).map_err(unreadable)?;
            for found in &block.found {
                all.get_mut(found.member)
                    .into_iter()
                    .for_each(|own| own.join(found, &search.objectives));
            }
            rows.push(block.rows);
            warm.extend(block.warm);
        }
        for (found, member) in all.iter().zip(&search.members) {
            worth_something(found, member.name.as_deref(), &search.objectives)?;
        }
        let mut value = ranking(&search, &all);
        if search.has_types() {
            let best = value["best_params"].as_object().and_then(types::config);
            value["best_config"] = best.unwrap_or(Value::Null);
        }
        if let Some(first) = warm.first() {
            let trials = warm.iter().map(|told| told.trials).sum();
            value["warm_start"] = json!(warm::Told { trials, ..first.clone() });
        }
        let columns = Columns::of(&search);
        let table = rows::table(context, &columns, &rows).map_err(write_failed)?;
        let packed = packed::write(context, &columns, &rows).map_err(write_failed)?;
        let mut artifacts = vec![table, packed];
        if search.is_test() {
            artifacts.push(page(context, &artifacts[0], &value).map_err(write_failed)?);
        }
        Ok(TaskOutput { value, artifacts, ..TaskOutput::default() })
    }
}

/// The pictures of a search that nothing is run after.
fn page(context: &TaskContext, table: &ArtifactRef, value: &Value) -> io::Result<ArtifactRef> {
    let searched = pictures::read(context, table, value);
    let page = dirigent_report::render_search(&context.start.name, &searched);
    let name = file_name(context, "report.html");
    context.artifacts.put(&name, false, |out| out.write_all(page.as_bytes()))
}

/// One trial at least made a strategy.
pub(super) fn worth_something(
    found: &Found,
    name: Option<&str>,
    objectives: &[Objective],
) -> Result<(), TaskError> {
    let is_front = objectives.len() > 1;
    if !(if is_front { &found.front } else { &found.best }).is_empty() {
        return Ok(());
    }
    if found.refused < found.trials {
        let message = match is_front {
            false => format!("none of {} trials came to the whole of the data", found.trials),
            true => format!("none of {} trials has a value of every objective", found.trials),
        };
        let hint = Some("give more `trials`, or choose others to try".into());
        return Err(TaskError::Hopeless(Failure { hint, ..failure("search_failed", message) }));
    }
    let why = found.first_refusal.as_deref().unwrap_or_default();
    let of = name.map_or_else(String::new, |name| format!(" of `{name}`"));
    let message = format!("none of {} combinations{of} makes a strategy: {why}", found.trials);
    Err(TaskError::Hopeless(failure("search_failed", message)))
}

pub(super) fn ranking(search: &Search, all: &[Found]) -> Value {
    let mut whole = Found::default();
    all.iter().for_each(|found| whole.join(found, &search.objectives));
    let mut value = json!({
        "algorithm": search.algorithm(),
        "objective": search.objective(),
    });
    let own = if search.is_several() {
        by_strategy(search, all, &whole)
    } else {
        told(&whole, &search.objectives)
    };
    if let Some(value) = value.as_object_mut() {
        value.extend(own);
        if !search.is_test() {
            value.insert("sharpes".into(), json!(whole.sharpes));
            value.insert("periods_per_year".into(), json!(whole.periods_per_year));
        }
    }
    value
}

fn by_strategy(search: &Search, all: &[Found], whole: &Found) -> Map<String, Value> {
    let named = search.members.iter().zip(all);
    let named = named.map(|(member, found)| (member.name.clone().unwrap_or_default(), found));
    let strategies: Map<String, Value> =
        named.map(|(name, found)| (name, told(found, &search.objectives).into())).collect();
    let best = strategies.iter().map(|(name, own)| (name.clone(), own["best_params"].clone()));
    let best: Map<String, Value> = best.collect();
    let mut value = counted(whole);
    value.insert("best_params".into(), best.into());
    value.insert("strategies".into(), strategies.into());
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
pub(super) fn told(found: &Found, objectives: &[Objective]) -> Map<String, Value> {
    let is_test = matches!(objectives, [Objective::Function(_)]);
    let row = |ranked: &Ranked| if is_test { point(ranked) } else { row(ranked, objectives) };
    let rows = |all: &[Ranked]| Value::from(all.iter().map(row).collect::<Vec<_>>());
    let (best, listed) = if objectives.len() > 1 {
        (knee(&found.front, objectives), ("front", rows(&found.front)))
    } else {
        (found.best.first(), ("top", rows(&found.best)))
    };
    let best = [
        ("best", best.map_or(Value::Null, row)),
        ("best_params", json!(best.map(|best| &best.params))),
        listed,
    ];
    let best = best.into_iter().map(|(name, value)| (name.to_owned(), value));
    counted(found).into_iter().chain(best).collect()
}

/// A point of a test function.
fn point(ranked: &Ranked) -> Value {
    let value = ranked.objective.map(|objective| -objective);
    json!({"trial": ranked.index, "params": ranked.params, "value": value})
}

fn row(ranked: &Ranked, objectives: &[Objective]) -> Value {
    let mut row = json!({
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
    });
    if objectives.len() > 1 {
        row["objective"] = json!(values(ranked, objectives));
    }
    row
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
