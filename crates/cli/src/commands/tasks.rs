//! `dirigent tasks`: what became of each task of a run.

use std::fmt::Write as _;

use anyhow::bail;
use dirigent::{
    timeline::{TaskLine, Timeline},
    workflow::resource::Amount,
};

use super::show::{clock, duration};
use crate::{
    Context, exit,
    print::{Printer, Style},
};

/// The widest that a name is printed before the columns behind it give way.
const NAME_CHARS_MAX: usize = 40;

pub(crate) fn tasks(
    context: &Context,
    run: &str,
    names: &[String],
    states: &[String],
) -> anyhow::Result<u8> {
    let mut timeline = context.coordinator.timeline(&context.coordinator.find(run)?)?;
    let lines = &mut timeline.tasks;
    for name in names {
        if !lines.iter().any(|line| is_named(line, name)) {
            bail!("run `{run}` has no task `{name}`; `dirigent tasks {run}` lists them");
        }
    }
    lines.retain(|line| names.is_empty() || names.iter().any(|name| is_named(line, name)));
    lines.retain(|line| states.is_empty() || states.iter().any(|state| state == line.state));
    let printer = &context.printer;
    if printer.json() {
        printer.document(&timeline)?;
    } else if lines.is_empty() {
        printer.note("there is no such task");
    } else {
        printer.result(&table(printer, &timeline)?)?;
    }
    Ok(exit::DONE)
}

/// Whether `name` is that of the task, or of its entry in the plan.
fn is_named(line: &TaskLine, name: &str) -> bool {
    let rest = line.task.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn table(printer: &Printer, timeline: &Timeline) -> Result<String, std::fmt::Error> {
    let lines = &timeline.tasks;
    let widest = lines.iter().map(|line| line.task.chars().count()).max().unwrap_or(0);
    let width = widest.clamp(4, NAME_CHARS_MAX);
    let mut text = String::new();
    let header = format!(
        "{:<width$}  {:<9}  {:>5}  {:<12}  {:>10}  CONTAINER",
        "TASK", "STATE", "TRIES", "STARTED", "WORKED"
    );
    writeln!(text, "{}", printer.paint(Style::Dim, &header))?;
    for line in lines {
        let style = match line.state {
            "completed" => Style::Green,
            "failed" | "timeout" | "cancelled" => Style::Red,
            _ => Style::Yellow,
        };
        let state = printer.paint(style, &format!("{:<9}", line.state));
        let started = line.started_at.map(clock).unwrap_or_default();
        let worked = line.started_at.and(line.ended_at);
        let worked = worked.map_or_else(String::new, |_| duration(line.worked_ms));
        writeln!(
            text,
            "{:<width$}  {state}  {:>5}  {started:<12}  {worked:>10}  {}",
            line.task, line.attempts, line.container
        )?;
        if let Some(why) = &line.why {
            writeln!(
                text,
                "  {}",
                printer.paint(Style::Dim, why.lines().next().unwrap_or_default())
            )?;
        }
    }
    let peak = &timeline.peak;
    let takes =
        (peak.takes != Amount::default()).then(|| format!(", which took up to {}", peak.takes));
    let together = takes.unwrap_or_default();
    let peak = format!("at most {} of the run's tasks at once{together}", peak.tasks);
    writeln!(text, "{}", printer.paint(Style::Dim, &peak))?;
    Ok(text)
}
