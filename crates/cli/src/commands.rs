//! The commands, one file each.

pub(crate) mod cancel;
pub(crate) mod compute;
pub(crate) mod data;
pub(crate) mod dead_letters;
pub(crate) mod diff;
pub(crate) mod events;
pub(crate) mod halt;
pub(crate) mod health;
pub(crate) mod man;
pub(crate) mod metrics;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
mod search;
pub(crate) mod show;
mod stages;
mod study;
pub(crate) mod sweep;
pub(crate) mod task;
pub(crate) mod tasks;
pub(crate) mod validate;
mod verdict;
pub(crate) mod verify;
