//! What a search in stages found: the best of each stage.

use std::fmt::Write as _;

use serde_json::Value;

use super::search::{self, value};
use crate::print::{Printer, Style};

/// Rows that are printed of a detector.
const ROWS_MAX: usize = 5;

/// Tells each stage in order.
pub(super) fn tell(printer: &Printer, out: &mut String, stages: &[Value]) -> std::fmt::Result {
    for stage in stages {
        let text = |key: &str| stage[key].as_str().unwrap_or_default();
        let name = printer.paint(Style::Bold, text("name"));
        writeln!(
            out,
            "\n{name}: {}, {} trials, {}, {}",
            text("component"),
            stage["trials"],
            text("algorithm"),
            text("objective")
        )?;
        match stage["by_regime"].as_object() {
            Some(regimes) => {
                for (regime, own) in regimes {
                    let days = match own["judged_on"] == "regime" {
                        true => format!("judged on its {} days", own["days"]),
                        false => format!("{} days are too few: judged on all", own["days"]),
                    };
                    writeln!(out, "\n{}: {days}", printer.paint(Style::Bold, regime))?;
                    search::best(printer, out, own)?;
                }
            }
            None if stage["best"]["metrics"]["sharpe"].is_null() => judged(printer, out, stage)?,
            None => search::best(printer, out, stage)?,
        }
    }
    Ok(())
}

/// A table of what is judged by one figure.
fn judged(printer: &Printer, out: &mut String, stage: &Value) -> std::fmt::Result {
    let params = stage["best"]["params"].as_object();
    let names: Vec<&String> = params.into_iter().flatten().map(|(name, _)| name).collect();
    let mut header = String::new();
    for name in &names {
        write!(header, "{name:>12}  ")?;
    }
    write!(header, "{:>15}", "OBJECTIVE")?;
    writeln!(out, "\n{}", printer.paint(Style::Dim, &header))?;
    for row in stage["top"].as_array().into_iter().flatten().take(ROWS_MAX) {
        for name in &names {
            write!(out, "{:>12}  ", value(&row["params"][name.as_str()]))?;
        }
        writeln!(out, "{:>15.6}", row["objective"].as_f64().unwrap_or(f64::NAN))?;
    }
    Ok(())
}
