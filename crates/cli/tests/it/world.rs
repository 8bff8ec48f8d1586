//! A folder of its own for each test, and the command run in it.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A temporary folder with a home in it.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// Writes `text` to the file `name` and returns its path as text.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dirigent"));
        command.current_dir(self.path()).arg("--home").arg(self.home()).args(arguments);
        command.env_remove("DIRIGENT_HOME").env_remove("NO_COLOR").env("RUST_BACKTRACE", "0");
        command
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap())
    }

    /// Runs with `--output json` and expects exit code 0 and one document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let answer = self.run(&[&["--output", "json"], arguments].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        serde_json::from_str(&answer.stdout).unwrap()
    }

    /// The digest of a completed run of the file at `path`.
    pub(crate) fn digest(&self, arguments: &[&str]) -> String {
        let summary = self.json(&[&["run"], arguments].concat());
        summary["digest"].as_str().unwrap().to_owned()
    }
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn of(output: Output) -> Self {
        let answer = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!answer.stderr.contains("panicked"), "{answer:?}");
        answer
    }
}

/// A workflow over `bars` made-up bars, whose work takes time in proportion.
pub(crate) fn synthetic(bars: usize) -> String {
    format!(
        "name: made-up\n\
         workflow: {{type: backtest}}\n\
         data: {{source: synthetic, symbols: [AAA, BBB], timeframe: 1m, synthetic: {{bars: {bars}}}}}\n\
         strategy: {{type: sma_crossover, params: {{fast: 5, slow: 20}}}}\n\
         portfolio: {{sizing: {{type: percent_equity, percent: 40}}}}\n"
    )
}
