//! What `data.roll` means together with the rest of `data`.

use dirigent_workflow::file::{Problem, Resolved, suggest};

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    let symbols: Vec<&str> = (0..root.list("data.symbols").len())
        .filter_map(|at| root.text(&format!("data.symbols.{at}")))
        .collect();
    for (symbol, section) in root.entries("data.roll") {
        let path = format!("data.roll.{symbol}");
        if !symbols.is_empty() && !symbols.contains(&symbol) {
            let message = format!("`{path}` is none of `data.symbols`");
            let hint = suggest(symbol, symbols.iter().copied()).map_or_else(
                || "name the series in `data.symbols`; contracts stand here".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            problems.push(Problem::error(section.span, path.as_str(), message).hint(hint));
        }
        if root.text("data.source") == Some("synthetic") {
            let message = format!("`{path}` is not used with `source: synthetic`");
            let problem = Problem::error(section.span, path.as_str(), message);
            problems.push(problem.hint("remove it, or write `source: csv`"));
        }
        days(root, &path, problems);
    }
}

/// The days that the rule needs are there, one for each contract or roll, and rise.
fn days(root: &Resolved, path: &str, problems: &mut Vec<Problem>) {
    let contracts = root.list(&format!("{path}.contracts")).len();
    let by = root.text(&format!("{path}.by")).unwrap_or_default();
    let wanted = [("expiries", "expiry", contracts), ("dates", "dates", contracts.max(1) - 1)];
    for (key, of, count) in wanted {
        let path = format!("{path}.{key}");
        let given = root.list(&path).len();
        let texts: Vec<&str> =
            (0..given).filter_map(|at| root.text(&format!("{path}.{at}"))).collect();
        let (message, hint) = if of != by {
            if given == 0 {
                continue;
            }
            (format!("`{path}` belongs to `by: {of}`"), format!("remove it, or set `by: {of}`"))
        } else if given != count {
            let hint = "give one for each contract; of `dates`, one for each but the last";
            (format!("`{path}` has {given} days for {contracts} contracts"), hint.to_owned())
        } else if !texts.is_sorted_by(|a, b| a < b) {
            let hint = "sort the contracts and their days".to_owned();
            (format!("the days of `{path}` do not rise"), hint)
        } else {
            continue;
        };
        problems.push(Problem::error(root.place(&path), path.as_str(), message).hint(hint));
    }
}
