//! `optimization_config` as it is searched: what is tried, and what decides who is best.
//!
//! Promises: every problem names the key it is about. Several `strategies` are searched each by
//! itself; their trials are numbered strategy after strategy.

mod axes;
mod declared;
mod goal;
mod member;
pub(crate) mod setting;
mod space;
pub mod stages;
pub(crate) mod types;
pub mod weights;

use std::{ops::Range, sync::Arc};

use dirigent_research::optimize::{Halving, Method, Nsga, Space};
use dirigent_trading::{strategy::Registry, sweep::Axis};
use serde_json::{Map, Value};

use super::workflow::Workflow;
pub use crate::tasks::backtest::sweep::Objective;
use axes::combinations;
pub(crate) use axes::number;
pub use axes::{COMBINATIONS_MAX, params_of};

/// How many trials a search makes that is not told.
const TRIALS: usize = 200;

/// The least part of the data that trials are made on where bad ones are given up early: less often
/// is too little for averages of some length.
const FRACTION_MIN: f64 = 1.0 / 9.0;

/// What is tried, and what decides who is best.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is searched, in the order of the file: one strategy, or each of several.
    pub members: Vec<Member>,
    /// What decides who is best: of one objective its value, of several whether no other trial is
    /// better in one of them without being worse in another.
    pub objectives: Vec<Objective>,
    /// A run or a file whose trials the search knows before it begins.
    pub warm_start: Option<String>,
    algorithm: &'static str,
    has_fractions: bool,
}

/// The search of one strategy.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it is called among several; none if it is the only one.
    pub name: Option<String>,
    /// What is tried.
    pub trials: Trials,
}

/// What a search tries.
#[derive(Clone, Debug)]
pub enum Trials {
    /// All combinations of the values of parameters, the last of which turns fastest; of none, one.
    Grid(Vec<Axis>),
    /// What a method asks for.
    Guided(Guided),
}

/// A search that is guided by what came of earlier trials, by chance, or by a list.
#[derive(Clone, Debug)]
pub struct Guided {
    /// What is searched.
    pub space: Arc<Space>,
    /// How.
    pub method: Method,
    /// How often.
    pub count: usize,
}

/// What is wrong with a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The key below `optimization_config`; empty for itself.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

fn wrong<T>(key: &str, what: impl Into<String>, hint: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { key: key.to_owned(), what: what.into(), hint: hint.into() })
}

impl Search {
    /// The search that `config` asks for of the strategies of `workflow`.
    ///
    /// # Errors
    /// What of it cannot be searched.
    pub fn of(
        config: &Map<String, Value>,
        workflow: &Workflow,
        registry: &Registry,
    ) -> Result<Self, Wrong> {
        let objectives = goal::objectives(config)?;
        let method = method(config, objectives.len())?;
        let algorithm = method.name();
        let has_fractions = matches!(method, Method::Halving(_));
        let members = match &objectives[..] {
            [Objective::Function(tested)] => vec![member::tested(config, &method, tested)?],
            _ => match types::of(config, workflow, registry)? {
                Some(kinds) => vec![types::member(config, &method, &kinds)?],
                None => member::all(config, &method, workflow, registry)?,
            },
        };
        let warm_start = config.get("warm_start").and_then(Value::as_str).map(str::to_owned);
        let search = Self { members, objectives, warm_start, algorithm, has_fractions };
        if search.warm_start.is_some() && !search.is_adaptive() {
            let what = format!("tells `{algorithm}` nothing, which does not learn");
            return wrong(
                "warm_start",
                what,
                "use `tpe`, `cma_es`, `genetic` or another that does",
            );
        }
        Ok(search)
    }

    /// Whether a test function is searched, and no strategy.
    pub fn is_test(&self) -> bool {
        matches!(self.objectives[..], [Objective::Function(_)])
    }

    /// Whether the type of the strategy is searched too.
    pub fn has_types(&self) -> bool {
        !self.is_test() && !self.is_several() && self.names().first() == Some(&types::TYPE)
    }

    /// Whether trials are made on parts of the data first.
    pub fn has_fractions(&self) -> bool {
        self.has_fractions
    }

    /// The objective, or a list of several, as they are written.
    pub fn objective(&self) -> Value {
        let all = self.objectives.iter().map(Objective::as_str);
        match &self.objectives[..] {
            [one] => one.as_str().into(),
            _ => all.collect::<Vec<_>>().into(),
        }
    }

    /// How it searches.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The names of the parameters that change, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.members.iter().flat_map(Member::names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether each of several strategies is searched.
    pub fn is_several(&self) -> bool {
        self.members.iter().any(|member| member.name.is_some())
    }

