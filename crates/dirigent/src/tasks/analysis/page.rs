//! The page of an analysis: the result document as tables, and pictures of what it was made from.
//!
//! Promises: every figure in a table is that of the result.

mod kinds;
mod prices;

use dirigent_report::Format;
use dirigent_report::study::{Block, Cell, Study, StudySection, Table, render_study};
use dirigent_workflow::port::TaskContext;
use serde_json::Value;

use super::{Analyzed, market};

/// The page as one HTML file.
pub(super) fn render(context: &TaskContext, analyzed: &Analyzed) -> String {
    let result = &analyzed.result;
    let returns = market::of_series(&analyzed.market);
    let index = analyzed.regimes.as_ref().map(|(series, _)| series.closes()).unwrap_or_default();
    let sections = [
        kinds::regimes(analyzed, index),
        kinds::weights(result),
        kinds::signals(&result["signals"]),
        prices::performance(result, &returns),
        prices::seasons(&result["seasonality"]),
        prices::correlations(analyzed),
        quality(&result["data"]),
    ];
    render_study(&Study {
        title: &crate::tasks::page_title(context),
        facts: facts(result),
        warnings: &context.warnings,
        sections: sections.into_iter().flatten().collect(),
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A time without its time of day, if that is midnight.
fn day(value: &Value) -> String {
    text(value).trim_end_matches("T00:00:00Z").to_owned()
}

fn figure(value: &Value, format: Format) -> Cell {
    Cell::Figure(value.as_f64(), format)
}

fn table(label: &str, head: &[&'static str], rows: Vec<Vec<Cell>>) -> Block<'static> {
    Block::Table(Table { label: label.to_owned(), head: head.to_vec(), rows })
}

fn note(text: &str) -> Block<'static> {
    Block::Note(text.to_owned())
}

fn facts(result: &Value) -> Vec<(&'static str, String)> {
    let symbols: Vec<&str> = list(&result["symbols"]).filter_map(Value::as_str).collect();
    let more = symbols.len().saturating_sub(12);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    vec![
        ("Symbols", symbols[..symbols.len().min(12)].join(", ") + &more),
        ("Period (UTC)", format!("{} to {}", day(&result["first"]), day(&result["last"]))),
        ("Timeframe", format!("{}, {} bars", text(&result["timeframe"]), result["bars"])),
    ]
}

/// What the files are like.
fn quality(of: &Value) -> Option<StudySection<'static>> {
    of.as_object()?;
    let mut blocks = Vec::new();
    if let Some(why) = of["not_checked"].as_str() {
        blocks.push(Block::Note(format!("Files are not checked: {why}.")));
    }
    let mut rows = Vec::new();
    for file in list(&of["files"]) {
        let findings: Vec<String> = list(&file["findings"]).map(text).collect();
        let findings =
            if findings.is_empty() { "nothing to report".into() } else { findings.join("; ") };
        let symbols: Vec<&Value> = list(&file["symbols"]).collect();
        let sum = |key: &str| {
            let found: Option<f64> = symbols.iter().map(|of| of[key].as_f64()).sum();
            Cell::Figure(found, Format::Number)
        };
        rows.push(vec![
            Cell::Text(text(&file["name"])),
            sum("bars"),
            sum("gaps"),
            sum("outliers"),
            sum("stale_bars"),
            sum("duplicates"),
            sum("suspected_splits"),
            Cell::Long(findings),
        ]);
    }
    let head = ["File", "Bars", "Gaps", "Outliers", "Stale", "Duplicates", "Splits?", "Findings"];
    if !rows.is_empty() {
        blocks.push(note(
            "Of the whole files, whatever dates the run has; `dirigent data check` tells the rows.",
        ));
        blocks.push(table("Files", &head, rows));
    }
    Some(StudySection { id: "data", title: "Data", blocks })
}
