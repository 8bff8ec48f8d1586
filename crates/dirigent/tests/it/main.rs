//! The integration tests of the product library.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod bad_workflows;
mod bench;
mod bus;
mod command;
mod configuration;
mod dead_letters;
mod graphs;
mod halt;
mod health;
mod http;
mod old_journals;
mod promises;
mod registered;
mod secrets;
mod seed_samples;
mod server;
mod supervisor;
mod task_kinds;
mod world;
