//! References of portfolio weights: estimates and weights from a panel of prices.

use anyhow::{Context, Result, bail};
use dirigent_trading::Bars;
use dirigent_trading::allocate::{
    self, Covariance, Limits, efficient_return, equal_risk, hierarchical_risk_parity,
    inverse_volatility, max_sharpe, mean_arithmetic, mean_geometric, min_variance,
    min_variance_unconstrained, tangency_unconstrained,
};
use dirigent_trading::metrics::returns_of;
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::Line;
use super::source::Root;
use super::{Reference, json};

/// The references are daily.
const PERIODS_PER_YEAR: f64 = 252.0;

/// Fields that are not answers.
const ABOUT: &[&str] = &["data", "symbols", "tolerance", "weights", "efficient_return_target"];

pub(super) fn check(reference: &Reference, root: &Root) -> Vec<Line> {
    match Panel::read(&reference.content, root) {
        Err(error) => vec![Line::failed("", &error)],
        Ok(panel) => {
            let mut lines = panel.estimate_lines();
            lines.extend(panel.weight_lines());
            lines
        }
    }
}

struct Panel<'a> {
    gold: &'a Value,
    limits: Stated,
    returns: Vec<Vec<f64>>,
    mean: Vec<f64>,
    covariance: Covariance,
}

/// The tolerances that the file states.
struct Stated {
    closed: f64,
    objective: f64,
    weights: f64,
    hierarchical: f64,
    equal_risk: f64,
}

impl Stated {
    fn read(gold: &Value) -> Self {
        let text = gold.get("tolerance").and_then(Value::as_str).unwrap_or_default();
        let after = |words: &str, default| json::number_after(text, words).unwrap_or(default);
        Self {
            closed: after("closed forms rel ", 1e-8),
            objective: after("objective within ", 1e-7),
            weights: after("weights abs ", 1e-4),
            hierarchical: after("HRP abs ", 1e-8),
            equal_risk: after("ERC abs ", 1e-8),
        }
    }
}

/// What weights are the best of, and so what to compare beside them.
#[derive(Clone, Copy)]
enum Objective {
    Variance { target: Option<f64> },
    Sharpe { rate: f64 },
}

impl<'a> Panel<'a> {
    fn read(gold: &'a Value, root: &Root) -> Result<Self> {
        let symbols = json::texts(gold, "symbols")?;
        let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
        let bars = root.bars(json::text(gold, "data")?, &symbols)?;
        if let [first, rest @ ..] = &bars[..]
            && let Some(other) = rest.iter().find(|other| other.time != first.time)
        {
            bail!("`{}` and `{}` have bars at different times", first.symbol, other.symbol);
        }
        let closes = |bars: &Bars| bars.close.iter().map(|price| price.to_f64()).collect();
        let returns: Vec<Vec<f64>> =
            bars.iter().map(closes).map(|closes: Vec<f64>| returns_of(&closes)).collect();
        Ok(Self {
            gold,
            limits: Stated::read(gold),
            mean: mean_arithmetic(&returns, PERIODS_PER_YEAR)?,
            covariance: Covariance::sample(&returns, PERIODS_PER_YEAR)?,
            returns,
        })
    }

    fn estimate_lines(&self) -> Vec<Line> {
        let Some(fields) = self.gold.as_object() else {
            return Vec::new();
        };
        let names = fields.keys().map(String::as_str).filter(|name| !ABOUT.contains(name));
        names
            .map(|name| match self.estimate(name) {
                Ok(comparison) => comparison.line(name),
                Err(error) => Line::failed(name, &error),
            })
            .collect()
    }

