//! Sweeps: the strategy of a file with many values of its parameters, each only measured.

use std::{cmp::Ordering, collections::BTreeMap, num::NonZeroUsize};

use dirigent_trading::{
    backtest::Watch,
    strategy::{ParamValue, Registry},
    sweep::{Axis, Combinations, KindGrid, RuleGrid, Score, Sweep},
};
use dirigent_workflow::event::{Failure, Start};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    load,
    simulate::{options, periods_per_year},
};
use crate::{
    config::strategies::RULES,
    setup::{Setup, failure},
    strategy,
};

/// What combinations are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The highest Sharpe ratio.
    Sharpe,
    /// The highest total return.
    TotalReturn,
    /// The highest growth a year for the deepest fall.
    Calmar,
    /// The least deep fall.
    MaxDrawdown,
}

impl Objective {
    /// What is compared: more is better.
    fn of(self, ranked: &Ranked) -> Option<f64> {
        let fall = || ranked.max_drawdown.filter(|fall| *fall < 0.0);
        match self {
            Self::Sharpe => ranked.sharpe,
            Self::TotalReturn => ranked.total_return,
            Self::MaxDrawdown => ranked.max_drawdown,
            Self::Calmar => Some(ranked.cagr? / -fall()?),
        }
    }
}

/// What is tried, and what is kept of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The parameters that change, and their values; the last turns fastest.
    pub axes: Vec<Axis>,
    /// What decides who is best.
    pub by: Objective,
    /// How many of the best are kept.
    pub top: usize,
    /// How many threads share the work.
    pub threads: NonZeroUsize,
}

/// A combination and how it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// Its number in the order of the grid, from 0.
    pub index: usize,
    /// The values of the parameters that changed.
    pub params: BTreeMap<String, f64>,
    /// Equity at the end.
    pub final_equity: f64,
    /// The Sharpe ratio, if there is one.
    pub sharpe: Option<f64>,
    /// Last level over first, less one.
    pub total_return: Option<f64>,
    /// Growth a year.
    pub cagr: Option<f64>,
    /// The deepest fall from a high, zero or negative.
    pub max_drawdown: Option<f64>,
    /// Closed trades.
    pub trades: usize,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Swept {
    /// How many combinations there were.
    pub combinations: usize,
    /// How many make no strategy, such as a fast average that is slower than the slow one.
    pub refused: usize,
    /// What is wrong with the first of these.
    pub first_refusal: Option<String>,
    /// Bars that each was traded on.
    pub bars: usize,
    /// The best, the best first; of equal ones the first in the grid.
    pub best: Vec<Ranked>,
}

/// Tries every combination of `request` on the data of `start`; `each` is given all, in order.
pub(crate) fn sweep(
    registry: &Registry,
    start: &Start,
    request: &Request,
    watch: &dyn Watch,
    each: &mut dyn FnMut(&Ranked),
) -> Result<Swept, Failure> {
    let setup = Setup::of(start, &Value::Null)?;
    let written = setup.workflow.strategy.clone();
    let written = written.ok_or_else(|| invalid("the file names no strategy".into()))?;
    let chosen = strategy::choose(registry, &written, Some(&setup.data))
        .map_err(|errors| invalid(errors.first().map_or_else(String::new, ToString::to_string)))?;
    let stock = load::load(&setup, &chosen)?;
    let [bars] = &stock.bars[..] else {
        return Err(invalid(format!(
            "a sweep trades one symbol, and there are {}",
            stock.bars.len()
        )));
    };
    if stock.membership.is_some() {
        return Err(invalid("a sweep does not follow `data.universe`; run each by itself".into()));
    }
    let given = given(&written.params);
    let rules;
    let kind;
    let grid: &dyn Combinations = if written.kind == RULES {
        let set = chosen.rule_set().ok_or_else(|| invalid("it is not made of rules".into()))?;
        known(&request.axes, |name| set.params.contains_key(name))?;
        rules = RuleGrid { rules: set.clone(), axes: request.axes.clone() };
        &rules
    } else {
        let of = registry.get(&written.kind);
        let of = of.ok_or_else(|| invalid(format!("there is no strategy `{}`", written.kind)))?;
        known(&request.axes, |name| of.parameters().iter().any(|own| own.name == name))?;
        kind = KindGrid { kind: of, given: &given, axes: &request.axes, frame: setup.data.frame() };
        &kind
    };
    let options = options(&setup, &stock, periods_per_year(&setup, &stock));
    let sweep = Sweep {
        bars,
        others: &stock.others,
        options: &options,
        periods_per_year: setup.workflow.metrics.periods_per_year,
        risk_free_rate: setup.workflow.metrics.risk_free_rate,
        threads: request.threads,
    };
    let mut swept = Swept {
        combinations: grid.count(),
        refused: 0,
        first_refusal: None,
        bars: bars.len(),
        best: Vec::new(),
    };
    sweep
        .run(grid, watch, |trial| match trial.score {
            Ok(score) => {
                let ranked = ranked(request, trial.index, &score);
                each(&ranked);
                keep(&mut swept.best, ranked, request);
            }
            Err(why) => {
                swept.refused += 1;
                swept.first_refusal.get_or_insert(why);
            }
        })
        .map_err(|error| failure("sweep_failed", error.to_string()))?;
    Ok(swept)
}

