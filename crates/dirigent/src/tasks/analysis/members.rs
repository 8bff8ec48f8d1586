//! Strategies by themselves: what their entries foretell, and what they earn in each regime.

use dirigent_research::{
    regime::{log_returns, returns_by_regime},
    study::{Entry, Forward, Known, Market, forward_returns, regime_weights},
};
use dirigent_trading::{Bars, corporate::Action, metrics::Returns};
use dirigent_workflow::port::TaskError;
use serde_json::{Map, Value, json};

use super::{regimes, unusable};
use crate::{
    regimes::Labels,
    tasks::backtest::{alone::Alone, load::Stock},
};

/// What came after the entries of each strategy.
pub(super) fn signals(members: &[Alone], stock: &Stock, horizons: &[u32]) -> Value {
    let markets: Vec<Market> =
        stock.traded().iter().map(|bars| market(bars, stock.acts())).collect();
    let horizons: Vec<usize> =
        horizons.iter().map(|bars| usize::try_from(*bars).unwrap_or(usize::MAX)).collect();
    let own = |member: &Alone| {
        let entry = |of: &crate::tasks::backtest::alone::Entered| Entry {
            market: of.symbol,
            bar: of.bar,
            is_long: of.is_long,
        };
        let entries: Vec<Entry> = member.entered.iter().map(entry).collect();
        let found = forward_returns(&markets, &entries, &horizons);
        json!({
            "strategy": member.name,
            "signals": entries.len(),
            "short": entries.iter().filter(|entry| !entry.is_long).count(),
            "horizons": found.iter().map(row).collect::<Vec<_>>(),
        })
    };
    members.iter().map(own).collect()
}

/// The prices of a symbol with splits and dividends in them.
fn market(bars: &Bars, actions: &[Action]) -> Market {
    let mut market = Market::default();
    let mut level = 1.0;
    for (at, found) in log_returns(bars, actions).into_iter().enumerate() {
        level *= libm::exp(found.unwrap_or(0.0));
        let close = bars.close[at].to_f64();
        let unit = if close > 0.0 { level / close } else { 0.0 };
        market.close.push(level);
        market.high.push(bars.high[at].to_f64() * unit);
        market.low.push(bars.low[at].to_f64() * unit);
    }
    market
}

fn row(found: &Forward) -> Value {
    json!({
        "bars": found.bars,
        "signals": found.signals,
        "independent": found.independent,
        "mean": found.mean,
        "unconditional": found.unconditional,
        "difference": found.difference,
        "t": found.t,
        "hit_rate": found.hit_rate,
        "hit_rate_unconditional": found.hit_rate_unconditional,
        "adverse": found.adverse,
        "favourable": found.favourable,
    })
}

/// What each strategy earned in each regime, and the weights that follow from it.
pub(super) fn in_regimes(
    members: &[Alone],
    labels: &Labels,
    per_year: f64,
) -> Result<(Value, Value), TaskError> {
    let count = labels.names.len();
    let (mut told, mut of_all) = (Map::new(), Vec::new());
    let mut of_regimes = vec![Vec::new(); count];
    for member in members {
        let known = labels.along(&member.times);
        let earned =
            returns_by_regime(&known, &member.returns, count, per_year).map_err(unusable)?;
        let whole = Returns::new(&member.returns, per_year).map_err(unusable)?;
        of_all.push(Known { bars: member.returns.len(), sharpe: whole.sharpe(0.0) });
        let mut own = Map::new();
        for ((name, row), found) in labels.names.iter().zip(&mut of_regimes).zip(&earned) {
            row.push(Known { bars: found.bars, sharpe: found.sharpe });
            own.insert(name.clone(), regimes::returns(found));
        }
        told.insert(member.name.clone(), own.into());
    }
    let weights = regime_weights(&of_regimes, &of_all);
    let row = |row: &Vec<f64>| -> Map<String, Value> {
        members.iter().zip(row).map(|(member, x)| (member.name.clone(), json!(x))).collect()
    };
    let weights: Map<String, Value> = labels
        .names
        .iter()
        .zip(&weights)
        .map(|(name, own)| (name.clone(), row(own).into()))
        .collect();
    Ok((told.into(), weights.into()))
}
