//! What `regimes` means with the symbols of the file.

use dirigent_workflow::file::{Problem, Resolved, suggest};

/// The bars that a fit takes for each of its states.
const FIT_BARS: f64 = 15.0;

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    symbol(root, problems);
    let number = |key: &str| root.number(&format!("regimes.{key}"));
    let (Some(history), Some(states)) = (number("min_history"), number("states")) else { return };
    let method = root.text("regimes.method").unwrap_or_default();
    let lookback = number("lookback").unwrap_or_default();
    let trend = number("trend_lookback").unwrap_or_default();
    let (needed, why) = match method {
        "hmm" => (FIT_BARS * states, "15 bars for each state"),
        "kmeans" => (lookback.max(trend) + FIT_BARS * states, "its lookback and 15 bars a cluster"),
        "change_points" => (2.0 * lookback, "two of the shortest segments"),
        _ => return,
    };
    if history < needed {
        let path = "regimes.min_history";
        let message = format!("`{path}: {history}` is too little to fit `{method}` on");
        let problem = Problem::error(root.place(path), path, message);
        problems
            .push(problem.hint(format!("it takes {why}: write `min_history: {needed}` or more")));
    }
}

/// The symbol is one of those that are loaded.
fn symbol(root: &Resolved, problems: &mut Vec<Problem>) {
    let path = "regimes.symbol";
    let Some(symbol) = root.text(path) else { return };
    let symbols: Vec<&str> = (0..root.list("data.symbols").len())
        .filter_map(|at| root.text(&format!("data.symbols.{at}")))
        .collect();
    if symbols.is_empty() || symbols.contains(&symbol) {
        return;
    }
    let hint = suggest(symbol, symbols.iter().copied()).map_or_else(
        || "name one of `data.symbols`, or leave it out for the mean of all".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    let message = format!("`{path}` `{symbol}` is none of `data.symbols`");
    problems.push(Problem::error(root.place(path), path, message).hint(hint));
}
