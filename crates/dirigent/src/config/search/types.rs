//! The type of the strategy as a choice, each type with what it declares.
//!
//! The space has a parameter `strategy.type`, and those of each type under names such as `macd.fast`, which
//! matter only where the type is theirs.

use dirigent_research::optimize::{Assignment, Domain, Method, Parameter};
use dirigent_trading::strategy::{Plan, Registry, StrategyKind};
use serde_json::{Map, Value, json};

use super::{
    Member, Wrong,
    declared::{self, Grain},
    member::{self, Constraints},
    space, wrong,
};
use crate::config::workflow::{Strategy, Workflow};

/// The parameter that chooses.
pub(crate) const TYPE: &str = "strategy.type";
/// All types by rules that have parameters.
const ALL: &str = "*";

/// The types that `config` gives to choose from; none if it gives none.
pub(super) fn of<'r>(
    config: &Map<String, Value>,
    workflow: &Workflow,
    registry: &'r Registry,
) -> Result<Option<Vec<&'r dyn StrategyKind>>, Wrong> {
    let Some(written) = config.get("types").and_then(Value::as_array) else { return Ok(None) };
    if workflow.strategy.is_some() || !workflow.strategies.is_empty() {
        let what = "choose the strategy, and the file names one";
        return wrong("types", what, "leave `strategy` and `strategies` out");
    }
    if config.get("parameters").is_some_and(|given| !given.is_null()) {
        let what = "are given beside `types`, each of which declares its own";
        return wrong("parameters", what, "leave them out, or search one type");
    }
    let mut kinds: Vec<&dyn StrategyKind> = Vec::new();
    for (at, name) in written.iter().enumerate() {
        let name = name.as_str().unwrap_or_default();
        let key = format!("types[{at}]");
        if name == ALL {
            kinds.extend(registry.names().filter_map(|name| by_rules(registry, name)));
        } else if let Some(kind) = registry.get(name) {
            kinds.push(kind);
        } else {
            let known = registry.names().collect::<Vec<_>>().join(", ");
            let hint = format!("use `\"*\"` for all that are made of rules, or some of {known}");
            return wrong(&key, format!("`{name}` is no registered strategy"), hint);
        }
    }
    let mut seen: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => wrong("types", format!("name `{}` twice", pair[0]), "name each once"),
        None => Ok(Some(kinds)),
    }
}

/// The strategy called `name`, if it is made of rules with parameters.
fn by_rules<'r>(registry: &'r Registry, name: &str) -> Option<&'r dyn StrategyKind> {
    let kind = registry.get(name).filter(|kind| !kind.parameters().is_empty())?;
    matches!(registry.build(name, &std::collections::BTreeMap::new()), Ok(Plan::Rules(_)))
        .then_some(kind)
}

/// The search of all of them as one.
pub(super) fn member(
    config: &Map<String, Value>,
    method: &Method,
    kinds: &[&dyn StrategyKind],
) -> Result<Member, Wrong> {
    let grain = if matches!(method, Method::Grid(_)) { Grain::Steps } else { Grain::Fine };
    let names = kinds.iter().map(|kind| Value::from(kind.name())).collect();
    let mut all = vec![Parameter::new(TYPE, Domain::list(names))];
    for kind in kinds {
        let own = declared::parameters(*kind, &Map::new(), grain);
        all.extend(own.into_iter().map(|own| {
            Parameter::new(format!("{}.{}", kind.name(), own.name), own.domain)
                .when(TYPE, vec![kind.name().into()])
        }));
    }
    let mut constraints = Constraints::of(config);
    let conditions = constraints.on(&all);
    constraints.check()?;
    let mut space = space::of("types", all)?;
    for (key, text) in conditions {
        let holds = space::condition_of(&key, text, space.parameters())?;
        space = space::constrained(space, &key, text, holds)?;
    }
    for (kind, (smaller, larger)) in
        kinds.iter().flat_map(|kind| kind.rising().iter().map(move |pair| (kind, pair)))
    {
        let [smaller, larger] = [smaller, larger].map(|name| format!("{}.{name}", kind.name()));
        let text = format!("{smaller} < {larger}");
        let holds = move |point: &Assignment<'_>| {
            // Those of another type say nothing.
            let both = point.number(&smaller).zip(point.number(&larger));
            both.is_none_or(|(smaller, larger)| smaller < larger)
        };
        space = space::constrained(space, "types", &text, holds)?;
    }
    member::of_space(config, method, space)
}

/// The strategy that a point of such a space is: its type, and its parameters by their own names.
pub(crate) fn chosen(point: &Map<String, Value>) -> Option<Strategy> {
    let kind = point.get(TYPE)?.as_str()?;
    let own = |(name, value): (&String, &Value)| {
        let name = name.strip_prefix(kind)?.strip_prefix('.')?;
        Some((name.to_owned(), value.clone()))
    };
    let params: Map<String, Value> = point.iter().filter_map(own).collect();
    serde_json::from_value(json!({"type": kind, "params": params, "let": {}})).ok()
}

/// What such a search changes in the file, for whoever goes on with `best`.
pub(crate) fn config(best: &Map<String, Value>) -> Option<Value> {
    Some(json!({"strategy": serde_json::to_value(chosen(best)?).ok()?}))
}
