//! The score of a whole run.

use super::{Scale, Score};
use crate::backtest::Outcome;
use crate::metrics::{Curve, Performance};

/// Measures `outcome`, or says why it cannot be.
pub(super) fn judge(outcome: &Outcome, scale: Scale, risk_free_rate: f64) -> Result<Score, String> {
    let mut equity = outcome.equity.to_f64();
    let mut time = outcome.equity.time.clone();
    if outcome.equity.first() != Some(outcome.initial_cash) {
        equity.insert(0, outcome.initial_cash.to_f64());
        time.insert(0, dirigent_core::Timestamp::from_nanos(i64::MIN));
    }
    let performance = Performance::of(&Curve {
        time: &time,
        equity: &equity,
        periods_per_year: Some(scale.periods_per_year),
        risk_free_rate,
        ..Curve::default()
    });
    let performance = performance.map_err(|error| error.to_string())?;
    Ok(Score {
        final_equity: outcome.final_equity,
        total_return: performance.total_return,
        cagr: performance.cagr,
        volatility: performance.volatility,
        sharpe: performance.sharpe,
        max_drawdown: performance.max_drawdown,
        trades: outcome.trades.len(),
        fees: outcome.fees,
        bars_exposed: outcome.bars_exposed,
    })
}
