//! Comparing: several backtests on one page.
//!
//! Promises: only what the runs recorded is compared, after a look at whether their files are still
//! what they were; nothing is simulated again.
//! Not here: what differs between two runs as text; see `diff`.

mod figures;
mod recorded;

use dirigent_core::RunId;
use dirigent_report::{Compared, Comparison, Curve, RUNS_MAX};
use dirigent_trading::metrics;
use dirigent_workflow::event::Failure;

use crate::{Coordinator, Error};
use recorded::Recorded;

/// The page that compares the runs called `ids`, in that order.
///
/// # Errors
/// If there are too few or too many, one is named twice, or one has no backtest to compare.
pub fn page(coordinator: &Coordinator, ids: &[RunId]) -> Result<String, Error> {
    check(ids)?;
    let runs = ids
        .iter()
        .map(|id| Recorded::of(&coordinator.run(id)?, coordinator.home()))
        .collect::<Result<Vec<_>, _>>()?;
    let drawdowns: Vec<Vec<f64>> =
        runs.iter().map(|run| metrics::drawdown_series(&run.equity)).collect();
    let rebased: Vec<Vec<f64>> = runs
        .iter()
        .map(|run| run.equity.iter().map(|value| 100.0 * value / run.initial_cash).collect())
        .collect();
    let compared: Vec<Compared<'_>> = runs
        .iter()
        .zip(drawdowns.iter().zip(&rebased))
        .map(|(run, (drawdown, rebased))| Compared {
            name: &run.name,
            run_id: &run.id,
            strategy: &run.strategy,
            symbols: &run.symbols,
            timeframe: &run.timeframe,
            digest: &run.digest,
            initial_equity: run.initial_cash,
            equity: Curve { time: &run.time, value: &run.equity },
            rebased,
            drawdown,
            warnings: run.warnings,
        })
        .collect();
    let (correlations, common_days) = figures::correlations(&runs);
    Ok(dirigent_report::render_comparison(&Comparison {
        runs: &compared,
        metrics: &figures::metrics(&runs),
        differences: &figures::differences(&runs),
        correlations: &correlations,
        common_days,
        warnings: &figures::warnings(&runs),
    }))
}

fn check(ids: &[RunId]) -> Result<(), Error> {
    if let Some(twice) = ids.iter().enumerate().find(|(at, id)| ids[..*at].contains(id)) {
        return Err(refused(
            format!("run `{}` is named twice", twice.1),
            "name each run once; the same file run twice has two ids",
        ));
    }
    if (2..=RUNS_MAX).contains(&ids.len()) {
        return Ok(());
    }
    Err(refused(
        format!("{} runs cannot be compared: 2 to {RUNS_MAX} can", ids.len()),
        "`dirigent sweep` ranks many combinations of parameters; compare the best of them",
    ))
}

fn refused(message: String, hint: &str) -> Error {
    Error::Comparison(Failure {
        code: "not_comparable".into(),
        message,
        hint: Some(hint.to_owned()),
    })
}