    /// How many trials it makes at most.
    pub fn count(&self) -> usize {
        self.members.iter().map(Member::count).fold(0, usize::saturating_add)
    }

    /// Whether what is tried next depends on what came of trials before.
    pub fn is_adaptive(&self) -> bool {
        self.members.iter().any(|member| match &member.trials {
            Trials::Grid(_) => false,
            Trials::Guided(guided) => guided.is_adaptive(),
        })
    }

    /// The number of the first trial of a member.
    pub fn first_of(&self, member: usize) -> usize {
        self.members[..member].iter().map(Member::count).sum()
    }

    /// The parts of `trials` by member: its place, and its own trials of them.
    pub fn parts(&self, trials: &Range<usize>) -> Vec<(usize, Range<usize>)> {
        let mut first = 0;
        let mut parts = Vec::new();
        for (place, member) in self.members.iter().enumerate() {
            let end = first + member.count();
            let (from, to) = (trials.start.max(first), trials.end.min(end));
            if from < to {
                parts.push((place, from - first..to - first));
            }
            first = end;
        }
        parts
    }
}

impl Member {
    /// How many trials are made of it at most.
    pub fn count(&self) -> usize {
        match &self.trials {
            Trials::Grid(axes) => combinations(axes).unwrap_or(usize::MAX),
            Trials::Guided(guided) => guided.count,
        }
    }

    /// The names of its parameters that change.
    pub fn names(&self) -> Vec<&str> {
        match &self.trials {
            Trials::Grid(axes) => axes.iter().map(|axis| axis.name.as_str()).collect(),
            Trials::Guided(guided) => {
                guided.space.parameters().iter().map(|own| own.name.as_str()).collect()
            }
        }
    }
}

impl Guided {
    /// Whether what is tried next depends on what came of trials before.
    pub fn is_adaptive(&self) -> bool {
        !matches!(self.method, Method::Grid(_) | Method::Random | Method::Sobol)
    }
}

/// What a search is told: what is `written`, and where a phase has containers and the file names no
/// number of trials, as many as these, unless it is a grid.
pub fn told(written: Option<&Map<String, Value>>, containers: Option<u32>) -> Map<String, Value> {
    let mut config = written.cloned().unwrap_or_default();
    let has = |key: &str| config.get(key).is_some_and(|value| !value.is_null());
    if let Some(count) = containers.filter(|_| !has("trials") && algorithm(&config) != "grid") {
        config.insert("trials".into(), count.into());
    }
    config
}

/// How to search: a grid of what is named, a front of several objectives, else a sequence over what
/// strategies declare.
fn algorithm(config: &Map<String, Value>) -> &str {
    let is_given = config.get("parameters").is_some_and(|given| !given.is_null());
    let objectives = config.get("objective").and_then(Value::as_array).map_or(1, Vec::len);
    let default = match (objectives, is_given) {
        (2.., _) => "nsga2",
        (_, true) => "grid",
        (_, false) => "sobol",
    };
    config.get("algorithm").and_then(Value::as_str).unwrap_or(default)
}

/// How to search, with settings that suit the number of trials.
fn method(config: &Map<String, Value>, objectives: usize) -> Result<Method, Wrong> {
    let name = algorithm(config);
    let Some(method) = Method::named(name) else {
        let hint = "use `grid`, `random`, `sobol`, `genetic`, `differential_evolution`, `tpe`, \
                    `cma_es`, `successive_halving`, `hyperband` or `nsga2`";
        return wrong("algorithm", format!("`{name}` is unknown"), hint);
    };
    let is_for_several =
        matches!(method, Method::Grid(_) | Method::Random | Method::Sobol | Method::Nsga(_));
    if objectives > 1 && !is_for_several {
        let what = format!("`{name}` works for one objective, and there are {objectives}");
        return wrong("algorithm", what, "use `nsga2`, `random`, `sobol` or `grid` for several");
    }
    Ok(match method {
        Method::Nsga(settings) => {
            let trials = trials(config).unwrap_or(TRIALS);
            Method::Nsga(Nsga { population: (trials / 10).clamp(8, 100), ..settings })
        }
        Method::Halving(settings) => {
            let given = config.get("min_fraction").and_then(Value::as_f64);
            let fraction_min = given.unwrap_or(FRACTION_MIN);
            Method::Halving(Halving { fraction_min, ..settings })
        }
        other => other,
    })
}

fn trials(config: &Map<String, Value>) -> Option<usize> {
    config.get("trials").and_then(Value::as_u64).and_then(|trials| usize::try_from(trials).ok())
}

#[cfg(test)]
mod tests;
