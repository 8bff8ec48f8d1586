//! The suite that every backend passes; a backend's tests call `conformance_suite!` with a factory.
//!
//! Promises: a backend that passes can stand in for any other, as far as one process can see.
//! Not here: what survives a crash; each durable backend proves that in its own tests.
#![expect(missing_docs, reason = "the names are the promises")]
#![expect(clippy::panic, reason = "a suite fails by panicking")]

use std::{any::Any, thread, time::Duration};

use dirigent_core::{CorrelationId, Event, RunId, Timestamp, event::Draft, event::GENESIS_HASH};
use serde_json::{Value, json};

use crate::{Error, Journal, Snapshot, Verified, limits};

/// An empty journal, with whatever must live as long as it does.
pub struct Fresh {
    /// The journal under test.
    pub journal: Box<dyn Journal>,
    /// For example its temporary folder; dropped after the journal.
    pub keep: Box<dyn Any>,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fresh")
    }
}

/// Makes one test per promise, in a module called `$backend`; `$fresh` is a `fn() -> Fresh`.
#[macro_export]
macro_rules! conformance_suite {
    ($backend:ident, $fresh:expr) => {
        mod $backend {
            $crate::conformance_suite!(@each $fresh;
                an_empty_journal_knows_nothing
                events_are_numbered_chained_and_read_back_equal
                a_stale_writer_is_refused_and_leaves_nothing
                a_run_keeps_its_correlation_id
                one_correlation_id_may_have_many_runs
                runs_are_listed_newest_first
                reads_take_any_range
                odd_payloads_read_back_equal
                the_largest_append_fits_and_a_larger_one_is_refused
                writers_on_many_runs_do_not_disturb_each_other
                of_many_writers_on_one_run_one_wins_each_position
                a_follower_wakes_when_its_run_moves
                a_follower_of_a_quiet_run_gives_up
                snapshots_are_kept_replaced_and_dropped
            );
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[test]
            fn $promise() {
                let fresh = $fresh();
                $crate::conformance::$promise(&*fresh.journal);
                fresh.journal.verify_all().expect("the journal is whole after the test");
            }
        )*
    };
}

/// A run id that is `name` and nothing else.
///
/// # Panics
/// If `name` holds anything but lower-case letters and digits.
pub fn run_id(name: &str) -> RunId {
    format!("run_{name}").parse().expect("the suite's names are letters and digits")
}

/// An event of type `kind` with `payload`, at a fixed time.
pub fn draft(kind: &str, payload: Value) -> Draft {
    Draft {
        causation_id: None,
        time: Timestamp::from_nanos(1_700_000_000_000_000_001),
        kind: kind.to_owned(),
        schema: 1,
        source: "conformance".to_owned(),
        payload,
    }
}

fn drafts(count: usize) -> Vec<Draft> {
    (1..=count).map(|n| draft("counted", json!({ "n": n }))).collect()
}

#[track_caller]
fn append(journal: &dyn Journal, run: &RunId, expected: u64, drafts: Vec<Draft>) -> Vec<Event> {
    journal.append(run, &run.into(), expected, drafts).expect("the append is in order")
}

#[track_caller]
fn read(journal: &dyn Journal, run: &RunId, from_seq: u64, limit: usize) -> Vec<Event> {
    journal.read(run, from_seq, limit).expect("the run can be read")
}

pub fn an_empty_journal_knows_nothing(journal: &dyn Journal) {
    let run = run_id("none");
    assert_eq!(read(journal, &run, 1, 10), []);
    assert_eq!(journal.head(&run).expect("a head"), None);
    assert_eq!(journal.runs(10).expect("a list"), []);
    assert_eq!(journal.find_by_correlation(&(&run).into()).expect("a list"), []);
    assert_eq!(journal.snapshot(&run).expect("no snapshot"), None);
    assert!(matches!(journal.verify(&run), Err(Error::UnknownRun { .. })));
    assert_eq!(journal.verify_all().expect("an empty journal"), Verified::default());
}

