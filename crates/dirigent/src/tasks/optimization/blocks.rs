//! Blocks: the parts of a search that does not learn, each tried by a task.

use std::ops::Range;

use dirigent_trading::{strategy::ParamValue, sweep};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value, json};

use super::{
    bench::Trying,
    found::{Block, Found},
    rows::{Rows, write_row},
    search_of,
};
use crate::{
    config::search::{Search, Trials, params_of},
    tasks::backtest::{
        Bench,
        sweep::{Ranked, What, ranked},
        write_failed,
    },
};

/// Takes the number of a trial, its values and what came of it.
type Each<'e> = &'e mut dyn FnMut(usize, &Map<String, Value>, Result<Ranked, String>);

/// The trials of the block that `task` is: equal parts, the first ones one larger.
fn part_of(task: &str, blocks: usize, count: usize) -> Range<usize> {
    let block = task.rsplit_once('/').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
    let start = |block: usize| count / blocks * block + (count % blocks).min(block);
    start(block)..start(block + 1)
}

/// Tries one block.
pub(super) struct Try(pub(super) Bench);

impl TaskKind for Try {
    fn name(&self) -> &'static str {
        "optimization.search"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&self.0, context)?;
        let blocks = context.input["blocks"].as_u64().and_then(|n| usize::try_from(n).ok());
        let part = part_of(&context.task, blocks.unwrap_or(1).max(1), search.count());
        let mut ledger = Ledger::of(&search);
        for (place, own) in search.parts(&part) {
            let trying = Trying::of(&self.0, context, &search, place)?;
            ledger.open(place, &trying);
            trying.part(own, &mut |index, params, tried| ledger.add(index, params, tried))?;
        }
        ledger.close(context)
    }
}

/// Trials as they are made, strategy after strategy.
pub(super) struct Ledger<'a> {
    search: &'a Search,
    names: Vec<&'a str>,
    found: Vec<Found>,
    rows: String,
    first: usize,
}

impl<'a> Ledger<'a> {
    pub(super) fn of(search: &'a Search) -> Self {
        Self { search, names: search.names(), found: Vec::new(), rows: String::new(), first: 0 }
    }

    /// From here on, trials are those of the strategy at `place`.
    pub(super) fn open(&mut self, place: usize, trying: &Trying<'_>) {
        self.first = self.search.first_of(place);
        self.found.push(Found::of(place, trying.periods_per_year()));
    }

    /// Adds trial `index` of the strategy.
    pub(super) fn add(
        &mut self,
        index: usize,
        params: &Map<String, Value>,
        tried: Result<Ranked, String>,
    ) {
        let Some(found) = self.found.last_mut() else { return };
        let of = self.search.members[found.member].name.as_deref();
        let index = self.first + index;
        write_row(&mut self.rows, index, of, (&self.names, params), &tried);
        found.add(tried.map(|ranked| Ranked { index, ..ranked }), &self.search.objective);
    }

    /// What the task delivers.
    pub(super) fn close(self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let rows = Rows::put(context, self.rows).map_err(write_failed)?;
        let value = json!(Block { found: self.found, rows });
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}

impl Trying<'_> {
    /// Makes trials `part` and hands each to `each` in order.
    pub(super) fn part(&self, part: Range<usize>, each: Each<'_>) -> Result<(), TaskError> {
        let is_fast = self.tries().is_fast();
        let from = part.start;
        if let Trials::Grid(axes) = &self.member.trials {
            if is_fast {
                return self.fast(What::Grid(axes), part, &mut |trial| {
                    let (index, params) = (trial.index, params_of(axes, trial.index));
                    let score = trial.score.map(|score| ranked(params.clone(), index, &score));
                    each(index, &params, score);
                });
            }
            return self.slow(from, part.map(|index| params_of(axes, index)).collect(), each);
        }
        let params = self.known(part);
        if !is_fast {
            return self.slow(from, params, each);
        }
        let points: Vec<sweep::Point> = params.iter().map(point).collect();
        self.fast(What::Points(&points), 0..points.len(), &mut |trial| {
            let (index, params) = (from + trial.index, &params[trial.index]);
            let score = trial.score.map(|score| ranked(params.clone(), index, &score));
            each(index, params, score);
        })
    }

    fn slow(
        &self,
        from: usize,
        all: Vec<Map<String, Value>>,
        each: Each<'_>,
    ) -> Result<(), TaskError> {
        let count = all.len() as u64;
        for (done, params) in (0..).zip(all) {
            self.context.watch.report(done, count);
            let index = from + usize::try_from(done).unwrap_or(0);
            let tried = self.simulated(index, params.clone())?;
            each(index, &params, tried);
        }
        Ok(())
    }
}

/// The values of one trial.
pub(super) fn point(params: &Map<String, Value>) -> sweep::Point {
    let value =
        |(name, value): (&String, &Value)| Some((name.clone(), ParamValue::from_json(value)?));
    params.iter().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::part_of;

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
