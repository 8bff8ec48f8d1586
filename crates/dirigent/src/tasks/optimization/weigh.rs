//! The search of an ensemble's weights, on signals that were captured once or by whole simulations.
//!
//! Promises: both ways find the same, to the cent. Nothing is kept on the way: a replay is so quick that
//! what a crash takes is made again.

use std::sync::Arc;

use dirigent_trading::{ensemble::Ballot, strategy::signals_computed, sweep::Replay};
use dirigent_workflow::{
    artifact::ArtifactRef,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use super::{
    found::{Found, Tried},
    hunt::hunt,
    packed,
    rank::{told, worth_something},
    rows::{self, Columns, Rows, write_row},
    signals,
};
use crate::{
    cast::Cast,
    config::search::{
        Objective, Trials,
        weights::{WEIGHT, WeightSearch},
    },
    ensemble::Terms,
    setup::{Setup, failure},
    strategy::Chosen,
    tasks::backtest::{
        Bench,
        load::Stock,
        simulate,
        sweep::{Ranked, ranked},
        with_params, write_failed,
    },
};

/// How much of the table is kept in memory.
const PART_BYTES: usize = 1 << 20;

/// Searches how much the word of each strategy counts.
pub(super) struct Weigh(pub(super) Bench);

impl TaskKind for Weigh {
    fn name(&self) -> &'static str {
        "optimization.weigh"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (setup, cast) = self.0.setup(context)?;
        let chosen = signals::chosen(cast)?;
        let stock = self.0.stock(context)?;
        let search = search(context, &setup, signals::ensemble(&chosen)?.terms())?;
        let computed = signals_computed();
        let scale = Scale {
            bench: &self.0,
            context,
            setup: &setup,
            chosen: &chosen,
            stock: &stock,
            search: &search,
        };
        let is_replay = context.input["method"] != "full_simulation";
        let mut sheet = Sheet::of(&scale);
        if is_replay {
            scale.replayed(&mut sheet)?
        } else {
            scale.simulated(&mut sheet)?
        };
        let computed = signals_computed() - computed;
        let (mut value, tables) = sheet.result()?;
        value["method"] = if is_replay { "signal_replay" } else { "full_simulation" }.into();
        value["signals_computed"] = computed.into();
        Ok(TaskOutput { value, artifacts: tables, ..TaskOutput::default() })
    }
}

fn search(context: &TaskContext, setup: &Setup, terms: &Terms) -> Result<WeightSearch, TaskError> {
    let none = Map::new();
    let config = context.input["search"].as_object().unwrap_or(&none);
    let members: Vec<String> = terms.weights.iter().map(|(name, _)| name.clone()).collect();
    let count = context.input["trials"].as_u64().and_then(|count| usize::try_from(count).ok());
    let has_regimes =
        setup.workflow.ensemble.as_ref().is_some_and(|own| own.regime_weights.is_some());
    WeightSearch::of(config, &members, has_regimes, count).map_err(|wrong| {
        let message = format!("`optimization_config.{}` {}", wrong.key, wrong.what);
        TaskError::Hopeless(failure("config_invalid", message))
    })
}

/// What came of a trial, or why it makes no ensemble.
type Came = Result<Ranked, String>;

/// Tries the settings of a trial.
type Judge<'a> = dyn FnMut(usize, &Map<String, Value>) -> Result<Came, TaskError> + 'a;

/// What all trials have in common.
struct Scale<'a> {
    bench: &'a Bench,
    context: &'a TaskContext,
    setup: &'a Setup,
    chosen: &'a Chosen,
    stock: &'a Arc<Stock>,
    search: &'a WeightSearch,
}

