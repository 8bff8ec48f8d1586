//! The one writer: a thread that groups what is queued into one transaction and one sync.
//!
//! **Invariant:** nothing is acknowledged before its transaction is on the disk, and nothing at all
//! after the first error of a write, sync, commit or checkpoint: that error ends the process. A
//! kernel may report a failed write once and then forget it, so going on would acknowledge records
//! that a power cut takes back.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
    time::Duration,
};

use dirigent_core::{Event, RunId, event::ENVELOPE_VERSION};
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Broken, Heads,
    group::{Group, now},
    reader, recovery,
    row::{StoredHead, count, hash_bytes, stored},
    schema,
};
use crate::{Error, RunHead, Snapshot};

/// Pages in the write-ahead log that make a checkpoint due: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4096;

/// How long closing waits for readers, to empty the write-ahead log.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(250);

/// How the writer answers one command.
pub(super) type Reply<T> = SyncSender<Result<T, Error>>;

/// What the writer is asked to do.
pub(super) enum Command {
    Append(Append),
    SaveSnapshot { run: RunId, snapshot: Snapshot, reply: Reply<()> },
    DropSnapshot { run: RunId, reply: Reply<()> },
}

/// Events that are sealed and only need to be stored.
pub(super) struct Append {
    /// The row of the run; none if it is new.
    pub(super) number: Option<i64>,
    pub(super) expected_seq: u64,
    /// Where the run stands afterwards.
    pub(super) head: RunHead,
    pub(super) events: Vec<Event>,
    /// The payloads of the events as JSON.
    pub(super) payloads: Vec<String>,
    pub(super) reply: Reply<Vec<Event>>,
}

/// The writer thread's own.
pub(super) struct Writer {
    path: PathBuf,
    connection: Connection,
    commands: Receiver<Command>,
    group: Group,
    heads: Arc<Heads>,
    on_broken: Broken,
    /// Position of the last event.
    position: i64,
    /// Position that became known to be whole and is not yet recorded as such.
    verified: Option<i64>,
    /// Pages in the write-ahead log at which the next checkpoint is tried.
    checkpoint_pages: i64,
}

/// A command that is in the transaction, and how it went.
enum Outcome {
    Appended(Append, Result<i64, Error>),
    Done(Reply<()>, Result<(), Error>),
}

impl Writer {
    /// A writer that continues after the last event in `connection`.
    pub(super) fn new(
        path: PathBuf,
        connection: Connection,
        commands: Receiver<Command>,
        heads: Arc<Heads>,
        on_broken: Broken,
    ) -> Result<Self, Error> {
        let sql = "SELECT coalesce(max(position), 0), (SELECT position FROM verified) FROM events";
        let (position, verified) = connection
            .query_row(sql, (), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
            .map_err(|error| schema::storage("read", &path, error))?;
        let verified = (position > verified).then_some(position);
        let checkpoint_pages = CHECKPOINT_PAGES;
        Ok(Self {
            path,
            connection,
            commands,
            group: Group::default(),
            heads,
            on_broken,
            position,
            verified,
            checkpoint_pages,
        })
    }

    /// Works until the last sender is gone, then closes the journal.
    pub(super) fn run(mut self) {
        while let Some(batch) = self.group.next(&self.commands) {
            let begun = now();
            self.commit(batch);
            self.group.sync = begun.elapsed();
            if let Err(error) = self.checkpoint_if_due() {
                self.end(schema::storage("checkpoint", &self.path, error));
            }
        }
        if let Err(error) = self.close() {
            self.end(schema::storage("close", &self.path, error));
        }
    }

    fn commit(&mut self, batch: Vec<Command>) {
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            match schema::storage("write to", &self.path, error) {
                // Nothing was written, and nothing is wrong with the disk.
                Error::Busy { path } => return batch.into_iter().for_each(|c| c.refuse(&path)),
                error => self.end(error),
            }
        }
        let outcomes: rusqlite::Result<Vec<Outcome>> =
            batch.into_iter().map(|command| self.perform(command)).collect();
        let committed = outcomes.and_then(|outcomes| {
            if let Some(position) = self.verified.take() {
                self.record_verified(position)?;
            }
            self.execute("COMMIT")?;
            Ok(outcomes)
        });
        match committed {
            Ok(outcomes) => self.acknowledge(outcomes),
            Err(error) => self.end(schema::storage("write to", &self.path, error)),
        }
    }

    fn acknowledge(&self, outcomes: Vec<Outcome>) {
        self.heads.publish(outcomes.iter().filter_map(Outcome::head));
        for outcome in outcomes {
            // A caller that went away needs no answer.
            match outcome {
                Outcome::Appended(append, result) => {
                    append.reply.send(result.map(|_| append.events)).ok();
                }
                Outcome::Done(reply, result) => {
                    reply.send(result).ok();
                }
            }
        }
    }

    fn perform(&mut self, command: Command) -> rusqlite::Result<Outcome> {
        Ok(match command {
            Command::Append(append) => {
                let result = self.append(&append)?;
                Outcome::Appended(append, result)
            }
            Command::SaveSnapshot { run, snapshot, reply } => {
                let sql = "INSERT OR REPLACE INTO snapshots
                           SELECT number, ?2, ?3, ?4, ?5 FROM runs WHERE run = ?1";
                let checksum = hash_bytes(reader::checksum(&snapshot).as_str());
                let Snapshot { seq, code_level, bytes } = snapshot;
                let row = (run.as_str(), stored(seq), code_level, checksum, bytes);
                self.connection.prepare_cached(sql)?.execute(row)?;
                Outcome::Done(reply, Ok(()))
            }
            Command::DropSnapshot { run, reply } => {
                let sql = "DELETE FROM snapshots
                           WHERE run_number = (SELECT number FROM runs WHERE run = ?1)";
                self.connection.prepare_cached(sql)?.execute([run.as_str()])?;
                Outcome::Done(reply, Ok(()))
            }
        })
    }

