//! Market data: the only module of this crate that opens files.
//!
//! Promises: what leaves this module is checked: times strictly rise, prices are positive, high
//! and low enclose open and close. What was dropped or repaired is reported with its row.

pub mod bars;
