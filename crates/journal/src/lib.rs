//! The journal: the durable record of every run.
//!
//! Promises: an event that was acknowledged, or shown to a reader, survives a crash of the process,
//! of the machine, and a power cut; every backend passes one conformance suite.
//! Not here: what events mean, and when to write which; see `dirigent_workflow`.

mod chain;
pub mod conformance;
mod error;
pub mod limits;
mod memory;
mod port;
pub mod sqlite;

pub use error::{Cause, Error};
pub use memory::MemoryJournal;
pub use port::{Journal, ReadJournal, RunHead, Snapshot, Verified};
pub use sqlite::{SqliteJournal, SqliteReader};
