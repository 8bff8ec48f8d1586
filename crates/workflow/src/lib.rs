//! A workflow file becomes a run: parse, plan, decide, record, resume.
//!
//! Promises: deciding is a pure function of what the journal holds and the time; the runtime that
//! carries decisions out is thin. This crate knows no trading and no network.
//! Not here: what a task does; task kinds implement `port::TaskKind` in the `dirigent` crate.

pub mod artifact;
pub mod container;
pub mod decide;
pub mod event;
pub mod file;
pub mod instances;
pub mod plan;
pub mod port;
pub mod priority;
pub mod resource;
pub mod retry;
pub mod run;
pub mod runtime;
pub mod step;
pub mod task;
mod workers;

pub use event::Fact;
pub use plan::Plan;
pub use run::{Run, RunStatus};