    fn estimate(&self, name: &str) -> Result<Comparison> {
        let mut comparison = Comparison::default();
        let closed = Tolerance::relative(self.limits.closed);
        let mut list = |found: &[f64]| -> Result<()> {
            comparison.numbers(found, &json::numbers(self.gold, name)?, closed);
            Ok(())
        };
        let size = self.covariance.len();
        match name {
            "mean_arith_x252" => list(&self.mean)?,
            "mean_geometric" => list(&mean_geometric(&self.returns, PERIODS_PER_YEAR)?)?,
            "sample_cov_annual_diag" => {
                list(&(0..size).map(|i| self.covariance.row(i)[i]).collect::<Vec<_>>())?;
            }
            "sample_cov_row0" => list(self.covariance.row(0))?,
            "returns" => comparison.fact(
                "count",
                self.returns.first().map(Vec::len),
                Some(json::count(self.gold, name)?),
            ),
            "ledoit_wolf" => self.shrunk(&mut comparison, json::field(self.gold, name)?)?,
            "perf_min_var" => {
                self.performance(
                    name,
                    &self.optimum("min_var_long_only")?.0,
                    0.0,
                    &mut comparison,
                )?;
            }
            "perf_max_sharpe" => {
                let (weights, _) = self.optimum("max_sharpe_long_only_rf2pct")?;
                self.performance(name, &weights, 0.02, &mut comparison)?;
            }
            "erc_check_max_dev" => {
                let shares = self.risk_shares(&equal_risk(&self.covariance)?);
                let part = 1.0 / shares.iter().map(|_| 1.0).sum::<f64>();
                for (asset, share) in shares.iter().enumerate() {
                    let limit = Tolerance::absolute(self.limits.equal_risk);
                    comparison.number(format!("risk share [{asset}]"), *share, part, limit);
                }
            }
            _ => bail!("unknown: there is no estimate `{name}`"),
        }
        Ok(comparison)
    }

    /// Ledoit-Wolf's covariance, per period.
    fn shrunk(&self, comparison: &mut Comparison, gold: &Value) -> Result<()> {
        let ours = Covariance::ledoit_wolf(&self.returns, 1.0)?;
        let closed = Tolerance::relative(self.limits.closed);
        comparison.number("shrinkage", ours.shrinkage, json::number(gold, "shrinkage")?, closed);
        comparison.numbers(ours.covariance.row(0), &json::numbers(gold, "daily_row0")?, closed);
        Ok(())
    }

    /// Return, deviation and Sharpe ratio of the reference's optimum.
    fn performance(
        &self,
        name: &str,
        weights: &[f64],
        rate: f64,
        comparison: &mut Comparison,
    ) -> Result<()> {
        let (earned, deviation) = self.earned_and_deviation(weights);
        let found = [earned, deviation, (earned - rate) / deviation];
        let expected = json::numbers(self.gold, name)?;
        // Its weights are only that exact, and so is all that follows from them.
        comparison.numbers(&found, &expected, Tolerance::absolute(self.limits.weights));
        Ok(())
    }

    fn earned_and_deviation(&self, weights: &[f64]) -> (f64, f64) {
        let earned = weights.iter().zip(&self.mean).map(|(w, m)| w * m).sum();
        (earned, self.covariance.variance_of(weights).sqrt())
    }

    fn risk_shares(&self, weights: &[f64]) -> Vec<f64> {
        let slopes = self.covariance.times(weights);
        let variance = self.covariance.variance_of(weights);
        slopes.iter().zip(weights).map(|(slope, w)| slope * w / variance).collect()
    }

    fn weight_lines(&self) -> Vec<Line> {
        match json::object(self.gold, "weights") {
            Err(error) => vec![Line::failed("weights", &error)],
            Ok(all) => all
                .keys()
                .map(|name| match self.weights(name) {
                    Ok(comparison) => comparison.line(format!("weights {name}")),
                    Err(error) => Line::failed(format!("weights {name}"), &error),
                })
                .collect(),
        }
    }

