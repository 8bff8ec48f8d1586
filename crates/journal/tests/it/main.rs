//! The journal from outside: every backend against the suite, and SQLite against crashes.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod backends;
mod crash;
mod damage;
mod files;
