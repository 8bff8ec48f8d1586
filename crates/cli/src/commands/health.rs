//! `dirigent health`: how the home does; the exit code serves the health check of a container.

use std::fmt::Write as _;

use dirigent::health::{Health, Status};

use crate::{Context, exit, print::Style};

pub(crate) fn health(context: &Context) -> anyhow::Result<u8> {
    let health = context.coordinator.health();
    if context.printer.json() {
        context.printer.document(&health)?;
    } else {
        context.printer.result(&text(context, &health)?)?;
    }
    let well = health.status != Status::Unhealthy && !health.is_halted();
    Ok(if well { exit::DONE } else { exit::FAILED })
}

fn text(context: &Context, health: &Health) -> anyhow::Result<String> {
    let printer = &context.printer;
    let style = |status| match status {
        Status::Healthy => Style::Green,
        Status::Degraded => Style::Yellow,
        Status::Unhealthy => Style::Red,
    };
    let mut text = String::new();
    let overall = format!("{} ({:.0} %)", health.status.as_str(), health.overall_health * 100.0);
    writeln!(text, "health  {}", printer.paint(style(health.status), &overall))?;
    for (name, part) in &health.coordinators {
        let word = printer.paint(style(part.status), &format!("{:<9}", part.status.as_str()));
        writeln!(text, "  {name:<12}  {word}  {}", part.detail)?;
    }
    let deliveries = &health.handler_health.deliveries;
    writeln!(
        text,
        "  deliveries    {} succeeded, {} failed",
        deliveries.succeeded, deliveries.failed
    )?;
    if !health.issues.is_empty() {
        writeln!(text, "issues")?;
    }
    for issue in &health.issues {
        writeln!(text, "  {issue}")?;
        let part = issue.split(':').next().and_then(|name| health.coordinators.get(name));
        if let Some(recovery) = part.and_then(|part| part.recovery.as_ref()) {
            writeln!(text, "    {} {recovery}", printer.paint(Style::Bold, "hint:"))?;
        }
    }
    Ok(text)
}
