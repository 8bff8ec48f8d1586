//! `dirigent report`: where the HTML report is, and opening it.

use anyhow::Context as _;

use crate::{Context, exit};

/// Whether a file of a run is a report: `report.html`, or `PHASE-report.html`.
pub(crate) fn is_report(name: &str) -> bool {
    name == "report.html" || name.ends_with("-report.html")
}

pub(crate) fn report(context: &Context, name: &str, open: bool) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let run = context.coordinator.run(&id)?;
    // Of several phases, the last that made one.
    let made = run.artifacts().filter(|file| is_report(&file.name)).last();
    let Some(made) = made else {
        let why = match run.status.is_success() {
            true => "nothing in it makes one".to_owned(),
            false => format!("it is {}", run.status.as_str()),
        };
        anyhow::bail!("run `{id}` has no report: {why}");
    };
    let path = context.coordinator.home().run_folder(&id).join(&made.name);
    if !path.is_file() {
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
