//! The data check outside of a run: files inspected, and what was found as a page.

use dirigent_report::{CheckPage, CheckedFile, CheckedSymbol, render_check};
use dirigent_trading::data::{Inspection, Outcome, Problem, Stretches, SymbolFacts};

/// What was found in files, as one self-contained HTML page.
pub fn page(inspections: &[Inspection]) -> String {
    render_check(&CheckPage { files: inspections.iter().map(file).collect() })
}

fn file(inspection: &Inspection) -> CheckedFile<'_> {
    let report = &inspection.report;
    let counted: u64 = report.counts.values().flat_map(|ends| ends.values()).sum();
    CheckedFile {
        path: inspection.file.path.display().to_string(),
        ok: inspection.ok,
        summary: report.summary().into_iter().chain(inspection.notes.iter().cloned()).collect(),
        symbols: inspection.symbols.iter().map(symbol).collect(),
        findings: report.examples.iter().map(finding).collect(),
        findings_left_out: counted.saturating_sub(report.examples.len() as u64),
    }
}

fn finding(problem: &Problem) -> [String; 3] {
    let refused = if problem.outcome == Outcome::Refused { "wrong: " } else { "" };
    let kind = format!("{refused}{}", problem.kind.words());
    [problem.row.to_string(), kind, detail(problem)]
}

/// What exactly is wrong in a row, without the name of its file.
pub fn detail(problem: &Problem) -> String {
    let column = match problem.column.is_empty() {
        true => String::new(),
        false => format!("column `{}`: ", problem.column),
    };
    let value = match problem.value.is_empty() {
        true => String::new(),
        false => format!("`{}` ", problem.value),
    };
    format!("{column}{value}{}", problem.detail)
}

fn symbol(facts: &SymbolFacts) -> CheckedSymbol<'_> {
    CheckedSymbol {
        symbol: &facts.symbol,
        facts: lines(facts),
        time: &facts.prices.time,
        close: facts.prices.close.iter().map(|price| price.to_f64()).collect(),
        gaps: &facts.gaps.ends,
        outliers: &facts.outliers.bars,
    }
}

/// The facts of a symbol as labels and values, for people.
pub fn lines(facts: &SymbolFacts) -> Vec<(&'static str, String)> {
    let stretches = |of: &Stretches| match of.longest.first() {
        None => "none".to_owned(),
        Some(longest) => format!(
            "{} bars in {} stretches; the longest {} from row {}",
            of.bars, of.count, longest.bars, longest.row
        ),
    };
    let zero =
        facts.zero_volume.as_ref().map_or_else(|| "the file has no volume".into(), stretches);
    vec![
        ("rows", format!("{} read, {} right", facts.rows, facts.bars)),
        ("times", format!("{} to {}", moment(facts, facts.first), moment(facts, facts.last))),
        ("timeframe", facts.timeframe.to_string()),
        ("duplicates", facts.duplicates.to_string()),
        ("out of order", facts.out_of_order.to_string()),
        ("gaps", gaps(facts)),
        ("outliers", outliers(facts)),
        ("zero volume", zero),
        ("stale", stretches(&facts.stale)),
        ("splits", format!("{} suspected", facts.suspected_splits)),
    ]
}

fn gaps(facts: &SymbolFacts) -> String {
    let Some(largest) = facts.gaps.largest.first() else { return "none".into() };
    format!(
        "{} with {} bars missing; the largest {} before row {}",
        facts.gaps.count, facts.gaps.bars_missing, largest.bars_missing, largest.row
    )
}

fn outliers(facts: &SymbolFacts) -> String {
    let of = &facts.outliers;
    match (of.sigma, of.largest.first()) {
        (None, _) => "too few prices change to tell".into(),
        (Some(sigma), None) => {
            format!("none beyond {} robust sigmas of {:.3} %", of.sigmas, 100.0 * sigma)
        }
        (Some(sigma), Some(largest)) => format!(
            "{} beyond {} robust sigmas of {:.3} %; the largest {:+.1} % in row {}",
            of.count,
            of.sigmas,
            100.0 * sigma,
            100.0 * largest.change,
            largest.row
        ),
    }
}

/// A time as its bars need it: the date alone for days and longer.
pub fn moment(facts: &SymbolFacts, time: dirigent_core::Timestamp) -> String {
    let text = time.to_string();
    if facts.timeframe.is_dated() { text[..10].to_owned() } else { text }
}
