//! Appends per second with the sync, against what the disk itself can do with the same bytes.
//!
//! `throughput FOLDER [ROUNDS]`: for 1, 8 and 64 writers, ROUNDS times by turns, 0.2 s of a plain
//! file and 0.2 s of the journal: short turns, because the speed of a shared disk changes from one
//! second to the next. Each write to the plain file has one event per writer, then `fdatasync`. It
//! is appended to, which is the limit the journal is measured by, and for comparison overwritten
//! in place, which spares the file system its own journal.

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use dirigent_core::{Event, RunId, Timestamp, event::Draft};
use dirigent_journal::{Journal as _, SqliteJournal, sqlite::Options};
use serde_json::json;

type Failure = Box<dyn Error + Send + Sync>;

const WRITERS: [usize; 3] = [1, 8, 64];
const ROUND: Duration = Duration::from_millis(200);
/// Size of the file that is overwritten in place.
const FILE_BYTES: usize = 16 * 1024 * 1024;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: throughput FOLDER [ROUNDS]")?);
    let rounds = match arguments.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => 25,
    };
    let mut out = io::stdout();
    writeln!(out, "writers  file appended  file overwritten  journal  share  (events/s)")?;
    for writers in WRITERS {
        let [mut appended, mut overwritten, mut recorded] = [0; 3];
        for _ in 0..rounds {
            appended += plain_file(&folder, writers, Placement::Append)?;
            overwritten += plain_file(&folder, writers, Placement::Overwrite)?;
            recorded += journal(&folder, writers)?;
        }
        let [appended, overwritten, recorded] =
            [appended, overwritten, recorded].map(|count| per_second(count, rounds));
        let share = recorded / appended * 100.0;
        writeln!(
            out,
            "{writers:>7} {appended:>14.0} {overwritten:>17.0} {recorded:>8.0} {share:>5.0}%"
        )?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Placement {
    Append,
    Overwrite,
}

/// Events in one round of a plain file, with one event per writer in each write.
fn plain_file(folder: &Path, writers: usize, placement: Placement) -> Result<usize, Failure> {
    let path = folder.join("plain");
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    if placement == Placement::Overwrite {
        file.write_all_at(&vec![1; FILE_BYTES], 0)?;
        file.sync_all()?;
    }
    let run: RunId = "run_plain".parse()?;
    let event = Event::seal(draft(1), &run, &(&run).into(), 1, "");
    let batch = serde_json::to_vec(&event)?.repeat(writers);
    let mut writes = 0;
    let stop = Stop::after(ROUND);
    while !stop.is_set() {
        write_at(&file, &batch, writes, placement)?;
        writes += 1;
    }
    std::fs::remove_file(path)?;
    Ok(writes * writers)
}

fn write_at(file: &File, batch: &[u8], number: usize, placement: Placement) -> io::Result<()> {
    let places = match placement {
        Placement::Append => usize::MAX,
        Placement::Overwrite => FILE_BYTES / batch.len(),
    };
    file.write_all_at(batch, ((number % places) * batch.len()) as u64)?;
    file.sync_data()
}

/// Events in one round of the journal, with one run per writer.
fn journal(folder: &Path, writers: usize) -> Result<usize, Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let journal = &SqliteJournal::open(&folder.path().join("j.db"), Options::new("throughput"))?;
    let appended = &AtomicU64::new(0);
    let stop = &Stop::after(ROUND);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| scope.spawn(move || append(journal, writer, stop, appended)))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a writer panicked")?)
    })?;
    Ok(usize::try_from(appended.load(Relaxed))?)
}

fn append(
    journal: &SqliteJournal,
    writer: usize,
    stop: &Stop,
    appended: &AtomicU64,
) -> Result<(), Failure> {
    let run: RunId = format!("run_writer{writer}").parse()?;
    let mut seq = 0;
    while !stop.is_set() {
        journal.append(&run, &(&run).into(), seq, vec![draft(seq)])?;
        seq += 1;
        // Counted only within the round: the last ones come after it.
        if !stop.is_set() {
            appended.fetch_add(1, Relaxed);
        }
    }
    Ok(())
}

/// An event of the size that most have.
fn draft(n: u64) -> Draft {
    Draft {
        causation_id: Some(format!("run_01hx0000000000000000000000:{n}")),
        time: Timestamp::from_nanos(1_700_000_000_000_000_001),
        kind: "task_completed".to_owned(),
        schema: 1,
        source: "workflow".to_owned(),
        payload: json!({
            "task": format!("task_{n}"), "attempt": 1, "duration_ms": 1234.5,
            "outputs": {"digest": "0".repeat(64), "rows": n},
        }),
    }
}

/// Becomes true after a while.
struct Stop(std::sync::Arc<AtomicBool>);

impl Stop {
    fn after(duration: Duration) -> Self {
        let flag = std::sync::Arc::new(AtomicBool::new(false));
        let set = flag.clone();
        thread::spawn(move || {
            thread::park_timeout(duration);
            set.store(true, Relaxed);
        });
        Self(flag)
    }

    fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^53")]
fn per_second(count: usize, rounds: usize) -> f64 {
    count as f64 / (rounds as f64 * ROUND.as_secs_f64())
}
