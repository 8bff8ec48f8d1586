//! Brings the two spellings of one thing to one place, and fills what depends on other values.
//!
//! Promises: a value that is moved keeps the place it was written at.

use dirigent_trading::backtest::Profile;
use dirigent_workflow::file::{Origin, Problem, Resolved, Severity, resolved::Checked};
use indexmap::IndexMap;
use serde_json::Value;

/// The strategy of a backtest that names none.
const DEFAULT_STRATEGY: &str = "buy_and_hold";
/// The symbol of synthetic data that names none.
const SYNTHETIC_SYMBOL: &str = "SYN";

/// Completes `root`, read from the file called `file`.
pub(super) fn apply(root: &mut Resolved, problems: &mut Vec<Problem>, file: &str) {
    imply_daily(root);
    for key in ["start_date", "end_date"] {
        move_up(root, problems, &format!("workflow.backtest_config.{key}"), "data", key);
    }
    move_up(root, problems, "workflow.backtest_config.strategy", "", "strategy");
    default_mode(root, problems);
    default_name(root, file);
    default_symbols(root);
    default_strategy(root, problems);
    follow_profile(root);
}

fn leaf(root: &Resolved, text: &str) -> Resolved {
    let value = Checked::Leaf(Value::String(text.to_owned()));
    Resolved { value, origin: Origin::Default, span: root.span }
}

/// The map at `path`; the root for an empty path.
fn map_mut<'r>(root: &'r mut Resolved, path: &str) -> Option<&'r mut IndexMap<String, Resolved>> {
    let mut at = root;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let Checked::Map(map) = &mut at.value else { return None };
        at = map.get_mut(name)?;
    }
    match &mut at.value {
        Checked::Map(map) => Some(map),
        _ => None,
    }
}

fn insert(root: &mut Resolved, path: &str, key: &str, value: Resolved) {
    if let Some(map) = map_mut(root, path) {
        map.insert(key.to_owned(), value);
    }
}

/// A definition that has only stages is a trading day.
fn imply_daily(root: &mut Resolved) {
    if root.get("stages").is_none() || map_mut(root, "").is_none_or(|m| m.contains_key("workflow"))
    {
        return;
    }
    let mut map = IndexMap::new();
    map.insert("type".to_owned(), leaf(root, "daily_trading"));
    let default = |value: Value| Resolved {
        value: Checked::Leaf(value),
        origin: Origin::Default,
        span: root.span,
    };
    map.insert("timeout_seconds".to_owned(), default(Value::from(3600.0)));
    map.insert("strict_inputs".to_owned(), default(Value::Bool(false)));
    let none = Checked::List(Vec::new());
    let phases = Resolved { value: none, origin: Origin::Default, span: root.span };
    map.insert("phases".to_owned(), phases);
    let workflow = Resolved { value: Checked::Map(map), origin: Origin::Default, span: root.span };
    insert(root, "", "workflow", workflow);
}

/// Moves the value at `from` to `key` of `to`; both given and different is a mistake.
fn move_up(root: &mut Resolved, problems: &mut Vec<Problem>, from: &str, to: &str, key: &str) {
    let Some(value) = root.get(from).cloned() else { return };
    let target = if to.is_empty() { key.to_owned() } else { format!("{to}.{key}") };
    match root.get(&target) {
        None => insert(root, to, key, value),
        Some(other) if other.to_json() != value.to_json() => {
            let message = format!("`{from}` and `{target}` say different things");
            let problem = Problem::error(value.span, from, message).hint("keep one of the two");
            problems.push(problem.related(other.span, "the other one"));
        }
        Some(_) => {}
    }
    if let Some((parent, key)) = from.rsplit_once('.')
        && let Some(map) = map_mut(root, parent)
    {
        map.shift_remove(key);
    }
}

/// The mode of the workflow, else of the coordinator, else TRADITIONAL; for graphs of tasks, of
/// which several run at once unless somebody says otherwise, AUTO.
fn default_mode(root: &mut Resolved, problems: &mut Vec<Problem>) {
    let own = root.text("workflow.execution_mode").map(str::to_owned);
    let coordinator = root.get("coordinator.execution_mode").cloned();
    match (own, coordinator) {
        (Some(own), Some(other)) => {
            if root.text("coordinator.execution_mode") != Some(own.as_str()) {
                let path = "coordinator.execution_mode";
                let message = format!("`{path}` is not used: the workflow says `{own}`");
                let problem = Problem::warning(other.span, path, message);
                problems.push(problem.hint("remove one of the two"));
            }
        }
        (Some(_), None) => {}
        (None, Some(mode)) => insert(root, "workflow", "execution_mode", mode),
        (None, None) => {
            let graph = matches!(root.text("workflow.type"), Some("tasks" | "daily_trading"));
            let mode = leaf(root, if graph { "AUTO" } else { "TRADITIONAL" });
            insert(root, "workflow", "execution_mode", mode);
        }
    }
}

fn default_name(root: &mut Resolved, file: &str) {
    if root.get("name").is_none() {
        let stem = stem(file).unwrap_or("workflow");
        let name = leaf(root, stem);
        insert(root, "", "name", name);
    }
}

fn stem(path: &str) -> Option<&str> {
    std::path::Path::new(path).file_stem()?.to_str()
}

/// One file without names is one symbol, called like the file.
fn default_symbols(root: &mut Resolved) {
    if root.get("data").is_none() || root.get("data.symbols").is_some() {
        return;
    }
    let symbol = match (root.text("data.source"), root.text("data.path")) {
        (Some("synthetic"), _) => SYNTHETIC_SYMBOL,
        (_, Some(path)) if !path.contains("{symbol}") => stem(path).unwrap_or("DATA"),
        _ => return,
    };
    let symbol = leaf(root, symbol);
    let symbols =
        Resolved { span: root.span, origin: Origin::Default, value: Checked::List(vec![symbol]) };
    insert(root, "data", "symbols", symbols);
}

/// What the profile decides, where nobody said otherwise.
fn follow_profile(root: &mut Resolved) {
    let named = root.text("execution.profile");
    let Some(profile) = Profile::ALL.into_iter().find(|profile| named == Some(profile.as_str()))
    else {
        return;
    };
    for (path, value) in profile.settings() {
        let is_free = root.get(path).is_none_or(|there| there.origin == Origin::Default);
        if let (true, Some((section, key))) = (is_free, path.split_once('.')) {
            let value = leaf(root, value);
            insert(root, section, key, value);
        }
    }
}

/// A backtest without a strategy holds what it buys first; that is rarely meant, so it is said.
fn default_strategy(root: &mut Resolved, problems: &mut Vec<Problem>) {
    let is_backtest = root.text("workflow.type") == Some("backtest");
    let has_strategy = map_mut(root, "")
        .is_some_and(|map| map.contains_key("strategy") || map.contains_key("strategies"));
    let was_refused = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error && problem.path.contains("strateg"));
    if !is_backtest || has_strategy || was_refused {
        return;
    }
    let mut map = IndexMap::new();
    map.insert("type".to_owned(), leaf(root, DEFAULT_STRATEGY));
    for key in ["params", "let"] {
        let value = Checked::Map(IndexMap::new());
        map.insert(key.to_owned(), Resolved { value, origin: Origin::Default, span: root.span });
    }
    let span = root.place("workflow.type");
    let problem = Problem::warning(span, "strategy", "no strategy: the run buys once and holds");
    problems.push(problem.hint("add `strategy: {type: …}`, or `strategy: buy_and_hold`"));
    let strategy = Resolved { value: Checked::Map(map), origin: Origin::Default, span: root.span };
    insert(root, "", "strategy", strategy);
}
