//! Journals of released versions, and journals that were cut off or changed on the disk.
//!
//! `tests/data/journal_v1.db` was written by `write_version_1` with the first release. It never
//! changes: a later version gets a fixture of its own.

use std::{fs, path::PathBuf, time::Duration};

use dirigent_core::{CorrelationId, Event, Seed};
use dirigent_journal::{
    Error, Journal, MemoryJournal, ReadJournal, Snapshot, SqliteJournal, SqliteReader,
    conformance::{draft, run_id},
    sqlite::Options,
};
use serde_json::json;
use tempfile::TempDir;

const RUNS: [&str; 3] = ["first", "second", "third"];
/// The hashes the runs end with in the fixture.
const HEADS: [&str; 3] = [
    "3cabc9a2f2c0ff3250f269df736ec190cb870a309a38f1650bf7742b3f671b34",
    "a479576edc0be4bab03c25ec1b5780a54f375b39c15a97e705a4e54b0dab0c74",
    "33c621ef6d14285c0c5962bbe532d17f6c7dd96d16b211b01762ab3064a562e1",
];
const SNAPSHOT: &[u8] = b"\x00\xffstate";

/// What the fixture holds; the events are written in turns, as several runs at once do.
fn write_version_1(journal: &dyn Journal) {
    let nightly: CorrelationId = "nightly/2024-03-01".parse().unwrap();
    for n in 0..8 {
        for (name, correlation_id) in
            RUNS.iter().zip([&nightly, &nightly, &(&run_id("third")).into()])
        {
            let mut event = draft(
                if n == 0 { "run_created" } else { "task_completed" },
                json!({"n": n, "name": "Zürich \u{1f600}", "value": 0.1 * f64::from(n),
                       "nested": [{"z": null, "a": [u64::MAX, i64::MIN, 1e-300]}]}),
            );
            event.time = event.time.plus(Duration::from_nanos(u64::from(n) * 1_000_000_007));
            event.causation_id = (n > 0).then(|| format!("run_{name}:{n}"));
            event.schema = n + 1;
            journal.append(&run_id(name), correlation_id, u64::from(n), vec![event]).unwrap();
        }
    }
    let snapshot = Snapshot { seq: 7, code_level: 3, bytes: SNAPSHOT.to_vec() };
    journal.save_snapshot(&run_id("second"), &snapshot).unwrap();
}

fn fixture() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    fs::write(&path, include_bytes!("../data/journal_v1.db")).unwrap();
    (folder, path)
}

fn heads(journal: &dyn ReadJournal) -> Vec<String> {
    RUNS.map(|name| journal.head(&run_id(name)).unwrap().unwrap().head_hash.to_string()).to_vec()
}

fn contents(journal: &dyn ReadJournal) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    for name in RUNS {
        events.extend(journal.read(&run_id(name), 1, usize::MAX)?);
    }
    Ok(events)
}

#[test]
fn jrn_14_a_journal_of_version_1_opens_verifies_and_goes_on() {
    let (_folder, path) = fixture();
    let reader = SqliteReader::open(&path).unwrap();
    assert_eq!(reader.verify_all().unwrap().events, 24);
    assert_eq!(heads(&reader), HEADS);
    drop(reader);

    let journal = SqliteJournal::open(&path, Options::new("test")).unwrap();
    let second = run_id("second");
    assert_eq!(journal.snapshot(&second).unwrap().unwrap().bytes, SNAPSHOT);
    let nightly = "nightly/2024-03-01".parse().unwrap();
    assert_eq!(journal.find_by_correlation(&nightly).unwrap(), [run_id("first"), second.clone()]);
    journal.append(&second, &nightly, 8, vec![draft("run_completed", json!({}))]).unwrap();
    assert_eq!(journal.verify(&second).unwrap(), 9);
}

#[test]
fn the_events_of_version_1_have_the_same_hashes_today() {
    let journal = MemoryJournal::new();
    write_version_1(&journal);
    assert_eq!(heads(&journal), HEADS);
}

