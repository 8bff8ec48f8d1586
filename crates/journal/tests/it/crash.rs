//! What is left after the writer was killed, or its disk failed: the short forms of `bench/`.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use dirigent_core::Seed;
use dirigent_journal::{
    ReadJournal as _, SqliteJournal, SqliteReader,
    conformance::run_id,
    sqlite::{Checked, Options},
};
use serde_json::json;

const KILLS: u32 = 25;
const SEED: u64 = 20_240_301;
/// What the program says before it appends.
const OPENING_LINES: usize = 5;

/// The highest position per thread that was acknowledged.
type Acknowledged = BTreeMap<String, u64>;

#[test]
fn jrn_13_no_acknowledged_event_is_lost_when_the_writer_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let mut random = Seed::master(SEED).stream();
    let mut acknowledged = Acknowledged::new();
    for kill in 0..KILLS {
        // Some are killed while they open the journal, the others after so many events.
        let lines =
            if kill % 5 == 0 { 0 } else { usize::try_from(random.next_u64() % 120).unwrap() };
        let mut child = torture(&path);
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let before: Vec<String> = output.by_ref().take(lines).map(|l| l.unwrap()).collect();
        child.kill().unwrap();
        let after = output.map(|line| line.unwrap());
        for line in before.into_iter().chain(after) {
            note(&line, &mut acknowledged);
        }
        child.wait().unwrap();
        let checked = check_kept(&path, &acknowledged);
        let is_tail = matches!(checked, Checked::Tail { events: 1.. });
        assert!(is_tail || lines <= OPENING_LINES, "kill {kill}: {checked:?}");
    }
    assert!(acknowledged.values().sum::<u64>() > 500, "seed {SEED}: {acknowledged:?}");
}

#[test]
fn the_first_disk_error_ends_the_process_and_the_next_open_reads_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    // A limit on the size of files makes writes fail as a full or broken disk does.
    let limited = format!("ulimit -f 600; trap '' XFSZ; exec '{}' \"$0\"", program().display());
    let output = Command::new("bash").arg("-c").arg(limited).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stderr));
    let mut acknowledged = Acknowledged::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        note(line, &mut acknowledged);
    }
    assert_eq!(acknowledged.len(), 4, "every thread got something acknowledged");
    let marker = path.with_file_name("j.db.broken");
    assert!(std::fs::read_to_string(&marker).unwrap().contains("cannot "));
    SqliteReader::open(&path).unwrap().verify_all().unwrap();
    assert!(marker.exists(), "reading does not clear it");

    let journal = SqliteJournal::open(&path, Options::new("test")).unwrap();
    assert!(matches!(journal.checked(), Checked::Everything { events: 4.., .. }));
    drop(journal);
    check_kept(&path, &acknowledged);
}

fn note(line: &str, acknowledged: &mut Acknowledged) {
    // The first lines tell what the program found, not what it did.
    if line.starts_with(|c: char| c.is_ascii_digit()) {
        let (thread, n) = line.split_once(' ').unwrap();
        acknowledged.insert(thread.to_owned(), n.parse().unwrap());
    }
}

#[track_caller]
fn check_kept(path: &Path, acknowledged: &Acknowledged) -> Checked {
    let journal = SqliteJournal::open(path, Options::new("test")).unwrap();
    journal.verify_all().unwrap();
    for (thread, last) in acknowledged {
        let run = run_id(&format!("torture{thread}"));
        let found = journal.head(&run).unwrap().map_or(0, |head| head.last_seq);
        assert!(found >= *last, "thread {thread}: {last} acknowledged, {found} kept");
        let event = journal.read(&run, *last, 1).unwrap().remove(0);
        assert_eq!(event.payload["n"], json!(last));
    }
    journal.checked().clone()
}

fn torture(path: &Path) -> Child {
    Command::new(program()).arg(path).stdout(Stdio::piped()).spawn().unwrap()
}

/// The example that `cargo test` builds beside this test.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().with_file_name("examples").join("torture");
    assert!(program.exists(), "build it first: cargo build --example torture");
    program
}
