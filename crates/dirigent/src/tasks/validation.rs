//! Validation: the checks that try to break a result, side by side, and the verdict on it.
//!
//! Promises: nothing that is chosen for a test has seen a bar of it, and indicators are warm at its
//! first; a check that the data is too short for stays open and says why; the same digest for any
//! number of workers, and however often the run was killed.
//! Not here: the statistics; see `dirigent_research::validate`.

mod carlo;
mod choice;
mod forward;
mod neighbors;
mod report;
mod stress;
mod trials;
mod verdict;

use std::{ops::Range, sync::Arc};

use dirigent_research::validate;
use dirigent_trading::rules::RuleSet;
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Value, json};

use super::{
    backtest::{Bench, finished::Finished, load::Stock, simulate, with_params},
    optimization::part_of,
};
use crate::{
    cast::{self, Cast},
    config::validation::Validation,
    setup::{Setup, failure},
};

/// The checks and the verdict.
pub(super) fn kinds(bench: &Bench) -> Vec<Arc<dyn TaskKind>> {
    let bench = || bench.clone();
    vec![
        Arc::new(forward::Walk(bench())),
        Arc::new(trials::Returns(bench())),
        Arc::new(choice::Choice(bench())),
        Arc::new(carlo::MonteCarlo(bench())),
        Arc::new(neighbors::Neighbors(bench())),
        Arc::new(stress::Costs(bench())),
        Arc::new(stress::Delays(bench())),
        Arc::new(verdict::Verdict(bench())),
        Arc::new(report::Report(bench())),
    ]
}

/// The run that is doubted, and others beside it.
struct Doubt<'a> {
    bench: &'a Bench,
    context: &'a TaskContext,
    settings: Validation,
    /// As the run has it, with the parameters that were chosen.
    setup: Setup,
    /// The run itself.
    base: Arc<Finished>,
}

impl<'a> Doubt<'a> {
    fn of(bench: &'a Bench, context: &'a TaskContext) -> Result<Self, TaskError> {
        let settings = Validation::of(context.input["validation"].as_object());
        let settings = settings.map_err(|(key, what, _)| {
            let message = format!("`validation_config.{key}` {what}");
            TaskError::Hopeless(failure("config_invalid", message))
        })?;
        let base = bench.finished(context)?;
        let (setup, _) = bench.setup(context)?;
        Ok(Self { bench, context, settings, setup: unproven(setup), base })
    }

    /// Whether a search is made anew.
    fn is_searched(&self) -> bool {
        self.context.input["search"].is_object()
    }

    /// The rules of the strategy, if it is one and made of rules.
    fn rules(&self) -> Option<RuleSet> {
        let cast = cast::choose(&self.bench.strategies, &self.setup.workflow, &self.setup.data);
        match cast {
            Ok(Cast::One(chosen)) => chosen.rule_set().cloned(),
            _ => None,
        }
    }

    /// The setup with other values of parameters: of the strategy, or of several by their names.
    fn with(&self, params: &Value) -> Result<Setup, TaskError> {
        let mut input = with_params(self.context);
        let found = json!({"name": "best_params", "value": params});
        match input["found"].as_array_mut() {
            Some(all) => all.push(found),
            None => input["found"] = json!([found]),
        }
        let setup = Setup::of(&self.context.start, &input);
        Ok(unproven(setup.map_err(TaskError::Failed)?))
    }

    /// Another run, its decisions `late_bars` late; open if the setup makes no strategy.
    fn simulated(
        &self,
        setup: &Setup,
        stock: &Arc<Stock>,
        late_bars: usize,
    ) -> Result<Finished, Unmade> {
        let registry = &self.bench.strategies;
        let choose = || cast::choose(registry, &setup.workflow, &setup.data);
        let cast = choose().map_err(Unmade::Open)?.late(late_bars);
        let again = || choose().map_err(|why| TaskError::Failed(failure("strategy_invalid", why)));
        let watch = &self.context.watch;
        Ok(simulate::simulate(setup, cast, Arc::clone(stock), watch, &again)?)
    }

    /// Which of `count` things this task does, where several share them.
    fn share(&self, count: usize) -> Range<usize> {
        let shares = self.context.input["shares"].as_u64().and_then(|n| usize::try_from(n).ok());
        part_of(&self.context.task, shares.unwrap_or(1).max(1), count)
    }
}

/// Without the proof of causality, which is for the run itself.
fn unproven(mut setup: Setup) -> Setup {
    setup.workflow.metrics.prove_causal = None;
    setup
}

/// The figures of a run that are set beside those of others.
fn figures(run: &Finished) -> Value {
    let metrics = &run.result["metrics"];
    json!({
        "sharpe": metrics["sharpe"],
        "total_return": metrics["total_return"],
        "max_drawdown": metrics["max_drawdown"],
        "trades": metrics["trades"],
    })
}

/// Why a check has no result.
enum Unmade {
    /// It cannot be made of this; the run goes on.
    Open(String),
    /// The task ends so.
    Ends(TaskError),
}

impl From<TaskError> for Unmade {
    fn from(error: TaskError) -> Self {
        Self::Ends(error)
    }
}

impl From<validate::Error> for Unmade {
    fn from(error: validate::Error) -> Self {
        Self::Open(error.to_string())
    }
}

/// The output of a check: what it found, or why it stays open.
fn output(check: &str, found: Result<Value, Unmade>) -> Result<TaskOutput, TaskError> {
    let (value, warnings) = match found {
        Ok(value) => (value, Vec::new()),
        Err(Unmade::Open(why)) => {
            let warning = format!("`{check}` was not checked: {why}");
            (json!({"open": why}), vec![warning])
        }
        Err(Unmade::Ends(error)) => return Err(error),
    };
    Ok(TaskOutput { value, warnings, ..TaskOutput::default() })
}

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}
