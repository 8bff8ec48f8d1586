//! One of several searches that build on each other: of the detector of regimes, or of a strategy, by
//! itself or in each regime apart.
//!
//! A trial of a strategy in a regime is simulated on all days, and judged by the returns that follow a
//! close at which that regime was known.

mod sheet;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use dirigent_core::{Timestamp, canonical};
use dirigent_trading::{
    metrics::{Curve, Performance},
    strategy::Joined,
};
use dirigent_workflow::{
    artifact::ArtifactRef,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use sheet::{Sheet, names};

use super::{
    found::{Found, Tried},
    hunt::hunt,
    rank::{told, worth_something},
};
use crate::{
    cast::Cast,
    config::{
        search::{
            Objective, Trials,
            stages::{self, Sought, Stage},
        },
        workflow::{Ensemble, Strategy, WeightedStrategy},
    },
    regimes::{self, Labels},
    setup::{Setup, failure},
    strategy,
    tasks::backtest::{Bench, finished::Finished, load::Stock, simulate, sweep::Ranked},
};

/// A regime of fewer days says too little: what is best on all days is taken there.
const DAYS_MIN: usize = 60;

/// Makes one stage.
pub(super) struct OneStage(pub(super) Bench);

impl TaskKind for OneStage {
    fn name(&self) -> &'static str {
        "optimization.stage"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let config = before(context);
        let mut input = context.input.clone();
        input["found"] = json!([{"name": "best_config", "value": config}]);
        let setup = Setup::of(&context.start, &input).map_err(TaskError::Failed)?;
        let stage = stage(context, &setup, &self.0)?;
        let stock = self.0.loaded(context, &setup, Vec::new())?;
        let staging = Staging { bench: &self.0, context, setup, stock, stage: &stage };
        let mut made = match &stage.sought {
            Sought::Detector => staging.detector()?,
            Sought::Strategy(strategy) => staging.strategy(strategy)?,
        };
        let mut all = config;
        crate::setup::lay_over(&mut all, &made.config);
        let value = &mut made.value;
        value["name"] = stage.name.clone().into();
        value["component"] = stage.component.clone().into();
        value["algorithm"] = stage.algorithm().into();
        value["objective"] = stage.objective().unwrap_or_default().into();
        value["config"] = all;
        Ok(TaskOutput { value: made.value, artifacts: vec![made.table], ..TaskOutput::default() })
    }
}

/// What the stages before have found, as settings of the file.
fn before(context: &TaskContext) -> Value {
    let last = context.input["after"].as_str().and_then(|before| context.outputs.get(before));
    last.map_or_else(|| json!({}), |value| value["config"].clone())
}

fn stage(context: &TaskContext, setup: &Setup, bench: &Bench) -> Result<Stage, TaskError> {
    let none = Map::new();
    let config = context.input["search"].as_object().unwrap_or(&none);
    let wrong = |message| TaskError::Hopeless(failure("config_invalid", message));
    let stages = stages::of(config, &setup.workflow, &bench.strategies);
    let mut stages = stages
        .map_err(|error| wrong(format!("`optimization_config.{}` {}", error.key, error.what)))?;
    let place = context.input["stage"].as_u64().and_then(|place| usize::try_from(place).ok());
    match place.filter(|place| *place < stages.len()) {
        Some(place) => Ok(stages.swap_remove(place)),
        None => Err(wrong("there is no such stage".into())),
    }
}

/// What a stage found.
struct Made {
    value: Value,
    /// What it changes of the file.
    config: Value,
    table: ArtifactRef,
}

/// A stage under way.
struct Staging<'a> {
    bench: &'a Bench,
    context: &'a TaskContext,
    setup: Setup,
    stock: Arc<Stock>,
    stage: &'a Stage,
}

