//! What `data.sectors` and the limits of an allocation mean with the symbols of the file.

use std::collections::BTreeMap;

use dirigent_workflow::file::{Problem, Resolved, resolved::Checked, suggest};
use serde_json::Value;

/// The strategy whose weights have limits.
const ALLOCATION: &str = "allocation";
/// Its methods that take the inverse of a covariance.
const INVERTING: &[&str] = &["risk_parity", "min_variance", "max_sharpe", "kelly"];

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    let symbols = texts(root, "data.symbols");
    named(root, problems, &symbols);
    let each = (0..root.list("strategies").len()).map(|at| format!("strategies.{at}"));
    for path in std::iter::once("strategy".to_owned()).chain(each) {
        if root.text(&format!("{path}.type")) != Some(ALLOCATION) {
            continue;
        }
        let own = texts(root, &format!("{path}.symbols"));
        let traded = if own.is_empty() { &symbols } else { &own };
        let limited = limited(root, &path);
        if let Some(limit) = &limited {
            complete(root, problems, limit, traded);
        }
        idle(root, problems, &path, traded);
        singular(root, problems, &path, traded.len());
    }
}

fn texts<'r>(root: &'r Resolved, list: &str) -> Vec<&'r str> {
    (0..root.list(list).len()).filter_map(|at| root.text(&format!("{list}.{at}"))).collect()
}

/// Each symbol that has a sector is one of the file, and each sector has a name.
fn named(root: &Resolved, problems: &mut Vec<Problem>, symbols: &[&str]) {
    for (symbol, section) in root.entries("data.sectors") {
        let path = format!("data.sectors.{symbol}");
        if !symbols.is_empty() && !symbols.contains(&symbol) {
            let hint = suggest(symbol, symbols.iter().copied()).map_or_else(
                || "remove it, or add it to `data.symbols`".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            let message = format!("`{path}` is none of `data.symbols`");
            problems.push(Problem::error(section.span, path.as_str(), message).hint(hint));
        }
        if name_of(section).is_some_and(|name| name.trim().is_empty()) {
            let problem = Problem::error(section.span, path, format!("`{symbol}` has no sector"));
            problems.push(problem.hint("name one, as `technology`"));
        }
    }
}

/// The sector that an entry names; the names of symbols may have dots, so paths do not find it.
fn name_of(section: &Resolved) -> Option<&str> {
    match &section.value {
        Checked::Leaf(Value::String(name)) => Some(name),
        _ => None,
    }
}

/// Where the file limits sectors, or searches for such a limit.
fn limited(root: &Resolved, path: &str) -> Option<String> {
    let written = format!("{path}.params.max_sector_weight");
    let searched = "workflow.optimization_config.parameters.max_sector_weight".to_owned();
    if root.number(&written).is_some_and(|limit| limit < 1.0) {
        return Some(written);
    }
    (path == "strategy" && root.get(&searched).is_some()).then_some(searched)
}

/// Every symbol has a sector where sectors are limited: without, it would escape the limit.
fn complete(root: &Resolved, problems: &mut Vec<Problem>, limit: &str, traded: &[&str]) {
    let sectors: Vec<&str> = root.entries("data.sectors").map(|(symbol, _)| symbol).collect();
    if sectors.is_empty() {
        let message = format!("`{limit}` limits sectors, and `data.sectors` names none");
        let problem = Problem::error(root.place(limit), limit, message);
        problems.push(problem.hint("add `sectors: {AAPL: technology, …}` below `data:`"));
        return;
    }
    for symbol in traded.iter().filter(|symbol| !sectors.contains(symbol)) {
        let path = "data.sectors";
        let message = format!("`{path}` has no sector for `{symbol}`, and `{limit}` limits them");
        let problem = Problem::error(root.place(path), path, message);
        let problem = problem.related(root.place(limit), "the limit");
        problems.push(problem.hint(format!("add `{symbol}: …`; a sector may have one symbol")));
    }
}

/// Limits that leave a part of the money in cash whatever happens.
fn idle(root: &Resolved, problems: &mut Vec<Problem>, path: &str, traded: &[&str]) {
    let param = |name: &str| format!("{path}.params.{name}");
    if traded.is_empty() || root.text(&param("method")) == Some("kelly") {
        return;
    }
    let limit = |name| root.number(&param(name)).unwrap_or(1.0);
    let (of_symbol, of_sector) = (limit("max_weight"), limit("max_sector_weight"));
    let sectors: BTreeMap<&str, &str> = root
        .entries("data.sectors")
        .filter_map(|(symbol, section)| Some((symbol, name_of(section)?)))
        .collect();
    // Who has no sector is one of its own; a slash is in no symbol.
    let alone = |symbol: &str| format!("/{symbol}");
    let mut rooms: BTreeMap<String, f64> = BTreeMap::new();
    for symbol in traded {
        let sector = sectors.get(symbol).map_or_else(|| alone(symbol), ToString::to_string);
        *rooms.entry(sector).or_default() += of_symbol;
    }
    let room: f64 = rooms.values().map(|room| room.min(of_sector)).sum();
    if room > 1.0 - 1e-9 {
        return;
    }
    let name = if rooms.values().sum::<f64>() > room { "max_sector_weight" } else { "max_weight" };
    let (path, percent) = (param(name), 100.0 * room);
    let message =
        format!("the limits of {} symbols let at most {percent:.1} % be invested", traded.len());
    let problem = Problem::warning(root.place(&path), path, message);
    problems.push(problem.hint("the rest stays in cash; raise the limit if it shall not"));
}

/// A covariance of the sample that has no inverse, whatever the prices are.
fn singular(root: &Resolved, problems: &mut Vec<Problem>, path: &str, symbols: usize) {
    let param = |name: &str| format!("{path}.params.{name}");
    let method = root.text(&param("method")).unwrap_or("risk_parity");
    let is_sample = root.text(&param("covariance")) == Some("sample");
    let Some(lookback) = root.number(&param("lookback")) else { return };
    #[expect(clippy::cast_precision_loss, reason = "there are at most some thousand symbols")]
    let needed = symbols as f64;
    if is_sample && INVERTING.contains(&method) && lookback <= needed {
        let message = format!(
            "a sample covariance of {symbols} symbols from {lookback} returns is singular, and \
             changes nothing"
        );
        let path = param("lookback");
        let problem = Problem::warning(root.place(&path), path, message);
        problems.push(problem.hint("look back over more bars, or use `covariance: ledoit_wolf`"));
    }
}
