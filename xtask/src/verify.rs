//! Verify and fix: the gate that only reads, and the broom that only writes.
#![expect(clippy::print_stderr, reason = "a chore tells the terminal how far it is")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// A check of the gate: its name and its command.
const CHECKS: &[(&str, &[&str])] = &[
    ("format", &["cargo", "fmt", "--all", "--check"]),
    (
        "lints",
        &["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
    ),
    ("tests", &["cargo", "test", "--workspace", "--quiet"]),
    ("docs", &["cargo", "doc", "--workspace", "--no-deps", "--quiet"]),
];

/// Runs every check, cheapest first, and changes nothing.
///
/// # Errors
/// With the first check that fails.
pub(crate) fn verify(root: &Path) -> Result<()> {
    let (format, rest) = CHECKS.split_first().context("there is a first check")?;
    check(root, format)?;
    tidy(root)?;
    rest.iter().try_for_each(|step| check(root, step))?;
    if has(&["cargo", "deny", "--version"]) {
        // The advisory database lives on the network, which a build must not need.
        check(root, &("deny", &["cargo", "deny", "check", "bans", "licenses", "sources"]))?;
    } else {
        eprintln!("deny: skipped, `cargo install cargo-deny` adds it");
    }
    eprintln!("all checks passed");
    Ok(())
}

/// Runs the house rules alone.
///
/// # Errors
/// With everything that breaks one.
pub(crate) fn tidy(root: &Path) -> Result<()> {
    eprintln!("tidy");
    let findings = crate::tidy::findings(root)?;
    if findings.is_empty() {
        return Ok(());
    }
    findings.iter().for_each(|finding| eprintln!("  {finding}"));
    bail!("{} findings", findings.len())
}

/// Writes what can be written: generated pages, formatting, simple lint fixes.
///
/// # Errors
/// If a step fails.
pub(crate) fn fix(root: &Path) -> Result<()> {
    generate(root)?;
    check(
        root,
        &(
            "lints",
            &[
                "cargo",
                "clippy",
                "--workspace",
                "--all-targets",
                "--fix",
                "--allow-dirty",
                "--quiet",
            ],
        ),
    )?;
    check(root, &("format", &["cargo", "fmt", "--all"]))
}

/// Writes the generated pages of the documentation.
///
/// # Errors
/// If one cannot be written.
pub(crate) fn generate(root: &Path) -> Result<()> {
    let folder = root.join("docs/reference");
    fs::create_dir_all(&folder)?;
    for page in dirigent_cli::reference::pages() {
        let path = folder.join(page.name);
        fs::write(&path, page.text).with_context(|| path.display().to_string())?;
    }
    let conformance = ["cargo", "test", "--quiet", "-p", "dirigent-trading", "--test", "it"];
    check(root, &("conformance", &[&conformance[..], &["conformance::"]].concat()))
}

fn check(root: &Path, (name, command): &(&str, &[&str])) -> Result<()> {
    eprintln!("{name}");
    let mut run = Command::new(command[0]);
    run.args(&command[1..]).current_dir(root);
    if *name == "docs" {
        run.env("RUSTDOCFLAGS", "--deny warnings");
    }
    if *name == "conformance" {
        // The test that checks docs/reference/conformance.md writes it instead.
        run.env("DIRIGENT_WRITE_PAGES", "1");
    }
    let status = run.status().with_context(|| format!("cannot start `{}`", command.join(" ")))?;
    if !status.success() {
        bail!("{name} failed: `{}`", command.join(" "));
    }
    Ok(())
}

fn has(command: &[&str]) -> bool {
    let quiet = |run: &mut Command| run.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(Command::new(command[0]).args(&command[1..])).is_ok_and(|status| status.success())
}
