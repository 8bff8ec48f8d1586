//! What the values of a workflow file mean together.
//!
//! Promises: looks only at values that are well-formed by themselves, so that one mistake is
//! reported once.

mod accounts;
mod bars;
mod execution;
mod regimes;
mod roll;
mod sectors;
mod strategies;
mod tasks;
mod types;
mod venue;
mod world;

use std::collections::BTreeSet;

use dirigent_workflow::file::{Problem, Resolved, Span, resolved::Checked, suggest};

use super::{keys::WORKFLOW_TYPES, strategies as strategy, vocabulary::Vocabulary};

pub(super) use types::workflow_types;

/// Workflow types that work without prices of their own. Those that a program registered look
/// after themselves.
fn needs_data(kind: &str) -> bool {
    let without = ["tasks", "daily_trading", "training"];
    WORKFLOW_TYPES.contains(&kind) && !without.contains(&kind)
}
/// Sources of prices that are files.
const FILES: &[&str] = &["csv", "parquet", "arrow"];

/// Adds what is wrong with `root` to `problems`.
pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>, vocabulary: &dyn Vocabulary) {
    if !matches!(root.value, Checked::Map(_)) {
        return;
    }
    types::check(root, problems, vocabulary);
    required(root, problems);
    dates(root, problems);
    files(root, problems);
    timeframe(root, problems);
    symbols(root, problems);
    bars::check(root, problems);
    strategy_each(root, problems, vocabulary);
    strategies::check(root, problems);
    phases(root, problems);
    limits(root, problems);
    execution::check(root, problems);
    venue::check(root, problems);
    world::check(root, problems);
    regimes::check(root, problems);
    roll::check(root, problems);
    sectors::check(root, problems);
    accounts::check(root, problems);
    tasks::check(root, problems, vocabulary);
}

fn required(root: &Resolved, problems: &mut Vec<Problem>) {
    let Checked::Map(map) = &root.value else { return };
    let mut missing = |name: &str, hint: &str| {
        let top = Span::at(root.span.source, root.span.start);
        let problem = Problem::error(top, name, format!("Required field '{name}' missing"));
        problems.push(problem.hint(hint));
    };
    if !map.contains_key("workflow") {
        missing("workflow", "add `workflow:` with `type: backtest` below it");
    }
    let kind = root.text("workflow.type").unwrap_or_default();
    // A search of a test function looks at no prices.
    let needs = |path: &str| {
        let function =
            |path: &str| root.get(&format!("{path}.optimization_config.objective.function"));
        let kind = root.text(&format!("{path}.type")).unwrap_or_default();
        let own = root.get(&format!("{path}.optimization_config")).map_or("workflow", |_| path);
        needs_data(kind) && !(kind == "optimization" && function(own).is_some())
    };
    let phases = 0..root.list("workflow.phases").len();
    let mut phases = phases.map(|at| needs(&format!("workflow.phases.{at}"))).peekable();
    let no_phase_needs_it = phases.peek().is_some() && !phases.any(|needs| needs);
    let needs_it = needs("workflow") && !(kind == "multi_phase" && no_phase_needs_it);
    if !map.contains_key("data") && needs_it {
        missing("data", "add `data:` with `path: prices/{symbol}.csv` and `symbols: […]` below it");
    }
    if kind == "tasks" && root.list("tasks").is_empty() {
        missing("tasks", "add `tasks:` with a list of tasks below it");
    }
    if kind == "multi_phase" && root.list("workflow.phases").is_empty() {
        let path = "workflow.phases";
        let message = format!("Required field '{path}' missing");
        let problem = Problem::error(root.place("workflow.type"), path, message);
        problems.push(problem.hint("add `phases:` with a list of phases below `workflow:`"));
    }
}

/// Days that have to come in this order.
fn dates(root: &Resolved, problems: &mut Vec<Problem>) {
    let mut ordered = |earlier: &str, later: &str, hint: &str| {
        let (from, to) = (format!("data.{earlier}"), format!("data.{later}"));
        // Days written as YYYY-MM-DD sort like text.
        if let (Some(first), Some(last)) = (root.text(&from), root.text(&to))
            && first > last
        {
            let message = format!("`{to}` {last} is before `{from}` {first}");
            let problem = Problem::error(root.place(&to), to, message).hint(hint);
            problems.push(problem.related(root.place(&from), "the earlier day"));
        }
    };
    ordered("start_date", "end_date", "swap the two days");
    ordered("warmup_start", "start_date", "warm up before the first day that is traded");
    ordered("start_date", "out_of_sample_start", "leave days to search in before it");
    ordered("out_of_sample_start", "end_date", "leave days to test on after it");
    warmup(root, problems);
}