impl Scale<'_> {
    /// Tries as many as the search asks for.
    fn hunt(&self, sheet: &mut Sheet<'_>, score: &mut Judge<'_>) -> Result<(), TaskError> {
        let context = self.context;
        let seed = self.setup.master_seed().child("search").child(&context.task);
        let trials = Trials::Guided(self.search.guided.clone());
        let mut score = |index, params| {
            let Some(params) = self.search.settled(params) else {
                return Ok(Tried::new(Map::new(), Err("no weight is above zero".to_owned())));
            };
            let came = score(index, &params)?;
            Ok(Tried::new(params, came.map(|ranked| ranked.by(&self.search.objective))))
        };
        let mut take = |index, tried: Tried| sheet.take(index, &tried);
        hunt(&trials, seed, &context.watch, (&mut score, &mut take))
    }

    /// The file with the values of a trial.
    fn with(&self, params: &Map<String, Value>) -> Result<(Setup, Chosen), TaskError> {
        let mut input = with_params(self.context);
        let found = json!({"name": "best_params", "value": params});
        match input["found"].as_array_mut() {
            Some(list) => list.push(found),
            None => input["found"] = json!([found]),
        }
        let setup = Setup::of(&self.context.start, &input).map_err(TaskError::Failed)?;
        let cast = self.bench.cast(&setup)?;
        Ok((setup, signals::chosen(cast)?))
    }

    /// Trades captured signals.
    fn replayed(&self, sheet: &mut Sheet<'_>) -> Result<(), TaskError> {
        let captured = signals::read(self.context, self.chosen, self.stock)?;
        let terms = signals::ensemble(self.chosen)?.terms();
        let bars = &self.stock.bars;
        let invalid = |why| TaskError::Failed(failure("strategy_invalid", why));
        let ballots: Vec<Ballot> = {
            let stock = self.stock;
            terms.ballots(&captured, (&stock.history, bars), &stock.known).map_err(invalid)?
        };
        let periods = simulate::periods_per_year(self.setup, self.stock);
        let rate = self.setup.workflow.metrics.risk_free_rate;
        let replay = Replay::new(bars, &ballots, periods, rate);
        let mut replay = replay.map_err(|error| invalid(error.to_string()))?;
        let options = simulate::options(self.setup, self.stock, periods);
        let has_settings = |params: &Map<String, Value>| {
            params.keys().any(|name| name.contains('.') && !name.starts_with(WEIGHT))
        };
        self.hunt(sheet, &mut |index, params| {
            let own = if has_settings(params) {
                let (setup, _) = self.with(params)?;
                Some(simulate::options(&setup, self.stock, periods))
            } else {
                None
            };
            let vote = match terms.with(params).vote() {
                Ok(vote) => vote,
                Err(why) => return Ok(Err(why)),
            };
            let score = replay.score(&vote, own.as_ref().unwrap_or(&options));
            Ok(score.map(|score| ranked(params.clone(), index, &score)))
        })
    }

    /// Simulates each trial whole, its strategies with it.
    fn simulated(&self, sheet: &mut Sheet<'_>) -> Result<(), TaskError> {
        self.hunt(sheet, &mut |index, params| {
            let (mut setup, chosen) = self.with(params)?;
            setup.workflow.metrics.prove_causal = None;
            let again = || Ok(Cast::One(Box::new(self.with(params)?.1)));
            let (cast, stock) = (Cast::One(Box::new(chosen)), Arc::clone(self.stock));
            let watch = &self.context.watch;
            let result = simulate::simulate(&setup, cast, stock, watch, &again)?.result;
            Ok(Ok(Ranked::of_result(params.clone(), index, &result)))
        })
    }
}

/// How all trials did: rows of the table are put aside as they come.
struct Sheet<'a> {
    context: &'a TaskContext,
    search: &'a WeightSearch,
    columns: Columns<'a>,
    objectives: [Objective; 1],
    found: Found,
    parts: Vec<Rows>,
    text: String,
}

impl<'a> Sheet<'a> {
    fn of(scale: &Scale<'a>) -> Self {
        let (context, search) = (scale.context, scale.search);
        Self {
            context,
            search,
            columns: Columns::plain(search.names()),
            objectives: [search.objective.clone()],
            found: Found::of(0, simulate::periods_per_year(scale.setup, scale.stock)),
            parts: Vec::new(),
            text: String::new(),
        }
    }

    fn take(&mut self, index: usize, tried: &Tried) -> Result<(), TaskError> {
        write_row(&mut self.text, &self.columns, (index, None), tried);
        self.found.add(tried, true, &self.objectives);
        if self.text.len() >= PART_BYTES { self.put_aside() } else { Ok(()) }
    }

    fn put_aside(&mut self) -> Result<(), TaskError> {
        let text = std::mem::take(&mut self.text);
        self.parts.push(Rows::put(self.context, text).map_err(write_failed)?);
        Ok(())
    }

    /// The best, their weights, and the table.
    fn result(mut self) -> Result<(Value, Vec<ArtifactRef>), TaskError> {
        self.put_aside()?;
        let Self { context, search, columns, objectives, found, parts, .. } = self;
        worth_something(&found, None, &objectives)?;
        let table = rows::table(context, &columns, &parts).map_err(write_failed)?;
        let packed = packed::write(context, &columns, &parts).map_err(write_failed)?;
        let best = found.best.first().map(|best| best.params.clone()).unwrap_or_default();
        let weight = |(name, weight): (String, Value)| {
            name.strip_prefix(WEIGHT).map(|member| (member.to_owned(), weight))
        };
        let weights: Map<String, Value> = best.into_iter().filter_map(weight).collect();
        let mut value = json!({
            "algorithm": search.guided.method.name(),
            "objective": search.objective.as_str(),
            "final_weights": weights,
            "sharpes": found.sharpes,
            "periods_per_year": found.periods_per_year,
        });
        value.as_object_mut().into_iter().for_each(|map| map.extend(told(&found, &objectives)));
        Ok((value, vec![table, packed]))
    }
}
