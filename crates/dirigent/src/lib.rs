//! One process: configuration, wiring, every task kind.

pub mod config;
