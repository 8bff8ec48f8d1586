//! Resources: who may use how much, when to hold back, and how long work takes.
//!
//! Promises: no I/O and no clock; moments and measurements come in as arguments, so every
//! decision can be replayed. `docs/concepts/resources.md` says the defaults and their sources.
//! Not here: measuring the machine; see `machine` and `governor` in the `dirigent` crate.

pub mod advice;
pub mod amount;
pub mod backpressure;
pub mod breaker;
pub mod callbacks;
pub mod concurrency;
pub mod estimate;
pub mod history;
pub mod ledger;
pub mod pid;
pub mod steering;

pub use advice::Advice;
pub use amount::Amount;
pub use backpressure::Level;
pub use ledger::{Admission, Ledger, ResourceError};
