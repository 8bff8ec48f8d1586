//! The integration tests of the product library.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod bad_workflows;
mod bench;
mod bus;
mod chain;
mod command;
mod configuration;
mod containers;
mod dead_letters;
mod ensemble;
mod fills;
mod goals;
mod graphs;
mod halt;
mod health;
mod http;
mod old_journals;
mod phases;
mod promises;
mod quotes;
mod registered;
mod repeat;
mod rolls;
mod search;
mod secrets;
mod seed_samples;
mod server;
mod stages;
mod supervisor;
mod task_kinds;
mod tasks;
mod validation;
mod warmup;
mod world;
mod world_accounts;
mod world_events;
