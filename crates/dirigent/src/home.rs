//! Home: the folder that holds the state of one installation.
//!
//! `dirigent.db` the journal · `artifacts/` files by content · `runs/<run>/` the same files by
//! name · `control/` requests to the process that writes · `comparisons/` pages over several runs.
//! Invariant: only the process that holds the journal's lock writes here, apart from requests and
//! comparisons, which can be made again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use dirigent_core::{RunId, Sha256Hex};
use dirigent_journal::{
    ReadJournal, SqliteJournal, SqliteReader,
    sqlite::{Broken, IfHeld, Options},
};
use dirigent_workflow::artifact::Artifacts;

use crate::{Error, OnBroken};

/// The folder used when none is named.
pub const DEFAULT: &str = ".dirigent";

/// A folder of state.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home at `root`; nothing is made on disk yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The journal's file.
    pub fn journal_path(&self) -> PathBuf {
        self.root.join("dirigent.db")
    }

    /// The store of files.
    pub fn artifacts(&self) -> Artifacts {
        Artifacts::at(self.root.join("artifacts"))
    }

    /// Where the files of `run` appear by name.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(run.as_str())
    }

    /// Where the page that compares `runs` appears: the same for the same runs in the same order.
    pub fn comparison(&self, runs: &[RunId]) -> PathBuf {
        let ids: Vec<&str> = runs.iter().map(RunId::as_str).collect();
        let name = Sha256Hex::of(ids.join(" ").as_bytes());
        self.root.join("comparisons").join(format!("{}.html", &name.as_str()[..12]))
    }

    /// The runs whose cancellation was asked for and not taken up yet.
    pub fn cancel_requests(&self) -> Vec<RunId> {
        let Ok(entries) = fs::read_dir(self.root.join("control")) else { return Vec::new() };
        let run = |name: &str| name.strip_suffix(".cancel")?.parse().ok();
        let mut runs: Vec<RunId> =
            entries.filter_map(|entry| run(&entry.ok()?.file_name().to_string_lossy())).collect();
        runs.sort();
        runs
    }

    /// Whether a process writes to this home now.
    pub fn is_in_use(&self) -> bool {
        let lock = self.journal_path().with_extension("db.lock");
        fs::File::open(lock).is_ok_and(|file| file.try_lock_shared().is_err())
    }

    /// The journal for writing. While another process has it, `waiting` is told who, and this
    /// waits.
    ///
    /// # Errors
    /// If the journal cannot be opened.
    pub fn writer(
        &self,
        purpose: &str,
        on_broken: &OnBroken,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<SqliteJournal, Error> {
        match self.open(purpose, on_broken, IfHeld::Refuse) {
            Err(dirigent_journal::Error::Held { holder, .. }) => {
                waiting(&holder.to_string());
                Ok(self.open(purpose, on_broken, IfHeld::Wait(Box::new(|_| {})))?)
            }
            opened => Ok(opened?),
        }
    }

    /// The journal for writing, or nothing if another process has it.
    ///
    /// # Errors
    /// If the journal cannot be opened.
    pub fn try_writer(
        &self,
        purpose: &str,
        on_broken: &OnBroken,
    ) -> Result<Option<SqliteJournal>, Error> {
        match self.open(purpose, on_broken, IfHeld::Refuse) {
            Err(dirigent_journal::Error::Held { .. }) => Ok(None),
            opened => Ok(Some(opened?)),
        }
    }

    fn open(
        &self,
        purpose: &str,
        on_broken: &OnBroken,
        if_held: IfHeld,
    ) -> Result<SqliteJournal, dirigent_journal::Error> {
        let made = fs::create_dir_all(&self.root);
        made.map_err(|source| dirigent_journal::Error::Io {
            action: "create the folder",
            path: self.root.clone(),
            source,
        })?;
        let hook = Arc::clone(on_broken);
        let mut options = Options::new(purpose);
        options.if_held = if_held;
        options.on_broken = Broken::new(move |error| hook(error));
        SqliteJournal::open(&self.journal_path(), options)
    }

    /// The journal for reading, beside a process that writes.
    ///
    /// # Errors
    /// If there is none or it cannot be opened.
    pub fn reader(&self) -> Result<Box<dyn ReadJournal>, Error> {
        match SqliteReader::open(&self.journal_path()) {
            // Another process may just be making it.
            Err(
                dirigent_journal::Error::Missing { .. }
                | dirigent_journal::Error::OlderVersion { found: 0, .. },
            ) => Err(Error::NoRuns { home: self.root.clone() }),
            opened => Ok(Box::new(opened?)),
        }
    }

    fn request_path(&self, run: &RunId) -> PathBuf {
        self.root.join("control").join(format!("{run}.cancel"))
    }

    /// Leaves a request to cancel `run` for the process that writes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn request_cancel(&self, run: &RunId, by: &str) -> io::Result<()> {
        let place = self.request_path(run);
        fs::create_dir_all(place.parent().unwrap_or(&self.root))?;
        let draft = place.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&draft, by)?;
        fs::rename(draft, place)
    }

    /// Takes the request to cancel `run`, if there is one: who made it.
    pub fn take_cancel_request(&self, run: &RunId) -> Option<String> {
        let place = self.request_path(run);
        let by = fs::read_to_string(&place).ok()?;
        fs::remove_file(place).ok()?;
        Some(by)
    }
}