pub fn events_are_numbered_chained_and_read_back_equal(journal: &dyn Journal) {
    let run = run_id("a");
    let mut first = drafts(3);
    first[1].causation_id = Some("run_a:1".to_owned());
    first[2].schema = 7;
    let mut appended = append(journal, &run, 0, first.clone());
    appended.extend(append(journal, &run, 3, drafts(2)));

    assert_eq!(appended.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(appended[1].id, "run_a:2");
    assert_eq!(appended[1].causation_id, first[1].causation_id);
    assert_eq!(appended[0].prev_hash, GENESIS_HASH);
    for pair in appended.windows(2) {
        assert_eq!(pair[1].prev_hash, pair[0].hash.as_str());
    }
    assert!(appended.iter().all(|event| event.hash == event.expected_hash()));
    assert_eq!(read(journal, &run, 1, 10), appended);
    let head = journal.head(&run).expect("a head").expect("the run exists");
    assert_eq!((head.last_seq, &head.head_hash), (5, &appended[4].hash));
    assert_eq!(journal.verify(&run).expect("a whole chain"), 5);
}

pub fn a_stale_writer_is_refused_and_leaves_nothing(journal: &dyn Journal) {
    let run = run_id("a");
    append(journal, &run, 0, drafts(2));
    for wrong in [0, 1, 3, u64::MAX] {
        match journal.append(&run, &(&run).into(), wrong, drafts(1)) {
            Err(Error::Stale { expected, actual, .. }) => {
                assert_eq!((expected, actual), (wrong, 2));
            }
            other => panic!("expected {wrong}: {other:?}"),
        }
    }
    let absent = run_id("b");
    let refused = journal.append(&absent, &(&absent).into(), 1, drafts(1));
    assert!(matches!(refused, Err(Error::Stale { actual: 0, .. })), "{refused:?}");
    assert_eq!(journal.head(&absent).expect("a head"), None);
    assert_eq!(read(journal, &run, 1, 10).len(), 2);
}

pub fn a_run_keeps_its_correlation_id(journal: &dyn Journal) {
    let (run, other) = (run_id("a"), CorrelationId::from(&run_id("b")));
    append(journal, &run, 0, drafts(1));
    let refused = journal.append(&run, &other, 1, drafts(1));
    assert!(matches!(refused, Err(Error::OtherCorrelation { .. })), "{refused:?}");
    assert_eq!(journal.find_by_correlation(&other).expect("a list"), []);
}

pub fn one_correlation_id_may_have_many_runs(journal: &dyn Journal) {
    let key: CorrelationId = "nightly/2024-03-01".parse().expect("a correlation id");
    let attempts = ["c", "a", "b"].map(run_id);
    for run in &attempts {
        journal.append(run, &key, 0, drafts(1)).expect("a first event");
    }
    assert_eq!(journal.find_by_correlation(&key).expect("a list"), attempts);
}

pub fn runs_are_listed_newest_first(journal: &dyn Journal) {
    for name in ["b", "a", "c"] {
        append(journal, &run_id(name), 0, drafts(1));
    }
    let mut last = draft("ended", json!({}));
    last.time = last.time.plus(Duration::from_secs(1));
    append(journal, &run_id("b"), 1, vec![last.clone()]);

    let heads = journal.runs(10).expect("a list");
    let names: Vec<_> = heads.iter().map(|head| head.run.as_str()).collect();
    assert_eq!(names, ["run_c", "run_a", "run_b"]);
    let b = &heads[2];
    assert_eq!((b.last_seq, b.last_kind.as_str(), b.last_time), (2, "ended", last.time));
    assert_eq!(b.first_time, draft("", json!({})).time);
    assert_eq!(journal.runs(1).expect("a list"), heads[..1]);
}

pub fn reads_take_any_range(journal: &dyn Journal) {
    let run = run_id("a");
    append(journal, &run, 0, drafts(10));
    append(journal, &run_id("b"), 0, drafts(3));
    for (from_seq, limit, expected) in [
        (0, 2, vec![1, 2]),
        (1, 2, vec![1, 2]),
        (4, 3, vec![4, 5, 6]),
        (9, 100, vec![9, 10]),
        (10, usize::MAX, vec![10]),
        (11, 5, vec![]),
        (u64::MAX, 5, vec![]),
        (1, 0, vec![]),
    ] {
        let found: Vec<u64> = read(journal, &run, from_seq, limit).iter().map(|e| e.seq).collect();
        assert_eq!(found, expected, "from {from_seq}, at most {limit}");
    }
}

pub fn odd_payloads_read_back_equal(journal: &dyn Journal) {
    let run = run_id("a");
    let payloads = [
        Value::Null,
        json!(""),
        json!([]),
        json!({"": {"z": 1, "a": [null, true, {"\u{0}": "\u{0}"}]}}),
        json!("Ünïcödé \u{1f600} \u{2028} \" \\ \n \u{7f} \u{feff}"),
        json!([0.1, -0.0, 1e-308, 5e-324, f64::MAX, 1e21, 2.5, 9_007_199_254_740_993.0]),
        json!([i64::MIN, u64::MAX, 9_007_199_254_740_993_i64]),
        nested(limits::PAYLOAD_DEPTH_MAX),
    ];
    let all = payloads.iter().map(|payload| draft("odd", payload.clone())).collect();
    append(journal, &run, 0, all);
    for (event, payload) in read(journal, &run, 1, 100).iter().zip(&payloads) {
        assert_eq!(event.payload.to_string(), payload.to_string());
        assert_eq!(event.hash, event.expected_hash());
    }
    let too_deep = vec![draft("odd", nested(limits::PAYLOAD_DEPTH_MAX + 1))];
    let refused = journal.append(&run, &(&run).into(), 8, too_deep);
    assert!(matches!(refused, Err(Error::PayloadTooDeep { .. })), "{refused:?}");
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, level| {
        if level % 2 == 0 { json!([inner]) } else { json!({ "inner": inner }) }
    })
}

