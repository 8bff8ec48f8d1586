//! Golden files: what other programs answer, held against the product.
//!
//! A folder has one sub-folder per kind of reference, with JSON files that name their data, their
//! conventions and their tolerance. Each series, metric, weight and run gets one line: `ok` or
//! `FAIL` with the largest error and where it is, or `skipped` with the reason.
//!
//! Promises: works on folders, symbols and data it has never seen; whatever a file contains, the
//! answer is a line, never a panic. What it does not know is a `FAIL`, never silence.
//! Not here: the tolerances; the files state them.

use std::fs;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

mod backtests;
mod compare;
mod edge_metrics;
mod indicators;
mod json;
mod line;
mod metrics;
mod optim;
mod overfit;
mod portfolio;
mod regimes;
mod rotation;
mod source;
mod splits;

use line::{Line, Outcome};
use source::Root;

/// Why a kind of reference is not checked yet.
const LATER: &[(&str, &str)] =
    &[("calendar", "comes with calendars (trading day)"), ("games", "comes with training")];

/// One file of references.
struct Reference {
    path: PathBuf,
    content: Value,
}

type Check = fn(&Reference, &Root) -> Vec<Line>;

const KINDS: &[(&str, Check)] = &[
    ("backtests", backtests::check),
    ("indicators", indicators::check),
    ("metrics", metrics::check),
    ("optim", optim::check),
    ("overfit", overfit::check),
    ("portfolio", portfolio::check),
    ("regimes", regimes::check),
    ("splits", splits::check),
];

/// Checks every reference in `folder`, whose data is under `root`, and writes the lines to `out`.
/// Answers whether nothing failed.
pub(crate) fn run(folder: &Path, root: &Path, out: &mut dyn Write) -> Result<bool> {
    if !root.is_dir() {
        bail!("`{}` is not a folder of data", root.display());
    }
    let root = Root::new(root);
    let mut totals = [0_usize; 3];
    for kind in kinds(folder)? {
        for file in json_files(&kind)? {
            let name = [kind.file_name(), file.file_name()].map(|part| {
                part.map_or_else(String::new, |part| part.to_string_lossy().into_owned())
            });
            for line in check_file(&name[0], &file, &root) {
                totals[line.outcome.place()] += 1;
                line.write(&name.join("/"), out)?;
            }
        }
    }
    let [ok, failed, skipped] = totals;
    if ok + failed + skipped == 0 {
        bail!("`{}` holds no reference values", folder.display());
    }
    writeln!(out, "total    {ok} ok, {failed} FAIL, {skipped} skipped")?;
    Ok(failed == 0)
}

/// The folders that hold references: those in `folder`, or itself if it is of one kind.
fn kinds(folder: &Path) -> Result<Vec<PathBuf>> {
    let inside: Vec<PathBuf> =
        entries(folder)?.into_iter().filter(|entry| entry.is_dir()).collect();
    let own = folder.file_name().is_some_and(|name| is_known(&name.to_string_lossy()));
    Ok(if own { vec![folder.to_owned()] } else { inside })
}

fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind) || LATER.iter().any(|(name, _)| *name == kind)
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_json = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
    Ok(entries(folder)?.into_iter().filter(is_json).collect())
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || format!("cannot read folder `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        paths.push(entry.with_context(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn check_file(kind: &str, path: &Path, root: &Root) -> Vec<Line> {
    if let Some((_, reason)) = LATER.iter().find(|(name, _)| *name == kind) {
        return vec![Line::new("", Outcome::Skipped((*reason).to_owned()))];
    }
    let Some((_, check)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let reason = format!("`{kind}` is no kind of reference this release knows");
        return vec![Line::new("", Outcome::Skipped(reason))];
    };
    match read(path) {
        // A reference at which the product panics is one that it fails.
        Ok(reference) => panic::catch_unwind(AssertUnwindSafe(|| check(&reference, root)))
            .unwrap_or_else(|_| vec![Line::new("", Outcome::Fail("the product panicked".into()))]),
        Err(error) => vec![Line::failed("", &error)],
    }
}

fn read(path: &Path) -> Result<Reference> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read file `{}`", path.display()))?;
    let content = serde_json::from_str(&text).context("is not JSON")?;
    Ok(Reference { path: path.to_owned(), content })
}

#[cfg(test)]
mod tests;
