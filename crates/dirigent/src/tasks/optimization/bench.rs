//! One trial, or many of the same data: what came of some values of the parameters.

use std::{num::NonZeroUsize, ops::Range, sync::Arc};

use dirigent_core::Seed;
use dirigent_trading::{rules::RuleSet, sweep::Trial};
use dirigent_workflow::port::{TaskContext, TaskError};
use serde_json::{Map, Value};

use super::{phase_of, sequence::Sequence};
use crate::{
    cast::Cast,
    config::search::{Member, Search, Trials},
    setup::{Setup, failure},
    strategy,
    tasks::backtest::{
        Bench,
        load::Stock,
        simulate,
        sweep::{Ranked, Tries, What},
    },
};

/// What all trials of a strategy have in common; made once in a process.
struct Ground {
    setup: Setup,
    rules: Option<RuleSet>,
    stock: Arc<Stock>,
    seed: Seed,
    /// The points that are tried, if they are known.
    sequence: Option<Sequence>,
}

impl Ground {
    fn of(bench: &Bench, context: &TaskContext, member: &Member) -> Result<Self, TaskError> {
        let (mut setup, _) = bench.setup(context)?;
        if let Some(name) = &member.name {
            let missing = || failure("strategy_invalid", format!("there is no strategy `{name}`"));
            setup = setup.of_member(name).ok_or_else(|| TaskError::Failed(missing()))?;
        }
        let invalid = |why| TaskError::Hopeless(failure("strategy_invalid", why));
        let written = setup.workflow.strategy.as_ref();
        let written = written.ok_or_else(|| invalid("the file names no strategy".into()))?;
        let chosen = strategy::choose(&bench.strategies, written, Some(&setup.data));
        let in_words =
            |errors: Vec<_>| errors.first().map_or_else(String::new, ToString::to_string);
        let chosen = chosen.map_err(|errors| invalid(in_words(errors)))?;
        let stock = bench.loaded(context, &setup, chosen.foreign())?;
        let seed = setup.master_seed().child("search");
        let seed = seed.child(&format!("{}search", phase_of(&context.task)));
        let seed = member.name.iter().fold(seed, |seed, name| seed.child(name));
        let sequence = match &member.trials {
            Trials::Guided(guided) if !guided.is_adaptive() => {
                let sequence = Sequence::of(guided, seed);
                let hopeless = |error| failure("search_failed", format!("{error}"));
                Some(sequence.map_err(|error| TaskError::Hopeless(hopeless(error)))?)
            }
            _ => None,
        };
        Ok(Self { rules: chosen.rule_set().cloned(), setup, stock, seed, sequence })
    }
}

/// The strategy and the data that all trials have in common.
pub(super) struct Trying<'a> {
    bench: &'a Bench,
    pub(super) context: &'a TaskContext,
    pub(super) member: &'a Member,
    ground: Arc<Ground>,
}

impl<'a> Trying<'a> {
    pub(super) fn of(
        bench: &'a Bench,
        context: &'a TaskContext,
        search: &'a Search,
        place: usize,
    ) -> Result<Self, TaskError> {
        let member = &search.members[place];
        let key = format!("{} ground {}{place}", context.run, phase_of(&context.task));
        let ground = bench.shelf.get(key, || Ground::of(bench, context, member))?;
        Ok(Self { bench, context, member, ground })
    }

    /// As the metrics of all trials take it.
    pub(super) fn periods_per_year(&self) -> f64 {
        simulate::periods_per_year(&self.ground.setup, &self.ground.stock)
    }

    /// What methods draw from.
    pub(super) fn seed(&self) -> Seed {
        self.ground.seed
    }

    /// The values of trials `part` of a search that does not learn.
    pub(super) fn known(&self, part: Range<usize>) -> Vec<Map<String, Value>> {
        self.ground.sequence.as_ref().map_or_else(Vec::new, |sequence| sequence.params(part))
    }

    /// The trials that can be traded together, if they can.
    pub(super) fn tries(&self) -> Tries<'_> {
        Tries {
            registry: &self.bench.strategies,
            setup: &self.ground.setup,
            rules: self.ground.rules.as_ref(),
            stock: &self.ground.stock,
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
        let mut setup = self.ground.setup.clone();
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
        let stock = Arc::clone(&self.ground.stock);
        let result =
            simulate::simulate(&setup, one(chosen), stock, &self.context.watch, &again)?.result;
        Ok(Ok(Ranked::of_result(params, index, &result)))
    }
}
