//! Verifying: a completed run is done again, in a folder that leaves no trace.

use dirigent_core::RunId;
use dirigent_workflow::{Run, RunStatus};

use crate::{Error, home::Home};

/// Whether a run that was done again came out the same.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Verdict {
    /// The run.
    pub run_id: String,
    /// Whether the digests are equal.
    pub equal: bool,
    /// The digest that was recorded.
    pub expected: String,
    /// The digest of the second time; none if it did not complete.
    pub found: Option<String>,
    /// What differs, or why the second time did not complete.
    pub differences: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(first: &Run, expected: dirigent_core::Sha256Hex, second: &Run) -> Self {
        let mut differences = crate::diff::outputs(first, second);
        if second.status == RunStatus::Interrupted {
            differences = vec!["it was interrupted before it could be compared".to_owned()];
        }
        if let Some(failure) = &second.failure {
            differences.insert(0, failure.message.clone());
        }
        Self {
            run_id: first.id.to_string(),
            equal: second.digest.as_ref() == Some(&expected),
            expected: expected.to_string(),
            found: second.digest.as_ref().map(ToString::to_string),
            differences,
        }
    }
}

/// A folder that is gone when this is dropped.
pub(crate) struct Scratch {
    pub(crate) home: Home,
}

impl Scratch {
    pub(crate) fn new(id: &RunId) -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("dirigent-{id}-{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Self { home: Home::at(path) })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own clearing of temporary files.
        let _ = std::fs::remove_dir_all(self.home.root());
    }
}
