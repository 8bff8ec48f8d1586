//! Dirigent as a library: one process with its configuration, its wiring and every task kind.
//!
//! Start with [`Coordinator`]: it reads a workflow file, runs it durably in a [`Home`], resumes,
//! verifies and compares runs.
//! Not here: printing and exiting; see the `dirigent` command. No logic beyond translation.

pub mod bus;
mod cast;
pub mod compare;
pub mod compute;
pub mod config;
pub mod coordinator;
pub mod data_check;
pub mod dead_letters;
mod deadline;
pub mod diff;
mod ensemble;
mod environment;
pub mod error;
pub mod governor;
pub mod halt;
pub mod health;
pub mod home;
pub mod http;
pub mod machine;
pub mod notify;
pub mod planner;
pub mod prepare;
pub mod regimes;
mod requests;
mod services;
mod setup;
mod sheet;
mod strategy;
pub mod summary;
pub mod supervisor;
pub mod system;
pub mod tasks;
pub mod templates;
pub mod timeline;
pub mod verify;
mod vocabulary;

use std::sync::Arc;

pub use coordinator::{Coordinator, Request};
pub use dirigent_core as core;
pub use dirigent_journal as journal;
pub use dirigent_trading as trading;
pub use dirigent_workflow as workflow;
pub use error::Error;
pub use home::Home;
pub use summary::Summary;
pub use tasks::backtest::sweep;

/// Called once when the journal breaks, before the process is ended.
pub type OnBroken = Arc<dyn Fn(&dirigent_journal::Error) + Send + Sync>;
