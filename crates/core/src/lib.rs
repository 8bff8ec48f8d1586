//! The words that two or more crates of Dirigent speak: ids, time, seeds, events, canonical JSON.
//!
//! Promises: no I/O but the operating system's clock and random source, no async, no domain.
//! Not here: anything that only one crate needs; see that crate.

pub mod canonical;
pub mod clock;
pub mod event;
pub mod hash;
pub mod id;
pub mod seed;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use event::Event;
pub use hash::Sha256Hex;
pub use id::{CorrelationId, RunId};
pub use seed::Seed;
