//! Task kinds: the translation from a task to a domain call and back, one file per workflow type.

pub(crate) mod backtest;

use std::{collections::BTreeMap, sync::Arc};

use dirigent_trading::strategy::Registry;
use dirigent_workflow::port::TaskKind;

/// Everything that this version can do, by name.
pub(crate) fn kinds(strategies: &Arc<Registry>) -> BTreeMap<&'static str, Arc<dyn TaskKind>> {
    backtest::kinds(strategies).into_iter().map(|kind| (kind.name(), kind)).collect()
}
