//! What the trading crate promises, tested from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod allocate;
mod analysis;
mod attribution;
mod backtest;
mod backtest_accounts;
mod backtest_actions;
mod backtest_extremes;
mod backtest_fast;
mod backtest_flows;
mod backtest_golden;
mod backtest_ledger;
mod backtest_properties;
mod backtest_weights;
mod bad_data;
mod causality;
mod columns;
mod conformance;
mod data;
mod fixture;
mod halts;
mod indicators;
mod inspect;
mod metrics;
mod orders;
mod orders_customs;
mod orders_signals;
mod parquet;
mod resample;
mod rules;
mod sleeves;
mod sleeves_causality;
mod sleeves_whims;
mod sweep;
mod ticks;
mod universe;
