//! What the trading crate promises, tested from outside.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod backtest_golden;
mod fixture;
mod metrics;
//! What this crate promises, tested from outside on real and on broken data.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at what they do not expect")]

mod data;