pub fn the_largest_append_fits_and_a_larger_one_is_refused(journal: &dyn Journal) {
    let run = run_id("a");
    // The two quotes are part of the payload.
    let text = |bytes: usize| draft("large", json!("x".repeat(bytes - 2)));
    let count = limits::APPEND_BYTES_MAX / limits::PAYLOAD_BYTES_MAX;
    let full = vec![text(limits::PAYLOAD_BYTES_MAX); count];
    let try_append =
        |expected, drafts| journal.append(&run, &(&run).into(), expected, drafts).map(|_| ());

    let above = vec![text(limits::PAYLOAD_BYTES_MAX + 1)];
    assert!(matches!(try_append(0, above), Err(Error::PayloadTooLarge { bytes, .. })
        if bytes == limits::PAYLOAD_BYTES_MAX + 1));
    let above = [full.clone(), vec![text(2)]].concat();
    assert!(matches!(try_append(0, above), Err(Error::AppendTooLarge { .. })));
    let above = drafts(limits::EVENTS_PER_APPEND_MAX + 1);
    assert!(matches!(try_append(0, above), Err(Error::EventCount { count: 1025 })));
    assert!(matches!(try_append(0, Vec::new()), Err(Error::EventCount { count: 0 })));
    let above = draft(&"k".repeat(limits::NAME_BYTES_MAX + 1), json!(1));
    assert!(matches!(try_append(0, vec![above]), Err(Error::NameTooLong { what: "type", .. })));

    try_append(0, full).expect("the limits themselves are allowed");
    try_append(count as u64, drafts(limits::EVENTS_PER_APPEND_MAX)).expect("as are these");
    assert_eq!(
        journal.verify(&run).expect("a whole chain"),
        (count + limits::EVENTS_PER_APPEND_MAX) as u64
    );
}

const THREADS: usize = 8;
const APPENDS: u64 = 40;

pub fn writers_on_many_runs_do_not_disturb_each_other(journal: &dyn Journal) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let run = run_id(&format!("writer{thread}"));
                for seq in 0..APPENDS {
                    append(journal, &run, seq, drafts(1));
                    assert_eq!(read(journal, &run, seq + 1, 10).len(), 1, "own writes are seen");
                }
            });
        }
    });
    let verified = journal.verify_all().expect("whole chains");
    assert_eq!(verified, Verified { runs: THREADS as u64, events: THREADS as u64 * APPENDS });
}

