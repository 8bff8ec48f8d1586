//! What the trading crate promises, tested from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod allocate;
mod backtest;
mod backtest_actions;
mod backtest_extremes;
mod backtest_fast;
mod backtest_flows;
mod backtest_golden;
mod backtest_properties;
mod backtest_weights;
mod bad_data;
mod columns;
mod data;
mod fixture;
mod indicators;
mod metrics;
mod orders;
mod parquet;
mod rules;
mod sweep;
