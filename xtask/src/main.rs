//! Chores of this repository: `cargo xtask CHORE`.
//!
//! - `verify`: everything that has to pass; reads only. `fix`: what a machine can correct; writes.
//! - `tidy`: the rules of the house. `generate`: the pages of docs/reference.
//! - `golden DIR --data ROOT`: checks the product against reference values; see `golden`.
//!
//! Exit codes: 0 all is well, 1 a check failed, 2 the chore could not be done as asked.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod golden;
mod tidy;
mod verify;

const USAGE: &str = "usage: cargo xtask CHORE

  verify                    everything that has to pass; changes nothing
  fix                       formatting, generated pages, simple lint fixes; writes
  tidy                      the rules of the house that no compiler knows
  generate                  the pages of docs/reference
  golden DIR --data ROOT    the product against reference values:
                            DIR holds indicators/*.json, metrics/*.json, ...
                            ROOT is the folder that their `data` fields are relative to";

const FAILED: u8 = 1;
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let done = match parse(&arguments) {
        Some(Chore::Golden { folder, root }) => golden::run(&folder, &root, &mut out),
        Some(Chore::Verify) => verify::verify(root()).map(|()| true),
        Some(Chore::Fix) => verify::fix(root()).map(|()| true),
        Some(Chore::Tidy) => verify::tidy(root()).map(|()| true),
        Some(Chore::Generate) => verify::generate(root()).map(|()| true),
        Some(Chore::Help) => writeln!(out, "{USAGE}").map(|()| true).map_err(Into::into),
        None => Err(anyhow::anyhow!("{USAGE}")),
    };
    let written = out.flush();
    match done {
        Ok(true) if written.is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(error) => {
            // Nothing is left to be done if even this cannot be written.
            let _ = writeln!(err, "error: {error:#}");
            ExitCode::from(UNUSABLE)
        }
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[derive(Debug, PartialEq, Eq)]
enum Chore {
    Verify,
    Fix,
    Tidy,
    Generate,
    Help,
    Golden { folder: PathBuf, root: PathBuf },
}

fn parse(arguments: &[String]) -> Option<Chore> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["verify"] => Some(Chore::Verify),
        ["fix"] => Some(Chore::Fix),
        ["tidy"] => Some(Chore::Tidy),
        ["generate"] => Some(Chore::Generate),
        ["help" | "--help" | "-h"] => Some(Chore::Help),
        ["golden", folder, "--data", root] | ["golden", "--data", root, folder] => {
            Some(Chore::Golden { folder: folder.into(), root: root.into() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<Chore>) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(parse(&words), expected);
    }

    #[test]
    fn what_is_not_a_chore_is_refused() {
        for line in ["", "gold", "golden", "golden d", "golden d --data", "golden d --data r x"] {
            check(line, None);
        }
    }

    #[test]
    fn options_may_stand_on_either_side() {
        let golden = || Some(Chore::Golden { folder: "d".into(), root: "r".into() });
        check("golden d --data r", golden());
        check("golden --data r d", golden());
        check("--help", Some(Chore::Help));
    }
}
