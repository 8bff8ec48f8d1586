//! The five steps of a backtest: parse, contain, load, execute, report.
//!
//! Promises: what a step keeps in memory for the next is rebuilt, and compared with what was
//! recorded, when a resumed run finds its container empty.
//! Not here: the simulation itself; see `dirigent_trading::backtest`.

pub(crate) mod against;
pub(super) mod alone;
mod attribution;
mod curve;
pub(in crate::tasks) mod finished;
mod in_sample;
pub(crate) mod load;
mod membership;
pub(crate) mod objective;
mod ranked;
mod rolls;
pub(super) mod simulate;
pub mod sweep;
mod tape;
mod together;
mod trials;
mod window;

use std::sync::Arc;

use dirigent_trading::strategy::Registry;
use dirigent_workflow::{
    decide::digest_of,
    event::{Fact, Failure},
    port::{Sees, TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use super::{optimization::pictures, shelf::Shelf};
use crate::{
    cast::{self, Cast},
    setup::{Setup, failure, found},
    sheet::Sheet,
};
use finished::{Finished, ResultFile};
use load::{ReadFile, Stock};

/// All steps.
pub(super) fn kinds(bench: &Bench) -> Vec<Arc<dyn TaskKind>> {
    let bench = bench.clone();
    vec![
        Arc::new(Parse(bench.clone())),
        Arc::new(Contain),
        Arc::new(Load(bench.clone())),
        Arc::new(Execute(bench.clone())),
        Arc::new(in_sample::InSample(bench.clone())),
        Arc::new(trials::Trial(bench.clone())),
        Arc::new(trials::Trials),
        Arc::new(Report(bench)),
    ]
}

/// What every step may need.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) strategies: Arc<Registry>,
    pub(super) shelf: Arc<Shelf>,
}

impl Bench {
    pub(super) fn new(strategies: &Arc<Registry>) -> Self {
        Self { strategies: Arc::clone(strategies), shelf: Arc::default() }
    }

    /// The setup of a task, with what earlier phases and the search that it names found.
    pub(super) fn setup(&self, context: &TaskContext) -> Result<(Setup, Cast), TaskError> {
        let setup = Setup::of(&context.start, &with_params(context)).map_err(TaskError::Failed)?;
        let cast = self.cast(&setup)?;
        Ok((setup, cast))
    }

    /// Who trades by `setup`.
    pub(super) fn cast(&self, setup: &Setup) -> Result<Cast, TaskError> {
        let cast = cast::choose(&self.strategies, &setup.workflow, &setup.data);
        cast.map_err(|message| TaskError::Failed(failure("strategy_invalid", message)))
    }

    /// The bars: those that this process has, or loaded again and found to be the same.
    pub(super) fn stock(&self, context: &TaskContext) -> Result<Arc<Stock>, TaskError> {
        if let Some(stock) = context.container.held::<Stock>() {
            return Ok(stock);
        }
        if let Some(finished) = context.container.held::<Finished>() {
            return Ok(Arc::clone(&finished.stock));
        }
        let (setup, cast) = self.setup(context)?;
        let stock = self.loaded(context, &setup, cast.foreign())?;
        if let Some(recorded) = context.outputs.get("load_data")
            && *recorded != stock.facts()
        {
            return Err(TaskError::Failed(Failure {
                code: "data_changed".into(),
                message: "the data is not what it was when this run loaded it first".into(),
                hint: Some("restore the files, or start a new run".into()),
            }));
        }
        context.container.hold(Arc::clone(&stock));
        Ok(stock)
    }

    /// What `setup` trades, and the symbols of `foreign`: loaded once for all tasks of the run that
    /// want the same.
    pub(super) fn loaded(
        &self,
        context: &TaskContext,
        setup: &Setup,
        foreign: Vec<String>,
    ) -> Result<Arc<Stock>, TaskError> {
        let key = format!("{} stock {}", context.run, setup.data_key(&foreign));
        self.shelf.get(key, || load::load(setup, foreign)).map_err(TaskError::Failed)
    }

    fn simulate(
        &self,
        context: &TaskContext,
        setup: &Setup,
        cast: Cast,
        stock: Arc<Stock>,
    ) -> Result<Finished, TaskError> {
        let again = || self.setup(context).map(|(_, cast)| cast);
        simulate::simulate(setup, cast, stock, &context.watch, &again)
    }

    /// The outcome: that in the container, or simulated again and found to be the same.
    pub(super) fn finished(&self, context: &TaskContext) -> Result<Arc<Finished>, TaskError> {
        if let Some(finished) = context.container.held::<Finished>() {
            return Ok(finished);
        }
        let (setup, cast) = self.setup(context)?;
        let stock = self.stock(context)?;
        let finished = Arc::new(self.simulate(context, &setup, cast, stock)?);
        if let Some(recorded) = context.outputs.get(crate::summary::RESULT_TASK)
            && *recorded != finished.result
        {
            let message = "the simulation came out different from what this run recorded";
            let hint = "it was recorded by another version of Dirigent: use that, or start anew";
            return Err(TaskError::Failed(Failure {
                code: "data_changed".into(),
                message: message.into(),
                hint: Some(hint.into()),
            }));
        }
        context.container.hold(Arc::clone(&finished));
        Ok(finished)
    }
}

/// The input of a task, with what the phase got of earlier ones, and the best of the search that it
/// names.
pub(super) fn with_params(context: &TaskContext) -> Value {
    let mut input = context.input.clone();
    let mut found = Vec::new();
    for (reference, value) in context.inputs.iter() {
        let name = reference.rsplit_once('.').map_or("", |(_, key)| key);
        if found::NAMES.contains(&name) {
            found.push(json!({"name": name, "value": value}));
        }
    }
    // Parameters before the weights of those who have them.
    found.sort_by_key(|found| found["name"].as_str().map(str::to_owned));
    if let Some(search) = context.input["params_of"].as_str()
        && let Some(rank) = context.outputs.get(search)
    {
        // A search in stages tells all that it changes.
        let name = if rank["best_config"].is_object() { "best_config" } else { "best_params" };
        found.push(json!({"name": name, "value": rank[name]}));
    }
    if !found.is_empty() {
        input["found"] = found.into();
    }
    input
}

/// Step 1: the configuration makes a strategy and options.
struct Parse(Bench);

impl TaskKind for Parse {
    fn name(&self) -> &'static str {
        "backtest.parse"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (setup, cast) = self.0.setup(context)?;
        let mut value = cast.facts();
        value["symbols"] = json!(setup.data.symbols);
        let warnings = cast.warnings();
        Ok(TaskOutput { value, warnings, ..TaskOutput::default() })
    }
}

