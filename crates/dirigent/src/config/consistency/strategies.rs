//! What `strategies` and sizes mean together, and with the symbols and money of the file.

use std::collections::BTreeMap;

use dirigent_workflow::file::{Problem, Resolved, suggest};

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    let count = root.list("strategies").len();
    kelly(root, problems, "portfolio.sizing");
    for index in 0..count {
        kelly(root, problems, &format!("strategies.{index}.sizing"));
    }
    names(root, problems, count);
    for index in 0..count {
        symbols(root, problems, index);
    }
    if root.get("ensemble").is_some() && count < 2 {
        let message = "an `ensemble` is the vote of two `strategies` or more";
        let problem = Problem::error(root.place("ensemble"), "ensemble", message);
        problems.push(problem.hint("add `strategies: [{name: …, type: …}, …]`, or remove it"));
    }
    let path = "portfolio.rebalance";
    if root.get(path).is_some() && root.get("strategies").is_none() {
        let message = format!("`{path}` moves money between `strategies`, and there are none");
        let problem = Problem::error(root.place(path), path, message);
        problems.push(problem.hint(
            "remove it, or write `strategies: [{name: …, weight: …, type: …}, …]`; how often one \
             strategy trades its weights is in its `params`",
        ));
    }
}

/// The bounds of sizes by Kelly's rule lie in order.
fn kelly(root: &Resolved, problems: &mut Vec<Problem>, path: &str) {
    let below = |key: &str| format!("{path}.{key}");
    if root.text(&below("type")) != Some("kelly") {
        return;
    }
    let pairs = [
        ("min_trades", "lookback_trades"),
        ("min_percent", "start_percent"),
        ("start_percent", "max_percent"),
    ];
    for (smaller, larger) in pairs {
        let at = |key: &str| root.number(&below(key));
        let (Some(a), Some(b)) = (at(smaller), at(larger)) else { continue };
        if a > b {
            let (path, other) = (below(smaller), below(larger));
            let message = format!("`{path}` {a} is more than `{larger}` {b}");
            let problem = Problem::error(root.place(&path), path, message);
            let problem = problem.related(root.place(&other), "the larger one");
            problems.push(problem.hint("lower the first, or raise the second"));
        }
    }
}

/// Each is called by its name, or else by its type.
fn names(root: &Resolved, problems: &mut Vec<Problem>, count: usize) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for index in 0..count {
        let below = |key: &str| format!("strategies.{index}.{key}");
        let path = if root.text(&below("name")).is_some() { below("name") } else { below("type") };
        let Some(name) = root.text(&path) else { continue };
        let is_odd = name.trim().is_empty()
            || name.chars().count() > 64
            || name.starts_with(['=', '+', '-', '@'])
            || name.contains(char::is_control);
        if is_odd {
            let shown: String = name.chars().take(40).collect();
            let message = format!("`{}` cannot name a strategy", shown.escape_debug());
            let problem = Problem::error(root.place(&path), path.as_str(), message);
            problems.push(problem.hint("use up to 64 visible characters, the first a letter"));
        }
        if let Some(first) = seen.get(name) {
            let message = format!("two strategies are called `{name}`");
            let problem = Problem::error(root.place(&path), path.as_str(), message);
            let problem = problem.related(root.place(first), "the other one");
            problems.push(problem.hint("give each a `name` of its own"));
        } else {
            seen.insert(name, path);
        }
    }
}

/// Each trades symbols that are loaded.
fn symbols(root: &Resolved, problems: &mut Vec<Problem>, index: usize) {
    let list = format!("strategies.{index}.symbols");
    if root.get(&list).is_none() {
        return;
    }
    if root.list(&list).is_empty() {
        let problem = Problem::error(root.place(&list), list.as_str(), "it trades no symbol");
        problems.push(problem.hint("name symbols, or remove the key for all"));
    }
    let all: Vec<&str> = (0..root.list("data.symbols").len())
        .filter_map(|at| root.text(&format!("data.symbols.{at}")))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for at in 0..root.list(&list).len() {
        let path = format!("{list}.{at}");
        let Some(name) = root.text(&path) else { continue };
        let mut wrong = |message: String, hint: String| {
            problems.push(Problem::error(root.place(&path), path.as_str(), message).hint(hint));
        };
        if seen.contains(&name) {
            wrong(format!("symbol `{name}` is named twice"), "name each symbol once".into());
        } else if !all.is_empty() && !all.contains(&name) {
            let hint = suggest(name, all.iter().copied()).map_or_else(
                || "add it to `data.symbols`".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            wrong(format!("`{name}` is none of `data.symbols`"), hint);
        }
        seen.push(name);
    }
}
