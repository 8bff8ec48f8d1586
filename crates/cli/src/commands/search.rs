//! What a search found, as a table of the best.

use std::fmt::Write as _;

use serde_json::Value;

use super::stages;
use crate::print::{Printer, Style};

/// Rows that are printed.
const ROWS_MAX: usize = 10;
const LUCK: &str = "The best of many is partly luck: try it on data that the search has not seen.";

/// A table: the parameters, then how they did.
pub(super) struct Table<'a> {
    pub(super) names: Vec<&'a str>,
}

/// How one combination did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) sharpe: Option<f64>,
    pub(super) total_return: Option<f64>,
    pub(super) max_drawdown: Option<f64>,
    pub(super) trades: u64,
    pub(super) final_equity: f64,
}

impl Table<'_> {
    fn width(name: &str) -> usize {
        name.chars().count().max(8)
    }

    pub(super) fn header(&self, printer: &Printer, out: &mut String) -> std::fmt::Result {
        let mut header = String::new();
        for name in &self.names {
            write!(header, "{name:>width$}  ", width = Self::width(name))?;
        }
        write!(
            header,
            "{:>7}  {:>9}  {:>9}  {:>7}  {:>14}",
            "SHARPE", "RETURN", "DRAWDOWN", "TRADES", "EQUITY"
        )?;
        writeln!(out, "{}", printer.paint(Style::Dim, &header))
    }

    pub(super) fn row(
        &self,
        out: &mut String,
        value: impl Fn(&str) -> String,
        row: &Row,
    ) -> std::fmt::Result {
        for name in &self.names {
            write!(out, "{:>width$}  ", value(name), width = Self::width(name))?;
        }
        let number = |x: Option<f64>| x.map_or("–".into(), |x| format!("{x:.2}"));
        let percent = |x: Option<f64>| x.map_or("–".into(), |x| format!("{:.2} %", x * 100.0));
        writeln!(
            out,
            "{:>7}  {:>9}  {:>9}  {:>7}  {:>14.2}",
            number(row.sharpe),
            percent(row.total_return),
            percent(row.max_drawdown),
            row.trades,
            row.final_equity
        )
    }

    pub(super) fn luck(out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n{LUCK}")
    }
}

/// Whether `result` is that of a search.
pub(super) fn is_told(result: &Value) -> bool {
    result["top"].is_array()
        || result["front"].is_array()
        || result["stages"].is_array()
        || result["strategies"].is_object() && result["best_params"].is_object()
}

/// The result of a search.
pub(super) fn tell(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let text = |key: &str| result[key].as_str().unwrap_or_default();
    let objective = match result["objective"].as_array() {
        Some(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        None => text("objective").to_owned(),
    };
    writeln!(out, "{} trials, {}, {objective}", result["trials"], text("algorithm"))?;
    if let Some(all) = result["stages"].as_array() {
        stages::tell(printer, out, all)?;
        return luck(out, result);
    }
    match result["strategies"].as_object() {
        None => best(printer, out, result)?,
        Some(several) => {
            for (name, own) in several {
                writeln!(out, "\n{}: {} trials", printer.paint(Style::Bold, name), own["trials"])?;
                best(printer, out, own)?;
            }
        }
    }
    // A function has no luck.
    if result["best"]["value"].is_number() { Ok(()) } else { luck(out, result) }
}

/// The points of a function with the least values.
fn points(printer: &Printer, out: &mut String, rows: &[Value]) -> std::fmt::Result {
    writeln!(out, "\n{}", printer.paint(Style::Dim, "           VALUE  AT"))?;
    for row in rows.iter().take(ROWS_MAX) {
        let at = row["params"].as_object().into_iter().flatten();
        let at: Vec<String> = at.map(|(_, x)| value(x)).collect();
        let least = row["value"].as_f64().unwrap_or(f64::NAN);
        let exact = if least.abs() < 1e-3 { format!("{least:.6e}") } else { format!("{least:.6}") };
        writeln!(out, "{exact:>16}  {}", at.join(", "))?;
    }
    Ok(())
}

/// A table of the best of one strategy; of several objectives, of those that none beats.
pub(super) fn best(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let list = |key: &str| result[key].as_array().map(Vec::as_slice);
    let front = list("front");
    let rows = front.or_else(|| list("top")).unwrap_or_default();
    if result["best"]["value"].is_number() {
        return points(printer, out, rows);
    }
    writeln!(out)?;
    let params = result["best"]["params"].as_object();
    let table = Table { names: params.into_iter().flatten().map(|(k, _)| k.as_str()).collect() };
    table.header(printer, out)?;
    for row in rows.iter().take(ROWS_MAX) {
        let metric = |key: &str| row["metrics"][key].as_f64();
        let shown = Row {
            sharpe: metric("sharpe"),
            total_return: metric("total_return"),
            max_drawdown: metric("max_drawdown"),
            trades: row["metrics"]["trades"].as_u64().unwrap_or(0),
            final_equity: row["final_equity"].as_f64().unwrap_or(f64::NAN),
        };
        table.row(out, |name| value(&row["params"][name]), &shown)?;
    }
    if let Some(front) = front {
        let count = front.len();
        let knee = &result["best"]["trial"];
        writeln!(
            out,
            "\nNo trial is better than one of these {count} in one objective without being worse in another. \
             Trial {knee} is\nthe nearest to the best of all objectives, and is the one that was run."
        )?;
    }
    let failed = result["failed_trials"].as_u64().unwrap_or(0);
    if failed > 0 {
        let why = result["first_failure"].as_str().unwrap_or_default();
        writeln!(out, "\n{failed} make no strategy, the first because {why}")?;
    }
    Ok(())
}

/// A value of a parameter, a fraction with four digits.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.4}", number.as_f64().unwrap_or(f64::NAN));
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// How much of the best may be luck.
fn luck(out: &mut String, result: &Value) -> std::fmt::Result {
    match result["luck"].as_object() {
        Some(luck) => {
            let of = |key: &str| luck[key].as_f64().unwrap_or(f64::NAN);
            writeln!(
                out,
                "\nThe best of {} trials without an edge would show a Sharpe ratio of {:.2}. That the true ratio \
                 of this best\none is above that is {:.0} % likely (deflated Sharpe ratio); above zero, had it \
                 been the only trial, {:.0} %.",
                luck["trials"],
                of("sharpe_of_luck"),
                100.0 * of("deflated_sharpe"),
                100.0 * of("probabilistic_sharpe"),
            )
        }
        None => Table::luck(out),
    }
}
