//! Appends numbered events until it is killed: the program under the crash tests.
//!
//! `torture DB [--no-sync]` opens the journal, verifies all of it, says `kept THREAD N` for the last
//! event of each thread's run, then `opened EVENTS HOW`, and appends from four threads, one run
//! each. `THREAD N` on stdout means that event N of that thread's run was acknowledged.
//! Exits with 74 after the first error of the disk. `--no-sync` acknowledges what is not on the
//! disk, to show that the tests would notice.

use std::{
    error::Error,
    io::{self, Write as _},
    path::PathBuf,
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
    let mut path = None;
    let mut durability = Durability::Full;
    for argument in std::env::args_os().skip(1) {
        if argument == "--no-sync" {
            durability = Durability::None;
        } else {
            path = Some(PathBuf::from(argument));
        }
    }
    let path = path.ok_or("usage: torture DB [--no-sync]")?;
    let options = Options { on_broken: Broken::new(end), durability, ..Options::new("torture") };
    let journal = SqliteJournal::open(&path, options)?;
    let verified = journal.verify_all()?;
    for thread in 0..THREADS {
        say(&format!("kept {thread} {}\n", last_seq(&journal, thread)?));
    }
    say(&format!("opened {} {:?}\n", verified.events, journal.checked()));
    let journal = &journal;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || append_forever(journal, thread)))
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn append_forever(journal: &SqliteJournal, thread: u64) -> Result<(), Failure> {
    let run = run_of(thread)?;
    let mut seq = last_seq(journal, thread)?;
    loop {
        journal.append(&run, &(&run).into(), seq, vec![numbered(seq + 1)])?;
        seq += 1;
        say(&format!("{thread} {seq}\n"));
    }
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
