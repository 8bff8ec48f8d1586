//! Finding what works, and how much of it is luck.
//!
//! Promises: no I/O, no clock, no thread; every draw comes from a seed, every transcendental function
//! from `libm`, so the same input gives the same bits on every machine.
//! Not here: simulation and money, see `dirigent-trading`, which does not know it is searched;
//! workflows, journals and reports use this crate, it knows none of them.

mod error;
mod normal;
pub mod optimize;
pub mod regime;
pub mod study;
pub mod validate;

pub use error::Error;
