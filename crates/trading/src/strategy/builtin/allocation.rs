//! Holds all symbols, in weights that their past returns say.
//!
//! Sources of the methods are named where they are computed, in `allocate`.

use super::{bars, number, period};
use crate::allocate::{
    self, Covariance, Error, Limits, equal_risk, hierarchical_risk_parity, inverse_volatility,
    max_sharpe, mean_arithmetic, min_variance,
};
use crate::order::SymbolId;
use crate::period::Period;
use crate::portfolio::Ledger;
use crate::price::{Price, Rate};
use crate::strategy::{Build, Definition, Parameter, Strategy, Values, Window, Wishes};

/// Weights are the same in any unit of time; a year of sessions is the usual one.
const PERIODS_PER_YEAR: f64 = 252.0;

pub(super) const DEFINITION: Definition = Definition {
    name: "allocation",
    summary: "At the last session of every period, holds all symbols in the weights of a `method`; a symbol without enough bars, or whose price stands still, is left out.",
    parameters: &[
        Parameter {
            name: "method",
            summary: "How weights follow from returns; `max_sharpe` holds nothing where no mix is expected to earn.",
            values: Values::Choice {
                default: "risk_parity",
                names: &[
                    "equal",
                    "inverse_volatility",
                    "risk_parity",
                    "hierarchical_risk_parity",
                    "min_variance",
                    "max_sharpe",
                ],
            },
        },
        bars("lookback", "Bars over which returns are measured.", 126, 2, (63, 252, 63)),
        Parameter {
            name: "covariance",
            summary: "How covariances are estimated: as they were, or drawn towards equal variances.",
            values: Values::Choice { default: "ledoit_wolf", names: &["ledoit_wolf", "sample"] },
        },
        period::PARAMETER,
        number(
            "drift",
            "Weights are left alone while none is further than this from where it should be; 0.05 is five points.",
            0.0,
            (0.0, 1.0),
            (0.0, 0.1, 0.02),
        ),
        number("max_weight", "The most of one symbol.", 1.0, (0.001, 1.0), (0.2, 1.0, 0.2)),
        number("cash", "The share that is never invested.", 0.0, (0.0, 0.99), (0.0, 0.2, 0.05)),
    ],
    build: Build::Strategy(|params| {
        Box::new(Allocation {
            method: match params.choice("method") {
                "equal" => Method::Equal,
                "inverse_volatility" => Method::InverseVolatility,
                "hierarchical_risk_parity" => Method::HierarchicalRiskParity,
                "min_variance" => Method::MinVariance,
                "max_sharpe" => Method::MaxSharpe,
                _ => Method::RiskParity,
            },
            lookback: params.whole("lookback"),
            is_shrunk: params.choice("covariance") == "ledoit_wolf",
            period: period::of(params),
            drift: params.number("drift"),
            max_weight: params.number("max_weight"),
            cash: params.number("cash"),
        })
    }),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Equal,
    InverseVolatility,
    RiskParity,
    HierarchicalRiskParity,
    MinVariance,
    MaxSharpe,
}

#[derive(Debug)]
struct Allocation {
    method: Method,
    lookback: usize,
    is_shrunk: bool,
    period: Period,
    drift: f64,
    max_weight: f64,
    cash: f64,
}

impl Allocation {
    /// The returns of a symbol over the lookback, if it trades now, has them, and moves.
    fn returns(&self, window: &Window<'_>, symbol: SymbolId) -> Option<Vec<f64>> {
        let closes = window.close(symbol);
        let from = closes.len().checked_sub(self.lookback + 1)?;
        let change = |pair: &[Price]| pair[1].to_f64() / pair[0].to_f64() - 1.0;
        let returns: Vec<f64> = closes[from..].windows(2).map(change).collect();
        let moves = closes[from..].windows(2).any(|pair| pair[0] != pair[1]);
        (moves && window.is_open_for(symbol)).then_some(returns)
    }

