//! `dirigent diff`: what differs between two runs.

use std::fmt::Write as _;

use dirigent::diff::{Diff, Difference};

use crate::{
    Context, exit,
    print::{Printer, Style},
};

pub(crate) fn diff(context: &Context, before: &str, after: &str) -> anyhow::Result<u8> {
    let run = |name: &str| context.coordinator.run(&context.coordinator.find(name)?);
    let diff = Diff::between(&run(before)?, &run(after)?, context.coordinator.home());
    let printer = &context.printer;
    if printer.json() {
        printer.document(&diff)?;
    } else if diff.is_empty() {
        printer.result("no difference")?;
    } else {
        let mut text = String::new();
        section(printer, &mut text, "configuration", &diff.config)?;
        section(printer, &mut text, "data", &diff.data)?;
        section(printer, &mut text, "results", &diff.results)?;
        printer.result(&text)?;
    }
    Ok(if diff.is_empty() { exit::DONE } else { exit::FAILED })
}

fn section(
    printer: &Printer,
    text: &mut String,
    title: &str,
    differences: &[Difference],
) -> std::fmt::Result {
    if differences.is_empty() {
        return Ok(());
    }
    writeln!(text, "{}", printer.paint(Style::Bold, title))?;
    let width = differences.iter().map(|d| d.path.chars().count()).max().unwrap_or(0);
    for Difference { path, before, after } in differences {
        writeln!(text, "  {path:<width$}  {before} → {after}")?;
    }
    Ok(())
}
