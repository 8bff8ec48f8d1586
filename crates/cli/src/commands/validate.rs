//! `dirigent validate`: every problem of a workflow file, each with its place.

use super::run::source;
use crate::{Context, args::Source, exit, print::Style};

pub(crate) fn validate(context: &Context, options: &Source) -> anyhow::Result<u8> {
    let valid = context.coordinator.check(&source(options)?)?;
    let (printer, config) = (&context.printer, &valid.config);
    let (name, kind) = (&config.workflow.name, &config.workflow.definition.kind);
    if printer.json() {
        printer.document(&serde_json::json!({
            "valid": true,
            "name": name,
            "type": kind,
            "config_hash": config.config_hash,
            "config_version": config.config_version,
            "warnings": valid.warnings,
        }))?;
    } else {
        let ok = printer.paint(Style::Green, "ok");
        printer.result(&format!(
            "{ok} {name} ({kind}, version {})\nconfig hash {}",
            config.config_version, config.config_hash
        ))?;
    }
    for warning in &valid.warnings {
        printer.note(&format!("{} {warning}", printer.paint_err(Style::Yellow, "warning:")));
    }
    Ok(exit::DONE)
}
