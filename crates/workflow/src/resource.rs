//! Resources: who may use how much, when to hold back, and how long work takes.
//!
//! Promises: no I/O and no clock; moments and measurements come in as arguments, so every
//! decision can be replayed. `docs/concepts/resources.md` says the defaults and their sources.
//! Not here: measuring the machine; see `machine` and `governor` in the `dirigent` crate.

pub mod amount;
pub mod ledger;

pub use amount::Amount;
pub use ledger::{Admission, Ledger, ResourceError};
