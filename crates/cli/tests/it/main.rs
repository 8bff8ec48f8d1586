//! The `dirigent` command as a user meets it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

mod allocation;
mod analysis;
mod command;
mod crash;
mod data;
mod docs;
mod four_phase;
mod home;
mod isolation;
mod new;
mod operate;
mod plan;
mod report;
mod strategies;
mod sweep;
mod tasks;
mod workflows;
mod world;
