//! Reading a journal, in the process that writes it or in any other.
//!
//! Promises: sees only what is durable; never blocks the writer.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, mpsc},
    time::Duration,
};

use dirigent_core::{CorrelationId, Event, RunId, Sha256Hex, hash};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::{
    row::{self, EVENT_COLUMNS, HEAD_COLUMNS, StoredHead, count, stored},
    schema,
};
use crate::{Error, ReadJournal, RunHead, Snapshot, Verified, limits};

/// How often another process's appends are looked for.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(50);

/// How many runs are listed at a time while all are verified.
const RUNS_PER_PAGE: i64 = 1000;

/// A journal opened for reading only, beside a writer or without one.
#[derive(Debug)]
pub struct SqliteReader {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl SqliteReader {
    /// Opens the journal at `path` for reading.
    ///
    /// # Errors
    /// `Missing`, `NotAJournal`, `NewerVersion`, `OlderVersion`, `Corrupt`; storage failures.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let connection = Mutex::new(schema::open_for_reading(path)?);
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Where `run` stands, with the number of its row.
    pub(super) fn stored_head(&self, run: &RunId) -> Result<Option<StoredHead>, Error> {
        let sql = format!("SELECT {HEAD_COLUMNS} FROM runs WHERE run = ?1");
        Ok(self.heads(&sql, [run.as_str()])?.pop())
    }

    fn heads(&self, sql: &str, params: impl Params) -> Result<Vec<StoredHead>, Error> {
        self.rows(sql, params, |row| {
            row::decode_head(row, 0).map_err(|what| Error::Corrupt {
                path: self.path.clone(),
                what: format!("list of runs: {what}"),
            })
        })
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut decode: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let fail = |error| schema::storage("read", &self.path, error);
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql).map_err(fail)?;
        let mut rows = statement.query(params).map_err(fail)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            found.push(decode(row)?);
        }
        Ok(found)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().expect("no code panics while it holds the connection")
    }

    /// Checks the structure of the file, and that no event lacks its run.
    fn check_structure(&self) -> Result<(), Error> {
        let fail = |error| schema::storage("verify", &self.path, error);
        let corrupt = |what| Err(Error::Corrupt { path: self.path.clone(), what });
        let connection = self.lock();
        let found: String = connection
            .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
            .map_err(fail)?;
        if found != "ok" {
            return corrupt(found);
        }
        let orphan: Option<i64> = connection
            .query_row("PRAGMA foreign_key_check(events)", (), |row| row.get(1))
            .optional()
            .map_err(fail)?;
        match orphan {
            Some(position) => corrupt(format!("record {position} belongs to no run")),
            None => Ok(()),
        }
    }
}

impl ReadJournal for SqliteReader {
    fn read(&self, run: &RunId, from_seq: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let Some(StoredHead { number, head }) = self.stored_head(run)? else {
            return Ok(Vec::new());
        };
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE run_number = ?1 AND seq >= ?2
             ORDER BY seq LIMIT ?3"
        );
        let limit = stored(limit.min(limits::EVENTS_PER_READ_MAX) as u64);
        let mut seq = from_seq.max(1);
        self.rows(&sql, (number, stored(from_seq), limit), |row| {
            let event = row::decode_event(row, run, &head.correlation_id, seq)?;
            seq = event.seq + 1;
            Ok(event)
        })
    }

    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Error> {
        Ok(self.stored_head(run)?.map(|stored| stored.head))
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunHead>, Error> {
        let sql = format!("SELECT {HEAD_COLUMNS} FROM runs ORDER BY number DESC LIMIT ?1");
        let heads = self.heads(&sql, [stored(limit as u64)])?;
        Ok(heads.into_iter().map(|stored| stored.head).collect())
    }

    fn find_by_correlation(&self, correlation_id: &CorrelationId) -> Result<Vec<RunId>, Error> {
        let sql =
            format!("SELECT {HEAD_COLUMNS} FROM runs WHERE correlation_id = ?1 ORDER BY number");
        let heads = self.heads(&sql, [correlation_id.as_str()])?;
        Ok(heads.into_iter().map(|stored| stored.head.run).collect())
    }

    fn snapshot(&self, run: &RunId) -> Result<Option<Snapshot>, Error> {
        let Some(StoredHead { number, .. }) = self.stored_head(run)? else {
            return Ok(None);
        };
        let sql = "SELECT seq, code_level, bytes, checksum FROM snapshots WHERE run_number = ?1";
        let decode = |row: &Row<'_>| {
            let seq = row::cell(row, 0, "position").map_or(0, count);
            decode_snapshot(row, seq)
                .ok_or_else(|| Error::SnapshotDamaged { run: run.clone(), seq })
        };
        Ok(self.rows(sql, [number], decode)?.pop())
    }

    fn follow(&self, run: &RunId, after_seq: u64, timeout: Duration) -> Result<u64, Error> {
        // Nobody ever sends: the channel only measures the time.
        let (_never, pause) = mpsc::channel::<()>();
        let mut left = timeout;
        loop {
            let last_seq = self.stored_head(run)?.map_or(0, |stored| stored.head.last_seq);
            if last_seq > after_seq || left.is_zero() {
                return Ok(last_seq);
            }
            let interval = left.min(FOLLOW_INTERVAL);
            left -= interval;
            pause.recv_timeout(interval).ok();
        }
    }

    fn verify_all(&self) -> Result<Verified, Error> {
        self.check_structure()?;
        let sql =
            format!("SELECT {HEAD_COLUMNS} FROM runs WHERE number > ?1 ORDER BY number LIMIT ?2");
        let mut verified = Verified::default();
        let mut after = 0;
        loop {
            let page = self.heads(&sql, (after, RUNS_PER_PAGE))?;
            let Some(last) = page.last() else {
                return Ok(verified);
            };
            after = last.number;
            for stored in &page {
                verified.events += self.verify(&stored.head.run)?;
                verified.runs += 1;
            }
        }
    }
}

/// The snapshot in `row`; `None` if it is not what was saved.
fn decode_snapshot(row: &Row<'_>, seq: u64) -> Option<Snapshot> {
    let code_level = row.get(1).ok()?;
    let snapshot = Snapshot { seq, code_level, bytes: row.get(2).ok()? };
    (row::hash_cell(row, 3, "checksum").ok()? == checksum(&snapshot)).then_some(snapshot)
}

/// Covers everything that a snapshot says.
pub(super) fn checksum(snapshot: &Snapshot) -> Sha256Hex {
    let mut hasher = hash::Hasher::default();
    hasher.update(&snapshot.seq.to_be_bytes());
    hasher.update(&snapshot.code_level.to_be_bytes());
    hasher.update(&snapshot.bytes);
    hasher.finish()
}
