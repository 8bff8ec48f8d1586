//! The files of runs: under their own names once a run has ended, and still what they were.

use dirigent_workflow::{Run, artifact::ArtifactRef};

use super::Coordinator;
use crate::{Error, summary::Summary};

impl Coordinator {
    /// The summary of a run that has ended, whose files appear in its folder: also if the process
    /// that ended it was killed before it could place them there.
    pub(super) fn ended(&self, run: &Run) -> Result<Summary, Error> {
        let (store, folder) = (self.home.artifacts(), self.home.run_folder(&run.id));
        for file in run.artifacts() {
            let failed = |source| Error::Write { path: folder.join(&file.name), source };
            store.link(file, &folder).map_err(failed)?;
        }
        Ok(Summary::of(run, &self.home))
    }

    /// The summary of a run that ended some time ago, whose files are still what they were.
    ///
    /// # Errors
    /// If a file is missing or was changed.
    pub fn stored(&self, run: &Run) -> Result<Summary, Error> {
        self.check_files(run)?;
        self.ended(run)
    }

    pub(super) fn check_files(&self, run: &Run) -> Result<(), Error> {
        let store = self.home.artifacts();
        let lost = |file: &ArtifactRef, source| Error::FileLost {
            run: run.id.clone(),
            file: file.name.clone(),
            path: store.path(&file.sha256),
            source,
        };
        run.artifacts().try_for_each(|file| store.check(file).map_err(|why| lost(file, why)))
    }
}
