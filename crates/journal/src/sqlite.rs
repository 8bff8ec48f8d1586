//! A journal in one SQLite file.
//!
//! Promises: what was acknowledged is on the disk; one process writes, any number read beside it;
//! `kill -9` at any moment leaves a journal that opens; a disk that failed is not trusted again
//! before everything was read back from it.
//! Not here: what to print when the disk fails; the caller says so in `Options::on_broken`.

mod group;
mod heads;
mod lock;
mod reader;
mod recovery;
mod row;
mod schema;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use dirigent_core::{CorrelationId, Event, RunId, event::Draft};

use crate::{Error, Journal, ReadJournal, RunHead, Snapshot, Verified, chain, limits};
use heads::Heads;
use lock::WriteLock;
use recovery::Stop;
use row::StoredHead;
use writer::{Append, Command, Reply, Writer};

pub use lock::{Holder, IfHeld};
pub use reader::SqliteReader;
pub use recovery::Checked;

/// Bytes that must be free on the disk before a new run begins, so that those that run can end.
pub const DISK_RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// Most commands that wait for the writer; more callers wait to get in.
const QUEUED_COMMANDS_MAX: usize = 256;

/// How to open a journal for writing.
#[derive(Debug)]
pub struct Options {
    /// What this process does, for those who find the journal held: `run sma-cross`.
    pub holder: String,
    /// What to do when another process holds the journal.
    pub if_held: IfHeld,
    /// Called with the first error of a write, sync, commit or checkpoint; it should end the
    /// process. If it returns, the process is aborted.
    pub on_broken: Broken,
    /// Bytes that must be free on the disk before a new run begins.
    pub disk_reserve_bytes: u64,
    /// Whether an acknowledgement waits for the disk.
    #[doc(hidden)]
    pub durability: Durability,
}

impl Options {
    /// The defaults: refuse a held journal, abort on the first error, keep `DISK_RESERVE_BYTES`.
    pub fn new(holder: impl Into<String>) -> Self {
        Self {
            holder: holder.into(),
            if_held: IfHeld::Refuse,
            on_broken: Broken::default(),
            disk_reserve_bytes: DISK_RESERVE_BYTES,
            durability: Durability::Full,
        }
    }
}

/// What to do when the journal cannot be written any more.
pub struct Broken(Box<dyn Fn(&Error) + Send + Sync>);

impl Broken {
    /// Calls `hook` with the error.
    pub fn new(hook: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        Self(Box::new(hook))
    }
}

impl Default for Broken {
    /// Nothing, which aborts the process.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broken")
    }
}

/// Whether an acknowledgement waits for the disk. `None` exists to show that the crash tests
/// notice it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Full,
    None,
}

/// Bytes that are free on the disk that holds `path`.
///
/// # Errors
/// If the disk cannot be measured.
pub fn disk_free_bytes(path: &Path) -> Result<u64, Error> {
    let disk = rustix::fs::statvfs(path).map_err(|error| Error::Io {
        action: "measure the disk of",
        path: path.to_owned(),
        source: error.into(),
    })?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A journal opened for writing. Dropping it closes it: what is queued is written first.
#[derive(Debug)]
pub struct SqliteJournal {
    // In the order in which they must go: the last connection to close removes the log.
    reader: SqliteReader,
    writer: WriterThread,
    heads: Arc<Heads>,
    path: PathBuf,
    checked: Checked,
    disk_reserve_bytes: u64,
    _lock: WriteLock,
}

impl SqliteJournal {
    /// Opens the journal at `path` for writing; makes it if there is none. The folder must exist.
    ///
    /// # Errors
    /// `Held`; `NotAJournal`, `NewerVersion`; `Damaged`, `CutShort`, `Corrupt` if what is there
    /// cannot be trusted; storage failures.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let Options { holder, if_held, on_broken, disk_reserve_bytes, durability } = options;
        let lock = WriteLock::take(path, &holder, if_held)?;
        let is_new = !path.exists();
        schema::check_header(path)?;
        let stop = recovery::last_stop(path);
        if stop != Stop::Clean {
            recovery::drop_cached_pages(path)?;
        }
        let mut connection = schema::open_for_writing(path, durability)?;
        if let Stop::Broken(_) = stop {
            recovery::empty_log(connection, path)?;
            recovery::drop_cached_pages(path)?;
            connection = schema::open_for_writing(path, durability)?;
        }
        if is_new || stop != Stop::Clean {
            recovery::sync_folders(path)?;
        }
        let checked = recovery::check(&connection, path, stop)?;
        let reader = SqliteReader::open(path)?;
        let heads = Arc::new(Heads::default());
        let (sender, commands) = sync_channel(QUEUED_COMMANDS_MAX);
        let writer =
            Writer::new(path.to_owned(), connection, commands, Arc::clone(&heads), on_broken)?;
        let writer = WriterThread::start(writer, sender, path)?;
        let path = path.to_owned();
        Ok(Self { reader, writer, heads, path, checked, disk_reserve_bytes, _lock: lock })
    }

    /// What was checked when the journal was opened.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    fn check_disk(&self) -> Result<(), Error> {
        let free = disk_free_bytes(&self.path)?;
        let reserve = self.disk_reserve_bytes;
        if free < reserve {
            return Err(Error::DiskNearlyFull { path: self.path.clone(), free, reserve });
        }
        Ok(())
    }
}

