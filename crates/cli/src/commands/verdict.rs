//! What a validation found: the verdict, its reasons, and the figures beside each other.

use std::fmt::Write as _;

use serde_json::Value;

use crate::print::{Printer, Style};

/// Windows that are printed.
const WINDOWS_MAX: usize = 12;

/// Whether `result` is that of a validation.
pub(super) fn is_told(result: &Value) -> bool {
    result["verdict"].is_string()
}

/// The result of a validation.
pub(super) fn tell(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let verdict = result["verdict"].as_str().unwrap_or_default();
    let style = match verdict {
        "robust" => Style::Green,
        "fragile" => Style::Yellow,
        _ => Style::Red,
    };
    writeln!(out, "\nverdict  {}\n", printer.paint(style, verdict))?;
    for reason in array(&result["reasons"]) {
        let text = |key: &str| reason[key].as_str().unwrap_or_default();
        let style = match text("finding") {
            "supports" => Style::Green,
            "weakens" => Style::Yellow,
            _ => Style::Red,
        };
        let finding = printer.paint(style, &format!("{:<8}", text("finding")));
        writeln!(out, "  {finding}  {}", text("text"))?;
    }
    let missing: Vec<&str> = array(&result["missing"]).iter().filter_map(Value::as_str).collect();
    if !missing.is_empty() {
        writeln!(
            out,
            "  {}",
            printer.paint(Style::Dim, &format!("open      {}", missing.join(", ")))
        )?;
    }
    beside(printer, out, result)?;
    windows(printer, out, &result["walk_forward"])?;
    drawn(out, &result["monte_carlo"])
}

/// How a figure is printed.
type Show = fn(&Value) -> String;

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> String {
    value.as_f64().map_or("–".into(), |x| format!("{x:.2}"))
}

fn percent(value: &Value) -> String {
    value.as_f64().map_or("–".into(), |x| format!("{:.2} %", x * 100.0))
}

/// Parameters in one line; of several strategies behind their names.
fn params(params: &Value) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => format!("{name}: {}", self::params(value)),
        Value::Number(number) => match number.as_f64() {
            Some(x) if !number.is_i64() => format!("{name} {}", shorter(x)),
            _ => format!("{name} {number}"),
        },
        other => format!("{name} {other}"),
    };
    let all: Vec<String> = params.as_object().into_iter().flatten().map(one).collect();
    all.join(", ")
}

/// A number with at most five decimals.
fn shorter(x: f64) -> String {
    let text = format!("{x:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// In-sample and out-of-sample figures side by side.
fn beside(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let hindsight = &result["walk_forward"]["hindsight"];
    let columns = [&result["in_sample"], hindsight, &result["out_of_sample"]];
    let head =
        format!("{:<12}{:>14}{:>18}{:>16}", "", "IN SAMPLE", "WITH HINDSIGHT", "OUT OF SAMPLE");
    writeln!(out, "\n  {}", printer.paint(Style::Dim, &head))?;
    let rows = [
        ("Sharpe", "sharpe", number as Show),
        ("Return", "total_return", percent),
        ("Drawdown", "max_drawdown", percent),
    ];
    for (name, key, show) in rows {
        let [inside, hindsight, outside] = columns.map(|figures| show(&figures[key]));
        writeln!(out, "  {name:<12}{inside:>14}{hindsight:>18}{outside:>16}")?;
    }
    if columns[1].is_object() {
        writeln!(
            out,
            "  all bars; the parameters that all bars chose, over the bars of the tests; the tests"
        )?;
    }
    Ok(())
}

fn windows(printer: &Printer, out: &mut String, forward: &Value) -> std::fmt::Result {
    let windows = array(&forward["windows"]);
    if windows.is_empty() {
        return Ok(());
    }
    let head = format!("{:<26}{:>9}{:>9}{:>12}  CHOSEN", "TEST", "IN", "OUT", "RETURN");
    writeln!(out, "\n  {}", printer.paint(Style::Dim, &head))?;
    for window in windows.iter().take(WINDOWS_MAX) {
        let day = |key: &str| {
            window["test"][key].as_str().unwrap_or_default().chars().take(10).collect::<String>()
        };
        let chosen = match params(&window["params"]) {
            chosen if chosen.is_empty() => "as written".to_owned(),
            chosen => chosen,
        };
        writeln!(
            out,
            "  {:<26}{:>9}{:>9}{:>12}  {}",
            format!("{} – {}", day("from"), day("to")),
            number(&window["in_sample"]["sharpe"]),
            number(&window["out_of_sample"]["sharpe"]),
            percent(&window["out_of_sample"]["total_return"]),
            chosen
        )?;
    }
    match windows.len().saturating_sub(WINDOWS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more in walk_forward.csv"),
    }
}

fn drawn(out: &mut String, found: &Value) -> std::fmt::Result {
    let Some(confidence) = found["confidence"].as_f64() else { return Ok(()) };
    let range = |key: &str, show: Show| {
        format!("{} to {}", show(&found[key]["low"]), show(&found[key]["high"]))
    };
    writeln!(
        out,
        "\n  {:.0} % of {} resampled histories: Sharpe {}, return {}, drawdown {}",
        confidence * 100.0,
        found["draws"],
        range("sharpe", number),
        range("total_return", percent),
        range("max_drawdown", percent)
    )
}
