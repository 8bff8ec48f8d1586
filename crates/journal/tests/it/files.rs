//! What a journal's file may be when it is opened, and who may open it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
};

use dirigent_journal::{
    Error, Journal as _, ReadJournal as _, Snapshot, SqliteJournal, SqliteReader,
    conformance::{draft, run_id},
    sqlite::{Checked, IfHeld, Options},
};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    (folder, path)
}

fn open(path: &Path) -> Result<SqliteJournal, Error> {
    SqliteJournal::open(path, Options::new("test"))
}

/// A journal with run `a` of `count` events, closed.
fn write(path: &Path, count: u64) {
    let journal = open(path).unwrap();
    let run = run_id("a");
    for n in 0..count {
        let event = draft("counted", json!({ "n": n + 1 }));
        journal.append(&run, &(&run).into(), n, vec![event]).unwrap();
    }
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[track_caller]
fn check_refused(result: Result<SqliteJournal, Error>, message: &str) {
    let error = result.expect_err(message);
    assert!(error.to_string().contains(message), "`{error}` does not say `{message}`");
}

#[test]
fn jrn_07_a_journal_is_a_sqlite_file_with_its_tables() {
    let (_folder, path) = folder();
    write(&path, 3);
    let database = Connection::open(&path).unwrap();
    let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' \
                  AND name IN ('events', 'runs', 'snapshots')";
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number(tables), 3);
    assert_eq!(number("SELECT count(*) FROM events"), 3);
    assert_eq!(number("SELECT last_seq FROM runs"), 3);
}

