//! Task kinds: the translation from a task to a domain call and back, one file per workflow type,
//! and the general ones that a graph of tasks is made of.

mod analysis;
pub(crate) mod backtest;
mod codes;
pub mod command;
pub mod http;
pub mod isolate;
pub mod noop;
mod optimization;
pub mod publish;
mod secrets;
mod shelf;
mod told;
mod validation;
mod with;

use std::{collections::BTreeMap, sync::Arc};

use dirigent_trading::strategy::Registry;
use dirigent_workflow::port::{TaskContext, TaskKind};

use crate::environment;

pub use codes::is_permanent;

/// Kinds of tasks, by name.
pub type Kinds = BTreeMap<&'static str, Arc<dyn TaskKind>>;

/// Everything that this version can do.
pub(crate) fn kinds(strategies: &Arc<Registry>) -> Kinds {
    let bench = backtest::Bench::new(strategies);
    let mut kinds = backtest::kinds(&bench);
    kinds.extend(optimization::kinds(&bench));
    kinds.extend(validation::kinds(&bench));
    kinds.extend(analysis::kinds(&bench));
    kinds.extend(general());
    kinds.into_iter().map(|kind| (kind.name(), kind)).collect()
}

/// The kinds that belong to no workflow type.
fn general() -> [Arc<dyn TaskKind>; 4] {
    let environment = Arc::new(environment::of_process());
    let command = command::Command::new(Arc::clone(&environment));
    let http = http::Http::new(environment);
    [Arc::new(command), Arc::new(http), Arc::new(noop::Noop), Arc::new(publish::Publish)]
}

/// What a page of a task is called: the run, and the phase where it has several.
pub(crate) fn page_title(context: &TaskContext) -> String {
    let name = &context.start.name;
    context
        .task
        .rsplit_once('.')
        .map_or_else(|| name.clone(), |(phase, _)| format!("{name}: {phase}"))
}
