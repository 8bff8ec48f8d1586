//! Integration tests of the trading crate.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod backtest_golden;
mod fixture;
