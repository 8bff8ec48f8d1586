//! After a stop that was not clean: what is checked before the journal is written again.
//!
//! Promises: pages that only the cache holds are not mistaken for stored ones; every event behind
//! the last verified position is checked against the chain before anything is appended to it.
//! After an I/O error everything is checked, not only the end.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::Path,
};

use dirigent_core::{Event, RunId};
use rusqlite::{Connection, OptionalExtension as _};
use rustix::fs::Advice;

use super::{
    SqliteReader, beside,
    row::{self, EVENT_COLUMN_COUNT, EVENT_COLUMNS, HEAD_COLUMNS, count, stored},
    schema,
};
use crate::{
    Error, ReadJournal as _, RunHead,
    chain::{self, Link},
};

/// How the journal was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Closed, or never opened.
    Clean,
    /// The writer ended without closing it.
    Unclean,
    /// The writer ended because of an error; its words.
    Broken(String),
}

/// What was checked when a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing needed it: the journal was closed in order.
    Nothing,
    /// It was not closed in order; the events after the last verified one were read from the disk
    /// and are whole.
    Tail {
        /// How many.
        events: u64,
    },
    /// The last writer met an error; all events were read from the disk and are whole.
    Everything {
        /// How many.
        events: u64,
        /// The error the last writer met.
        error: String,
    },
}

/// How the journal at `path` was left.
pub(super) fn last_stop(path: &Path) -> Stop {
    match fs::read(beside(path, "broken")) {
        Ok(text) => return Stop::Broken(String::from_utf8_lossy(&text).trim().to_owned()),
        // A marker that cannot be read is still a marker.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Stop::Broken(format!("unreadable marker: {error}"));
        }
        Err(_) => {}
    }
    // Closing empties the write-ahead log.
    match fs::metadata(wal(path)) {
        Ok(wal) if wal.len() > 0 => Stop::Unclean,
        _ => Stop::Clean,
    }
}

/// Leaves a marker that `error` ended the writer. Best effort: the disk may be gone.
pub(super) fn leave_marker(path: &Path, error: &str) {
    if fs::write(beside(path, "broken"), error).is_ok()
        && let Ok(folder) = File::open(folder_of(path))
    {
        folder.sync_all().ok();
    }
}

/// Removes the marker, which may not even exist: one that cannot be looked for counts as one.
fn remove_marker(path: &Path) -> Result<(), Error> {
    let marker = beside(path, "broken");
    match fs::remove_file(&marker) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io { action: "remove", path: marker, source })
        }
        _ => Ok(()),
    }
}

/// Makes the next read of the journal come from the disk.
pub(super) fn drop_cached_pages(path: &Path) -> Result<(), Error> {
    for file in [path.to_owned(), wal(path)] {
        let dropped = match File::options().read(true).write(true).open(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            // Pages that were not written yet cannot be dropped.
            opened => opened.and_then(|opened| {
                opened.sync_all()?;
                Ok(rustix::fs::fadvise(&opened, 0, None, Advice::DontNeed)?)
            }),
        };
        dropped.map_err(|source| Error::Io { action: "sync", path: file, source })?;
    }
    Ok(())
}

/// Moves the whole records of the write-ahead log into the database and gives its blocks back to
/// the file system: what is written again to blocks that failed once may be lost without an error.
pub(super) fn empty_log(connection: Connection, path: &Path) -> Result<(), Error> {
    check_tail(&connection, path)?;
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
        .and_then(|()| connection.close().map_err(|(_, error)| error))
        .map_err(|error| schema::storage("empty the log of", path, error))
}

/// Makes the names of a new journal's files durable, and of its folder, which may be new as well.
pub(super) fn sync_folders(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    let above = folder.canonicalize().ok().and_then(|full| full.parent().map(Path::to_owned));
    for folder in [Some(folder.to_owned()), above].into_iter().flatten() {
        File::open(&folder).and_then(|opened| opened.sync_all()).map_err(|source| Error::Io {
            action: "sync folder",
            path: folder,
            source,
        })?;
    }
    Ok(())
}

/// Checks what `stop` calls for, and clears the marker.
pub(super) fn check(connection: &Connection, path: &Path, stop: Stop) -> Result<Checked, Error> {
    let events = check_tail(connection, path)?;
    match stop {
        Stop::Clean if events == 0 => Ok(Checked::Nothing),
        Stop::Clean | Stop::Unclean => Ok(Checked::Tail { events }),
        Stop::Broken(error) => {
            let events = SqliteReader::open(path)?.verify_all()?.events;
            remove_marker(path)?;
            Ok(Checked::Everything { events, error })
        }
    }
}

/// Checks the events behind the last verified position; returns how many they are.
fn check_tail(connection: &Connection, path: &Path) -> Result<u64, Error> {
    let fail = |error| schema::storage("verify", path, error);
    let sql = "SELECT (SELECT position FROM verified), (SELECT max(position) FROM events)";
    let (verified, last) = connection
        .query_row(sql, (), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))
        .map_err(fail)?;
    let last = last.unwrap_or(0);
    if last < verified {
        let (expected, actual) = (count(verified), count(last));
        return Err(Error::CutShort { path: path.to_owned(), expected, actual });
    }
    if last > verified {
        check_after(connection, path, verified)?;
    }
    Ok(count(last - verified))
}

fn check_after(connection: &Connection, path: &Path, verified: i64) -> Result<(), Error> {
    let fail = |error| schema::storage("verify", path, error);
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, {HEAD_COLUMNS}
         FROM events LEFT JOIN runs ON runs.number = events.run_number
         WHERE position > ?1 ORDER BY position"
    );
    let mut statement = connection.prepare(&sql).map_err(fail)?;
    let mut rows = statement.query([verified]).map_err(fail)?;
    let mut ends: BTreeMap<RunId, (Event, RunHead)> = BTreeMap::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let head = row::decode_head(row, EVENT_COLUMN_COUNT)
            .map_err(|what| Error::Corrupt { path: path.to_owned(), what })?
            .head;
        let event = row::decode_event(row, &head.run, &head.correlation_id, 0)?;
        let link = match ends.get(&head.run) {
            Some((end, _)) => Link::after(end),
            None => link_before(connection, &event).map_err(fail)?,
        };
        chain::follow(&link, &event)?;
        chain::check_begin(&event, &head)?;
        ends.insert(head.run.clone(), (event, head));
    }
    ends.values().try_for_each(|(last, head)| chain::check_head(last, head))
}

/// The link that the first event of the tail must follow.
fn link_before(connection: &Connection, event: &Event) -> rusqlite::Result<Link> {
    if event.seq <= 1 {
        return Ok(Link::genesis());
    }
    let sql = "SELECT hash FROM events
               WHERE run_number = (SELECT number FROM runs WHERE run = ?1) AND seq = ?2";
    let hash = connection
        .prepare_cached(sql)?
        .query_row((event.run.as_str(), stored(event.seq - 1)), |row| {
            Ok(row::hash_cell(row, 0, "hash").ok())
        })
        .optional()?
        .flatten();
    // Without the event before it, the chain continues from nowhere: the check will say so.
    Ok(hash.map_or_else(Link::genesis, |hash| Link {
        seq: event.seq - 1,
        hash: hash.as_str().to_owned(),
    }))
}

fn wal(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
