//! Monte Carlo: what the same trades in another order, and the same returns in other blocks, could
//! have come to.

use dirigent_research::validate::{self, Distribution, Resample};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Value, json};

use super::{Doubt, Unmade, choice::thinned, output};
use crate::tasks::backtest::Bench;

/// Draws other histories.
pub(super) struct MonteCarlo(pub(super) Bench);

impl TaskKind for MonteCarlo {
    fn name(&self) -> &'static str {
        "validation.monte_carlo"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        output("monte_carlo", drawn(&doubt))
    }
}

fn drawn(doubt: &Doubt<'_>) -> Result<Value, Unmade> {
    let mut found = resampled(doubt)?;
    // Too few trades have no order to change.
    found["shuffled"] = shuffled(doubt).unwrap_or_else(|error| json!({"open": error.to_string()}));
    Ok(found)
}

fn resampled(doubt: &Doubt<'_>) -> Result<Value, validate::Error> {
    let settings = &doubt.settings.monte_carlo;
    let returns = doubt.base.returns();
    let mean_block = match settings.block {
        Some(block) => block,
        None => validate::block_length(&returns)?.stationary.max(1.0),
    };
    let seed = doubt.setup.master_seed().child("validation").child("monte_carlo");
    let way = Resample::Stationary { mean_block };
    let periods_per_year = doubt.base.periods_per_year();
    let drawn = validate::resampled(&returns, way, settings.draws, periods_per_year, &seed)?;
    let metrics = &doubt.base.result["metrics"];
    let told = |found: &Distribution, actual: &Value| told(found, actual, settings.confidence);
    Ok(json!({
        "draws": settings.draws,
        "confidence": settings.confidence,
        "mean_block": mean_block,
        "sharpe": told(&drawn.sharpe, &metrics["sharpe"]),
        "total_return": told(&drawn.total_return, &metrics["total_return"]),
        "max_drawdown": told(&drawn.max_drawdown, &metrics["max_drawdown"]),
        "total_return_low": drawn.total_return.quantile(0.05),
    }))
}

fn shuffled(doubt: &Doubt<'_>) -> Result<Value, validate::Error> {
    let settings = &doubt.settings.monte_carlo;
    let trades = doubt.base.trade_returns();
    let seed = doubt.setup.master_seed().child("validation").child("monte_carlo");
    let found = validate::shuffled_trades(&trades, settings.draws, &seed)?;
    let confidence = settings.confidence;
    Ok(json!({
        "trades": trades.len(),
        "max_drawdown": told(&found.max_drawdown, &found.max_drawdown_actual.into(), confidence),
        "losing_streak": told(&found.losing_streak, &found.losing_streak_actual.into(), confidence),
    }))
}

fn told(found: &Distribution, actual: &Value, confidence: f64) -> Value {
    let interval = found.interval(confidence);
    json!({
        "actual": actual,
        "low": interval.map(|interval| interval.low),
        "median": found.quantile(0.5),
        "high": interval.map(|interval| interval.high),
        "values": thinned(found.values()),
    })
}