fn invalid(message: String) -> Failure {
    failure("sweep_invalid", message)
}

/// Refuses parameters that the strategy does not have.
fn known(axes: &[Axis], has: impl Fn(&str) -> bool) -> Result<(), Failure> {
    match axes.iter().find(|axis| !has(&axis.name)) {
        Some(axis) => Err(invalid(format!("the strategy has no parameter `{}`", axis.name))),
        None => Ok(()),
    }
}

fn given(params: &Map<String, Value>) -> BTreeMap<String, ParamValue> {
    let value =
        |(name, value): (&String, &Value)| Some((name.clone(), ParamValue::from_json(value)?));
    params.iter().filter_map(value).collect()
}

fn ranked(request: &Request, index: usize, score: &Score) -> Ranked {
    let mut slower = index;
    let mut params = BTreeMap::new();
    for axis in request.axes.iter().rev() {
        params.insert(axis.name.clone(), axis.values[slower % axis.values.len()]);
        slower /= axis.values.len();
    }
    Ranked {
        index,
        params,
        final_equity: score.final_equity.to_f64(),
        sharpe: score.sharpe,
        total_return: score.total_return,
        cagr: score.cagr,
        max_drawdown: score.max_drawdown,
        trades: score.trades,
    }
}

/// Keeps `ranked` if it is among the best so far.
fn keep(best: &mut Vec<Ranked>, ranked: Ranked, request: &Request) {
    let value = |ranked: &Ranked| request.by.of(ranked).unwrap_or(f64::NEG_INFINITY);
    let place = best.partition_point(|other| {
        value(other).partial_cmp(&value(&ranked)).unwrap_or(Ordering::Equal) != Ordering::Less
    });
    if place < request.top {
        best.insert(place, ranked);
        best.truncate(request.top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_order_and_the_first_of_equals() {
        let axes = vec![Axis { name: "n".into(), values: (0..6).map(f64::from).collect() }];
        let threads = NonZeroUsize::MIN;
        let request = Request { axes, by: Objective::Sharpe, top: 3, threads };
        let mut best = Vec::new();
        for (index, sharpe) in [1.0, 3.0, f64::NAN, 3.0, 2.0, 0.5].into_iter().enumerate() {
            let sharpe = Some(sharpe).filter(|sharpe| sharpe.is_finite());
            let params = BTreeMap::new();
            let ranked = Ranked {
                index,
                params,
                final_equity: 0.0,
                sharpe,
                total_return: None,
                cagr: None,
                max_drawdown: None,
                trades: 0,
            };
            keep(&mut best, ranked, &request);
        }
        assert_eq!(best.iter().map(|ranked| ranked.index).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