pub fn of_many_writers_on_one_run_one_wins_each_position(journal: &dyn Journal) {
    let run = run_id("shared");
    let won: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || race(journal, thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a writer")).collect()
    });
    assert_eq!(won.iter().sum::<u64>(), APPENDS);
    let events = read(journal, &run, 1, 1000);
    assert_eq!(events.len() as u64, APPENDS);
    for (thread, won) in won.iter().enumerate() {
        let held = events.iter().filter(|event| event.payload == json!(thread)).count();
        assert_eq!(held as u64, *won, "writer {thread} was told what the journal holds");
    }
}

/// Appends until the shared run is full; how often it was this writer's turn.
fn race(journal: &dyn Journal, thread: usize) -> u64 {
    let run = run_id("shared");
    let (mut seq, mut won) = (0, 0);
    while seq < APPENDS {
        match journal.append(&run, &(&run).into(), seq, vec![draft("raced", json!(thread))]) {
            Ok(events) => {
                assert_eq!(events[0].seq, seq + 1);
                won += 1;
                seq += 1;
            }
            Err(Error::Stale { actual, .. }) => {
                assert!(actual > seq, "a refused writer is behind");
                seq = actual;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    won
}

/// So long that a follower which is not woken hangs the test.
const PATIENCE: Duration = Duration::from_secs(3600);

pub fn a_follower_wakes_when_its_run_moves(journal: &dyn Journal) {
    let (run, other) = (run_id("followed"), run_id("other"));
    thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let mut seen = 0;
            while seen < 5 {
                let last_seq = journal.follow(&run, seen, PATIENCE).expect("the run moves");
                assert!(last_seq > seen);
                assert_eq!(read(journal, &run, last_seq, 1).len(), 1, "it is there to be read");
                seen = last_seq;
            }
        });
        for seq in 0..5 {
            append(journal, &other, seq, drafts(1));
            append(journal, &run, seq, drafts(1));
        }
        follower.join().expect("the follower saw all");
    });
    assert_eq!(journal.follow(&run, 2, PATIENCE).expect("at once"), 5);
}

pub fn a_follower_of_a_quiet_run_gives_up(journal: &dyn Journal) {
    let run = run_id("quiet");
    let brief = Duration::from_millis(1);
    assert_eq!(journal.follow(&run, 0, brief).expect("no event"), 0);
    append(journal, &run, 0, drafts(2));
    assert_eq!(journal.follow(&run, 2, brief).expect("no more events"), 2);
}

pub fn snapshots_are_kept_replaced_and_dropped(journal: &dyn Journal) {
    let run = run_id("a");
    let snapshot = |seq, bytes: &[u8]| Snapshot { seq, code_level: 3, bytes: bytes.to_vec() };
    let refused = journal.save_snapshot(&run, &snapshot(0, b""));
    assert!(matches!(refused, Err(Error::UnknownRun { .. })), "{refused:?}");
    append(journal, &run, 0, drafts(5));
    let refused = journal.save_snapshot(&run, &snapshot(6, b""));
    assert!(matches!(refused, Err(Error::SnapshotAhead { seq: 6, head: 5, .. })), "{refused:?}");
    let large = snapshot(5, &vec![0; limits::SNAPSHOT_BYTES_MAX + 1]);
    let refused = journal.save_snapshot(&run, &large);
    assert!(matches!(refused, Err(Error::SnapshotTooLarge { .. })), "{refused:?}");

    for kept in [snapshot(3, b""), snapshot(5, &[0, 255, b'\n'])] {
        journal.save_snapshot(&run, &kept).expect("a snapshot in order");
        assert_eq!(journal.snapshot(&run).expect("a whole snapshot"), Some(kept));
    }
    journal.drop_snapshot(&run).expect("dropped");
    journal.drop_snapshot(&run).expect("nothing left to drop");
    assert_eq!(journal.snapshot(&run).expect("none"), None);
}
