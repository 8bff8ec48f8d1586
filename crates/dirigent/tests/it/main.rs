//! The integration tests of the product library.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod bad_workflows;
mod configuration;
mod registered;
mod seed_samples;