    /// The number of the run's row, or that the writer was stale.
    fn append(&mut self, append: &Append) -> rusqlite::Result<Result<i64, Error>> {
        let moved = match append.number {
            None => self.insert_run(&append.head)?,
            Some(number) => self.move_run(number, append)?,
        };
        let Some(number) = moved else {
            let (run, expected) = (append.head.run.clone(), append.expected_seq);
            let actual = self.last_seq(&run)?;
            return Ok(Err(Error::Stale { run, expected, actual }));
        };
        for (event, payload) in append.events.iter().zip(&append.payloads) {
            self.insert_event(number, event, payload)?;
        }
        Ok(Ok(number))
    }

    fn insert_run(&self, head: &RunHead) -> rusqlite::Result<Option<i64>> {
        let sql = "INSERT INTO runs (run, correlation_id, last_seq, first_time, last_time,
                   last_type, head_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (run) DO NOTHING";
        let inserted = self.connection.prepare_cached(sql)?.execute((
            head.run.as_str(),
            head.correlation_id.as_str(),
            stored(head.last_seq),
            head.first_time.as_nanos(),
            head.last_time.as_nanos(),
            &head.last_kind,
            hash_bytes(head.head_hash.as_str()),
        ))?;
        Ok((inserted == 1).then(|| self.connection.last_insert_rowid()))
    }

    fn move_run(&self, number: i64, append: &Append) -> rusqlite::Result<Option<i64>> {
        let sql = "UPDATE runs SET last_seq = ?3, last_time = ?4, last_type = ?5, head_hash = ?6
                   WHERE number = ?1 AND last_seq = ?2";
        let head = &append.head;
        let updated = self.connection.prepare_cached(sql)?.execute((
            number,
            stored(append.expected_seq),
            stored(head.last_seq),
            head.last_time.as_nanos(),
            &head.last_kind,
            hash_bytes(head.head_hash.as_str()),
        ))?;
        Ok((updated == 1).then_some(number))
    }

    fn insert_event(&mut self, number: i64, event: &Event, payload: &str) -> rusqlite::Result<()> {
        let sql = "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        self.connection.prepare_cached(sql)?.execute((
            self.position + 1,
            number,
            stored(event.seq),
            ENVELOPE_VERSION,
            event.time.as_nanos(),
            &event.kind,
            event.schema,
            &event.source,
            &event.causation_id,
            payload,
            hash_bytes(&event.prev_hash),
            hash_bytes(event.hash.as_str()),
        ))?;
        self.position += 1;
        Ok(())
    }

    fn last_seq(&self, run: &RunId) -> rusqlite::Result<u64> {
        let sql = "SELECT last_seq FROM runs WHERE run = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([run.as_str()], |row| row.get(0)).optional()?.map_or(0, count))
    }

    fn record_verified(&self, position: i64) -> rusqlite::Result<()> {
        self.connection.prepare_cached("UPDATE verified SET position = ?1")?.execute([position])?;
        Ok(())
    }

    fn checkpoint_if_due(&mut self) -> rusqlite::Result<()> {
        let (pages, done) = self.checkpoint("NOOP")?;
        if pages - done < self.checkpoint_pages {
            return Ok(());
        }
        let (pages, done) = self.checkpoint("PASSIVE")?;
        // A reader may keep pages back; then the next try is as many pages later.
        self.checkpoint_pages = pages - done + CHECKPOINT_PAGES;
        if pages == done {
            self.verified = Some(self.position);
        }
        Ok(())
    }

    /// Pages in the write-ahead log, and how many of them are in the database.
    fn checkpoint(&self, mode: &str) -> rusqlite::Result<(i64, i64)> {
        self.connection
            .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
            .query_row((), |row| Ok((row.get(1)?, row.get(2)?)))
    }

    /// Records that all is whole, and empties the write-ahead log, which says the same.
    fn close(&mut self) -> rusqlite::Result<()> {
        let recorded: i64 =
            self.connection.query_row("SELECT position FROM verified", (), |row| row.get(0))?;
        if recorded < self.position {
            self.record_verified(self.position)?;
        }
        self.connection.busy_timeout(CLOSE_TIMEOUT)?;
        self.checkpoint("TRUNCATE")?;
        Ok(())
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(()).map(|_| ())
    }

    /// Ends the process because of `error`; nothing more is acknowledged.
    fn end(&self, error: Error) -> ! {
        let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
        recovery::leave_marker(&self.path, &format!("{error}{cause}\n"));
        (self.on_broken.0)(&error);
        std::process::abort()
    }
}

impl Outcome {
    fn head(&self) -> Option<StoredHead> {
        match self {
            Self::Appended(append, Ok(number)) => {
                Some(StoredHead { number: *number, head: append.head.clone() })
            }
            Self::Appended(_, Err(_)) | Self::Done(..) => None,
        }
    }
}

impl Command {
    fn refuse(self, path: &std::path::Path) {
        let busy = Error::Busy { path: path.to_owned() };
        // A caller that went away needs no answer.
        match self {
            Self::Append(append) => append.reply.send(Err(busy)).ok(),
            Self::SaveSnapshot { reply, .. } | Self::DropSnapshot { reply, .. } => {
                reply.send(Err(busy)).ok()
            }
        };
    }
}
