//! A search: blocks of combinations are tried, the best of all are found, the first of them is run.
//!
//! Promises: every combination is tried once and stands once in `trials.csv`, in the order of the
//! grid, whatever the number of workers and however often the run was killed in between.
//! Not here: how many combinations are traded at once; see `dirigent_trading::sweep`.

use std::{
    io::{self, Write},
    num::NonZeroUsize,
    ops::Range,
    sync::Arc,
};

use dirigent_trading::{strategy::Registry, sweep::Trial};
use dirigent_workflow::{
    artifact::ArtifactRef,
    event::Failure,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::backtest::{
    Bench, file_name,
    load::Stock,
    simulate,
    sweep::{Grid, Ranked, keep, ranked},
    write_failed,
};
use crate::{
    cast::Cast,
    config::search::Search,
    setup::{Setup, failure},
    strategy::{self, Chosen},
};

/// How many of the best are told.
const TOP: usize = 20;

/// Both steps.
pub(super) fn kinds(strategies: &Arc<Registry>) -> [Arc<dyn TaskKind>; 2] {
    let bench = Bench { strategies: Arc::clone(strategies) };
    [Arc::new(Try(bench)), Arc::new(Rank)]
}

/// What a block found.
#[derive(Debug, Serialize, Deserialize)]
struct Found {
    /// How many combinations it tried.
    trials: usize,
    /// How many of them make no strategy.
    refused: usize,
    /// What is wrong with the first of these.
    first_refusal: Option<String>,
    /// The best, the best first.
    best: Vec<Ranked>,
    /// Its rows of the table.
    rows: Option<ArtifactRef>,
}

fn search_of(input: &Value) -> Result<Search, TaskError> {
    let none = serde_json::Map::new();
    let search = Search::of(input["search"].as_object().unwrap_or(&none));
    search.map_err(|wrong| {
        let message = format!("`optimization_config.{}` {}", wrong.key, wrong.what);
        TaskError::Hopeless(failure("config_invalid", message))
    })
}

/// The combinations of the block that `task` is: equal parts, the first ones one larger.
fn part_of(task: &str, blocks: usize, count: usize) -> Range<usize> {
    let block = task.rsplit_once('/').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
    let start = |block: usize| count / blocks * block + (count % blocks).min(block);
    start(block)..start(block + 1)
}

/// Tries one block of combinations.
struct Try(Bench);

impl TaskKind for Try {
    fn name(&self) -> &'static str {
        "optimization.search"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (setup, cast) = self.0.setup(context)?;
        let Cast::One(chosen) = cast else {
            let why = "a search tries one `strategy`, not `strategies`";
            return Err(TaskError::Hopeless(failure("strategy_invalid", why.into())));
        };
        let search = search_of(&context.input)?;
        let count = search.count().unwrap_or(0);
        let blocks = context.input["blocks"].as_u64().and_then(|n| usize::try_from(n).ok());
        let part = part_of(&context.task, blocks.unwrap_or(1).max(1), count);
        let stock = self.0.stock(context)?;
        let bench = Trials { bench: &self.0, context, setup, chosen: *chosen, stock, search };
        let (found, rows) = bench.run(part)?;
        let number = context.task.rsplit_once('/').map_or("0", |(_, number)| number);
        let name = file_name(context, &format!("trials-{number}.part"));
        let rows = context.artifacts.put(&name, true, |out| out.write_all(&rows));
        let rows = rows.map_err(write_failed)?;
        let found = Found { rows: Some(rows), ..found };
        Ok(TaskOutput { value: json!(found), ..TaskOutput::default() })
    }
}

/// A block under way.
struct Trials<'a> {
    bench: &'a Bench,
    context: &'a TaskContext,
    setup: Setup,
    chosen: Chosen,
    stock: Arc<Stock>,
    search: Search,
}

