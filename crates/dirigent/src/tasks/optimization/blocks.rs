//! Blocks: the parts of a grid that tasks try.

use std::ops::Range;

use dirigent_trading::sweep::{Axis, Trial};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::json;

use super::{Found, TOP, bench::Trying, search_of, write_row};
use crate::{
    config::search::{Objective, Trials, params_of},
    setup::failure,
    tasks::backtest::{
        Bench, file_name,
        sweep::{Ranked, What, ranked},
        write_failed,
    },
};

/// The combinations of the block that `task` is: equal parts, the first ones one larger.
fn part_of(task: &str, blocks: usize, count: usize) -> Range<usize> {
    let block = task.rsplit_once('/').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
    let start = |block: usize| count / blocks * block + (count % blocks).min(block);
    start(block)..start(block + 1)
}

/// Tries one block of combinations.
pub(super) struct Try(pub(super) Bench);

impl TaskKind for Try {
    fn name(&self) -> &'static str {
        "optimization.search"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&context.input)?;
        let Trials::Grid(axes) = &search.trials else {
            let why = "a guided search has no blocks";
            return Err(TaskError::Hopeless(failure("config_invalid", why.into())));
        };
        let blocks = context.input["blocks"].as_u64().and_then(|n| usize::try_from(n).ok());
        let part = part_of(&context.task, blocks.unwrap_or(1).max(1), search.count());
        let trying = Trying::of(&self.0, context)?;
        let (found, rows) = of_block(&trying, axes, &search.objective, part)?;
        let number = context.task.rsplit_once('/').map_or("0", |(_, number)| number);
        let name = file_name(context, &format!("trials-{number}.part"));
        let rows = context.artifacts.put(&name, true, |out| out.write_all(&rows));
        let rows = rows.map_err(write_failed)?;
        let found = Found { rows: Some(rows), ..found };
        Ok(TaskOutput { value: json!(found), ..TaskOutput::default() })
    }
}

fn of_block(
    trying: &Trying<'_>,
    axes: &[Axis],
    objective: &Objective,
    part: Range<usize>,
) -> Result<(Found, Vec<u8>), TaskError> {
    let mut rows = Vec::new();
    let mut found = Found::of(trying);
    let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    let mut each = |index: usize, tried: Result<Ranked, String>| {
        // A vector takes all that is written.
        let _ = write_row(&mut rows, index, (&names, &params_of(axes, index)), &tried);
        found.add(tried, objective, TOP);
    };
    if trying.tries().is_fast() {
        trying.fast(What::Grid(axes), part, &mut |Trial { index, score }| {
            each(index, score.map(|score| ranked(params_of(axes, index), index, &score)));
        })?;
    } else {
        for (done, index) in part.clone().enumerate() {
            trying.context.watch.report(done as u64, part.len() as u64);
            each(index, trying.simulated(index, params_of(axes, index))?);
        }
    }
    Ok((found, rows))
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
