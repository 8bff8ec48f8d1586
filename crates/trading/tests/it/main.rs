//! The integration tests of this crate, one module each.

#![expect(clippy::unwrap_used, reason = "test helpers")]

mod indicators;
