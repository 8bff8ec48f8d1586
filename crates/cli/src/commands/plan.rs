//! `dirigent plan`: what a workflow file becomes.

use std::fmt::Write as _;

use dirigent::workflow::{
    plan::{OnFailure, TaskPlan},
    priority::Priority,
};

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
        for input in &phase.inputs {
            let input = String::from(input.clone());
            writeln!(text, "  {}", printer.paint(Style::Dim, &format!("gets {input}")))?;
        }
        for task in &phase.tasks {
            let name = match task.count {
                Some(count) => format!("{} × {count}", task.name),
                None => task.name.clone(),
            };
            let after = printer.paint(Style::Dim, &details(task));
            writeln!(text, "  {name:<18} {:<20}{after}", task.kind)?;
        }
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}

/// What decides when a task runs, where that is not as usual.
fn details(task: &TaskPlan) -> String {
    let mut text = String::new();
    if !task.needs.is_empty() {
        text += &format!("  after {}", task.needs.join(", "));
    }
    if let Some(event) = &task.on {
        text += &format!("  on {event}");
    }
    if task.priority != Priority::default() {
        text += &format!("  {:?}", task.priority).to_lowercase();
    }
    if task.on_failure != OnFailure::Fail {
        text += "  optional";
    }
    text
}
