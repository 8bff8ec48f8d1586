//! Neighbors: the run with parameters a little beside those that were chosen.

use std::num::NonZeroUsize;

use dirigent_research::validate::{self, Axis, Surface};
use dirigent_trading::{
    strategy::ParamValue,
    sweep::{Point, Trial},
};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value, json};

use super::{Doubt, Unmade, figures, output};
use crate::{
    config::search::number,
    tasks::backtest::{
        Bench, simulate,
        sweep::{Tries, What},
    },
};

/// Tries the neighbors.
pub(super) struct Neighbors(pub(super) Bench);

/// The most points of the surface.
const POINTS_MAX: usize = 1_000;
/// The most parameters that are moved.
const AXES_MAX: usize = 6;
/// The smallest whole number that a parameter is moved to.
const WHOLE_MIN: f64 = 1.0;

impl TaskKind for Neighbors {
    fn name(&self) -> &'static str {
        "validation.perturbation"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        output("perturbation", around(&doubt))
    }
}

fn around(doubt: &Doubt<'_>) -> Result<Value, Unmade> {
    let open = |why: &str| Unmade::Open(why.to_owned());
    if doubt.setup.workflow.strategy.is_none() {
        return Err(open("several strategies have parameters each"));
    }
    let axes = axes(doubt)?;
    if axes.is_empty() {
        return Err(open("the strategy is given no numbers as parameters"));
    }
    let points = points(&validate::perturb(&axes, |_| None)?);
    let scores = scores(doubt, &points)?;
    let mut next = scores.iter();
    let surface = validate::perturb(&axes, |_| next.next().copied().flatten())?;
    Ok(told(&surface, &points))
}

/// The parameters that are moved: those of the search, else all that are numbers.
fn names(doubt: &Doubt<'_>) -> Vec<String> {
    let searched =
        doubt.context.outputs.get("rank").and_then(|rank| rank["best_params"].as_object());
    let written = doubt.setup.workflow.strategy.as_ref().map(|written| &written.params);
    let names = searched.or(written).map(|params| params.keys().cloned().collect());
    names.unwrap_or_default()
}

fn axes(doubt: &Doubt<'_>) -> Result<Vec<Axis>, Unmade> {
    let written = doubt.setup.workflow.strategy.as_ref();
    let value = |name: &String| {
        let value = written?.params.get(name)?;
        Some((name.clone(), value.as_f64().filter(|x| x.is_finite() && *x != 0.0)?, value.is_i64()))
    };
    let names = names(doubt);
    let moved: Vec<(String, f64, bool)> = names.iter().filter_map(value).take(AXES_MAX).collect();
    let spread = doubt.settings.perturbation.spread;
    let mut steps = doubt.settings.perturbation.steps;
    loop {
        let made = moved.iter().map(|of| axis(of, spread, steps));
        let made = made.collect::<Result<Vec<_>, _>>()?;
        let points = made.iter().map(|axis| axis.values().len()).product::<usize>();
        if points <= POINTS_MAX || steps == 1 {
            return Ok(made);
        }
        steps -= 1;
    }
}

fn axis(
    (name, center, is_whole): &(String, f64, bool),
    spread: f64,
    steps: usize,
) -> Result<Axis, validate::Error> {
    if *is_whole && *center >= WHOLE_MIN {
        // At least the next whole number on each side.
        return Axis::whole(name, *center, spread.max(1.0 / center), steps, WHOLE_MIN);
    }
    Axis::relative(name, *center, spread, steps)
}

fn points(surface: &Surface) -> Vec<Map<String, Value>> {
    let names = || surface.axes().iter().map(|axis| axis.name().to_owned());
    let params = |at| names().zip(surface.point(at).into_iter().map(number)).collect();
    (0..surface.scores().len()).map(params).collect()
}

/// The Sharpe ratio of each point: none where the values make no strategy, zero where it stands still.
fn scores(doubt: &Doubt<'_>, points: &[Map<String, Value>]) -> Result<Vec<Option<f64>>, Unmade> {
    let mut scores = Vec::with_capacity(points.len());
    let doubted = &doubt.setup;
    let rules = doubt.rules();
    let tries = Tries {
        registry: &doubt.bench.strategies,
        setup: doubted,
        rules: rules.as_ref(),
        stock: doubt.base.stock(),
    };
    if tries.is_fast() {
        let values: Vec<Point> = points.iter().map(point).collect();
        let each = &mut |Trial { score, .. }: Trial| {
            scores.push(score.ok().map(|score| score.sharpe.unwrap_or(0.0)));
        };
        let watch = simulate::Eyes(&doubt.context.watch);
        let all = What::Points(&values);
        let run = tries.run(all, 0..values.len(), NonZeroUsize::MIN, &watch, each);
        run.map_err(|error| match doubt.context.watch.stopped() {
            true => TaskError::Stopped,
            false => TaskError::Failed(error),
        })?;
        return Ok(scores);
    }
    for (done, params) in points.iter().enumerate() {
        doubt.context.watch.report(done as u64, points.len() as u64);
        scores.push(match doubt.simulated(&doubt.with(&json!(params))?, doubt.base.stock(), 0) {
            Ok(run) => Some(figures(&run)["sharpe"].as_f64().unwrap_or(0.0)),
            Err(Unmade::Open(_)) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(scores)
}

fn point(params: &Map<String, Value>) -> Point {
    let value =
        |(name, value): (&String, &Value)| Some((name.clone(), ParamValue::from_json(value)?));
    params.iter().filter_map(value).collect()
}

fn told(surface: &Surface, points: &[Map<String, Value>]) -> Value {
    let neighbors = surface.neighbors();
    let all: Vec<Value> = points
        .iter()
        .zip(surface.scores())
        .map(|(params, sharpe)| json!({"params": params, "sharpe": sharpe}))
        .collect();
    let axes: Vec<Value> = surface
        .axes()
        .iter()
        .map(|axis| json!({"name": axis.name(), "values": axis.values(), "center": axis.center()}))
        .collect();
    json!({
        "axes": axes,
        "sharpe": surface.center(),
        "neighbors": neighbors.len(),
        "kept_half": surface.kept(0.5),
        "worst": neighbors.first(),
        "best": neighbors.last(),
        "points": all,
    })
}
