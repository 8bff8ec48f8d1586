//! Sweeps: the strategy of a file with many values of its parameters, each only measured.

use std::{cmp::Ordering, collections::BTreeMap, num::NonZeroUsize, ops::Range};

use dirigent_trading::{
    backtest::Watch,
    rules::RuleSet,
    strategy::{ParamValue, Registry},
    sweep::{
        Axis, Combinations, KindGrid, KindPoints, Point, RuleGrid, RulePoints, Score, Sweep, Trial,
    },
};
use dirigent_workflow::event::{Failure, Start};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use super::objective::Objective;
use super::{
    load::{self, Stock},
    simulate::{options, periods_per_year},
};
use crate::{
    config::{search::params_of, strategies::RULES},
    setup::{Setup, failure},
    strategy::{self, Chosen},
};

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Its number in the order of the grid, from 0.
    pub index: usize,
    /// The values of the parameters that changed.
    pub params: Map<String, Value>,
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
    /// What it is ranked by, once it is ranked: more is better.
    pub objective: Option<f64>,
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
    let chosen = chosen(registry, &setup)?;
    let stock = load::load(&setup, chosen.foreign())?;
    let [bars] = &stock.bars[..] else {
        let count = stock.bars.len();
        return Err(invalid(format!("a sweep trades one symbol, and there are {count}")));
    };
    if !stock.history.is_empty() {
        return Err(invalid(
            "a sweep does not take `data.warmup_start`; run each by itself".into(),
        ));
    }
    if stock.membership.is_some() {
        return Err(invalid("a sweep does not follow `data.universe`; run each by itself".into()));
    }
    let rules = chosen.rule_set();
    let combinations = count(&request.axes);
    let bars = bars.len();
    let mut swept = Swept { combinations, refused: 0, first_refusal: None, bars, best: Vec::new() };
    let tries = Tries { registry, setup: &setup, rules, stock: &stock };
    let all = What::Grid(&request.axes);
    tries.run(all, 0..combinations, request.threads, watch, &mut |trial| match trial.score {
        Ok(score) => {
            let ranked = ranked(params_of(&request.axes, trial.index), trial.index, &score);
            each(&ranked);
            keep(&mut swept.best, ranked.by(&request.by), request.top);
        }
        Err(why) => {
            swept.refused += 1;
            swept.first_refusal.get_or_insert(why);
        }
    })?;
    Ok(swept)
}

/// The strategy of the file.
pub(crate) fn chosen(registry: &Registry, setup: &Setup) -> Result<Chosen, Failure> {
    let written = setup.workflow.strategy.as_ref();
    let written = written.ok_or_else(|| {
        let is_list = !setup.workflow.strategies.is_empty();
        let list = "a sweep tries one `strategy`, not `strategies`";
        invalid(if is_list { list } else { "the file names no strategy" }.into())
    })?;
    strategy::choose(registry, written, Some(&setup.data))
        .map_err(|errors| invalid(errors.first().map_or_else(String::new, ToString::to_string)))
}

fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.values.len()).product()
}

/// A strategy by rules with other values of its parameters, traded on one symbol.
pub(crate) struct Tries<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) setup: &'a Setup,
    /// What it is made of, if that are rules.
    pub(crate) rules: Option<&'a RuleSet>,
    pub(crate) stock: &'a Stock,
}

/// Which values are tried.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    /// Every combination.
    Grid(&'a [Axis]),
    /// One point after the other.
    Points(&'a [Point]),
}

impl What<'_> {
    /// Refuses parameters that the strategy does not have.
    fn known(self, has: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let unknown = match self {
            Self::Grid(axes) => axes.iter().map(|axis| &axis.name).find(|name| !has(name)),
            Self::Points(points) => points.iter().flat_map(BTreeMap::keys).find(|name| !has(name)),
        };
        match unknown {
            Some(name) => Err(invalid(format!("the strategy has no parameter `{name}`"))),
            None => Ok(()),
        }
    }
}

