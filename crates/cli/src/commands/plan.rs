//! `dirigent plan`: what a workflow file becomes.

use std::fmt::Write as _;

use super::run::source;
use crate::{Context, args::Source, exit, print::Style};

pub(crate) fn plan(context: &Context, options: &Source) -> anyhow::Result<u8> {
    let prepared = context.coordinator.prepare(&source(options)?)?;
    let (printer, start) = (&context.printer, &prepared.start);
    if printer.json() {
        printer.document(&serde_json::json!({
            "name": start.name,
            "type": start.kind,
            "mode": start.mode,
            "schedule": start.schedule,
            "seed": start.seed,
            "timeout_ms": start.timeout_ms,
            "phases": start.plan,
        }))?;
        return Ok(exit::DONE);
    }
    let mut text = format!(
        "{} ({})\nmode {}: {}\nseed {}\n",
        printer.paint(Style::Bold, &start.name),
        start.kind,
        start.mode.as_str(),
        start.schedule,
        start.seed
    );
    for (number, phase) in start.plan.phases().iter().enumerate() {
        write!(text, "\nphase {} {}\n", number + 1, printer.paint(Style::Bold, &phase.name))?;
        for task in &phase.tasks {
            let needs = match task.needs.as_slice() {
                [] => String::new(),
                needs => format!("  after {}", needs.join(", ")),
            };
            writeln!(
                text,
                "  {:<18} {:<20}{}",
                task.name,
                task.kind,
                printer.paint(Style::Dim, &needs)
            )?;
        }
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}
