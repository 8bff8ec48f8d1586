//! The integration tests of the product library.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod bad_workflows;
mod bench;
mod command;
mod configuration;
mod http;
mod registered;
mod secrets;
mod seed_samples;
mod server;
mod task_kinds;
