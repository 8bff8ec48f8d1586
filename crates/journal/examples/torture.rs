//! Appends numbered events until it is killed: the program under the crash tests.
//!
//! `torture DB [--no-sync] [--events N]` opens the journal, verifies all of it, says `kept THREAD N`
//! for the last event of each thread's run, then `opened EVENTS HOW`, and appends from four threads,
//! one run each: without end, or N each and then closes the journal. `THREAD N` on stdout means that
//! event N of that thread's run was acknowledged. Exits with 74 after the first error of the disk.
//! `--no-sync` acknowledges what is not on the disk, to show that the tests would notice.
//!
//! `torture --check DB...` opens each journal, verifies it, says `DB N N N N` for the last events of
//! the four runs, and that it can be written: `DB refused WHY` if any of this fails.

use std::{
    error::Error,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{self, ExitCode},
    thread,
};

use dirigent_core::{RunId, Timestamp, event::Draft};
use dirigent_journal::{
    Journal as _, ReadJournal as _, SqliteJournal,
    sqlite::{Broken, Durability, Options},
};
use serde_json::json;

/// `EX_IOERR` of sysexits.h.
const DISK_ERROR: i32 = 74;
const THREADS: u64 = 4;
/// Every so many events one is large, so that pages overflow.
const LARGE_EVERY: u64 = 37;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match torture() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "error: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn torture() -> Result<(), Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let (mut durability, mut events, mut check) = (Durability::Full, u64::MAX, false);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--no-sync") => durability = Durability::None,
            Some("--check") => check = true,
            Some("--events") => {
                let count = arguments.next().ok_or("`--events` needs a number")?;
                events = count.to_str().ok_or("`--events` needs a number")?.parse()?;
            }
            _ => paths.push(PathBuf::from(argument)),
        }
    }
    match paths.as_slice() {
        paths if check => paths.iter().for_each(|path| say(&checked(path))),
        [path] => append(path, durability, events)?,
        _ => {
            return Err("usage: torture DB [--no-sync] [--events N] | torture --check DB...".into());
        }
    }
    Ok(())
}

/// One line about the journal at `path`.
fn checked(path: &Path) -> String {
    let line = match kept(path) {
        Ok(kept) => kept.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => format!("refused {error}"),
    };
    format!("{} {line}\n", path.display())
}

/// The last event of each run, once the journal was found whole and took one event more of each.
fn kept(path: &Path) -> Result<Vec<u64>, Failure> {
    let mut kept = Vec::new();
    let journal = SqliteJournal::open(path, Options::new("check"))?;
    journal.verify_all()?;
    for thread in 0..THREADS {
        let seq = last_seq(&journal, thread)?;
        append_one(&journal, thread, seq)?;
        kept.push(seq);
    }
    drop(journal);
    let journal = SqliteJournal::open(path, Options::new("check"))?;
    journal.verify_all()?;
    for (thread, seq) in (0..).zip(&kept) {
        if last_seq(&journal, thread)? != seq + 1 {
            return Err(format!("event {} of run {thread} did not stay", seq + 1).into());
        }
    }
    Ok(kept)
}

fn append(path: &Path, durability: Durability, events: u64) -> Result<(), Failure> {
    let options = Options { on_broken: Broken::new(end), durability, ..Options::new("torture") };
    let journal = SqliteJournal::open(path, options)?;
    let verified = journal.verify_all()?;
    for thread in 0..THREADS {
        say(&format!("kept {thread} {}\n", last_seq(&journal, thread)?));
    }
    say(&format!("opened {} {:?}\n", verified.events, journal.checked()));
    let journal = &journal;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || append_some(journal, thread, events)))
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn append_some(journal: &SqliteJournal, thread: u64, events: u64) -> Result<(), Failure> {
    let before = last_seq(journal, thread)?;
    for seq in before..before.saturating_add(events) {
        append_one(journal, thread, seq)?;
        say(&format!("{thread} {}\n", seq + 1));
    }
    Ok(())
}

fn append_one(journal: &SqliteJournal, thread: u64, seq: u64) -> Result<(), Failure> {
    let run = run_of(thread)?;
    journal.append(&run, &(&run).into(), seq, vec![numbered(seq + 1)])?;
    Ok(())
}

fn last_seq(journal: &SqliteJournal, thread: u64) -> Result<u64, Failure> {
    Ok(journal.head(&run_of(thread)?)?.map_or(0, |head| head.last_seq))
}

fn run_of(thread: u64) -> Result<RunId, Failure> {
    Ok(format!("run_torture{thread}").parse()?)
}

fn numbered(n: u64) -> Draft {
    let size = if n.is_multiple_of(LARGE_EVERY) { 20_000 } else { 200 };
    Draft {
        causation_id: None,
        time: Timestamp::from_nanos(i64::try_from(n).unwrap_or(0)),
        kind: "numbered".to_owned(),
        schema: 1,
        source: "torture".to_owned(),
        payload: json!({ "n": n, "filler": "x".repeat(size) }),
    }
}

/// One write for one line, so that a line that was read is whole.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        process::abort();
    }
}

#[expect(clippy::exit, reason = "the process must not outlive a broken journal")]
fn end(error: &dirigent_journal::Error) {
    writeln!(io::stderr(), "error: {error}").ok();
    process::exit(DISK_ERROR);
}