#[test]
fn files_that_are_no_journal_are_refused_and_left_alone() {
    let (_folder, path) = folder();
    for content in [&b"date,close\n2024-03-01,17\n"[..], &[0; 4096], b"SQLite format 3\0", b"x"] {
        fs::write(&path, content).unwrap();
        let error = open(&path).expect_err("no journal");
        assert!(matches!(error, Error::NotAJournal { .. } | Error::Corrupt { .. }), "{error:?}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

/// What SQLite leaves beside a journal that is being made, before its write-ahead log is on.
fn leave_rollback_journal(path: &Path) {
    let mut rollback = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".to_vec();
    // No record, a nonce, no page before, sectors of 512 bytes, pages of 4096.
    for number in [0_u32, 0x43e4_8205, 0, 512, 4096] {
        rollback.extend(number.to_be_bytes());
    }
    rollback.resize(512, 0);
    fs::write(path.with_file_name("j.db-journal"), rollback).unwrap();
}

/// Found by killing `dirigent` at random moments: whoever only reads cannot roll back, and was told
/// "attempt to write a readonly database".
#[test]
fn a_journal_whose_making_was_killed_has_nothing_to_read_and_can_be_made() {
    let (_folder, path) = folder();
    change(&path, "PRAGMA journal_mode = WAL");
    leave_rollback_journal(&path);
    let error = SqliteReader::open(&path).unwrap_err();
    assert!(matches!(error, Error::OlderVersion { found: 0, .. }), "{error:?}");
    write(&path, 3);
    assert_eq!(SqliteReader::open(&path).unwrap().verify_all().unwrap().events, 3);
}

/// Found among the states that a power cut can leave: the first page had arrived without its first
/// sector, and the home could not be used until somebody removed the file by hand.
#[test]
fn a_journal_whose_making_lost_power_can_be_made() {
    let (_folder, path) = folder();
    let mut page = vec![0; 4096];
    page[512..1024].fill(7);
    fs::write(&path, page).unwrap();
    leave_rollback_journal(&path);
    write(&path, 3);
    assert_eq!(SqliteReader::open(&path).unwrap().verify_all().unwrap().events, 3);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let (_folder, path) = folder();
    change(&path, "CREATE TABLE bookmarks (url TEXT)");
    check_refused(open(&path), "another program (application id 0)");
    change(&path, "PRAGMA application_id = 252006673");
    check_refused(open(&path), "another program (application id 252006673)");
    assert!(matches!(SqliteReader::open(&path), Err(Error::NotAJournal { .. })));
}

#[test]
fn a_journal_of_a_newer_release_is_refused_by_writer_and_reader() {
    let (_folder, path) = folder();
    write(&path, 1);
    change(&path, "PRAGMA user_version = 2");
    check_refused(open(&path), "has version 2, this program knows up to 1");
    assert!(matches!(SqliteReader::open(&path), Err(Error::NewerVersion { found: 2, .. })));
}

#[test]
fn a_record_of_a_newer_release_is_named() {
    let (_folder, path) = folder();
    write(&path, 3);
    change(&path, "UPDATE events SET envelope = 2 WHERE seq = 2");
    let error = open(&path).unwrap().read(&run_id("a"), 1, 10).unwrap_err();
    assert!(matches!(error, Error::NewerRecord { seq: 2, found: 2, .. }), "{error:?}");
}

#[test]
fn a_missing_journal_or_folder_is_named() {
    let (_folder, path) = folder();
    assert!(matches!(SqliteReader::open(&path), Err(Error::Missing { .. })));
    assert!(!path.exists());
    check_refused(open(&path.join("deeper")), "cannot open lock file");
}

#[test]
fn an_interrupted_creation_is_finished() {
    let (_folder, path) = folder();
    fs::write(&path, "").unwrap();
    drop(open(&path).unwrap());
    fs::remove_file(&path).unwrap();
    change(&path, "PRAGMA journal_mode = WAL");
    write(&path, 2);
    assert_eq!(open(&path).unwrap().verify(&run_id("a")).unwrap(), 2);
}

#[test]
fn a_second_writer_learns_who_holds_the_journal() {
    let (_folder, path) = folder();
    let first = SqliteJournal::open(&path, Options::new("run sma-cross")).unwrap();
    let holder = format!("process {} (`run sma-cross`)", std::process::id());
    check_refused(open(&path), &holder);

    let (tell, told) = mpsc::channel();
    let if_held = IfHeld::Wait(Box::new(move |holder| tell.send(holder.to_string()).unwrap()));
    std::thread::scope(|scope| {
        let second = scope
            .spawn(|| SqliteJournal::open(&path, Options { if_held, ..Options::new("second") }));
        assert_eq!(told.recv().unwrap(), holder);
        drop(first);
        let second = second.join().unwrap().unwrap();
        check_refused(open(&path), "(`second`)");
        drop(second);
    });
    open(&path).unwrap();
}

#[test]
fn a_reader_follows_beside_the_writer() {
    let (_folder, path) = folder();
    let journal = open(&path).unwrap();
    let reader = SqliteReader::open(&path).unwrap();
    let run = run_id("a");
    let patience = std::time::Duration::from_secs(3600);
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| reader.follow(&run, 0, patience).unwrap());
        journal.append(&run, &(&run).into(), 0, vec![draft("a", json!(1))]).unwrap();
        assert_eq!(follower.join().unwrap(), 1);
    });
    assert_eq!(reader.read(&run, 1, 9).unwrap(), journal.read(&run, 1, 9).unwrap());
    assert_eq!(reader.verify_all().unwrap().events, 1);
}

#[test]
fn a_closed_journal_is_one_file_and_needs_no_check() {
    let (folder, path) = folder();
    write(&path, 5);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["j.db", "j.db.lock"]);
    assert_eq!(*open(&path).unwrap().checked(), Checked::Nothing);
}

