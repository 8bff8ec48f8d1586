//! How bars are made: settings of `data` that need or exclude each other.

use dirigent_workflow::file::{Problem, Resolved};

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    unused(root, problems);
    let Some(kind) = root.text("data.bars.type") else { return };
    let size = root.text("data.bars.size");
    let mut wrong = |path: &str, message: &str, hint: &str| {
        problems.push(Problem::error(root.place(path), path, message).hint(hint));
    };
    match (kind, size) {
        ("time", Some(_)) => {
            let hint = "remove it; `data.timeframe` says how long bars are";
            wrong("data.bars.size", "bars of time have no size", hint);
        }
        ("time", None) => {}
        (_, None) => {
            let hint = "add `size: 10000`: units, money or trades in a bar";
            wrong("data.bars.type", "Required field 'data.bars.size' missing", hint);
        }
        ("ticks", Some(size)) if size.contains('.') => {
            let hint = "give a whole number of trades";
            wrong("data.bars.size", "there is no part of a trade", hint);
        }
        _ => {}
    }
    // Their bars overlap: one would trade at an open that was over when another closed.
    if kind != "time" && root.list("data.symbols").len() > 1 {
        let hint = "trade one symbol, or set `data.bars: {type: time}`";
        wrong("data.symbols", "bars that end with what was traded take one symbol", hint);
    }
}

/// Settings that made-up bars have no use for.
fn unused(root: &Resolved, problems: &mut Vec<Problem>) {
    if root.text("data.source") != Some("synthetic") {
        return;
    }
    for path in ["data.bars.type", "data.session.open"] {
        if root.text(path).is_some() {
            let path = path.rsplit_once('.').map_or(path, |(section, _)| section);
            let message = format!("`{path}` is not used with `source: synthetic`");
            let problem = Problem::error(root.place(path), path, message);
            problems.push(problem.hint("remove it, or write `source: csv`"));
        }
    }
}
