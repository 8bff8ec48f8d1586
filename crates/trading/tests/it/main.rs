//! What the crate promises, at its border.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod rules;
