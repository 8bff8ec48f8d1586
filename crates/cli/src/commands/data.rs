//! `dirigent data`: files of prices, looked at before a run does.

use std::{fmt::Write as _, fs};

use anyhow::Context as _;
use dirigent::data_check::{self, moment};
use dirigent_trading::data::{InspectRequest, Inspection, Outcome, SymbolFacts, inspect};

use crate::{
    Context,
    args::{DataAction, DataCheck},
    exit,
    print::{Printer, Style},
};

/// How wide the text may be.
const COLUMNS_MAX: usize = 80;
/// Where the values of facts begin.
const VALUE_COLUMN: usize = 18;

pub(crate) fn data(context: &Context, action: &DataAction) -> anyhow::Result<u8> {
    match action {
        DataAction::Check(options) => check(context, options),
    }
}

fn check(context: &Context, options: &DataCheck) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let inspected = |path| {
        inspect(&InspectRequest {
            path,
            timeframe: options.timeframe,
            timezone: options.timezone.clone(),
            date_format: options.format.clone(),
            columns: options.columns.iter().cloned().collect(),
            actions: options.actions.clone(),
            sigmas: options.sigmas,
        })
    };
    let inspections =
        options.files.iter().cloned().map(inspected).collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &options.html {
        fs::write(path, data_check::page(&inspections))
            .with_context(|| format!("cannot write the page `{}`", path.display()))?;
    }
    let ok = inspections.iter().all(|inspection| inspection.ok);
    if printer.json() {
        printer.document(&serde_json::json!({"ok": ok, "files": inspections}))?;
    } else {
        let mut text = String::new();
        inspections.iter().try_for_each(|of| file(&mut text, printer, of))?;
        printer.result(&text)?;
        if let Some(path) = &options.html {
            printer.note(&format!("page: {}", path.display()));
        }
    }
    Ok(if ok { exit::DONE } else { exit::FAILED })
}

fn file(text: &mut String, printer: &Printer, inspection: &Inspection) -> anyhow::Result<()> {
    let (style, verdict) =
        if inspection.ok { (Style::Green, "ok") } else { (Style::Red, "refused") };
    writeln!(text, "{} {}", printer.paint(style, verdict), inspection.file.path.display())?;
    let report = &inspection.report;
    for line in report.summary().iter().chain(&inspection.notes) {
        text.push_str(&wrapped("  ", 4, line));
    }
    for facts in &inspection.symbols {
        symbol(text, printer, facts)?;
    }
    if !report.examples.is_empty() {
        writeln!(text, "\n  {}", printer.paint(Style::Dim, "     ROW  FINDING"))?;
    }
    for problem in &report.examples {
        let word = if problem.outcome == Outcome::Refused { "wrong: " } else { "" };
        let of = match inspection.symbols.len() > 1 && !problem.symbol.is_empty() {
            true => format!("{}: ", problem.symbol),
            false => String::new(),
        };
        let head = format!("  {:>8}  ", problem.row);
        let (kind, detail) = (problem.kind.words(), data_check::detail(problem));
        text.push_str(&wrapped(&head, head.len(), &format!("{word}{kind}: {of}{detail}")));
    }
    let counted: u64 = report.counts.values().flat_map(|ends| ends.values()).sum();
    let more = counted.saturating_sub(report.examples.len() as u64);
    if more > 0 {
        writeln!(text, "  … and {more} more")?;
    }
    text.push('\n');
    Ok(())
}

fn symbol(text: &mut String, printer: &Printer, facts: &SymbolFacts) -> anyhow::Result<()> {
    writeln!(text, "\n  {}", printer.paint(Style::Bold, &facts.symbol))?;
    let fact = |text: &mut String, label: &str, value: &str| {
        let head = format!("    {label:<width$}", width = VALUE_COLUMN - 4);
        text.push_str(&wrapped(&head, VALUE_COLUMN, value));
    };
    for (label, value) in data_check::lines(facts) {
        fact(text, label, &value);
    }
    for gap in &facts.gaps.largest {
        let (after, until) = (moment(facts, gap.after), moment(facts, gap.until));
        let missing = gap.bars_missing;
        fact(text, "  gap", &format!("{missing} missing: {after} to {until}, row {}", gap.row));
    }
    for outlier in &facts.outliers.largest {
        let (change, sigmas) = (100.0 * outlier.change, outlier.sigmas);
        let time = moment(facts, outlier.time);
        let row = outlier.row;
        fact(text, "  outlier", &format!("{change:+.2} % ({sigmas:.1} σ): {time}, row {row}"));
    }
    Ok(())
}

/// `value` after `head`, in lines of at most `COLUMNS_MAX` characters; later ones begin at `indent`.
fn wrapped(head: &str, indent: usize, value: &str) -> String {
    let mut out = head.to_owned();
    let mut column = head.chars().count();
    let mut is_first = true;
    for word in value.split_whitespace() {
        let width = word.chars().count();
        if !is_first && column + 1 + width > COLUMNS_MAX {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !is_first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        is_first = false;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_wrapped_below_where_they_began() {
        let text = wrapped("  1  ", 5, &"twelve chars ".repeat(10));
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS_MAX), "{text}");
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("     ") && !line.starts_with("      ")),
            "{text}"
        );
        assert_eq!(text.split_whitespace().count(), 21);
        assert_eq!(wrapped("a ", 2, "b"), "a b\n");
    }
}
