//! `dirigent report`: where the HTML report is, and opening it.

use anyhow::Context as _;

use crate::{Context, exit};

/// The name of the report among a run's files.
pub(crate) const REPORT: &str = "report.html";

pub(crate) fn report(context: &Context, name: &str, open: bool) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let path = context.coordinator.home().run_folder(&id).join(REPORT);
    if !path.is_file() {
        let run = context.coordinator.run(&id)?;
        if !run.status.is_success() {
            anyhow::bail!("run `{id}` has no report: it is {}", run.status.as_str());
        }
        context.coordinator.stored(&run)?;
    }
    let path = std::path::absolute(path)?;
    if context.printer.json() {
        context
            .printer
            .document(&serde_json::json!({"run_id": id, "path": path.display().to_string()}))?;
    } else {
        context.printer.result(&path.display().to_string())?;
    }
    if open {
        let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        std::process::Command::new(program)
            .arg(&path)
            .spawn()
            .with_context(|| format!("cannot start `{program}`; open the path by hand"))?;
    }
    Ok(exit::DONE)
}
