//! One process: configuration, wiring, every task kind.
//!
//! Promises: no logic beyond translation between the file, the run and the domains.
//! Not here: printing and exit codes; see `dirigent-cli`.

pub mod config;