/// Step 2: the one container of the run.
struct Contain;

impl TaskKind for Contain {
    fn name(&self) -> &'static str {
        "backtest.container"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let container = context.container.path().to_owned();
        let seed = context.container.seed().as_u32();
        let value = json!({"container": container, "seed": seed});
        let facts = vec![Fact::ContainerCreated { container, seed: Some(seed) }];
        Ok(TaskOutput { value, facts, ..TaskOutput::default() })
    }
}

/// Step 3: the bars.
struct Load(Bench);

impl TaskKind for Load {
    fn name(&self) -> &'static str {
        "backtest.load"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let stock = self.0.stock(context)?;
        let (value, warnings) = (stock.facts(), stock.warnings.clone());
        Ok(TaskOutput { value, warnings, ..TaskOutput::default() })
    }
}

/// Step 4: the simulation and its result files.
struct Execute(Bench);

impl TaskKind for Execute {
    fn name(&self) -> &'static str {
        "backtest.execute"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let finished = self.0.finished(context)?;
        let store = &context.artifacts;
        let put = |file: &ResultFile| {
            store.put(&file_name(context, file.name()), true, |out| finished.write(*file, out))
        };
        let files = finished.files();
        let artifacts = files.iter().map(put).collect::<Result<_, _>>().map_err(write_failed)?;
        let warnings = finished.warnings();
        let value = finished.result.clone();
        Ok(TaskOutput { value, artifacts, warnings, ..TaskOutput::default() })
    }
}

/// Step 5: the pictures of the result.
struct Report(Bench);