impl Trials<'_> {
    fn run(&self, part: Range<usize>) -> Result<(Found, Vec<u8>), TaskError> {
        let mut rows = Vec::new();
        let mut found = Found {
            trials: part.len(),
            refused: 0,
            first_refusal: None,
            best: Vec::new(),
            rows: None,
        };
        let mut each = |index: usize, tried: Result<Ranked, String>| {
            // A vector takes all that is written.
            let _ = write_row(&mut rows, index, &self.search, &tried);
            match tried {
                Ok(ranked) => keep(&mut found.best, ranked, self.search.objective, TOP),
                Err(why) => {
                    found.refused += 1;
                    found.first_refusal.get_or_insert(why);
                }
            }
        };
        let grid = Grid {
            registry: &self.bench.strategies,
            setup: &self.setup,
            chosen: &self.chosen,
            stock: &self.stock,
            axes: &self.search.axes,
        };
        if grid.is_fast() {
            let watch = simulate::Eyes(&self.context.watch);
            let one = |Trial { index, score }: Trial| {
                each(index, score.map(|score| ranked(&self.search.axes, index, &score)));
            };
            let run = grid.run(part, NonZeroUsize::MIN, &watch, &mut { one });
            run.map_err(|error| match self.context.watch.stopped() {
                true => TaskError::Stopped,
                false => TaskError::Failed(error),
            })?;
        } else {
            for (done, index) in part.clone().enumerate() {
                self.context.watch.report(done as u64, part.len() as u64);
                each(index, self.simulated(index)?);
            }
        }
        Ok((found, rows))
    }

    /// One combination by itself; the inner error says why it makes no strategy.
    fn simulated(&self, index: usize) -> Result<Result<Ranked, String>, TaskError> {
        let mut setup = self.setup.clone();
        // The proof is for the best of them.
        setup.workflow.metrics.prove_causal = None;
        if let Some(written) = &mut setup.workflow.strategy {
            written.params.extend(self.search.params(index));
        }
        let choose = || match &setup.workflow.strategy {
            Some(written) => strategy::choose(&self.bench.strategies, written, Some(&setup.data))
                .map_err(|errors| errors.first().map_or_else(String::new, ToString::to_string)),
            None => Err("the file names no strategy".to_owned()),
        };
        let chosen = match choose() {
            Ok(chosen) => chosen,
            Err(why) => return Ok(Err(why)),
        };
        let one = |chosen| Cast::One(Box::new(chosen));
        let again = || {
            let chosen = choose().map(one);
            chosen.map_err(|why| TaskError::Failed(failure("strategy_invalid", why)))
        };
        let stock = Arc::clone(&self.stock);
        let result =
            simulate::simulate(&setup, one(chosen), stock, &self.context.watch, &again)?.result;
        let metric = |name: &str| result["metrics"][name].as_f64();
        let axes = self.search.axes.iter();
        let params = self.search.params(index);
        let values =
            axes.filter_map(|axis| Some((axis.name.clone(), params[&axis.name].as_f64()?)));
        Ok(Ok(Ranked {
            index,
            params: values.collect(),
            final_equity: result["final_equity"].as_f64().unwrap_or(f64::NAN),
            sharpe: metric("sharpe"),
            total_return: metric("total_return"),
            cagr: metric("cagr"),
            max_drawdown: metric("max_drawdown"),
            trades: result["metrics"]["trades"]
                .as_u64()
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
        }))
    }
}

const COLUMNS: &str = "sharpe,total_return,cagr,max_drawdown,trades,final_equity,refused";

fn write_row(
    out: &mut impl Write,
    index: usize,
    search: &Search,
    tried: &Result<Ranked, String>,
) -> io::Result<()> {
    write!(out, "{index}")?;
    for value in search.params(index).values() {
        write!(out, ",{value}")?;
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
        Err(why) => writeln!(out, ",,,,,,,\"{}\"", why.replace('"', "'").replace('\n', " ")),
    }
}

/// Finds the best of all blocks, and makes one table of them.
struct Rank;

impl TaskKind for Rank {
    fn name(&self) -> &'static str {
        "optimization.rank"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&context.input)?;
        let blocks = context.outputs.get("search").and_then(Value::as_array);
        let mut all =
            Found { trials: 0, refused: 0, first_refusal: None, best: Vec::new(), rows: None };
        let mut parts = Vec::new();
        for block in blocks.into_iter().flatten() {
            let found: Found = serde_json::from_value(block.clone()).map_err(unreadable)?;
            all.trials += found.trials;
            all.refused += found.refused;
            all.first_refusal = all.first_refusal.or(found.first_refusal);
            parts.extend(found.rows);
            for ranked in found.best {
                keep(&mut all.best, ranked, search.objective, TOP);
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
                "params": search.params(ranked.index),
                "objective": search.objective.of(ranked),
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
            "algorithm": "grid",
            "objective": search.objective.as_str(),
            "trials": all.trials,
            "failed_trials": all.refused,
            "first_failure": all.first_refusal,
            "best": row(best),
            "best_params": search.params(best.index),
            "top": all.best.iter().map(row).collect::<Vec<_>>(),
        });
        let table = table(context, &search, &parts).map_err(write_failed)?;
        Ok(TaskOutput { value, artifacts: vec![table], ..TaskOutput::default() })
    }
}

/// All rows under one header.
fn table(context: &TaskContext, search: &Search, parts: &[ArtifactRef]) -> io::Result<ArtifactRef> {
    let names: Vec<&str> = search.axes.iter().map(|axis| axis.name.as_str()).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_all_combinations_once() {
        for (count, blocks) in [(1, 1), (10, 3), (1024, 7), (5, 5)] {
            let parts: Vec<_> =
                (0..blocks).map(|n| part_of(&format!("p.search/{n}"), blocks, count)).collect();
            assert_eq!(parts[0].start, 0);
            assert_eq!(parts[blocks - 1].end, count);
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
        }
    }
}
