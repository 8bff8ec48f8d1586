//! A search: blocks of combinations are tried, the best of all are found, the first of them is run.
//!
//! Promises: every combination is tried once and stands once in `trials.csv`, in the order of the
//! grid, whatever the number of workers and however often the run was killed in between.
//! Not here: how many combinations are traded at once; see `dirigent_trading::sweep`.

mod bench;
mod blocks;
mod guided;
mod judge;

use std::{
    io::{self, Write},
    sync::Arc,
};

use dirigent_trading::strategy::Registry;
use dirigent_workflow::{
    artifact::ArtifactRef,
    event::Failure,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use judge::Sharpes;

use super::backtest::{
    Bench, file_name,
    sweep::{Ranked, keep},
    write_failed,
};
use crate::{
    config::search::{Objective, Search},
    setup::failure,
};

/// How many of the best are told.
const TOP: usize = 20;

/// The steps of searches.
pub(super) fn kinds(strategies: &Arc<Registry>) -> [Arc<dyn TaskKind>; 4] {
    let bench = || Bench { strategies: Arc::clone(strategies) };
    [
        Arc::new(blocks::Try(bench())),
        Arc::new(guided::Guide(bench())),
        Arc::new(Rank),
        Arc::new(judge::Judge),
    ]
}

/// What a block found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    /// How many combinations it tried.
    trials: usize,
    /// How many of them make no strategy.
    refused: usize,
    /// What is wrong with the first of these.
    first_refusal: Option<String>,
    /// The best, the best first.
    best: Vec<Ranked>,
    /// The Sharpe ratios of all.
    sharpes: Sharpes,
    periods_per_year: f64,
    /// Its rows of the table.
    rows: Option<ArtifactRef>,
}

impl Found {
    fn of(trying: &bench::Trying<'_>) -> Self {
        Self { periods_per_year: trying.periods_per_year(), ..Self::default() }
    }

    fn add(&mut self, tried: Result<Ranked, String>, objective: &Objective, top: usize) {
        self.trials += 1;
        match tried {
            Ok(ranked) => {
                ranked.sharpe.into_iter().for_each(|sharpe| self.sharpes.add(sharpe));
                keep(&mut self.best, ranked.by(objective), top);
            }
            Err(why) => {
                self.refused += 1;
                self.first_refusal.get_or_insert(why);
            }
        }
    }
}

fn search_of(input: &Value) -> Result<Search, TaskError> {
    let none = serde_json::Map::new();
    let search = Search::of(input["search"].as_object().unwrap_or(&none));
    search.map_err(|wrong| {
        let message = format!("`optimization_config.{}` {}", wrong.key, wrong.what);
        TaskError::Hopeless(failure("config_invalid", message))
    })
}

const COLUMNS: &str = "sharpe,total_return,cagr,max_drawdown,trades,final_equity,refused";

fn write_row(
    out: &mut impl Write,
    index: usize,
    (names, params): (&[&str], &Map<String, Value>),
    tried: &Result<Ranked, String>,
) -> io::Result<()> {
    write!(out, "{index}")?;
    for name in names {
        match params.get(*name) {
            Some(Value::String(text)) => write!(out, ",{}", quoted(text))?,
            Some(value) => write!(out, ",{value}")?,
            // It does not matter there.
            None => write!(out, ",")?,
        }
    }
    match tried {
        Ok(ranked) => {
            for score in [ranked.sharpe, ranked.total_return, ranked.cagr, ranked.max_drawdown] {
                match score {
                    Some(score) => write!(out, ",{score}")?,
                    None => write!(out, ",")?,
                }
            }
            writeln!(out, ",{},{},", ranked.trades, ranked.final_equity)
        }
        Err(why) => writeln!(out, ",,,,,,,{}", quoted(why)),
    }
}

/// A text as a cell of a table.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'").replace('\n', " "))
}

/// Finds the best of all blocks, and makes one table of them.
struct Rank;

impl TaskKind for Rank {
    fn name(&self) -> &'static str {
        "optimization.rank"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&context.input)?;
        let found = context.outputs.get("search").unwrap_or(&Value::Null);
        let blocks = found.as_array().map_or_else(|| std::slice::from_ref(found), Vec::as_slice);
        let mut all = Found::default();
        let mut parts = Vec::new();
        for block in blocks {
            let found: Found = serde_json::from_value(block.clone()).map_err(unreadable)?;
            all.trials += found.trials;
            all.refused += found.refused;
            all.sharpes.join(&found.sharpes);
            all.periods_per_year = found.periods_per_year;
            all.first_refusal = all.first_refusal.or(found.first_refusal);
            parts.extend(found.rows);
            for ranked in found.best {
                keep(&mut all.best, ranked, TOP);
            }
        }
        let Some(best) = all.best.first() else {
            let why = all.first_refusal.unwrap_or_default();
            let message = format!("none of {} combinations makes a strategy: {why}", all.trials);
            return Err(TaskError::Hopeless(failure("search_failed", message)));
        };
        let row = |ranked: &Ranked| {
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
        };
        let value = json!({
            "algorithm": search.algorithm(),
            "objective": search.objective.as_str(),
            "trials": all.trials,
            "failed_trials": all.refused,
            "first_failure": all.first_refusal,
            "best": row(best),
            "best_params": best.params,
            "top": all.best.iter().map(row).collect::<Vec<_>>(),
            "sharpes": all.sharpes,
            "periods_per_year": all.periods_per_year,
        });
        let table = table(context, &search, &parts).map_err(write_failed)?;
        Ok(TaskOutput { value, artifacts: vec![table], ..TaskOutput::default() })
    }
}

/// All rows under one header.
fn table(context: &TaskContext, search: &Search, parts: &[ArtifactRef]) -> io::Result<ArtifactRef> {
    let names = search.names();
    context.artifacts.put(&file_name(context, "trials.csv"), true, |out| {
        writeln!(out, "trial,{},{COLUMNS}", names.join(","))?;
        for part in parts {
            out.write_all(&context.artifacts.get(part)?)?;
        }
        Ok(())
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
