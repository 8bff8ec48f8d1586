//! An analysis: what the data, its kinds of market and the entries of strategies look like.
//!
//! Promises: what is told of regimes was known at its bar; what a strategy earned in a regime
//! counts for the one that was known before. What a step keeps for the next is rebuilt, and
//! compared with what was recorded, when a resumed run finds its container empty.
//! Formulas: `docs/concepts/analysis.md`.

mod desk;
mod files;
mod market;
mod members;
mod page;
mod quality;
mod regimes;

use std::sync::Arc;

use dirigent_research::regime::Series;
use dirigent_workflow::port::{Sees, TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value, json};

use super::backtest::{Bench, file_name, simulate, write_failed};
use crate::{
    config::workflow::AnalysisPart,
    regimes::Labels,
    setup::{Setup, failure},
};
use desk::{Desk, Laid};

/// The steps of an analysis.
pub(super) fn kinds(bench: &Bench) -> [Arc<dyn TaskKind>; 3] {
    let desk = || Desk(bench.clone());
    [Arc::new(Load(desk())), Arc::new(Analyze(desk())), Arc::new(Report(desk()))]
}

/// What was found, and what pictures are drawn from.
#[derive(Debug)]
struct Analyzed {
    /// The result document.
    result: Value,
    /// The equal-weight returns of all symbols.
    market: Series,
    /// The correlation of each symbol with each.
    matrix: Option<market::Matrix>,
    /// The series that regimes were found in, with its labels.
    regimes: Option<(Series, Labels)>,
}

/// Step 1: the bars.
struct Load(Desk);

impl TaskKind for Load {
    fn name(&self) -> &'static str {
        "analysis.load"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let Laid { stock, warnings, .. } = self.0.laid(context)?;
        let warnings = [stock.findings(), &warnings].concat();
        Ok(TaskOutput { value: stock.record(), warnings, ..TaskOutput::default() })
    }
}

/// Step 2: everything that is found, and its files.
struct Analyze(Desk);

impl TaskKind for Analyze {
    fn name(&self) -> &'static str {
        "analysis.analyze"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let analyzed = self.0.analyzed(context)?;
        let files = files::of(&analyzed);
        let put = |(name, text): &(&str, String)| {
            let name = file_name(context, name);
            context.artifacts.put(&name, true, |out| out.write_all(text.as_bytes()))
        };
        let artifacts = files.iter().map(put).collect::<Result<_, _>>().map_err(write_failed)?;
        Ok(TaskOutput { value: analyzed.result.clone(), artifacts, ..TaskOutput::default() })
    }
}

/// Step 3: the pictures.
struct Report(Desk);

impl TaskKind for Report {
    fn name(&self) -> &'static str {
        "analysis.report"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let analyzed = self.0.analyzed(context)?;
        let text = page::render(context, &analyzed);
        let name = file_name(context, "report.html");
        let put = context.artifacts.put(&name, false, |out| out.write_all(text.as_bytes()));
        Ok(TaskOutput { artifacts: vec![put.map_err(write_failed)?], ..TaskOutput::default() })
    }
}

/// Looks at everything that `laid` asks for.
fn analyze(laid: Laid, context: &TaskContext) -> Result<Analyzed, TaskError> {
    let Laid { setup, cast, stock, asked, .. } = laid;
    let per_year = simulate::periods_per_year(&setup, &stock);
    let bars = stock.traded();
    let market = Series::of(None, bars, stock.acts()).map_err(unusable)?;
    let mut result = facts(&setup, &stock.bar_length().to_string(), bars, &market);
    let mut add = |name: &str, value: Value| result.insert(name.to_owned(), value);
    if asked.has(AnalysisPart::Data) {
        add("data", quality::of(&setup));
    }
    if asked.has(AnalysisPart::Returns) {
        add("returns", market::returns(bars, stock.acts(), &market, (per_year, asked.lags))?);
    }
    if asked.has(AnalysisPart::Seasonality) {
        add("seasonality", market::seasonality(&market, stock.bar_length().is_dated()));
    }
    let mut matrix = None;
    if asked.has(AnalysisPart::Correlations) {
        let (value, all) = market::correlations(bars, stock.acts());
        add("correlations", value);
        matrix = Some(all);
    }
    let mut of_market = None;
    if asked.has(AnalysisPart::Regimes) {
        let (value, found) = regimes::of(&setup, &stock, per_year, &context.watch)?;
        add("regimes", value);
        of_market = Some(found);
    }
    if let Some(cast) = cast
        && (asked.has(AnalysisPart::Signals) || of_market.is_some())
    {
        let members = super::backtest::alone::alone(&setup, cast, &stock, &context.watch)?;
        if asked.has(AnalysisPart::Signals) {
            add("signals", members::signals(&members, &stock, &asked.horizons));
        }
        if let Some((_, labels)) = &of_market {
            let (returns, weights) = members::in_regimes(&members, labels, per_year)?;
            add("regime_returns", returns);
            add("regime_weights", weights);
        }
    }
    Ok(Analyzed { result: Value::Object(result), market, matrix, regimes: of_market })
}

/// What the analysis is of.
fn facts(
    setup: &Setup,
    timeframe: &str,
    bars: &[dirigent_trading::Bars],
    market: &Series,
) -> Map<String, Value> {
    let facts = json!({
        "symbols": setup.data.symbols,
        "timeframe": timeframe,
        "bars": bars.iter().map(dirigent_trading::Bars::len).sum::<usize>(),
        "times": market.times.len(),
        "first": market.times.first(),
        "last": market.times.last(),
    });
    facts.as_object().cloned().unwrap_or_default()
}

/// Prices from which nothing can be told.
fn unusable(error: impl std::fmt::Display) -> TaskError {
    TaskError::Hopeless(failure("data_invalid", format!("the data cannot be analyzed: {error}")))
}