/// Each change is one that the chain must notice, with the position it must name.
#[test]
fn a_changed_event_is_found_and_named() {
    for (sql, seq) in [
        ("UPDATE events SET payload = '{\"n\":9}' WHERE seq = 3", 3),
        ("UPDATE events SET payload = '{' WHERE seq = 3", 3),
        ("UPDATE events SET time = time + 1 WHERE seq = 1", 1),
        ("UPDATE events SET type = 'other' WHERE seq = 2", 2),
        ("UPDATE events SET causation_id = 'x' WHERE seq = 2", 2),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = 4", 4),
        ("UPDATE events SET prev_hash = x'00' WHERE seq = 4", 4),
        ("UPDATE runs SET correlation_id = 'x'", 1),
        ("UPDATE runs SET last_seq = 9", 6),
        ("UPDATE runs SET last_seq = 4", 4),
        ("UPDATE runs SET head_hash = zeroblob(32)", 5),
        ("UPDATE runs SET last_type = 'other'", 5),
        ("UPDATE runs SET first_time = 0", 1),
        ("DELETE FROM events WHERE seq = 5", 5),
        ("DELETE FROM events WHERE seq = 2", 2),
    ] {
        let (_folder, path) = folder();
        write(&path, 5);
        // As if nothing had been verified, so that opening has to look.
        change(&path, &format!("UPDATE verified SET position = 0; {sql}"));
        let error = open(&path).expect_err(sql);
        assert!(matches!(&error, Error::Damaged { seq: s, .. } if *s == seq), "{sql}: {error:?}");
        let error = SqliteReader::open(&path).unwrap().verify_all().expect_err(sql);
        assert!(matches!(&error, Error::Damaged { seq: s, .. } if *s == seq), "{sql}: {error:?}");
    }
}

#[test]
fn records_that_were_stored_and_are_gone_are_missed() {
    let (_folder, path) = folder();
    write(&path, 5);
    change(&path, "DELETE FROM events WHERE seq > 3; UPDATE runs SET last_seq = 3");
    check_refused(open(&path), "ends at record 3, but 5 were stored");
}

#[test]
fn an_event_without_its_run_is_found() {
    let (_folder, path) = folder();
    write(&path, 2);
    change(&path, "PRAGMA foreign_keys = OFF; DELETE FROM runs");
    let error = open(&path).unwrap().verify_all().unwrap_err();
    assert!(error.to_string().contains("belongs to no run"), "{error}");
}

#[test]
fn jrn_06_a_changed_snapshot_is_refused_until_it_is_dropped() {
    let (_folder, path) = folder();
    write(&path, 2);
    let run = run_id("a");
    let snapshot = Snapshot { seq: 2, code_level: 1, bytes: b"state".to_vec() };
    for sql in [
        "UPDATE snapshots SET bytes = x'00'",
        "UPDATE snapshots SET seq = 1",
        "UPDATE snapshots SET code_level = 2",
    ] {
        let journal = open(&path).unwrap();
        journal.save_snapshot(&run, &snapshot).unwrap();
        assert_eq!(journal.snapshot(&run).unwrap().as_ref(), Some(&snapshot));
        drop(journal);
        change(&path, sql);
        let journal = open(&path).unwrap();
        assert!(matches!(journal.snapshot(&run), Err(Error::SnapshotDamaged { .. })), "{sql}");
        journal.drop_snapshot(&run).unwrap();
        assert_eq!(journal.snapshot(&run).unwrap(), None);
    }
}

#[test]
fn a_full_disk_refuses_new_runs_but_lets_old_ones_end() {
    let (_folder, path) = folder();
    write(&path, 1);
    let options = Options { disk_reserve_bytes: u64::MAX, ..Options::new("test") };
    let journal = SqliteJournal::open(&path, options).unwrap();
    let (old, new) = (run_id("a"), run_id("b"));
    let append =
        |run, expected| journal.append(run, &run.into(), expected, vec![draft("ended", json!({}))]);
    assert!(matches!(append(&new, 0), Err(Error::DiskNearlyFull { .. })));
    append(&old, 1).unwrap();
}

#[test]
fn after_an_error_everything_is_read_back_once() {
    let (_folder, path) = folder();
    write(&path, 5);
    let marker = path.with_file_name("j.db.broken");
    fs::write(&marker, "disk I/O error\n").unwrap();
    let expected = Checked::Everything { events: 5, error: "disk I/O error".to_owned() };
    assert_eq!(*open(&path).unwrap().checked(), expected);
    assert!(!marker.exists());
    assert_eq!(*open(&path).unwrap().checked(), Checked::Nothing);

    fs::write(&marker, "disk I/O error\n").unwrap();
    change(&path, "UPDATE events SET payload = '1' WHERE seq = 2");
    assert!(matches!(open(&path), Err(Error::Damaged { seq: 2, .. })));
    assert!(marker.exists(), "it stays until the journal is whole");
}
