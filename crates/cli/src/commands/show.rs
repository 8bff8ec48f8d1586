//! `dirigent show`: one run for people, and the end of `run` and `resume`.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::Path,
};

use dirigent::{Summary, core::Timestamp, workflow::RunStatus};
use serde_json::Value;

use super::{search, study, verdict};
use crate::{
    Context, exit,
    print::{Printer, Style},
};

/// Notes on the data that are printed.
const NOTES_SHOWN_MAX: usize = 3;
/// Tasks of a phase whose outputs are printed, and how much of each.
const OUTPUTS_SHOWN_MAX: usize = 12;
const OUTPUT_CHARS_MAX: usize = 100;
/// Cells of the equity sparkline.
const SPARK_CELLS: u16 = 60;

pub(crate) fn show(context: &Context, name: &str) -> anyhow::Result<u8> {
    let run = context.coordinator.run(&context.coordinator.find(name)?)?;
    let summary = Summary::of(&run, context.coordinator.home());
    if context.printer.json() {
        let mut document = serde_json::to_value(&summary)?;
        document["config"] = run.start.config.clone();
        context.printer.document(&document)?;
    } else {
        let mut text = text(context, &summary)?;
        writeln!(
            text,
            "config   {} (version {}), seed {}, mode {}; all of it with `--output json`",
            summary.config_hash,
            summary.config_version,
            summary.seed,
            summary.mode.as_str()
        )?;
        for warning in &summary.warnings {
            writeln!(text, "warning  {warning}")?;
        }
        if let Some(error) = &summary.error {
            let hint = error.hint.as_ref().map(|hint| format!("\nhint     {hint}"));
            writeln!(text, "error    {}{}", error.message, hint.unwrap_or_default())?;
        }
        context.printer.result(&text)?;
    }
    Ok(exit::DONE)
}

/// What is printed when a run was driven to its end, and the exit code that says how it ended.
pub(crate) fn finished(context: &Context, summary: &Summary) -> anyhow::Result<u8> {
    let printer = &context.printer;
    if printer.json() {
        printer.document(summary)?;
    } else {
        printer.result(&text(context, summary)?)?;
    }
    for warning in summary.warnings.iter().filter(|_| !printer.json()) {
        printer.note(&format!("{} {warning}", printer.paint_err(Style::Yellow, "warning:")));
    }
    if let Some(error) = &summary.error {
        printer.complain(&format!("{} {}", printer.paint_err(Style::Red, "error:"), error.message));
        if let Some(hint) = &error.hint {
            printer.complain(&format!("{} {hint}", printer.paint_err(Style::Bold, "hint:")));
        }
    }
    if summary.status == RunStatus::Failed {
        let id = &summary.run_id;
        printer
            .note(&format!("`dirigent resume {id}` keeps what completed and tries the rest again"));
    }
    if summary.status == RunStatus::Interrupted {
        printer.complain(&format!("interrupted; `dirigent resume {}` goes on", summary.run_id));
    }
    Ok(match summary.status {
        RunStatus::Completed => exit::DONE,
        RunStatus::Degraded => exit::DEGRADED,
        _ => exit::FAILED,
    })
}

