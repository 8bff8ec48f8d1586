<<<<<<< HEAD
//! What the trading crate promises, tested from outside.

#![expect(clippy::unwrap_used, reason = "test helpers")]

mod metrics;
=======
//! Integration tests of the trading crate.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod backtest_golden;
mod fixture;
>>>>>>> 5b2730cccef639d7c9abbf1f82d097cf2bfed326
