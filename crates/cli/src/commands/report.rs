//! `dirigent report`: where the HTML report of a run is, comparing several, and opening either.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use dirigent::compare;

use crate::{Context, exit, usage::Advised};

/// Whether a file of a run is a report: `report.html`, or `PHASE-report.html`.
pub(crate) fn is_report(name: &str) -> bool {
    name == "report.html" || name.ends_with("-report.html")
}

pub(crate) fn report(
    context: &Context,
    names: &[String],
    open: bool,
    out: Option<&Path>,
) -> anyhow::Result<u8> {
    let path = match (names, out) {
        ([name], None) => own(context, name)?,
        ([_], Some(_)) => {
            let error = anyhow::anyhow!("`--out` needs several runs: one run has its report");
            let hint = "name the runs to compare, or leave `--out` out and copy the file printed";
            return Err(Advised::error(error, hint.into()));
        }
        (names, out) => comparison(context, names, out)?,
    };
    if open {
        let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        std::process::Command::new(program)
            .arg(&path)
            .spawn()
            .with_context(|| format!("cannot start `{program}`; open the path by hand"))?;
    }
    Ok(exit::DONE)
}

/// Prints the path of the report that a run made.
fn own(context: &Context, name: &str) -> anyhow::Result<PathBuf> {
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
    Ok(path)
}

/// Makes the page that compares runs and prints its path.
fn comparison(context: &Context, names: &[String], out: Option<&Path>) -> anyhow::Result<PathBuf> {
    let coordinator = &context.coordinator;
    let ids = names.iter().map(|name| coordinator.find(name)).collect::<Result<Vec<_>, _>>()?;
    let page = compare::page(coordinator, &ids)?;
    let path = out.map_or_else(|| coordinator.home().comparison(&ids), Path::to_owned);
    let path = std::path::absolute(path)?;
    write(&path, &page).with_context(|| format!("cannot write the page `{}`", path.display()))?;
    if context.printer.json() {
        let document = serde_json::json!({"run_ids": ids, "path": path.display().to_string()});
        context.printer.document(&document)?;
    } else {
        context.printer.result(&path.display().to_string())?;
    }
    Ok(path)
}

/// All of the page or nothing.
fn write(path: &Path, page: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&draft, page)?;
    fs::rename(&draft, path).inspect_err(|_| drop(fs::remove_file(&draft)))
}
