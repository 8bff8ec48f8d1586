//! Objectives: what trials are ranked by.

use std::sync::Arc;

use dirigent_research::optimize::Function;
use dirigent_trading::rules::{Formula, RuleError};
use serde_json::{Map, Value};

use super::sweep::Ranked;

/// What combinations are ranked by.
#[derive(Clone, Debug)]
pub enum Objective {
    /// The highest Sharpe ratio.
    Sharpe,
    /// The highest total return.
    TotalReturn,
    /// The highest growth a year for the deepest fall.
    Calmar,
    /// The least deep fall.
    MaxDrawdown,
    /// The highest value of a formula of metrics.
    Formula(Arc<Goal>),
    /// The least value of a test function.
    Function(Arc<Tested>),
}

/// A test function of the parameters `x1`, `x2`, ….
#[derive(Debug)]
pub struct Tested {
    pub(crate) text: String,
    pub(crate) function: Function,
}

impl Tested {
    /// The name of argument number `place`.
    pub(crate) fn argument(place: usize) -> String {
        format!("x{}", place + 1)
    }

    fn value(&self, params: &Map<String, Value>) -> Option<f64> {
        let argument = |place| params.get(&Self::argument(place))?.as_f64();
        let x: Vec<f64> = (0..self.function.dimensions()).map(argument).collect::<Option<_>>()?;
        Some(self.function.value(&x))
    }
}

/// A formula of metrics and its text.
#[derive(Debug)]
pub struct Goal {
    text: String,
    formula: Formula,
}

impl Objective {
    /// The names that `optimization_config.objective` may have.
    pub const NAMES: [&str; 4] =
        ["maximize_sharpe", "maximize_return", "maximize_calmar", "minimize_drawdown"];
    /// The metrics that a formula may name.
    pub const METRICS: [&str; 6] =
        ["sharpe", "total_return", "cagr", "max_drawdown", "trades", "final_equity"];

    /// The objective of this name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Sharpe, Self::TotalReturn, Self::Calmar, Self::MaxDrawdown];
        Self::NAMES.iter().zip(all).find(|(own, _)| **own == name).map(|(_, objective)| objective)
    }

    /// The objective of a formula such as `sharpe - 2 * abs(max_drawdown)`.
    ///
    /// # Errors
    /// What cannot be read, or names no metric.
    pub fn formula(text: &str) -> Result<Self, Vec<RuleError>> {
        let formula = Formula::read(text, &Self::METRICS)?;
        Ok(Self::Formula(Arc::new(Goal { text: text.to_owned(), formula })))
    }

    /// Its name, or its text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sharpe => Self::NAMES[0],
            Self::TotalReturn => Self::NAMES[1],
            Self::Calmar => Self::NAMES[2],
            Self::MaxDrawdown => Self::NAMES[3],
            Self::Formula(goal) => &goal.text,
            Self::Function(tested) => &tested.text,
        }
    }

    /// What is compared: more is better.
    pub(crate) fn of(&self, ranked: &Ranked) -> Option<f64> {
        let fall = || ranked.max_drawdown.filter(|fall| *fall < 0.0);
        match self {
            Self::Sharpe => ranked.sharpe,
            Self::TotalReturn => ranked.total_return,
            Self::MaxDrawdown => ranked.max_drawdown,
            Self::Calmar => Some(ranked.cagr? / -fall()?),
            Self::Formula(goal) => Some(goal.of(ranked)).filter(|value| value.is_finite()),
            Self::Function(tested) => tested.value(&ranked.params).map(|value| -value),
        }
    }
}

impl Goal {
    #[expect(clippy::cast_precision_loss, reason = "trades are far below 2^53")]
    fn of(&self, ranked: &Ranked) -> f64 {
        let trades = Some(ranked.trades as f64);
        let Ranked { sharpe, total_return, cagr, max_drawdown, final_equity, .. } = *ranked;
        let metrics = [sharpe, total_return, cagr, max_drawdown, trades, Some(final_equity)];
        let known = Objective::METRICS.into_iter().zip(metrics);
        // A formula of what is not there is no number.
        self.formula.value(known.filter_map(|(name, metric)| Some((name, metric?))))
    }
}