impl TaskKind for Report {
    fn name(&self) -> &'static str {
        "backtest.report"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let finished = self.0.finished(context)?;
        let (setup, cast) = self.0.setup(context)?;
        let digest = digest(context);
        let page = page(context, &setup, &cast, &finished, &digest);
        let manifest = manifest(context, &finished, &digest);
        let state = json!({
            "master_seed": context.start.seed,
            "container_seeds": {context.container.path(): context.container.seed().as_u32()},
            "execution_order": [context.container.path()],
        });
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        let files = [
            ("report.html", page),
            ("manifest.json", pretty(&manifest)),
            ("reproducibility.json", pretty(&state)),
        ];
        let put = |(name, text): (&str, String)| {
            context
                .artifacts
                .put(&file_name(context, name), false, |out| out.write_all(text.as_bytes()))
        };
        let artifacts =
            files.into_iter().map(put).collect::<Result<_, _>>().map_err(write_failed)?;
        Ok(TaskOutput { artifacts, ..TaskOutput::default() })
    }
}

/// The name of a file of this phase: `PHASE-name` where a run has several.
pub(super) fn file_name(context: &TaskContext, name: &str) -> String {
    match context.task.rsplit_once('.') {
        Some((phase, _)) => format!("{phase}-{name}"),
        None => name.to_owned(),
    }
}

/// The digest the run will have, as this step adds nothing to it.
fn digest(context: &TaskContext) -> String {
    let mut outputs: Map<String, Value> = context.recorded.clone().into_iter().collect();
    outputs.insert(context.task.clone(), Value::Null);
    digest_of(&Value::Object(outputs), context.made.iter()).to_string()
}

fn page(
    context: &TaskContext,
    setup: &Setup,
    cast: &Cast,
    finished: &Finished,
    digest: &str,
) -> String {
    let stock = &finished.stock;
    let shown = cast.shown();
    let votes = cast.ensemble().and_then(|own| {
        let times = &finished.outcome().equity.time;
        own.votes((&stock.history, &stock.bars), &stock.others, &stock.known, times).ok()
    });
    let prefixes = finished.result["causality"]["prefixes"].as_u64();
    let benchmark_name = stock.benchmark().map(|bars| format!("Buy and hold {}", bars.symbol));
    Sheet {
        title: &super::page_title(context),
        start: &context.start,
        causal_prefixes: prefixes.and_then(|count| usize::try_from(count).ok()),
        run_id: context.run.as_str(),
        digest,
        strategy: &cast.describe(),
        timeframe: &stock.timeframe.to_string(),
        currency: &setup.workflow.portfolio.currency,
        adjustment: &stock.adjustment,
        bars: &stock.bars,
        others: &stock.others,
        history: &stock.history,
        votes: votes.as_ref(),
        shown: shown.as_ref(),
        actions: &stock.actions,
        options: &finished.options,
        outcome: finished.outcome(),
        attribution: &finished.result["attribution"],
        searched: &pictures::of(context),
        metrics: &finished.result["metrics"],
        in_sample: context.outputs.get("in_sample").map_or(&Value::Null, |own| &own["in_sample"]),
        equity: &finished.equity,
        benchmark: benchmark_name.as_deref().zip(finished.benchmark.as_deref()),
        against: finished.against.as_ref(),
        files: &stock.files,
        warnings: &context.warnings,
        periods_per_year: finished.periods_per_year,
    }
    .render()
}

/// Everything that is needed to get the same result again.
fn manifest(context: &TaskContext, finished: &Finished, digest: &str) -> Value {
    let start = &context.start;
    let files: Vec<Value> = finished.stock.files.iter().map(ReadFile::facts).collect();
    let artifacts: Vec<Value> = context
        .made
        .iter()
        .map(|file| json!({"name": file.name, "sha256": file.sha256, "bytes": file.bytes}))
        .collect();
    json!({
        "name": start.name,
        "type": start.kind,
        "version": start.version,
        "seed": start.seed,
        "config_hash": start.config_hash,
        "config_version": start.config_version,
        "config": start.config,
        "data": files,
        "artifacts": artifacts,
        "digest": digest,
    })
}

pub(super) fn write_failed(error: std::io::Error) -> TaskError {
    TaskError::Failed(Failure {
        code: "write_failed".into(),
        message: format!("cannot write the files of the run: {error}"),
        hint: Some("check the space and the permissions of the home, then resume the run".into()),
    })
}