impl Staging<'_> {
    fn hunt(
        &self,
        name: &str,
        trials: &Trials,
        score: &mut super::hunt::Score<'_>,
    ) -> Result<Vec<Tried>, TaskError> {
        let seed = self.setup.master_seed().child("search").child(&self.context.task).child(name);
        let mut all = Vec::new();
        let mut take = |_, tried| {
            all.push(tried);
            Ok(())
        };
        hunt(trials, seed, &self.context.watch, (score, &mut take))?;
        Ok(all)
    }

    fn wrong(&self, wrong: &crate::config::search::Wrong) -> TaskError {
        let message = format!("stage `{}`: `{}` {}", self.stage.name, wrong.key, wrong.what);
        TaskError::Hopeless(failure("config_invalid", message))
    }

    /// Searches the settings that tell regimes apart.
    fn detector(&self) -> Result<Made, TaskError> {
        let settings = self.setup.workflow.regimes.clone().unwrap_or_default();
        let trials = self.stage.of_detector(&settings).map_err(|wrong| self.wrong(&wrong))?;
        let bars = Joined::of(&self.stock.history, &self.stock.bars).whole;
        let (seed, actions) = (self.setup.master_seed(), &self.stock.known);
        let tried = self.hunt("", &trials, &mut |index, params| {
            let gain = settings.with(&params).and_then(|settings| {
                let score = regimes::score(&settings, &bars, actions, &seed);
                score.map_err(|error| error.to_string())
            });
            let ranked = gain.map(|gain| Ranked {
                objective: Some(gain),
                ..Ranked::untraded(params.clone(), index)
            });
            Ok(Tried::new(params, ranked))
        })?;
        let mut sheet = Sheet::new(vec![None], names(&trials));
        sheet.take(0, &tried, None);
        let found = sheet.found[0].clone();
        worth_something(&found, Some(&self.stage.name), &[])?;
        let params = found.best[0].params.clone();
        let best = settings.with(&params).map_err(|why| failure("search_failed", why));
        let best = json!(best.map_err(TaskError::Hopeless)?);
        let value = Value::Object(told(&found, &[]));
        Ok(Made { value, config: json!({"regimes": best}), table: sheet.table(self)? })
    }

    /// Searches the parameters of a strategy.
    fn strategy(&self, strategy: &Strategy) -> Result<Made, TaskError> {
        let registry = &self.bench.strategies;
        let sought = self.stage.of_strategy(strategy, &self.setup.workflow, registry);
        let (trials, objective) = sought.map_err(|wrong| self.wrong(&wrong))?;
        if self.stage.by_regime {
            self.in_regimes(strategy, &trials, &objective)
        } else {
            self.in_all(strategy, &trials, &objective)
        }
    }

    fn in_all(
        &self,
        strategy: &Strategy,
        trials: &Trials,
        objective: &Objective,
    ) -> Result<Made, TaskError> {
        let tried = self.hunt("", trials, &mut |index, params| {
            let came = self.simulated(strategy, &params)?;
            let came = came.map(|run| Ranked::of_result(params.clone(), index, &run.result));
            Ok(Tried::new(params, came.map(|ranked| ranked.by(objective))))
        })?;
        let mut sheet = Sheet::new(vec![None], names(trials));
        sheet.found[0].periods_per_year = self.periods_per_year();
        sheet.take(0, &tried, Some(objective));
        let found = sheet.found[0].clone();
        worth_something(&found, Some(&self.stage.name), &[])?;
        let mut best = strategy.clone();
        best.params.extend(found.best[0].params.clone());
        let mut value = Value::Object(told(&found, &[]));
        value["sharpes"] = json!(found.sharpes);
        value["periods_per_year"] = found.periods_per_year.into();
        let config = json!({"strategy": best, "strategies": [], "ensemble": null});
        Ok(Made { value, config, table: sheet.table(self)? })
    }

    fn in_regimes(
        &self,
        strategy: &Strategy,
        trials: &Trials,
        objective: &Objective,
    ) -> Result<Made, TaskError> {
        let labels = self.labels()?;
        let mut sheet = Sheet::new(labels.names.iter().cloned().map(Some).collect(), names(trials));
        // A search that does not learn asks for the same points in every regime.
        let mut simulated: BTreeMap<String, Vec<Result<Ranked, String>>> = BTreeMap::new();
        let days = days(&labels, self.stock.bars.iter().flat_map(|bars| bars.time.iter()));
        for (regime, name) in labels.names.iter().enumerate() {
            sheet.found[regime].periods_per_year = self.periods_per_year();
            let tried = self.hunt(name, trials, &mut |index, params| {
                let key = canonical::to_string(&Value::Object(params.clone()));
                if !simulated.contains_key(&key) {
                    let all = match self.simulated(strategy, &params)? {
                        Ok(run) => self.by_regime(&run, &labels, &days, &params),
                        Err(why) => vec![Err(why); labels.names.len()],
                    };
                    simulated.insert(key.clone(), all);
                }
                let came = simulated[&key][regime].clone();
                Ok(Tried::new(params, came.map(|own| Ranked { index, ..own }.by(objective))))
            })?;
            sheet.take(regime, &tried, Some(objective));
        }
        self.regimes_made(strategy, (&labels, &days), &sheet)
    }

    fn regimes_made(
        &self,
        strategy: &Strategy,
        (labels, days): (&Labels, &[usize]),
        sheet: &Sheet,
    ) -> Result<Made, TaskError> {
        let (mut by_regime, mut best) = (Map::new(), Map::new());
        let (mut members, mut weights) = (Vec::new(), BTreeMap::new());
        let mut whole = Found::default();
        for ((name, found), days) in labels.names.iter().zip(&sheet.found).zip(days) {
            worth_something(found, Some(name), &[])?;
            whole.join(found, &[]);
            let params = &found.best[0].params;
            best.insert(name.clone(), json!(params));
            let mut own = told(found, &[]);
            own.insert("days".into(), (*days).into());
            own.insert(
                "judged_on".into(),
                if *days < DAYS_MIN { "all_days" } else { "regime" }.into(),
            );
            by_regime.insert(name.clone(), own.into());
            let member = format!("{}_{name}", strategy.kind);
            let mut own = strategy.clone();
            own.params.extend(params.clone());
            members.push(WeightedStrategy {
                name: Some(member.clone()),
                weight: dirigent_trading::Quantity::from_raw(dirigent_trading::price::SCALE),
                sizing: None,
                strategy: own,
            });
            weights.insert(name.clone(), BTreeMap::from([(member, 1.0)]));
        }
        // Alone in its regime, each has all the weight; before any is known, all have to agree.
        let ensemble =
            Ensemble { min_agreement: 1.0, regime_weights: Some(weights), ..Ensemble::default() };
        let mut value = json!({
            "trials": whole.trials,
            "failed_trials": whole.refused,
            "best_params": best,
            "by_regime": by_regime,
            "sharpes": whole.sharpes,
            "periods_per_year": whole.periods_per_year,
        });
        value["regimes"] = labels.names.clone().into();
        let config = json!({"strategy": null, "strategies": members, "ensemble": ensemble});
        Ok(Made { value, config, table: sheet.table(self)? })
    }

    fn periods_per_year(&self) -> f64 {
        simulate::periods_per_year(&self.setup, &self.stock)
    }

    fn labels(&self) -> Result<Labels, TaskError> {
        let settings = self.setup.workflow.regimes.clone().unwrap_or_default();
        let bars = Joined::of(&self.stock.history, &self.stock.bars).whole;
        let labels =
            regimes::labels(&settings, &bars, &self.stock.known, &self.setup.master_seed());
        labels.map_err(|error| TaskError::Hopeless(failure("search_failed", error.to_string())))
    }

    /// One trial by itself; the inner error says why it makes no strategy.
    fn simulated(
        &self,
        written: &Strategy,
        params: &Map<String, Value>,
    ) -> Result<Result<Finished, String>, TaskError> {
        let mut setup = self.setup.clone();
        setup.workflow.metrics.prove_causal = None;
        let mut written = written.clone();
        written.params.extend(params.clone());
        let choose = || {
            let chosen = strategy::choose(&self.bench.strategies, &written, Some(&setup.data));
            chosen.map_err(|errors| errors.first().map_or_else(String::new, ToString::to_string))
        };
        let chosen = match choose() {
            Ok(chosen) => chosen,
            Err(why) => return Ok(Err(why)),
        };
        (setup.workflow.strategies, setup.workflow.ensemble) = (Vec::new(), None);
        let one = |chosen| Cast::One(Box::new(chosen));
        let again = || {
            let chosen = choose().map(one);
            chosen.map_err(|why| TaskError::Failed(failure("strategy_invalid", why)))
        };
        let stock = Arc::clone(&self.stock);
        simulate::simulate(&setup, one(chosen), stock, &self.context.watch, &again).map(Ok)
    }

    /// How a run did in each regime.
    fn by_regime(
        &self,
        run: &Finished,
        labels: &Labels,
        days: &[usize],
        params: &Map<String, Value>,
    ) -> Vec<Result<Ranked, String>> {
        let outcome = run.outcome();
        let (times, equity) = (&outcome.equity.time, &run.equity);
        // What follows a close belongs to the regime that was known at it.
        let known: Vec<Option<u8>> = times.iter().map(|time| labels.at(*time)).collect();
        let entries = outcome.trades.iter().map(|trade| {
            let before = trade.entry_time.as_nanos().saturating_sub(1);
            labels.at(Timestamp::from_nanos(before))
        });
        let entries: Vec<Option<u8>> = entries.collect();
        let of = |regime: u8| {
            if days[usize::from(regime)] < DAYS_MIN {
                return Ok(Ranked::of_result(params.clone(), 0, &run.result));
            }
            let start = outcome.initial_cash.to_f64();
            let (mut curve, mut of) =
                (vec![start], vec![*times.first().unwrap_or(&Timestamp::default())]);
            for at in 1..equity.len() {
                if known[at - 1] == Some(regime) {
                    let level = curve.last().copied().unwrap_or(start);
                    curve.push(level * (equity[at] / equity[at - 1]));
                    of.push(times[at]);
                }
            }
            let performance = Performance::of(&Curve {
                time: &of,
                equity: &curve,
                periods_per_year: Some(self.periods_per_year()),
                risk_free_rate: self.setup.workflow.metrics.risk_free_rate,
                ..Curve::default()
            });
            let performance = performance.map_err(|error| error.to_string())?;
            Ok(Ranked {
                final_equity: curve.last().copied().unwrap_or(start),
                sharpe: performance.sharpe,
                total_return: performance.total_return,
                cagr: performance.cagr,
                max_drawdown: performance.max_drawdown,
                trades: entries.iter().filter(|entry| **entry == Some(regime)).count(),
                ..Ranked::untraded(params.clone(), 0)
            })
        };
        (0..labels.names.len()).map(|regime| of(u8::try_from(regime).unwrap_or(u8::MAX))).collect()
    }
}

/// On how many of `times` each regime was known.
fn days<'a>(labels: &Labels, times: impl Iterator<Item = &'a Timestamp>) -> Vec<usize> {
    let times: BTreeSet<&Timestamp> = times.collect();
    let mut days = vec![0; labels.names.len()];
    for label in times.into_iter().filter_map(|time| labels.at(*time)) {
        days[usize::from(label)] += 1;
    }
    days
}
