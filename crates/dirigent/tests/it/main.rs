//! The integration tests of the product library.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod bad_workflows;
mod bus;
mod configuration;
mod dead_letters;
mod halt;
mod health;
mod registered;
mod secrets;
mod seed_samples;
mod supervisor;
mod world;
