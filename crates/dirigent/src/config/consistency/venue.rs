//! What quotes, latencies and queues mean together with the rest.

use dirigent_workflow::file::{Origin, Problem, Resolved};

/// What quotes decide themselves: the key, the value it may keep, and why.
const DECIDED: [(&str, &str, &str); 8] = [
    ("data.roll", "", "quotes are of one contract, and a roll moves the level of the others"),
    ("execution.intrabar", "pessimistic", "quotes tell what came first"),
    ("execution.stops_before", "nothing", "quotes tell what came first"),
    ("execution.entry_bar", "exits", "exits work from the fill of their entry on"),
    ("execution.limit_gap", "open", "there are no gaps between quotes"),
    ("execution.trail_by", "extreme", "trailing stops follow the quotes"),
    ("execution.profile", "", "no library fills at quotes as this does"),
    ("execution.max_volume_pct", "", "the sizes of quotes bound each trade"),
];

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    let has = |key: &str| root.get(key).is_some();
    let source = ["execution.quotes", "execution.trades"].into_iter().find(|key| has(key));
    if let Some(source) = source {
        quoted(root, source, problems);
    }
    sampled(root, problems);
    queue(root, source, problems);
    alone(root, problems);
    let waits = source.or(["execution.latency", "execution.queue"].into_iter().find(|k| has(k)));
    if let (Some(key), Some("same_close")) = (waits, root.text("execution.fill")) {
        let path = "execution.fill";
        let message = format!("`{path}: same_close` leaves no time for `{key}`");
        let problem = Problem::error(root.place(path), path, message);
        let problem = problem.related(root.place(key), "the other one");
        problems.push(problem.hint("set `execution.fill: next_open`, or remove the other"));
    }
}

/// Several strategies would take the same units of one quote.
fn alone(root: &Resolved, problems: &mut Vec<Problem>) {
    let keys = ["quotes", "trades", "latency", "queue"].map(|key| format!("execution.{key}"));
    let Some(path) = keys.into_iter().find(|path| root.get(path).is_some()) else { return };
    if root.list("strategies").is_empty() {
        return;
    }
    let message = format!("`{path}` is for one strategy: several would take the same units twice");
    let problem = Problem::error(root.place(&path), path, message);
    let problem = problem.related(root.place("strategies"), "the strategies");
    problems.push(problem.hint("name one `strategy`, or leave it out"));
}

/// What contradicts quotes or trades that orders meet.
fn quoted(root: &Resolved, source: &str, problems: &mut Vec<Problem>) {
    let mut wrong = |path: &str, message: String, hint: &str| {
        let problem = Problem::error(root.place(path), path, message).hint(hint);
        problems.push(problem.related(root.place(source), "orders trade at these"));
    };
    for (path, kept, why) in DECIDED {
        let Some(there) = root.get(path) else { continue };
        if there.origin != Origin::Default && root.text(path) != Some(kept) {
            wrong(path, format!("`{path}` has no meaning with `{source}`: {why}"), "remove it");
        }
    }
    if root.text("execution.limit_fill") == Some("through") && source == "execution.quotes" {
        let path = "execution.limit_fill";
        let message = format!("`{path}` has no meaning with `{source}`: the queue decides");
        wrong(path, message, "remove it, or choose an `execution.queue`");
    }
    match root.text("execution.slippage.type") {
        Some("spread") => {
            let path = "execution.slippage.type";
            let message = format!("`{path}: spread` would count the spread of the quotes twice");
            wrong(path, message, "remove it; `bps` and `ticks` come on top of the quotes");
        }
        Some(kind @ ("volume_share" | "square_root")) => {
            let path = "execution.slippage.type";
            let message =
                format!("`{path}: {kind}` needs the volume of a bar that is not over yet");
            wrong(path, message, "use `bps` or `ticks`, which come on top of the quotes");
        }
        _ => {}
    }
    let adjust = root.text("data.adjust").unwrap_or_default();
    if matches!(adjust, "splits" | "total") {
        let message = format!("`{source}` needs bars as they were traded, not adjusted ones");
        wrong("data.adjust", message, "set `data.adjust: none`");
    }
    if root.text("data.source") == Some("synthetic") {
        let message =
            format!("`{source}` are those of a market, and `data.source` makes prices up");
        wrong("data.source", message, "give a file of bars");
    }
}

fn sampled(root: &Resolved, problems: &mut Vec<Problem>) {
    let number = |path: &str| root.text(path)?.parse::<f64>().ok();
    let (median, tail) = ("execution.latency.median_ms", "execution.latency.p99_ms");
    if let (Some(half), Some(most)) = (number(median), number(tail))
        && most < half
    {
        let message = format!("`{tail}` is {most}, less than the median of {half}");
        problems.push(Problem::error(root.place(tail), tail, message).hint("swap the two"));
    }
}

/// A queue is one of quotes or one of bars.
fn queue(root: &Resolved, source: Option<&str>, problems: &mut Vec<Problem>) {
    let path = "execution.queue.type";
    let (message, hint) = match (root.text(path), source) {
        (Some("volume"), Some(source)) => (
            format!("`{path}: volume` is for bars, and orders trade at `{source}`"),
            "choose `conservative` or `proportional`",
        ),
        (Some(kind @ ("conservative" | "proportional")), None) => (
            format!("`{path}: {kind}` needs quotes"),
            "set `execution.quotes`, or choose `volume` for bars",
        ),
        (Some("volume"), None) if root.text("execution.limit_fill") == Some("through") => (
            format!("`{path}: volume` and `execution.limit_fill: through` answer one question"),
            "keep one of the two",
        ),
        _ => return,
    };
    problems.push(Problem::error(root.place(path), path, message).hint(hint));
}