    fn weights(&self, returns: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let covariance = || match self.is_shrunk {
            true => Covariance::ledoit_wolf(returns, PERIODS_PER_YEAR).map(|all| all.covariance),
            false => Covariance::sample(returns, PERIODS_PER_YEAR),
        };
        #[expect(clippy::cast_precision_loss, reason = "there are at most a few hundred symbols")]
        let least = 1.0 / returns.len() as f64;
        let limits = Limits { min: 0.0, max: self.max_weight.max(least) };
        let weights = match self.method {
            Method::Equal => allocate::equal(returns.len())?,
            Method::InverseVolatility => inverse_volatility(&covariance()?)?,
            Method::RiskParity => equal_risk(&covariance()?)?,
            Method::HierarchicalRiskParity => hierarchical_risk_parity(&covariance()?)?,
            Method::MinVariance => return min_variance(&covariance()?, limits),
            Method::MaxSharpe => {
                let means = mean_arithmetic(returns, PERIODS_PER_YEAR)?;
                return max_sharpe(&covariance()?, &means, 0.0, limits);
            }
        };
        Ok(capped(weights, limits.max))
    }

    /// Whether some weight is further from its target than may be.
    fn has_drifted(&self, ledger: &Ledger, targets: &[(SymbolId, Rate)]) -> bool {
        let equity = ledger.equity().to_f64();
        let target = |symbol: SymbolId| {
            let found = targets.iter().find(|(of, _)| *of == symbol);
            found.map_or(0.0, |(_, weight)| weight.to_f64())
        };
        ledger.positions().iter().enumerate().any(|(index, position)| {
            let symbol = SymbolId::new(index);
            let weight = position.value().to_f64() / equity;
            (weight - target(symbol)).abs() > self.drift
        })
    }
}

/// `weights`, none above `most`: what is cut off goes to the others in proportion to theirs.
fn capped(mut weights: Vec<f64>, most: f64) -> Vec<f64> {
    // Each round caps one weight more at least.
    for _ in 0..weights.len() {
        let free: f64 = weights.iter().filter(|weight| **weight < most).sum();
        let excess: f64 = weights.iter().map(|weight| (weight - most).max(0.0)).sum();
        if excess <= 0.0 || free <= 0.0 {
            break;
        }
        for weight in &mut weights {
            *weight = if *weight < most { *weight * (1.0 + excess / free) } else { most };
        }
    }
    weights
}

impl Strategy for Allocation {
    fn warmup(&self) -> usize {
        self.lookback
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        if !period::ends(self.period, window) {
            return;
        }
        let with = |symbol| Some((symbol, self.returns(window, symbol)?));
        let (symbols, returns): (Vec<_>, Vec<_>) = window.symbols().filter_map(with).unzip();
        if symbols.is_empty() {
            return;
        }
        let weights = match self.weights(&returns) {
            Ok(weights) => weights,
            Err(Error::NoExcess { .. }) => Vec::new(),
            // What cannot be computed changes nothing.
            Err(_) => return,
        };
        let share = |weight: f64| Rate::from_f64((weight * (1.0 - self.cash)).max(0.0));
        let shares = weights.into_iter().map(|weight| share(weight).unwrap_or(Rate::ZERO));
        let targets: Vec<(SymbolId, Rate)> = symbols.into_iter().zip(shares).collect();
        if self.drift == 0.0 || self.has_drifted(ledger, &targets) {
            wishes.weights(targets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_goes_to_the_others_in_proportion() {
        let close = |weights: Vec<f64>, expected: &[f64]| {
            assert!(
                weights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "{weights:?}"
            );
        };
        close(capped(vec![0.6, 0.3, 0.1], 0.5), &[0.5, 0.375, 0.125]);
        close(capped(vec![0.7, 0.25, 0.05], 0.4), &[0.4, 0.4, 0.2]);
        close(capped(vec![0.5, 0.5], 0.5), &[0.5, 0.5]);
    }
}
