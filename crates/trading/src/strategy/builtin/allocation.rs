//! Holds all symbols, in weights that their past returns say.
//!
//! Promises: no target exceeds a limit to invest more; what limits leave over is cash. What cannot
//! be computed, as from a singular covariance, changes nothing.
//! Sources of the methods are named where they are computed, in `allocate`.

use super::{bars, number, period};
use crate::allocate::{
    self, Caps, Covariance, Error, capped_max_sharpe, capped_min_variance, equal_risk,
    hierarchical_risk_parity, inverse_volatility, kelly, mean_arithmetic, toward,
};
use crate::data::bars::Bars;
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
            summary: "How weights follow from returns; `max_sharpe` and `kelly` hold nothing where no mix is expected to earn.",
            values: Values::Choice {
                default: "risk_parity",
                names: &[
                    "equal",
                    "inverse_volatility",
                    "risk_parity",
                    "hierarchical_risk_parity",
                    "min_variance",
                    "max_sharpe",
                    "kelly",
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
        number(
            "fraction",
            "For `kelly`: how much of the weights of fastest growth is held; 0.5 is half Kelly.",
            0.5,
            (0.01, 1.0),
            (0.25, 1.0, 0.25),
        ),
        number(
            "max_weight",
            "The most of one symbol; what no symbol may take stays in cash.",
            1.0,
            (0.001, 1.0),
            (0.2, 1.0, 0.2),
        ),
        number(
            "max_sector_weight",
            "The most of all symbols of one of `data.sectors` together; 1 is no limit.",
            1.0,
            (0.001, 1.0),
            (0.2, 1.0, 0.2),
        ),
        number(
            "max_turnover",
            "The most that is bought, and the most that is sold, at one rebalancing, as a share of equity; 1 is no limit.",
            1.0,
            (0.001, 1.0),
            (0.1, 1.0, 0.1),
        ),
        number("cash", "The share that is never invested.", 0.0, (0.0, 0.99), (0.0, 0.2, 0.05)),
    ],
    rising: &[],
    build: Build::Strategy(|params| {
        Box::new(Allocation {
            method: match params.choice("method") {
                "equal" => Method::Equal,
                "inverse_volatility" => Method::InverseVolatility,
                "hierarchical_risk_parity" => Method::HierarchicalRiskParity,
                "min_variance" => Method::MinVariance,
                "max_sharpe" => Method::MaxSharpe,
                "kelly" => Method::Kelly,
                _ => Method::RiskParity,
            },
            lookback: params.whole("lookback"),
            is_shrunk: params.choice("covariance") == "ledoit_wolf",
            period: period::of(params),
            drift: params.number("drift"),
            fraction: params.number("fraction"),
            max_weight: params.number("max_weight"),
            max_sector_weight: params.number("max_sector_weight"),
            max_turnover: params.number("max_turnover"),
            cash: params.number("cash"),
            sectors: Vec::new(),
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
    Kelly,
}

#[derive(Debug)]
struct Allocation {
    method: Method,
    lookback: usize,
    is_shrunk: bool,
    period: Period,
    drift: f64,
    fraction: f64,
    max_weight: f64,
    max_sector_weight: f64,
    max_turnover: f64,
    cash: f64,
    /// By symbol, a number for its sector; empty where nobody knows.
    sectors: Vec<Option<usize>>,
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

    /// The limits of these symbols, as shares of what `cash` leaves.
    fn caps(&self, symbols: &[SymbolId]) -> Result<Caps, Error> {
        let caps = Caps::new(symbols.len(), self.max_weight)?;
        if self.max_sector_weight >= 1.0 {
            return Ok(caps);
        }
        let sector = |symbol: &SymbolId| self.sectors.get(symbol.index()).copied().flatten();
        let sectors: Vec<Option<usize>> = symbols.iter().map(sector).collect();
        caps.grouped(&sectors, self.max_sector_weight)
    }

    /// The shares of equity of symbols with these returns.
    fn weights(&self, symbols: &[SymbolId], returns: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let covariance = || match self.is_shrunk {
            true => Covariance::ledoit_wolf(returns, PERIODS_PER_YEAR).map(|all| all.covariance),
            false => Covariance::sample(returns, PERIODS_PER_YEAR),
        };
        let means = || mean_arithmetic(returns, PERIODS_PER_YEAR);
        let (caps, invested) = (self.caps(symbols)?, 1.0 - self.cash);
        let weights = match self.method {
            Method::Equal => caps.fit(&allocate::equal(returns.len())?),
            Method::InverseVolatility => caps.fit(&inverse_volatility(&covariance()?)?),
            Method::RiskParity => caps.fit(&equal_risk(&covariance()?)?),
            Method::HierarchicalRiskParity => caps.fit(&hierarchical_risk_parity(&covariance()?)?),
            Method::MinVariance => capped_min_variance(&covariance()?, &caps)?,
            Method::MaxSharpe => capped_max_sharpe(&covariance()?, &means()?, 0.0, &caps)?,
            // How much is invested is part of the answer.
            Method::Kelly => {
                let caps = caps.within(invested)?;
                return kelly(&covariance()?, &means()?, self.fraction, &caps);
            }
        };
        Ok(weights.into_iter().map(|weight| weight * invested).collect())
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

/// The targets on the way from what is held to `targets`, at which no more than `most` of equity
/// is bought or sold.
fn on_the_way(ledger: &Ledger, targets: &[(SymbolId, Rate)], most: f64) -> Vec<(SymbolId, Rate)> {
    let equity = ledger.equity().to_f64();
    let positions = ledger.positions();
    let held: Vec<f64> = positions.iter().map(|held| held.value().to_f64() / equity).collect();
    let mut wanted = vec![0.0; held.len()];
    for (symbol, weight) in targets {
        wanted[symbol.index()] = weight.to_f64();
    }
    let step = toward(&held, &wanted, most);
    let is_left = |at: usize| held[at] != 0.0 || wanted[at] != 0.0;
    let weight = |at: usize| (SymbolId::new(at), Rate::from_f64(step[at]).unwrap_or(Rate::ZERO));
    (0..step.len()).filter(|at| is_left(*at)).map(weight).collect()
}

impl Strategy for Allocation {
    fn warmup(&self) -> usize {
        self.lookback
    }

    fn sectors(&mut self, of: &[Option<String>]) {
        let mut names: Vec<&String> = of.iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let number = |name: &Option<String>| names.binary_search(&name.as_ref()?).ok();
        self.sectors = of.iter().map(number).collect();
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        if self.max_sector_weight >= 1.0 {
            return Ok(());
        }
        let sector = |at: usize| self.sectors.get(at).copied().flatten();
        match (0..bars.len()).find(|at| sector(*at).is_none()) {
            None => Ok(()),
            Some(at) => Err(format!(
                "`max_sector_weight` limits sectors, and `{}` has none; say it in `data.sectors`",
                bars[at].symbol
            )),
        }
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
        let weights = match self.weights(&symbols, &returns) {
            Ok(weights) => weights,
            Err(Error::NoExcess { .. }) => Vec::new(),
            // What cannot be computed changes nothing.
            Err(_) => return,
        };
        let share = |weight: f64| Rate::from_f64(weight.max(0.0)).unwrap_or(Rate::ZERO);
        let shares = weights.into_iter().map(share);
        let targets: Vec<(SymbolId, Rate)> = symbols.into_iter().zip(shares).collect();
        if self.drift == 0.0 || self.has_drifted(ledger, &targets) {
            wishes.weights(match self.max_turnover < 1.0 {
                true => on_the_way(ledger, &targets, self.max_turnover),
                false => targets,
            });
        }
    }
}
