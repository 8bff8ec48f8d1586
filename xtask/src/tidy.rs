//! Tidy: the rules of the house that no compiler knows.
//!
//! Each rule names the file and says what to do. A file over the length limit is listed with its
//! length in `xtask/long-files.txt`; a listed file may shrink but not grow.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Lines a source file may have without being listed.
const LINES_MAX: usize = 400;

/// Which of our crates each crate may name in its dependencies.
const EDGES: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("journal", &["core"]),
    ("report", &["core"]),
    ("trading", &["core"]),
    ("research", &["core", "trading"]),
    ("workflow", &["core", "journal"]),
    ("sim", &["core", "journal", "workflow"]),
    ("dirigent", &["core", "journal", "report", "research", "trading", "workflow"]),
    ("cli", &["core", "dirigent", "journal", "report", "trading", "workflow"]),
];

/// Words that must not reach the main branch, and why. Spelled in two halves so that this file
/// passes its own check.
const BANNED: &[(&str, &str, &str)] = &[
    ("FIX", "ME", "finish it, or write down why it stands"),
    ("TO", "DO", "finish it, or write down why it stands"),
    ("dbg", "!(", "remove the debugging output"),
    ("#[igno", "re", "assert today's behavior instead of skipping the test"),
];

/// Everything that is wrong with the tree at `root`.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn findings(root: &Path) -> Result<Vec<String>> {
    let mut found = edges(root)?;
    let listed = long_files(root)?;
    let mut sources = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root.join(folder), "rs", &mut sources)?;
    }
    for path in &sources {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        found.extend(source(&name, &text, listed.get(&name).copied()));
    }
    for name in listed.keys().filter(|name| !root.join(name).is_file()) {
        found.push(format!("xtask/long-files.txt: `{name}` is gone; remove its line"));
    }
    found.extend(workflows(root)?);
    found.extend(broken_links(root)?);
    found.extend(stale_pages(root));
    Ok(found)
}

fn source(name: &str, text: &str, listed: Option<usize>) -> Vec<String> {
    let mut found = Vec::new();
    if !text.starts_with("//!") && !text.starts_with("#!") {
        found.push(format!("{name}:1: no header; open with `//!`: what it is, what it promises"));
    }
    let lines = text.lines().count();
    match listed {
        None if lines > LINES_MAX => found.push(format!(
            "{name}: {lines} lines, the limit is {LINES_MAX}; split it by what it does"
        )),
        Some(limit) if lines > limit => found
            .push(format!("{name}: {lines} lines, it had {limit}; a listed file may only shrink")),
        Some(limit) if lines < limit => found.push(format!(
            "{name}: {lines} lines, listed with {limit}; lower it in xtask/long-files.txt"
        )),
        _ => {}
    }
    for (number, line) in text.lines().enumerate() {
        for (first, second, advice) in BANNED {
            if line.contains(&format!("{first}{second}")) {
                found.push(format!("{name}:{}: `{first}{second}`: {advice}", number + 1));
            }
        }
    }
    found
}

/// Dependencies among our crates that the table does not hold.
fn edges(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == folder) else {
            found.push(format!("crates/{folder}: not in the table of edges in xtask/src/tidy.rs"));
            continue;
        };
        let manifest = fs::read_to_string(root.join("crates").join(&folder).join("Cargo.toml"))?;
        for line in manifest.lines().filter(|line| line.starts_with("dirigent")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let short = dependency.strip_prefix("dirigent-").unwrap_or(dependency);
            if !allowed.contains(&short) {
                found.push(format!(
                    "crates/{folder}/Cargo.toml: may not depend on `{dependency}`; see the \
                     direction of dependencies in ARCHITECTURE.md"
                ));
            }
        }
    }
    Ok(found)
}

/// Workflow files that no test names.
fn workflows(root: &Path) -> Result<Vec<String>> {
    let mut tests = Vec::new();
    collect(&root.join("crates/cli/tests"), "rs", &mut tests)?;
    let tests: String =
        tests.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?.concat();
    let mut files = Vec::new();
    collect(&root.join("workflows"), "yaml", &mut files)?;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(files
        .iter()
        .map(name)
        .filter(|name| !tests.contains(name.as_str()))
        .map(|name| format!("workflows/{name}: no test in crates/cli/tests runs it"))
        .collect())
}

/// Links in the documentation to files that are not there.
fn broken_links(root: &Path) -> Result<Vec<String>> {
    let mut pages = Vec::new();
    for folder in ["docs", "bench", "examples"] {
        collect(&root.join(folder), "md", &mut pages)?;
    }
    for entry in fs::read_dir(root)? {
        pages
            .extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    let mut found = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page)?;
        let folder = page.parent().unwrap_or(root);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains(':') || file.contains(' ');
            if !elsewhere && !folder.join(file).exists() {
                let name = page.strip_prefix(root).unwrap_or(&page).display();
                found.push(format!("{name}: the link to `{target}` leads nowhere"));
            }
        }
    }
    Ok(found)
}

/// Generated pages that differ from what the code generates now.
fn stale_pages(root: &Path) -> Vec<String> {
    let stale = |page: &dirigent_cli::reference::Page| {
        let path = root.join("docs/reference").join(page.name);
        fs::read_to_string(path).ok().as_ref() != Some(&page.text)
    };
    dirigent_cli::reference::pages()
        .iter()
        .filter(|page| stale(page))
        .map(|page| format!("docs/reference/{}: not fresh; run `cargo xtask generate`", page.name))
        .collect()
}

fn long_files(root: &Path) -> Result<BTreeMap<String, usize>> {
    let text = fs::read_to_string(root.join("xtask/long-files.txt")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (lines, name) = line.trim().split_once(' ').context("expected `LINES FILE`")?;
            Ok((name.to_owned(), lines.parse()?))
        })
        .collect()
}

/// All files with `extension` below `folder`, sorted.
fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    let mut paths = entries.map(|e| Ok(e?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, extension, found)?;
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_header_or_with_banned_words_is_found() {
        let found = source("a.rs", &format!("fn f() {{\n  {}!(1);\n}}\n", "dbg"), None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(source("a.rs", "//! What it is.\n", None).is_empty());
    }

    #[test]
    fn long_files_may_only_shrink() {
        let text = format!("//! x\n{}", "\n".repeat(450));
        assert_eq!(source("a.rs", &text, None).len(), 1);
        assert_eq!(source("a.rs", &text, Some(450)).len(), 1);
        assert!(source("a.rs", &text, Some(451)).is_empty());
    }
}
