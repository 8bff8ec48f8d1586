//! One process writes: a lock on a file beside the journal, which also says who holds it.
//!
//! **Invariant:** at most one `WriteLock` per journal on this machine; the operating system frees
//! it when its process ends, however it ends. The file stays: removing it would let two processes
//! hold locks on two files of the same name.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use super::beside;
use crate::Error;

/// Most bytes that are read to learn who holds the lock.
const HOLDER_BYTES_MAX: u64 = 4096;

/// The process that writes to a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id; `None` if it had no time to say so.
    pub pid: Option<u32>,
    /// What it does, in its own words: `run sma-cross`.
    pub doing: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid} (`{}`)", self.doing),
            None => f.write_str("another process"),
        }
    }
}

/// What to do when another process holds the journal.
pub enum IfHeld {
    /// Return `Error::Held`.
    Refuse,
    /// Tell the callback once who holds it, then wait until it is free. The wait is a blocking
    /// system call that only a signal's default action ends.
    Wait(Box<dyn FnOnce(&Holder) + Send>),
}

impl fmt::Debug for IfHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "Refuse",
            Self::Wait(_) => "Wait",
        })
    }
}

/// The right to write to one journal, until it is dropped.
#[derive(Debug)]
pub(super) struct WriteLock {
    file: File,
}

impl WriteLock {
    /// Takes the lock of the journal at `journal`, for a process that is `doing` something.
    pub(super) fn take(journal: &Path, doing: &str, if_held: IfHeld) -> Result<Self, Error> {
        let path = beside(journal, "lock");
        let fail = |action| io_error(action, &path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fail("open lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(source)) => return Err(fail("lock")(source)),
            Err(TryLockError::WouldBlock) => {
                let holder = read_holder(&mut file).map_err(fail("read lock file"))?;
                match if_held {
                    IfHeld::Refuse => {
                        return Err(Error::Held { path: journal.to_owned(), holder });
                    }
                    IfHeld::Wait(tell) => tell(&holder),
                }
                file.lock().map_err(fail("lock"))?;
            }
        }
        write_holder(&mut file, doing).map_err(fail("write lock file"))?;
        Ok(Self { file })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // Only so that nobody reads an old name; the lock itself goes with the file handle.
        self.file.set_len(0).ok();
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    move |source| Error::Io { action, path, source }
}

fn read_holder(file: &mut File) -> io::Result<Holder> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(HOLDER_BYTES_MAX).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let (pid, doing) = text.trim_end().split_once(' ').unwrap_or_default();
    Ok(Holder { pid: pid.parse().ok(), doing: doing.to_owned() })
}

fn write_holder(file: &mut File, doing: &str) -> io::Result<()> {
    let doing: String = doing.chars().filter(|c| !c.is_control()).take(200).collect();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {doing}", std::process::id())
}
