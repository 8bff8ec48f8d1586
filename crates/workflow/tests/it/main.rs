//! The workflow crate from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod containers;
mod engine;
mod found;
mod late;
mod play;
mod promises;
mod runtime;
