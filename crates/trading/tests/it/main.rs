//! What the trading crate promises, tested from outside.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod indicators;
mod rules;
