//! What `data.actions` and `instruments` mean together with the rest.

use dirigent_workflow::file::{Problem, Resolved, resolved::Checked, suggest};

use crate::config::workflow::DEFAULT_TERMS;

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    actions(root, problems);
    instruments(root, problems);
}

/// Adjusted prices have what actions bring in them already.
fn actions(root: &Resolved, problems: &mut Vec<Problem>) {
    let path = "data.actions";
    let adjust = root.text("data.adjust").unwrap_or_default();
    if root.get(path).is_none() || matches!(adjust, "none" | "splits") {
        return;
    }
    let message = format!("`{path}` needs prices as they were traded, not `data.adjust: {adjust}`");
    let problem = Problem::error(root.place(path), path, message);
    problems.push(
        problem.hint(
            "set `data.adjust: none`, or `splits` for a file of dividends per unit as adjusted",
        ),
    );
}

/// Terms are those of symbols that are traded.
fn instruments(root: &Resolved, problems: &mut Vec<Problem>) {
    let Some(Checked::Map(map)) = root.get("instruments").map(|section| &section.value) else {
        return;
    };
    let symbols: Vec<&str> = (0..root.list("data.symbols").len())
        .filter_map(|at| root.text(&format!("data.symbols.{at}")))
        .collect();
    for (name, terms) in map {
        if name == DEFAULT_TERMS || symbols.is_empty() || symbols.contains(&name.as_str()) {
            continue;
        }
        let path = format!("instruments.{name}");
        let message = format!("`{path}` is none of `data.symbols`");
        let hint = suggest(name, symbols.iter().copied()).map_or_else(
            || "name a symbol that is traded, or `default`".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        problems.push(Problem::error(terms.span, path, message).hint(hint));
    }
}