fn warmup(root: &Resolved, problems: &mut Vec<Problem>) {
    let path = "data.warmup_start";
    if root.text(path).is_none() {
        return;
    }
    let mut refuse = |message: String, hint: &str| {
        problems.push(Problem::error(root.place(path), path, message).hint(hint));
    };
    if root.text("data.start_date").is_none() {
        let message = format!("`{path}` is given without `data.start_date`");
        refuse(message, "say which day is traded first, as `data.start_date`");
    }
    for other in ["data.universe", "execution.quotes", "execution.trades"] {
        if root.text(other).is_some() {
            let message = format!("`{path}` and `{other}` are both given");
            refuse(message, "leave one of them out: this release does not take both");
        }
    }
}

fn files(root: &Resolved, problems: &mut Vec<Problem>) {
    let Some(source) = root.text("data.source") else { return };
    let path = root.text("data.path");
    let symbols = root.list("data.symbols");
    if !FILES.contains(&source) {
        if path.is_some() && source == "synthetic" {
            let problem = Problem::warning(
                root.place("data.path"),
                "data.path",
                "`data.path` is not used with `source: synthetic`",
            );
            problems.push(problem.hint("remove it, or write `source: csv`"));
        }
        return;
    }
    let was_refused = problems.iter().any(|problem| problem.path == "data.path");
    let Some(path) = path else {
        if !was_refused {
            let message = "Required field 'data.path' missing";
            let problem = Problem::error(root.place("data.path"), "data.path", message);
            problems.push(problem.hint("add `path: prices/{symbol}.csv`, or `source: synthetic`"));
        }
        return;
    };
    let has_place = path.contains("{symbol}");
    if has_place && symbols.is_empty() && !problems.iter().any(|p| p.path == "data.symbols") {
        let message = "Required field 'data.symbols' missing";
        let problem = Problem::error(root.place("data.path"), "data.symbols", message);
        problems.push(problem.hint("`{symbol}` in the path needs names: `symbols: [AAPL, MSFT]`"));
    }
    let rest = path.replace("{symbol}", "");
    if let Some(brace) = rest.find('{').map(|at| &rest[at..]) {
        let name: String = brace.chars().take_while(|&c| c != '}').take(40).collect();
        let message = format!("`{name}}}` in `data.path` is not replaced");
        let problem = Problem::error(root.place("data.path"), "data.path", message);
        problems.push(problem.hint("the only place is `{symbol}`; variables are `${NAME}`"));
    }
}

/// A count from 1 to 1000 and a unit.
fn timeframe(root: &Resolved, problems: &mut Vec<Problem>) {
    let Some(text) = root.text("data.timeframe") else { return };
    let count = text.strip_suffix(['s', 'm', 'h', 'd', 'w', 'M']);
    let is_known = count.is_some_and(|count| {
        count.bytes().all(|b| b.is_ascii_digit())
            && count.parse().is_ok_and(|n: u32| (1..=1_000).contains(&n))
    });
    if !is_known {
        let path = "data.timeframe";
        let shown: String = text.chars().take(40).collect();
        let problem =
            Problem::error(root.place(path), path, format!("`{shown}` is no length of a bar"));
        problems.push(problem.hint("give a count and s, m, h, d, w or M, as `5m` or `1d`"));
    }
}

fn symbols(root: &Resolved, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, symbol) in root.list("data.symbols").iter().enumerate() {
        let path = format!("data.symbols.{index}");
        let Some(name) = root.text(&path) else { continue };
        let mut wrong = |message: String, hint: &str| {
            problems.push(Problem::error(symbol.span, path.as_str(), message).hint(hint));
        };
        if !seen.insert(name) {
            wrong(format!("symbol `{name}` is named twice"), "name each symbol once");
        }
        let is_odd = |c: char| c.is_control() || c.is_whitespace() || "/\\{}".contains(c);
        if name.chars().count() > 64 || name.contains(is_odd) || name.contains("..") {
            let shown: String = name.chars().take(40).collect();
            let shown = shown.escape_debug();
            wrong(format!("`{shown}` is no symbol"), "use letters, digits and `.-_:^=` only");
        }
    }
}