#[test]
fn version_1_marked_as_newer_is_refused_and_left_alone() {
    let (_folder, path) = fixture();
    let mut bytes = fs::read(&path).unwrap();
    // The header's user version, a big-endian number at byte 60.
    assert_eq!(bytes[60..64], [0, 0, 0, 1]);
    bytes[63] = 2;
    fs::write(&path, &bytes).unwrap();
    let error = SqliteJournal::open(&path, Options::new("test")).unwrap_err();
    assert!(matches!(error, Error::NewerVersion { found: 2, known: 1, .. }), "{error:?}");
    assert!(error.hint().is_some());
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

/// Whether a journal is found damaged. If it is not, nothing may be different from the original.
#[track_caller]
fn is_noticed(opened: Result<impl ReadJournal, Error>, original: &[Event], what: &str) -> bool {
    let found = opened.and_then(|journal| {
        journal.verify_all()?;
        contents(&journal)
    });
    if let Ok(found) = &found {
        assert_eq!(found, original, "{what}");
    }
    found.is_err()
}

#[test]
fn a_changed_bit_is_noticed_or_changes_nothing() {
    const SEED: u64 = 7;
    const FLIPS: usize = 160;
    let (_folder, path) = fixture();
    let original = contents(&SqliteReader::open(&path).unwrap()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut random = Seed::master(SEED).stream();
    let mut place = |below: usize| usize::try_from(random.next_u64()).unwrap() % below;
    let mut noticed = 0;
    // The header and the list of tables come first, and get more than their share.
    for flip in 0..FLIPS {
        let at = place(if flip % 4 == 0 { 4096 } else { bytes.len() });
        let bit = place(8);
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        fs::write(&path, changed).unwrap();
        let what = format!("seed {SEED}, byte {at}, bit {bit}");
        noticed += usize::from(is_noticed(SqliteReader::open(&path), &original, &what));
        is_noticed(SqliteJournal::open(&path, Options::new("test")), &original, &what);
    }
    // The rest are in unused space.
    assert!(noticed > FLIPS / 5, "{noticed} of {FLIPS} were noticed");
}

#[test]
fn a_file_that_was_cut_off_is_noticed() {
    let (_folder, path) = fixture();
    let original = contents(&SqliteReader::open(&path).unwrap()).unwrap();
    let bytes = fs::read(&path).unwrap();
    for length in (1..bytes.len()).step_by(1021) {
        fs::write(&path, &bytes[..length]).unwrap();
        let what = format!("first {length} bytes");
        assert!(is_noticed(SqliteReader::open(&path), &original, &what), "{what}");
        let opened = SqliteJournal::open(&path, Options::new("test"));
        assert!(is_noticed(opened, &original, &what), "{what}");
    }
}

/// A crash leaves the newest events in the write-ahead log only, perhaps in part.
#[test]
fn jrn_13_a_torn_log_ends_at_the_last_whole_record() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live.db");
    let journal = SqliteJournal::open(&live, Options::new("test")).unwrap();
    write_version_1(&journal);
    let original = contents(&journal).unwrap();
    let db = fs::read(&live).unwrap();
    let log = fs::read(folder.path().join("live.db-wal")).unwrap();
    drop(journal);

    const SEED: u64 = 11;
    let mut random = Seed::master(SEED).stream();
    let mut kept = Vec::new();
    for case in 0..60 {
        let at = usize::try_from(random.next_u64()).unwrap() % log.len();
        let mut torn = log.clone();
        match case % 3 {
            0 => torn.truncate(at),
            1 => torn[at] ^= 0x10,
            _ => torn[at..].fill(0),
        }
        let path = folder.path().join(format!("{case}.db"));
        fs::write(&path, &db).unwrap();
        fs::write(folder.path().join(format!("{case}.db-wal")), torn).unwrap();
        let journal = SqliteJournal::open(&path, Options::new("test")).unwrap();
        journal.verify_all().unwrap();
        let found = contents(&journal).unwrap();
        assert!(found.iter().all(|event| original.contains(event)), "seed {SEED}, case {case}");
        kept.push(found.len());
        // What is left goes on.
        let run = run_id("after");
        journal.append(&run, &(&run).into(), 0, vec![draft("a", json!(1))]).unwrap();
    }
    kept.sort_unstable();
    assert!(kept[0] < 3 && kept[kept.len() - 1] > 20, "the cases cover the log: {kept:?}");
}
