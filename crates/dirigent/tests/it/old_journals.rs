//! Homes that earlier releases left, made by `bench/old_journals.py`: this release reads them as
//! they were, continues what is to be continued, and comes to the same digests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dirigent::{
    Coordinator, Home,
    coordinator::Unobserved,
    journal::{ReadJournal as _, SqliteReader},
    workflow::{Run, RunStatus},
};
use serde_json::Value;

/// Where the version of the journal stands in the file (`user_version` of SQLite).
const VERSION_AT: std::ops::Range<usize> = 60..64;

/// A copy of a home of an earlier release, and what that release said of its runs.
struct Old {
    folder: tempfile::TempDir,
    runs: serde_json::Map<String, Value>,
    calm: String,
}

impl Old {
    /// The homes called `name` of all releases.
    fn all(name: &str) -> Vec<Self> {
        let releases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals");
        let folders = fs::read_dir(releases).unwrap().map(|entry| entry.unwrap().path());
        let found: Vec<Self> = folders.map(|release| Self::of(&release, name)).collect();
        assert!(!found.is_empty());
        found
    }

    fn of(release: &Path, name: &str) -> Self {
        let told = fs::read_to_string(release.join("expected.json")).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        let folder = tempfile::tempdir().unwrap();
        copy(&release.join(name), folder.path());
        let runs = told["runs"][name].as_object().unwrap().clone();
        Self { folder, runs, calm: told["calm"].as_str().unwrap().to_owned() }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("dirigent.db")
    }

    fn coordinator(&self) -> Coordinator {
        Coordinator::at(Home::at(self.folder.path()))
    }

    fn run(&self, key: &str) -> Run {
        let coordinator = self.coordinator();
        coordinator.run(&coordinator.find(key).unwrap()).unwrap()
    }

    /// Continues the run `key`, which must end as if nobody had disturbed it.
    #[track_caller]
    fn check_resumed(&self, key: &str) {
        let (coordinator, before) = (self.coordinator(), self.run(key));
        let summary = coordinator.resume(&before.id, Some(2), &mut Unobserved).unwrap();
        let digest = summary.digest.map(|digest| digest.as_str().to_owned());
        assert_eq!(
            (summary.status, digest),
            (RunStatus::Completed, Some(self.calm.clone())),
            "{key}"
        );
        assert_eq!(self.run(key).attempt, before.attempt + 1);
        SqliteReader::open(&self.journal()).unwrap().verify_all().unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::copy(&path, place).unwrap();
        }
    }
}

#[test]
fn jrn_14_runs_of_earlier_releases_are_read_as_they_were() {
    for old in [Old::all("settled"), Old::all("killed")].into_iter().flatten() {
        let journal = SqliteReader::open(&old.journal()).unwrap();
        let verified = journal.verify_all().unwrap();
        let events: u64 = old.runs.values().map(|told| told["events"].as_u64().unwrap()).sum();
        assert_eq!((verified.events, old.runs.is_empty()), (events, false));
        for (key, told) in &old.runs {
            let run = old.run(key);
            assert_eq!(told["status"], run.status.as_str(), "{key}");
            assert_eq!(told["digest"].as_str(), run.digest.as_ref().map(|d| d.as_str()), "{key}");
            assert_eq!((&told["attempt"], &told["events"]), (&run.attempt.into(), &run.seq.into()));
            let head = journal.head(&run.id).unwrap().unwrap();
            assert_eq!(told["head"], head.head_hash.as_str(), "{key}");
        }
    }
}

#[test]
fn what_earlier_releases_left_undone_ends_with_their_digest() {
    for old in Old::all("settled") {
        old.check_resumed("interrupted");
        old.check_resumed("cancelled");
    }
    Old::all("killed").iter().for_each(|old| old.check_resumed("killed"));
}

#[test]
fn what_earlier_releases_completed_is_repeated_with_the_same_digest() {
    for old in Old::all("settled") {
        let run = old.run("completed");
        let verdict = old.coordinator().verify(&run.id, &mut Unobserved).unwrap();
        assert!(verdict.equal, "{verdict:?}");
        let stored = old.coordinator().resume(&run.id, None, &mut Unobserved).unwrap();
        assert_eq!(stored.attempt, 1, "a completed run is not run again");
    }
}

#[test]
fn a_journal_of_a_newer_release_is_refused_and_left_alone() {
    let old = Old::all("settled").remove(0);
    let mut bytes = fs::read(old.journal()).unwrap();
    let version = u32::from_be_bytes(bytes[VERSION_AT].try_into().unwrap());
    bytes[VERSION_AT].copy_from_slice(&(version + 1).to_be_bytes());
    fs::write(old.journal(), &bytes).unwrap();
    let coordinator = old.coordinator();
    let id = "run_system".parse().unwrap();
    let reading = coordinator.runs(1).unwrap_err();
    let writing = coordinator.resume(&id, None, &mut Unobserved).unwrap_err();
    for error in [reading, writing] {
        let (text, hint) = (error.to_string(), error.hint().unwrap());
        assert!(text.contains(&format!("version {}", version + 1)), "{text}");
        assert!(
            hint.contains("use the release of dirigent that wrote it, or a newer one"),
            "{hint}"
        );
    }
    assert_eq!(fs::read(old.journal()).unwrap(), bytes);
}
