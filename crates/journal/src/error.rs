//! What can go wrong with a journal, one variant for each thing a caller handles differently.
//!
//! Not here: what to print; `Display` says what failed and on what, `hint` what to do next.

use std::{io, path::PathBuf};

use dirigent_core::RunId;
use rusqlite::ffi;

use crate::{limits, sqlite::Holder};

/// The reason underneath, kept free of the backend's own types.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the journal refused or could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Someone else appended to the run since the caller last read it.
    #[error("cannot append to `{run}`: it is at event {actual}, the writer expected {expected}")]
    Stale {
        /// The run.
        run: RunId,
        /// The last position the writer knew.
        expected: u64,
        /// The last position in the journal.
        actual: u64,
    },
    /// An append with no events, or more than fit.
    #[error("cannot append {count} events at once: one append takes 1 to {max}", max = limits::EVENTS_PER_APPEND_MAX)]
    EventCount {
        /// How many came.
        count: usize,
    },
    /// One payload is above the limit.
    #[error("payload of event `{kind}` is {bytes} bytes, above the limit of {max}", max = limits::PAYLOAD_BYTES_MAX)]
    PayloadTooLarge {
        /// Type of the event.
        kind: String,
        /// Its size as JSON text.
        bytes: usize,
    },
    /// One payload is nested more deeply than can be read back.
    #[error("payload of event `{kind}` is nested deeper than {max} levels", max = limits::PAYLOAD_DEPTH_MAX)]
    PayloadTooDeep {
        /// Type of the event.
        kind: String,
    },
    /// The payloads of one append together are above the limit.
    #[error("one append carries {bytes} bytes of payload, above the limit of {max}", max = limits::APPEND_BYTES_MAX)]
    AppendTooLarge {
        /// Their size as JSON text.
        bytes: usize,
    },
    /// A type, source or causation id is too long.
    #[error("{what} of an event is {bytes} bytes, above the limit of {max}", max = limits::NAME_BYTES_MAX)]
    NameTooLong {
        /// Which text.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// A run keeps the correlation id it began with.
    #[error("run `{run}` belongs to correlation id `{actual}`, not `{given}`")]
    OtherCorrelation {
        /// The run.
        run: RunId,
        /// What the journal holds.
        actual: String,
        /// What the writer said.
        given: String,
    },
    /// The run has no events.
    #[error("no run `{run}` in the journal")]
    UnknownRun {
        /// The run.
        run: RunId,
    },
    /// A snapshot of a state that the journal does not hold yet.
    #[error("snapshot of `{run}` at event {seq} is ahead of the journal, which ends at {head}")]
    SnapshotAhead {
        /// The run.
        run: RunId,
        /// Position of the snapshot.
        seq: u64,
        /// Last position in the journal.
        head: u64,
    },
    /// The snapshot is above the limit.
    #[error("snapshot of `{run}` is {bytes} bytes, above the limit of {max}", max = limits::SNAPSHOT_BYTES_MAX)]
    SnapshotTooLarge {
        /// The run.
        run: RunId,
        /// Its size.
        bytes: usize,
    },
    /// The stored snapshot is not what was saved.
    #[error("snapshot of `{run}` at event {seq} does not match its checksum")]
    SnapshotDamaged {
        /// The run.
        run: RunId,
        /// Position of the snapshot.
        seq: u64,
    },
    /// An event is missing, was changed, or cannot be read.
    #[error("journal is damaged at event {seq} of `{run}`: {what}")]
    Damaged {
        /// The run with the first bad event.
        run: RunId,
        /// Its position.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// Events that were known to be stored are gone.
    #[error("journal `{}` ends at record {actual}, but {expected} were stored", path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Records that were known to be stored.
        expected: u64,
        /// Records that are there.
        actual: u64,
    },
    /// The record was written by a newer release.
    #[error(
        "event {seq} of `{run}` has envelope version {found}, this program reads up to {known}"
    )]
    NewerRecord {
        /// The run.
        run: RunId,
        /// Its position.
        seq: u64,
        /// Version of the record.
        found: u32,
        /// Newest version this program reads.
        known: u32,
    },
    /// Another process writes to this journal.
    #[error("journal `{}` is held by {holder}", path.display())]
    Held {
        /// The file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// The file is something else.
    #[error("`{}` is not a journal: {what}", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The journal was written by a newer release.
    #[error("journal `{}` has version {found}, this program knows up to {known}", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// The journal was written by an older release and is opened only for reading.
    #[error("journal `{}` has version {found} and must be brought to {known} first", path.display())]
    OlderVersion {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Version this program needs.
        known: i64,
    },
    /// The file's structure is broken.
    #[error("journal `{}` is damaged: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// There is no such file.
    #[error("no journal at `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// No new runs while the disk is nearly full.
    #[error("disk of journal `{}` has {free} bytes left, new runs need {reserve}", path.display())]
    DiskNearlyFull {
        /// The file.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that must stay free.
        reserve: u64,
    },
    /// A foreign program keeps the database locked.
    #[error("journal `{}` is locked by a program that is not Dirigent", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The writer has ended; nothing more is recorded.
    #[error("journal writer has stopped")]
    Stopped,
    /// A system call on the journal or a file beside it failed.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The storage engine failed.
    #[error("cannot {action} journal `{}`", path.display())]
    Storage {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: Cause,
    },
}

impl Error {
    /// What the user can do about it, as an imperative fragment.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PayloadTooLarge { .. } | Self::AppendTooLarge { .. } => {
                Some("store the content as an artifact and put its SHA-256 into the event")
            }
            Self::SnapshotDamaged { .. } => {
                Some("drop the snapshot; the state is rebuilt from the events")
            }
            Self::Damaged { .. } | Self::CutShort { .. } | Self::Corrupt { .. } => Some(
                "keep a copy of the file and what lies beside it, then restore a backup; \
                 reading with `runs`, `show` and `events` is still possible where the file allows",
            ),
            Self::NewerVersion { .. } | Self::NewerRecord { .. } => {
                Some("use the release of dirigent that wrote it, or a newer one")
            }
            Self::OlderVersion { .. } => Some("open it once for writing, which updates it"),
            Self::NotAJournal { .. } => Some("point `--home` at another folder"),
            Self::Held { .. } => Some("wait until it ends, or use another `--home`"),
            Self::Busy { .. } => Some("close the program that has the database open"),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem => Some(
                "a file system becomes read-only after an error of its disk: check the disk, \
                 then mount it anew",
            ),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space, then start the same command again")
            }
            Self::Storage { source, .. } if is_full(&**source) => {
                Some("the disk is full: free some space, then start the same command again")
            }
            Self::DiskNearlyFull { .. } => Some("free some space; running work may still finish"),
            _ => None,
        }
    }
}

/// Whether SQLite found no room: for data, or for the index of its log, which it tells as an I/O
/// error and which readers need as well.
fn is_full(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error);
    let codes = [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE];
    error.is_some_and(|error| codes.contains(&error.extended_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_even_where_sqlite_calls_it_an_io_error() {
        let hint = |code| {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into();
            Error::Storage { action: "open", path: "j.db".into(), source }.hint()
        };
        assert!(hint(ffi::SQLITE_IOERR_SHMSIZE).unwrap().contains("free some space"));
        assert!(hint(ffi::SQLITE_FULL).unwrap().contains("free some space"));
        assert_eq!(hint(ffi::SQLITE_IOERR_FSYNC), None);
    }
}
