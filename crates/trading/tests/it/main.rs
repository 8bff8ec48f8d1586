//! What the trading crate promises, tested from outside.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod allocate;
mod backtest;
mod backtest_golden;
mod backtest_properties;
mod columns;
mod data;
mod fixture;
mod indicators;
mod metrics;
mod own_strategy;
mod parquet;
mod rules;
