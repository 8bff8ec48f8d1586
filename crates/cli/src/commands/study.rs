//! What an analysis found, in a few lines for each of its parts.

use std::fmt::Write as _;

use serde_json::Value;

use crate::print::{Printer, Style};

/// Rows of a part that are printed.
const ROWS_MAX: usize = 12;

/// Whether `result` is that of an analysis.
pub(super) fn is_told(result: &Value) -> bool {
    result["times"].is_u64() && result["symbols"].is_array()
}

/// The result of an analysis.
pub(super) fn tell(printer: &Printer, out: &mut String, result: &Value) -> std::fmt::Result {
    let day = |key: &str| result[key].as_str().map_or("–", |time| &time[..time.len().min(10)]);
    let symbols: Vec<&str> = list(&result["symbols"]).filter_map(Value::as_str).collect();
    let more = symbols.len().saturating_sub(8);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown = symbols[..symbols.len().min(8)].join(" ");
    let (bars, first, last) = (&result["bars"], day("first"), day("last"));
    writeln!(out, "{shown}{more}, {bars} bars, {first} to {last}")?;
    quality(printer, out, &result["data"])?;
    returns(printer, out, &result["returns"])?;
    seasons(printer, out, &result["seasonality"])?;
    correlations(printer, out, &result["correlations"])?;
    regimes(printer, out, &result["regimes"])?;
    signals(printer, out, &result["signals"])?;
    weights(printer, out, &result["regime_weights"])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn number(value: &Value) -> String {
    value.as_f64().map_or("–".into(), |x| format!("{x:.2}"))
}

fn percent(value: &Value, decimals: usize) -> String {
    value.as_f64().map_or("–".into(), |x| format!("{:+.decimals$} %", x * 100.0))
}

fn share(value: &Value) -> String {
    value.as_f64().map_or("–".into(), |x| format!("{:.1} %", x * 100.0))
}

fn heading(printer: &Printer, out: &mut String, text: &str) -> std::fmt::Result {
    writeln!(out, "\n{}", printer.paint(Style::Dim, text))
}

/// Files with something to look at.
fn quality(printer: &Printer, out: &mut String, data: &Value) -> std::fmt::Result {
    if data.is_null() {
        return Ok(());
    }
    heading(printer, out, "DATA")?;
    if let Some(why) = data["not_checked"].as_str() {
        return writeln!(out, "  files are not checked: {why}");
    }
    for file in list(&data["files"]).take(ROWS_MAX) {
        let findings: Vec<&str> = list(&file["findings"]).filter_map(Value::as_str).collect();
        let findings =
            if findings.is_empty() { "nothing to report".into() } else { findings.join("; ") };
        writeln!(out, "  {}: {findings}", file["name"].as_str().unwrap_or_default())?;
    }
    left_out(out, list(&data["files"]).count())
}

fn left_out(out: &mut String, count: usize) -> std::fmt::Result {
    match count.saturating_sub(ROWS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more; all with `--output json`"),
    }
}

fn returns(printer: &Printer, out: &mut String, rows: &Value) -> std::fmt::Result {
    if rows.is_null() {
        return Ok(());
    }
    let header = format!(
        "{:<12} {:>9} {:>9} {:>7} {:>7} {:>9} {:>9} {:>9}",
        "RETURNS", "A YEAR", "VOLATIL.", "SHARPE", "SKEW", "KURTOSIS", "ES 95 %", "DRAWDOWN"
    );
    heading(printer, out, &header)?;
    for row in list(rows).take(ROWS_MAX) {
        writeln!(
            out,
            "{:<12} {:>9} {:>9} {:>7} {:>7} {:>9} {:>9} {:>9}",
            format!("  {}", row["symbol"].as_str().unwrap_or_default()),
            percent(&row["cagr"], 1),
            share(&row["volatility"]),
            number(&row["sharpe"]),
            number(&row["skew"]),
            number(&row["excess_kurtosis"]),
            percent(&row["expected_shortfall_95"], 1),
            percent(&row["max_drawdown"], 1),
        )?;
    }
    left_out(out, list(rows).count())
}

/// The months, weekdays and hours furthest from the others.
fn seasons(printer: &Printer, out: &mut String, seasons: &Value) -> std::fmt::Result {
    if seasons.is_null() {
        return Ok(());
    }
    heading(printer, out, "SEASONS")?;
    for (key, name) in [("month", "months"), ("weekday", "weekdays"), ("hour", "hours")] {
        let t = |row: &Value| row["t"].as_f64().map_or(0.0, f64::abs);
        let furthest = list(&seasons[key]).max_by(|a, b| t(a).total_cmp(&t(b)));
        let count = list(&seasons[key]).count();
        if let Some(row) = furthest.filter(|_| count > 1) {
            let label = row["label"].as_str().unwrap_or_default();
            let (mean, t) = (percent(&row["mean"], 3), number(&row["t"]));
            writeln!(
                out,
                "  of {count} {name}, {label} is furthest from the rest: {mean} a bar, t {t}"
            )?;
        }
    }
    Ok(())
}

fn correlations(printer: &Printer, out: &mut String, of: &Value) -> std::fmt::Result {
    let pair = |key: &str| {
        let names: Vec<&str> = list(&of[key]["symbols"]).filter_map(Value::as_str).collect();
        format!("{} {}", names.join("-"), number(&of[key]["correlation"]))
    };
    if of["mean"].is_null() {
        return Ok(());
    }
    heading(printer, out, "CORRELATIONS")?;
    let (lowest, highest) = (pair("lowest"), pair("highest"));
    writeln!(out, "  mean {}, lowest {lowest}, highest {highest}", number(&of["mean"]))
}

fn regimes(printer: &Printer, out: &mut String, of: &Value) -> std::fmt::Result {
    if of.is_null() {
        return Ok(());
    }
    let header = format!(
        "{:<16} {:>7} {:>6} {:>9} {:>9} {:>9} {:>7} {:>9}",
        "REGIMES", "SHARE", "RUNS", "BARS/RUN", "A YEAR", "VOLATIL.", "SHARPE", "DRAWDOWN"
    );
    heading(printer, out, &header)?;
    for row in list(&of["by_regime"]) {
        writeln!(
            out,
            "{:<16} {:>7} {:>6} {:>9} {:>9} {:>9} {:>7} {:>9}",
            format!("  {}", row["regime"].as_str().unwrap_or_default()),
            share(&row["share"]),
            row["runs"].to_string(),
            row["mean_duration"].as_f64().map_or("–".into(), |x| format!("{x:.1}")),
            percent(&row["mean_annual"], 1),
            share(&row["volatility"]),
            number(&row["sharpe"]),
            percent(&row["max_drawdown"], 1),
        )?;
    }
    let method = of["method"].as_str().unwrap_or_default();
    let score = of["score"].as_f64().unwrap_or(f64::NAN);
    match of["current"].as_str() {
        Some(now) => {
            let since = of["since"].as_str().unwrap_or_default();
            let since = &since[..since.len().min(10)];
            writeln!(out, "  {method}, score {score:.4}; {now} since {since}")?;
            match score > 0.0 {
                true => Ok(()),
                false => writeln!(out, "  no score above zero: these regimes foretell nothing"),
            }
        }
        None => writeln!(
            out,
            "  {method}: no bar has a regime; `regimes.min_history` may be longer than the data"
        ),
    }
}

fn signals(printer: &Printer, out: &mut String, members: &Value) -> std::fmt::Result {
    if members.is_null() {
        return Ok(());
    }
    let header = format!(
        "{:<16} {:>5} {:>8} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9}",
        "SIGNALS", "BARS", "SIGNALS", "AFTER", "ANY BAR", "t", "HIT RATE", "ADVERSE", "FAVOUR."
    );
    heading(printer, out, &header)?;
    for member in list(members).take(ROWS_MAX) {
        let name = member["strategy"].as_str().unwrap_or_default();
        for (at, row) in list(&member["horizons"]).enumerate() {
            writeln!(
                out,
                "{:<16} {:>5} {:>8} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9}",
                if at == 0 { format!("  {name}") } else { String::new() },
                row["bars"].to_string(),
                row["signals"].to_string(),
                percent(&row["mean"], 2),
                percent(&row["unconditional"], 2),
                number(&row["t"]),
                share(&row["hit_rate"]),
                percent(&row["adverse"], 2),
                percent(&row["favourable"], 2),
            )?;
        }
    }
    left_out(out, list(members).count())
}

fn weights(printer: &Printer, out: &mut String, weights: &Value) -> std::fmt::Result {
    let Some(weights) = weights.as_object() else { return Ok(()) };
    if weights.values().all(|row| row.as_object().is_none_or(|row| row.len() < 2)) {
        return Ok(());
    }
    heading(printer, out, "WEIGHTS BY REGIME")?;
    for (regime, row) in weights {
        let row = row.as_object().into_iter().flatten();
        let row: Vec<String> = row.map(|(name, x)| format!("{name} {}", share(x))).collect();
        writeln!(out, "  {regime}: {}", row.join(", "))?;
    }
    Ok(())
}