    fn weights(&self, name: &str) -> Result<Comparison> {
        let expected = json::numbers(json::field(self.gold, "weights")?, name)?;
        let covariance = &self.covariance;
        let mut comparison = Comparison::default();
        let closed = Tolerance::relative(self.limits.closed);
        let ours = match name.split_once("_unconstrained").map_or(name, |(kind, _)| kind) {
            "min_var" => Some((min_variance_unconstrained(covariance)?, closed)),
            "tangency" => {
                let rate = percent_after(name, "_rf").unwrap_or(0.0);
                Some((tangency_unconstrained(covariance, &self.mean, rate)?, closed))
            }
            "hrp_single_linkage" => Some((
                hierarchical_risk_parity(covariance)?,
                Tolerance::absolute(self.limits.hierarchical),
            )),
            "inverse_vol" => Some((inverse_volatility(covariance)?, closed)),
            "equal_risk_contribution" => {
                Some((equal_risk(covariance)?, Tolerance::absolute(self.limits.equal_risk)))
            }
            "equal" => Some((allocate::equal(covariance.len())?, closed)),
            _ => None,
        };
        if let Some((ours, tolerance)) = ours {
            comparison.numbers(&ours, &expected, tolerance);
            return Ok(comparison);
        }
        let (ours, objective) = self.optimum(name)?;
        comparison.numbers(&ours, &expected, Tolerance::absolute(self.limits.weights));
        self.compare_objective(&mut comparison, name, &ours, &expected, objective);
        Ok(comparison)
    }

    /// Ours must meet the constraints and be no worse than the reference's; it may be better, as
    /// the solvers behind references stop at weights that are exact to about 1e-6.
    fn compare_objective(
        &self,
        comparison: &mut Comparison,
        name: &str,
        ours: &[f64],
        theirs: &[f64],
        objective: Objective,
    ) {
        let max = percent_after(name, "_cap").unwrap_or(1.0);
        let within = ours.iter().all(|weight| (0.0..=max).contains(weight));
        comparison.fact("weights within their limits", within, true);
        let sum = ours.iter().sum();
        comparison.number("sum of weights", sum, 1.0, Tolerance::absolute(1e-9));
        let (earned, deviation) = self.earned_and_deviation(ours);
        let (earned_theirs, deviation_theirs) = self.earned_and_deviation(theirs);
        let limit = Tolerance::relative(self.limits.objective);
        let (found, expected) = match objective {
            Objective::Variance { target } => {
                if let Some(target) = target {
                    let missing = (target - earned).max(0.0);
                    comparison.number("missing return", missing, 0.0, Tolerance::absolute(1e-9));
                }
                let expected = deviation_theirs * deviation_theirs;
                ((deviation * deviation).max(expected), expected)
            }
            Objective::Sharpe { rate } => {
                let expected = (earned_theirs - rate) / deviation_theirs;
                (((earned - rate) / deviation).min(expected), expected)
            }
        };
        comparison.number("objective", found, expected, limit);
    }

    /// Weights that a quadratic program answers: its name says which.
    fn optimum(&self, name: &str) -> Result<(Vec<f64>, Objective)> {
        let covariance = &self.covariance;
        let max = percent_after(name, "_cap").unwrap_or(1.0);
        let limits = Limits { min: 0.0, max };
        if name.starts_with("min_var_long_only") {
            Ok((min_variance(covariance, limits)?, Objective::Variance { target: None }))
        } else if name.starts_with("max_sharpe_long_only") {
            let rate = percent_after(name, "_rf").context("names no risk-free rate")?;
            Ok((max_sharpe(covariance, &self.mean, rate, limits)?, Objective::Sharpe { rate }))
        } else if name.starts_with("efficient_return") {
            let target = json::number(self.gold, "efficient_return_target")?;
            let weights = efficient_return(covariance, &self.mean, target, limits)?;
            Ok((weights, Objective::Variance { target: Some(target) }))
        } else {
            bail!("unknown: there are no weights `{name}`")
        }
    }
}

/// The percentage in a name such as `..._cap15pct`, as a fraction.
fn percent_after(name: &str, words: &str) -> Option<f64> {
    json::number_after(name, words).map(|percent| percent / 100.0)
}
