//! What this crate promises, tested from outside on real and on broken data.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at what they do not expect")]

mod bad_data;
mod columns;
mod data;
mod parquet;
