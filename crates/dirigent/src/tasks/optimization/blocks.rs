//! Blocks: the parts of a search that does not learn, each tried by a task.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::json;

use super::{
    bench::Trying,
    found::{Block, Found, Tried},
    phase_of,
    rows::{Columns, Rows, write_row},
    search_of, warm,
};
use crate::{
    config::search::{Objective, Search},
    tasks::backtest::{Bench, sweep::Ranked, write_failed},
};

/// The trials of the block that `task` is: equal parts, the first ones one larger.
pub(in crate::tasks) fn part_of(task: &str, blocks: usize, count: usize) -> Range<usize> {
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
        let (done, count) = (tally(&self.0, context)?, search.count() as u64);
        for (place, own) in search.parts(&part) {
            let trying = Trying::of(&self.0, context, &search, place)?;
            ledger.open(place, &trying);
            trying.part(own, &mut |index, tried| {
                context.watch.report(done.fetch_add(1, Ordering::Relaxed) + 1, count);
                tell(context, &search.objectives, &tried);
                ledger.add(index, tried);
            })?;
        }
        ledger.close(context, None)
    }
}

/// How many trials of this search this process has made, all blocks together.
fn tally(bench: &Bench, context: &TaskContext) -> Result<Arc<AtomicU64>, TaskError> {
    let key = format!("{} tally {}", context.run, phase_of(&context.task));
    bench.shelf.get(key, || Ok(AtomicU64::new(0)))
}

/// Tells who watches what a trial reached.
pub(super) fn tell(context: &TaskContext, objectives: &[Objective], tried: &Tried) {
    let Ok(ranked) = &tried.came else { return };
    if tried.fraction >= 1.0 && !matches!(objectives, [Objective::Function(_)]) {
        objectives[0].of(ranked).into_iter().for_each(|value| context.watch.reached(value));
    }
}

/// Trials as they are made, strategy after strategy.
pub(super) struct Ledger<'a> {
    search: &'a Search,
    columns: Columns<'a>,
    found: Vec<Found>,
    rows: String,
    first: usize,
    /// What was tried already, where the same is tried on ever more of the data.
    seen: BTreeSet<String>,
}

impl<'a> Ledger<'a> {
    pub(super) fn of(search: &'a Search) -> Self {
        let (columns, rows) = (Columns::of(search), String::new());
        Self { search, columns, found: Vec::new(), rows, first: 0, seen: BTreeSet::new() }
    }

    /// From here on, trials are those of the strategy at `place`.
    pub(super) fn open(&mut self, place: usize, trying: &Trying<'_>) {
        self.first = self.search.first_of(place);
        self.seen.clear();
        self.found.push(Found::of(place, trying.periods_per_year()));
    }

    /// Adds trial `index` of the strategy.
    pub(super) fn add(&mut self, index: usize, mut tried: Tried) {
        let Some(found) = self.found.last_mut() else { return };
        let of = self.search.members[found.member].name.as_deref();
        let index = self.first + index;
        let is_new =
            !self.search.has_fractions() || self.seen.insert(json!(tried.params).to_string());
        write_row(&mut self.rows, &self.columns, (index, of), &tried);
        tried.came = tried.came.map(|ranked| Ranked { index, ..ranked });
        found.add(&tried, is_new, &self.search.objectives);
    }

    /// What the task delivers.
    pub(super) fn close(
        self,
        context: &TaskContext,
        warm: Option<warm::Told>,
    ) -> Result<TaskOutput, TaskError> {
        let rows = Rows::put(context, self.rows).map_err(write_failed)?;
        let value = json!(Block { found: self.found, rows, warm });
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
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