fn text(context: &Context, summary: &Summary) -> anyhow::Result<String> {
    let printer = &context.printer;
    let mut out = String::new();
    let status = painted(printer, summary.status, status_word(summary));
    let time = summary.duration_ms.map_or_else(String::new, |ms| format!(" in {}", duration(ms)));
    writeln!(
        out,
        "{} {status}{time}  {}",
        printer.paint(Style::Bold, &summary.name),
        summary.run_id
    )?;
    match &summary.result {
        Value::Null => {}
        result if is_told(result) => tell(printer, &mut out, result)?,
        result => {
            let phases = result.as_object().into_iter().flatten();
            for (phase, result) in phases.filter(|(_, result)| is_told(result)) {
                writeln!(out, "\n{}", printer.paint(Style::Bold, phase))?;
                tell(printer, &mut out, result)?;
            }
        }
    }
    let is_whole = summary.result["metrics"].is_object() || verdict::is_told(&summary.result);
    if summary.phases.len() > 1 || !is_whole {
        phases(printer, &mut out, &summary.phases)?;
    }
    if let Some(count) = summary.result["causality"]["prefixes"].as_u64() {
        writeln!(
            out,
            "\ncausal   {count} beginnings of the data run anew: no earlier decision changes"
        )?;
    }
    let notes = summary.phases.iter().map(|phase| &phase["outputs"]["load_data"]["notes"]);
    let notes: Vec<&str> = notes
        .flat_map(|notes| notes.as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    if !notes.is_empty() {
        let more = notes.len().saturating_sub(NOTES_SHOWN_MAX);
        let shown = notes[..notes.len() - more].join("\n         ");
        let more = if more > 0 { format!("\n         and {more} more") } else { String::new() };
        let gap = if out.ends_with("\n\n") { "" } else { "\n" };
        writeln!(out, "{gap}data     {shown}{more}")?;
    }
    let file =
        |name: &str| summary.artifacts.iter().find(|file| file["name"] == name)?["path"].as_str();
    if let Some(line) = file("equity.csv").and_then(|path| sparkline(Path::new(path))) {
        writeln!(out, "equity   {line}")?;
    }
    if let Some(digest) = &summary.digest {
        writeln!(out, "digest   {digest}")?;
    }
    let reports = summary.artifacts.iter().filter_map(|file| {
        super::report::is_report(file["name"].as_str()?).then(|| file["path"].as_str())?
    });
    for path in reports {
        writeln!(out, "report   {path}")?;
    }
    Ok(out)
}

/// Whether `result` has a form of its own.
fn is_told(result: &Value) -> bool {
    result["metrics"].is_object()
        || search::is_told(result)
        || verdict::is_told(result)
        || study::is_told(result)
}

fn tell(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    if verdict::is_told(result) {
        return verdict::tell(printer, out, result);
    }
    if study::is_told(result) {
        return study::tell(printer, out, result);
    }
    match search::is_told(result) {
        true => search::tell(printer, out, result),
        false => backtest(printer, out, result),
    }
}

/// One line for each phase, and one for each task that went wrong.
fn phases(printer: &Printer, out: &mut String, phases: &[Value]) -> std::fmt::Result {
    writeln!(out)?;
    for phase in phases {
        let text = |key: &str| phase[key].as_str().unwrap_or_default().to_owned();
        let counts = phase["tasks"].as_object().into_iter().flatten();
        let counts: Vec<String> = counts
            .filter(|(state, count)| *state != "total" && **count != 0)
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        let (name, status) = (format!("{:<24}", text("name")), format!("{:<10}", text("status")));
        let total = &phase["tasks"]["total"];
        let counts =
            if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        let tasks = if *total == 1 { "task" } else { "tasks" };
        writeln!(out, "  {} {status} {total} {tasks}{counts}", printer.paint(Style::Bold, &name))?;
        outputs(printer, out, phase)?;
        for error in phase["errors"].as_array().into_iter().flatten() {
            let text = |key: &str| error[key].as_str().unwrap_or_default();
            let line = format!("    {} {}: {}", text("task"), text("state"), text("why"));
            writeln!(out, "{}", printer.paint(Style::Yellow, &line))?;
        }
    }
    writeln!(out)
}

/// One line for each of the first tasks of a graph that delivered something.
fn outputs(printer: &Printer, out: &mut String, phase: &Value) -> std::fmt::Result {
    let all: Vec<_> = match &phase["outputs"] {
        Value::Object(map) if phase["type"] == "tasks" => map.iter().collect(),
        _ => return Ok(()),
    };
    let first = &all[..all.len().min(OUTPUTS_SHOWN_MAX)];
    let longest = first.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in first {
        let value = value.to_string();
        // A program could write what makes a terminal do something.
        let mut shown = value.chars().filter(|c| !c.is_control());
        let mut text: String = shown.by_ref().take(OUTPUT_CHARS_MAX).collect();
        if shown.next().is_some() {
            text.push('…');
        }
        let name = printer.paint(Style::Dim, &format!("{name:<longest$}"));
        writeln!(out, "    {name}  {text}")?;
    }
    match all.len() - first.len() {
        0 => Ok(()),
        more => writeln!(out, "    … and {more} more; all with `--output json`"),
    }
}

/// The result of a backtest in two columns.
fn backtest(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let symbols: Vec<&str> =
        result["symbols"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let shown = if symbols.len() > 8 {
        format!("{} and {} more", symbols[..8].join(" "), symbols.len() - 8)
    } else {
        symbols.join(" ")
    };
    let amount = |key: &str| result[key].as_f64().map_or("–".into(), |x| format!("{x:.2}"));
    let (from, to) = (amount("initial_cash"), amount("final_equity"));
    writeln!(out, "{shown}, {} bars, {from} → {to}\n", result["bars"])?;
    let metric = |key: &str| result["metrics"][key].as_f64();
    let percent = |key| metric(key).map_or("–".into(), |x| format!("{:+.2} %", x * 100.0));
    let share = |key| metric(key).map_or("–".into(), |x| format!("{:.2} %", x * 100.0));
    let number = |key| metric(key).map_or("–".into(), |x| format!("{x:.2}"));
    let count = |key| metric(key).map_or("–".into(), |x| format!("{x:.0}"));
    let rows = [
        ("total return", percent("total_return"), "trades", count("trades")),
        ("CAGR", percent("cagr"), "win rate", share("win_rate")),
        ("volatility", share("volatility"), "profit factor", number("profit_factor")),
        ("Sharpe", number("sharpe"), "average trade", number("avg_trade")),
        ("Sortino", number("sortino"), "exposure", share("exposure")),
        ("Calmar", number("calmar"), "turnover", number("turnover")),
        ("max drawdown", percent("max_drawdown"), "fees", number("fees")),
    ];
    let flows = result.get("dividends").is_some();
    let flows = flows.then(|| ("dividends", amount("dividends"), "interest", amount("interest")));
    for (left, left_value, right, right_value) in rows.into_iter().chain(flows) {
        let (left, right) = (format!("{left:<13}"), format!("{right:<14}"));
        let (left, right) = (printer.paint(Style::Dim, &left), printer.paint(Style::Dim, &right));
        writeln!(out, "  {left} {left_value:>12}    {right} {right_value:>12}")?;
    }
    in_sample(printer, out, result)?;
    strategies(printer, out, result)
}

/// The days that were searched beside those that were not.
fn in_sample(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let before = &result["in_sample"];
    let (Some(from), Some(to)) = (before["from"].as_str(), before["to"].as_str()) else {
        return Ok(());
    };
    let head = format!("\n  {:<13} {:>12} {:>15}", "", "IN SAMPLE", "OUT OF SAMPLE");
    writeln!(out, "{}   searched: {from} to {to}", printer.paint(Style::Dim, &head))?;
    let both = |key: &str| [before, result].map(|of| of["metrics"][key].as_f64());
    let change = |x: f64| format!("{:+.2} %", x * 100.0);
    let share = |x: f64| format!("{:.2} %", x * 100.0);
    let ratio = |x: f64| format!("{x:.2}");
    let count = |x: f64| format!("{x:.0}");
    let forms: [&dyn Fn(f64) -> String; 5] = [&ratio, &change, &share, &change, &count];
    let rows = [
        ("Sharpe", "sharpe"),
        ("CAGR", "cagr"),
        ("volatility", "volatility"),
        ("max drawdown", "max_drawdown"),
        ("trades", "trades"),
    ];
    for ((label, key), form) in rows.into_iter().zip(forms) {
        let [a, b] = both(key).map(|x| x.map_or("–".into(), form));
        writeln!(out, "  {} {a:>12} {b:>15}", printer.paint(Style::Dim, &format!("{label:<13}")))?;
    }
    Ok(())
}

/// Each of several strategies, with what it added.
fn strategies(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let parts = list(&result["attribution"]["strategies"]);
    for (at, (own, part)) in list(&result["strategies"]).iter().zip(&parts).enumerate() {
        let label = if at == 0 { "\nstrategies" } else { "          " };
        let percent =
            |value: &Value| value.as_f64().map_or("–".into(), |x| format!("{:.1} %", x * 100.0));
        let number = |value: &Value| value.as_f64().map_or("–".into(), |x| format!("{x:.2}"));
        writeln!(
            out,
            "{}  {}, {} of the money: net {}, Sharpe {}, {} of the risk",
            printer.paint(Style::Dim, label),
            own["name"].as_str().unwrap_or_default(),
            percent(&own["share"]),
            number(&part["net_pnl"]),
            number(&own["metrics"]["sharpe"]),
            percent(&part["risk_share"]),
        )?;
    }
    Ok(())
}

/// The equity column of the file at `path`, looked at in as many places as there are cells.
fn sparkline(path: &Path) -> Option<String> {
    let mut file = BufReader::new(File::open(path).ok()?);
    let mut header = String::new();
    file.read_line(&mut header).ok()?;
    let column = header.trim_end().split(',').position(|name| name == "equity")?;
    let (begin, end) = (header.len() as u64, file.get_ref().metadata().ok()?.len());
    let mut values = Vec::new();
    let mut line = String::new();
    for cell in 0..u64::from(SPARK_CELLS) {
        let place = begin + (end - begin) * cell / u64::from(SPARK_CELLS);
        file.seek(SeekFrom::Start(place)).ok()?;
        if cell > 0 {
            line.clear();
            file.read_line(&mut line).ok()?;
        }
        line.clear();
        file.read_line(&mut line).ok()?;
        if let Some(value) = line.trim_end().split(',').nth(column) {
            values.push(value.parse::<f64>().ok()?);
        }
    }
    Some(dirigent_report::sparkline::sparkline(&values, usize::from(SPARK_CELLS)))
}

/// The status in one word.
pub(crate) fn status_word(summary: &Summary) -> &'static str {
    summary.status.as_str()
}

/// `text` in the color of `status`.
pub(crate) fn painted(printer: &Printer, status: RunStatus, text: &str) -> String {
    let style = match status {
        RunStatus::Completed => Style::Green,
        RunStatus::Running | RunStatus::Interrupted | RunStatus::Degraded => Style::Yellow,
        RunStatus::Failed | RunStatus::Timeout | RunStatus::Cancelled => Style::Red,
    };
    printer.paint(style, text)
}

/// The time of day of `time`, to the millisecond.
pub(crate) fn clock(time: Timestamp) -> String {
    let clock: String = time.to_string().chars().skip(11).take(12).collect();
    clock.trim_end_matches('Z').to_owned()
}

/// A duration for the eye.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}
