//! The simulator from outside: seeds that must pass, and defects that must be found.
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod journal;
mod mutants;
mod seeds;
