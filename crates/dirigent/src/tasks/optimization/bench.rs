//! One trial, or many of the same data: what came of some values of the parameters.

use std::{num::NonZeroUsize, ops::Range, sync::Arc};

use dirigent_trading::sweep::Trial;
use dirigent_workflow::port::{TaskContext, TaskError};
use serde_json::{Map, Value};

use crate::{
    cast::Cast,
    setup::{Setup, failure},
    strategy::{self, Chosen},
    tasks::backtest::{
        Bench,
        load::Stock,
        simulate,
        sweep::{Ranked, Tries, What},
    },
};

/// The strategy and the data that all trials have in common.
pub(super) struct Trying<'a> {
    bench: &'a Bench,
    pub(super) context: &'a TaskContext,
    pub(super) setup: Setup,
    chosen: Chosen,
    stock: Arc<Stock>,
}

impl<'a> Trying<'a> {
    pub(super) fn of(bench: &'a Bench, context: &'a TaskContext) -> Result<Self, TaskError> {
        let (setup, cast) = bench.setup(context)?;
        let Cast::One(chosen) = cast else {
            let why = "a search tries one `strategy`, not `strategies`";
            return Err(TaskError::Hopeless(failure("strategy_invalid", why.into())));
        };
        let stock = bench.stock(context)?;
        Ok(Self { bench, context, setup, chosen: *chosen, stock })
    }

    /// As the metrics of all trials take it.
    pub(super) fn periods_per_year(&self) -> f64 {
        simulate::periods_per_year(&self.setup, &self.stock)
    }

    /// The trials that can be traded together, if they can.
    pub(super) fn tries(&self) -> Tries<'_> {
        Tries {
            registry: &self.bench.strategies,
            setup: &self.setup,
            chosen: &self.chosen,
            stock: &self.stock,
        }
    }

    /// Trades `part` of `what` together, and hands each to `each` in order.
    pub(super) fn fast(
        &self,
        what: What<'_>,
        part: Range<usize>,
        each: &mut dyn FnMut(Trial),
    ) -> Result<(), TaskError> {
        let watch = simulate::Eyes(&self.context.watch);
        let run = self.tries().run(what, part, NonZeroUsize::MIN, &watch, each);
        run.map_err(|error| match self.context.watch.stopped() {
            true => TaskError::Stopped,
            false => TaskError::Failed(error),
        })
    }

    /// One trial by itself; the inner error says why it makes no strategy.
    pub(super) fn simulated(
        &self,
        index: usize,
        params: Map<String, Value>,
    ) -> Result<Result<Ranked, String>, TaskError> {
        let mut setup = self.setup.clone();
        // The proof is for the best of them.
        setup.workflow.metrics.prove_causal = None;
        if let Some(written) = &mut setup.workflow.strategy {
            written.params.extend(params.clone());
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
        Ok(Ok(Ranked {
            index,
            params,
            final_equity: result["final_equity"].as_f64().unwrap_or(f64::NAN),
            sharpe: metric("sharpe"),
            total_return: metric("total_return"),
            cagr: metric("cagr"),
            max_drawdown: metric("max_drawdown"),
            trades: result["metrics"]["trades"]
                .as_u64()
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
            objective: None,
        }))
    }
}