impl ReadJournal for SqliteJournal {
    fn read(&self, run: &RunId, from_seq: u64, limit: usize) -> Result<Vec<Event>, Error> {
        self.reader.read(run, from_seq, limit)
    }

    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Error> {
        Ok(self.heads.get(run, &self.reader)?.map(|stored| stored.head))
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunHead>, Error> {
        self.reader.runs(limit)
    }

    fn find_by_correlation(&self, correlation_id: &CorrelationId) -> Result<Vec<RunId>, Error> {
        self.reader.find_by_correlation(correlation_id)
    }

    fn snapshot(&self, run: &RunId) -> Result<Option<Snapshot>, Error> {
        self.reader.snapshot(run)
    }

    fn follow(&self, run: &RunId, after_seq: u64, timeout: Duration) -> Result<u64, Error> {
        self.heads.follow(run, after_seq, timeout, &self.reader)
    }

    fn verify_all(&self) -> Result<Verified, Error> {
        self.reader.verify_all()
    }

    fn verify(&self, run: &RunId) -> Result<u64, Error> {
        self.reader.verify(run)
    }
}

impl Journal for SqliteJournal {
    fn append(
        &self,
        run: &RunId,
        correlation_id: &CorrelationId,
        expected_seq: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Event>, Error> {
        let payloads = limits::admit(&drafts)?;
        let stored = self.heads.get(run, &self.reader)?;
        let head = stored.as_ref().map(|stored| &stored.head);
        let link = chain::expect(run, correlation_id, expected_seq, head)?;
        if head.is_none() {
            self.check_disk()?;
        }
        // Hashing is done here, by many callers at once, and not by the one writer.
        let events = chain::seal(drafts, run, correlation_id, &link);
        let head = head_after(head, &events);
        let number = stored.map(|StoredHead { number, .. }| number);
        self.writer.ask(|reply| {
            Command::Append(Append { number, expected_seq, head, events, payloads, reply })
        })
    }

    fn save_snapshot(&self, run: &RunId, snapshot: &Snapshot) -> Result<(), Error> {
        let head = self.head(run)?.map(|head| head.last_seq);
        limits::admit_snapshot(run, snapshot, head)?;
        let (run, snapshot) = (run.clone(), snapshot.clone());
        self.writer.ask(|reply| Command::SaveSnapshot { run, snapshot, reply })
    }

    fn drop_snapshot(&self, run: &RunId) -> Result<(), Error> {
        let run = run.clone();
        self.writer.ask(|reply| Command::DropSnapshot { run, reply })
    }
}

/// The writer's thread, and the way to it. Dropping it waits until the journal is closed.
#[derive(Debug)]
struct WriterThread {
    commands: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl WriterThread {
    fn start(writer: Writer, commands: SyncSender<Command>, path: &Path) -> Result<Self, Error> {
        let thread =
            thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run()).map_err(
                |source| Error::Io { action: "start the writer of", path: path.to_owned(), source },
            )?;
        Ok(Self { commands: Some(commands), thread: Some(thread) })
    }

    /// Sends a command and waits for its answer.
    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = sync_channel(1);
        let commands = self.commands.as_ref().ok_or(Error::Stopped)?;
        commands.send(command(reply)).map_err(|_| Error::Stopped)?;
        answer.recv().map_err(|_| Error::Stopped)?
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.commands.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was reported when it happened.
            thread.join().ok();
        }
    }
}

/// Where a run stands after `events`, which are not empty.
fn head_after(head: Option<&RunHead>, events: &[Event]) -> RunHead {
    let (first, last) =
        events.first().zip(events.last()).expect("an append has at least one event");
    RunHead {
        run: last.run.clone(),
        correlation_id: last.correlation_id.clone(),
        last_seq: last.seq,
        first_time: head.map_or(first.time, |head| head.first_time),
        last_time: last.time,
        last_kind: last.kind.clone(),
        head_hash: last.hash.clone(),
    }
}

/// The file beside the journal with one more `extension`.
fn beside(journal: &Path, extension: &str) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}