fn strategy_each(root: &Resolved, problems: &mut Vec<Problem>, vocabulary: &dyn Vocabulary) {
    strategy::check(problems, root, "strategy", vocabulary);
    for index in 0..root.list("strategies").len() {
        strategy::check(problems, root, &format!("strategies.{index}"), vocabulary);
    }
    if root.get("strategy").is_some() && root.get("strategies").is_some() {
        let message = "`strategy` and `strategies` are both given";
        let problem = Problem::error(root.place("strategies"), "strategies", message);
        let problem = problem.related(root.place("strategy"), "the other one");
        problems.push(problem.hint("put the one into the list, or remove the list"));
    }
}

fn phases(root: &Resolved, problems: &mut Vec<Problem>) {
    let count = root.list("workflow.phases").len();
    let name_of = |index: usize| root.text(&format!("workflow.phases.{index}.name"));
    let mut earlier = BTreeSet::new();
    let of_file: BTreeSet<&str> = (0..count).filter_map(name_of).collect();
    for index in 0..count {
        let path = format!("workflow.phases.{index}");
        inputs(root, problems, &path, &earlier, &of_file);
        let Some(name) = name_of(index) else { continue };
        if !earlier.insert(name) {
            let path = format!("{path}.name");
            let message = format!("phase `{name}` is named twice");
            let problem = Problem::error(root.place(&path), path, message);
            problems.push(problem.hint("give each phase a name of its own"));
        }
    }
    // Without phases in the file, the workflow is one, named after its type, or the stages are.
    if count == 0 {
        earlier.extend(root.text("workflow.type"));
        earlier.extend(root.entries("stages").map(|(name, _)| name));
    }
    for (name, overlay) in root.entries("coordinator.phases") {
        if !earlier.contains(name) {
            let path = format!("coordinator.phases.{name}");
            let hint = match suggest(name, earlier.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add the phase to `workflow.phases`, or remove this".to_owned(),
            };
            let message = format!("`{path}` has no phase of that name");
            problems.push(Problem::warning(overlay.span, path, message).hint(hint));
        }
    }
}

/// Each input is `phase.key` of an earlier phase.
fn inputs(
    root: &Resolved,
    problems: &mut Vec<Problem>,
    path: &str,
    earlier: &BTreeSet<&str>,
    of_file: &BTreeSet<&str>,
) {
    let list = format!("{path}.inputs");
    for (index, input) in root.list(&list).iter().enumerate() {
        let path = format!("{list}.{index}");
        let Some(text) = root.text(&path) else { continue };
        let shown: String = text.chars().take(80).collect();
        let (message, hint) = match text.split_once('.') {
            Some((phase, key)) if !phase.is_empty() && !key.is_empty() && !key.contains('.') => {
                if earlier.contains(phase) {
                    continue;
                }
                let meant = suggest(phase, earlier.iter().copied());
                let hint = meant.map_or_else(
                    || "name a phase that stands above this one".to_owned(),
                    |name| format!("did you mean `{name}.{key}`?"),
                );
                let why = if of_file.contains(phase) {
                    format!("phase `{phase}` has not completed when this one begins")
                } else {
                    format!("no phase `{phase}` comes before")
                };
                (format!("input `{shown}`: {why}"), hint)
            }
            _ => (format!("input `{shown}` is not `phase.key`"), "write `phase.key`".to_owned()),
        };
        problems.push(Problem::error(input.span, path, message).hint(hint));
    }
}

/// The two spellings of memory and cores must not contradict each other.
fn limits(root: &Resolved, problems: &mut Vec<Problem>) {
    const GIB: f64 = 1_073_741_824.0;
    let phases = (0..root.list("workflow.phases").len())
        .map(|index| format!("workflow.phases.{index}.resources"));
    let overlays = root
        .entries("coordinator.phases")
        .map(|(name, _)| format!("coordinator.phases.{name}.resources"));
    for path in phases.chain(overlays) {
        let pairs =
            [("memory_per_container", "memory_gb", GIB), ("cpu_per_container", "cpu_cores", 1.0)];
        for (one, other, factor) in pairs {
            let at = |key: &str| root.number(&format!("{path}.{key}"));
            let (Some(a), Some(b)) = (at(one), at(other)) else { continue };
            if (a - b * factor).abs() > 1e-9 * a.abs() {
                let path = format!("{path}.{other}");
                let message = format!("`{one}` and `{other}` say different things");
                let problem = Problem::error(root.place(&path), path, message);
                problems.push(problem.hint("keep one of the two"));
            }
        }
    }
}
