//! Trials that were not traded with others.

use serde_json::{Map, Value};

use super::sweep::Ranked;

impl Ranked {
    /// A trial that nothing was traded in.
    pub(crate) fn untraded(params: Map<String, Value>, index: usize) -> Self {
        Self {
            index,
            params,
            final_equity: 0.0,
            sharpe: None,
            total_return: None,
            cagr: None,
            max_drawdown: None,
            trades: 0,
            objective: None,
        }
    }

    /// The figures of a whole run.
    pub(crate) fn of_result(params: Map<String, Value>, index: usize, result: &Value) -> Self {
        let metric = |name: &str| result["metrics"][name].as_f64();
        let trades = result["metrics"]["trades"].as_u64();
        Self {
            final_equity: result["final_equity"].as_f64().unwrap_or(f64::NAN),
            sharpe: metric("sharpe"),
            total_return: metric("total_return"),
            cagr: metric("cagr"),
            max_drawdown: metric("max_drawdown"),
            trades: trades.and_then(|trades| trades.try_into().ok()).unwrap_or(0),
            ..Self::untraded(params, index)
        }
    }
}
