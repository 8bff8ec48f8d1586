//! `dirigent runs`: what has run, newest first.

use std::fmt::Write as _;

use dirigent::{Error, Summary};

use super::show::{painted, status_word};
use crate::{Context, exit, print::Style};

pub(crate) fn runs(context: &Context, limit: usize) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let runs = match context.coordinator.runs(limit) {
        Err(error @ Error::NoRuns { .. }) => {
            printer.note(&format!("{error}\nhint: {}", error.hint().unwrap_or_default()));
            Vec::new()
        }
        runs => runs?,
    };
    let mut summaries = Vec::new();
    for (id, run) in runs {
        match run {
            Ok(run) => summaries.push(Summary::of(&run, context.coordinator.home())),
            Err(error) => printer.complain(&format!("warning: `{id}` cannot be read: {error}")),
        }
    }
    if printer.json() {
        printer.document(&summaries)?;
        return Ok(exit::DONE);
    }
    if summaries.is_empty() {
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    let header = format!(
        "{:<30}  {:<11}  {:<20}  {:<24}  {:>9}  DIGEST",
        "RUN", "STATUS", "STARTED", "NAME", "TIME"
    );
    writeln!(text, "{}", printer.paint(Style::Dim, &header))?;
    for summary in &summaries {
        let time = summary.duration_ms.map_or_else(String::new, super::show::duration);
        let digest = summary.digest.as_deref().map_or("", |digest| &digest[..12]);
        let status = painted(printer, summary.status, &format!("{:<11}", status_word(summary)));
        let started: String = summary.started_at.to_string().chars().take(19).collect();
        let name: String = summary.name.chars().take(24).collect();
        writeln!(
            text,
            "{:<30}  {status}  {started}Z  {name:<24}  {time:>9}  {digest}",
            summary.run_id
        )?;
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}