impl Tries<'_> {
    /// Whether they can be traded together; else each is run by itself.
    pub(crate) fn is_fast(&self) -> bool {
        self.stock.bars.len() == 1
            && self.stock.history.is_empty()
            && self.stock.membership.is_none()
            && self.rules.is_some()
    }

    /// Tries `part` of `what`, and hands each to `each` in order.
    pub(crate) fn run(
        &self,
        what: What<'_>,
        part: Range<usize>,
        threads: NonZeroUsize,
        watch: &dyn Watch,
        each: &mut dyn FnMut(Trial),
    ) -> Result<(), Failure> {
        let Self { setup, stock, .. } = *self;
        let written = setup.workflow.strategy.as_ref();
        let written = written.ok_or_else(|| invalid("the file names no strategy".into()))?;
        let given = given(&written.params);
        let options = options(setup, stock, periods_per_year(setup, stock));
        let sweep = Sweep {
            bars: &stock.bars[0],
            others: &stock.others,
            options: &options,
            periods_per_year: setup.workflow.metrics.periods_per_year,
            risk_free_rate: setup.workflow.metrics.risk_free_rate,
            threads,
        };
        let from = part.start;
        let mut sweep = |all: &dyn Combinations| {
            let some = Portion { all, part: part.clone() };
            let run = sweep.run(&some, watch, |trial| {
                each(Trial { index: trial.index + from, ..trial });
            });
            run.map_err(|error| failure("sweep_failed", error.to_string()))
        };
        if written.kind == RULES {
            let rules = self.rules.ok_or_else(|| invalid("it is not made of rules".into()))?;
            what.known(|name| rules.params.contains_key(name))?;
            return match what {
                What::Grid(axes) => sweep(&RuleGrid { rules: rules.clone(), axes: axes.to_vec() }),
                What::Points(points) => sweep(&RulePoints { rules, points }),
            };
        }
        let kind = self.registry.get(&written.kind);
        let kind =
            kind.ok_or_else(|| invalid(format!("there is no strategy `{}`", written.kind)))?;
        what.known(|name| kind.parameters().iter().any(|own| own.name == name))?;
        let (given, frame) = (&given, setup.data.frame());
        match what {
            What::Grid(axes) => sweep(&KindGrid { kind, given, axes, frame }),
            What::Points(points) => {
                sweep(&KindPoints { kind, given, points, frame: frame.as_ref() })
            }
        }
    }
}

/// A part of all combinations.
struct Portion<'a> {
    all: &'a dyn Combinations,
    part: Range<usize>,
}

impl Combinations for Portion<'_> {
    fn count(&self) -> usize {
        self.part.len()
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        self.all.rules(self.part.start + index)
    }
}

fn invalid(message: String) -> Failure {
    failure("sweep_invalid", message)
}

fn given(params: &Map<String, Value>) -> BTreeMap<String, ParamValue> {
    let value =
        |(name, value): (&String, &Value)| Some((name.clone(), ParamValue::from_json(value)?));
    params.iter().filter_map(value).collect()
}

pub(crate) fn ranked(params: Map<String, Value>, index: usize, score: &Score) -> Ranked {
    Ranked {
        index,
        params,
        final_equity: score.final_equity.to_f64(),
        sharpe: score.sharpe,
        total_return: score.total_return,
        cagr: score.cagr,
        max_drawdown: score.max_drawdown,
        trades: score.trades,
        objective: None,
    }
}

impl Ranked {
    pub(crate) fn by(self, objective: &Objective) -> Self {
        Self { objective: objective.of(&self), ..self }
    }
}

/// Keeps `ranked` if it is among the best so far.
pub(crate) fn keep(best: &mut Vec<Ranked>, ranked: Ranked, top: usize) {
    let value = |ranked: &Ranked| ranked.objective.unwrap_or(f64::NEG_INFINITY);
    let place = best.partition_point(|other| {
        value(other).partial_cmp(&value(&ranked)).unwrap_or(Ordering::Equal) != Ordering::Less
    });
    if place < top {
        best.insert(place, ranked);
        best.truncate(top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_order_and_the_first_of_equals() {
        let mut best = Vec::new();
        for (index, sharpe) in [1.0, 3.0, f64::NAN, 3.0, 2.0, 0.5].into_iter().enumerate() {
            let sharpe = Some(sharpe).filter(|sharpe| sharpe.is_finite());
            let params = Map::new();
            let ranked = Ranked {
                index,
                params,
                final_equity: 0.0,
                sharpe,
                total_return: None,
                cagr: None,
                max_drawdown: None,
                trades: 0,
                objective: None,
            };
            keep(&mut best, ranked.by(&Objective::Sharpe), 3);
        }
        assert_eq!(best.iter().map(|ranked| ranked.index).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
