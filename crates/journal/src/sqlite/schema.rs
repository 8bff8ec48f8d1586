//! The database: its identity, its tables, its settings, and how they came to be.
//!
//! **Invariant:** a connection from here belongs to a journal of this program in the version this
//! program knows; anything else is refused and left untouched.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Durability;
use crate::Error;

/// `DIRG`: marks the file as a journal of this program.
pub(super) const APPLICATION_ID: i64 = 0x4449_5247;

/// The first SQLite without the write-ahead-log reset bug that 3.51.3 fixed.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// How long to wait for a foreign program that has the database locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the write-ahead log is cut back to after it grew.
const WAL_BYTES_KEPT: i64 = 64 * 1024 * 1024;

/// One step per version, in order; a step never changes once it was released.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE runs (
        number         INTEGER PRIMARY KEY,  -- in order of creation
        run            TEXT    NOT NULL UNIQUE,
        correlation_id TEXT    NOT NULL,
        last_seq       INTEGER NOT NULL,
        first_time     INTEGER NOT NULL,     -- nanoseconds since 1970, as all times
        last_time      INTEGER NOT NULL,
        last_type      TEXT    NOT NULL,
        head_hash      BLOB    NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_correlation_id ON runs (correlation_id);

    CREATE TABLE events (
        position       INTEGER PRIMARY KEY,  -- in order of recording, without gaps
        run_number     INTEGER NOT NULL REFERENCES runs (number),
        seq            INTEGER NOT NULL,
        envelope       INTEGER NOT NULL,     -- version of this record
        time           INTEGER NOT NULL,
        type           TEXT    NOT NULL,
        schema         INTEGER NOT NULL,     -- version of the payload of this type
        source         TEXT    NOT NULL,
        causation_id   TEXT,
        payload        TEXT    NOT NULL,     -- JSON
        prev_hash      BLOB    NOT NULL,
        hash           BLOB    NOT NULL,
        UNIQUE (run_number, seq)
    ) STRICT;

    CREATE TABLE snapshots (
        run_number     INTEGER PRIMARY KEY REFERENCES runs (number),
        seq            INTEGER NOT NULL,
        code_level     INTEGER NOT NULL,
        checksum       BLOB    NOT NULL,
        bytes          BLOB    NOT NULL
    ) STRICT;

    -- Up to which position the chain is known to be whole, and on the disk.
    CREATE TABLE verified (
        only           INTEGER PRIMARY KEY CHECK (only = 1),
        position       INTEGER NOT NULL
    ) STRICT;
    INSERT INTO verified VALUES (1, 0);
"];

/// What every SQLite file begins with, and the size of the header that follows.
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER_BYTES: u64 = 100;
/// What every rollback journal of SQLite begins with.
const ROLLBACK_MAGIC: &[u8] = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";

/// Refuses a file that SQLite would take for an empty database and overwrite.
///
/// Only for the writer, before its first connection: closing the file gives up the locks that
/// SQLite holds on it in this process (POSIX locks belong to the process, not to the handle).
pub(super) fn check_header(path: &Path) -> Result<(), Error> {
    let fail = |source| Error::Io { action: "read", path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(fail)?,
    };
    let mut header = Vec::new();
    file.take(HEADER_BYTES).read_to_end(&mut header).map_err(fail)?;
    if header.is_empty() {
        return Ok(());
    }
    // The first sector of a journal that is being made may be missing; SQLite takes it back.
    if header.iter().all(|byte| *byte == 0) && is_being_made(path) {
        return Ok(());
    }
    if !header.starts_with(MAGIC) {
        let what = "it is no SQLite database".to_owned();
        return Err(Error::NotAJournal { path: path.to_owned(), what });
    }
    if (header.len() as u64) < HEADER_BYTES {
        return Err(Error::Corrupt { path: path.to_owned(), what: "it is cut off".to_owned() });
    }
    Ok(())
}

/// Whether the making of the journal at `path` was cut off: a rollback journal exists only before
/// the write-ahead log is on.
fn is_being_made(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    std::fs::read(name).is_ok_and(|rollback| rollback.starts_with(ROLLBACK_MAGIC))
}

/// Opens the journal at `path` for the one writer; makes it if there is none, updates an older one.
pub(super) fn open_for_writing(path: &Path, durability: Durability) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(path, flags)?;
    let version = identify(&connection, path)?;
    let fail = |error| storage("prepare", path, error);
    let mode = configure(&connection, durability).map_err(fail)?;
    if mode != "wal" {
        let source = format!("its folder allows no write-ahead log (mode is `{mode}`)").into();
        return Err(Error::Storage { action: "prepare", path: path.to_owned(), source });
    }
    if version < known_version() {
        migrate(&mut connection, version).map_err(fail)?;
    }
    Ok(connection)
}

/// Opens the journal at `path` for reading beside a writer.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, Error> {
    if !path.exists() {
        return Err(Error::Missing { path: path.to_owned() });
    }
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| Ok((identify(&connection, path)?, connection)));
    let older =
        |found| Error::OlderVersion { path: path.to_owned(), found, known: known_version() };
    match opened {
        Ok((found, _)) if found < known_version() => Err(older(found)),
        Ok((_, connection)) => Ok(connection),
        // Only a writer can take back what was begun, and then there is nothing in it.
        Err(Error::Storage { source, .. }) if needs_rollback(&*source) => Err(older(0)),
        Err(error) => Err(error),
    }
}

fn needs_rollback(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error);
    error.is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

/// The journal's error for a failure of SQLite while it was to `action`.
pub(super) fn storage(action: &'static str, path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { path, what: error.to_string() },
        Some(ErrorCode::NotADatabase) => {
            Error::NotAJournal { path, what: "it is no SQLite database".to_owned() }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { path },
        _ => Error::Storage { action, path, source: error.into() },
    }
}

fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("a handful of versions")
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    assert!(
        rusqlite::version_number() >= SQLITE_VERSION_MIN,
        "linked with SQLite {}, which can lose committed records",
        rusqlite::version()
    );
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| storage("open", path, error))?;
    let settings = "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;";
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| connection.execute_batch(settings))
        .map_err(|error| storage("open", path, error))?;
    Ok(connection)
}

/// The version of the journal behind `connection`; 0 if it is still empty.
fn identify(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let ask = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0));
    let fail = |error| storage("open", path, error);
    let application = ask("PRAGMA application_id").map_err(fail)?;
    let found = ask("PRAGMA user_version").map_err(fail)?;
    let tables = ask("SELECT count(*) FROM sqlite_schema").map_err(fail)?;
    // A crash while the file was made leaves a database without anything in it.
    if (application, found, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        let what = format!("a SQLite database of another program (application id {application})");
        return Err(Error::NotAJournal { path: path.to_owned(), what });
    }
    match known_version() {
        known if found > known => Err(Error::NewerVersion { path: path.to_owned(), found, known }),
        _ => Ok(found),
    }
}

/// Makes the settings of a writer; returns the journal mode that SQLite agreed to.
fn configure(connection: &Connection, durability: Durability) -> rusqlite::Result<String> {
    let mode = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    // SQLite hides errors of its automatic checkpoints, so the writer makes them itself.
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {WAL_BYTES_KEPT};",
        synchronous = match durability {
            Durability::Full => "FULL",
            Durability::None => "OFF",
        },
    ))?;
    Ok(mode)
}

fn migrate(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known_version())?;
    transaction.commit()
}
