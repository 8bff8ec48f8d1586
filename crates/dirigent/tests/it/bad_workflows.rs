//! Bad workflow files: each is refused with the right message, place and next step, quickly.
//!
//! `data/bad_workflows/expected.txt` has one line for each file there.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use dirigent::config;
use dirigent_workflow::file::{Document, Problem, Problems, Severity};

use crate::registered::Registered;

/// No file may take longer than this; the code of a test build is some twenty times slower.
const TIME_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// Long lists are shorter in a test build, for the same reason.
const SHORTER: usize = if cfg!(debug_assertions) { 10 } else { 1 };

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/bad_workflows")
}

fn environment() -> BTreeMap<String, String> {
    BTreeMap::from([("DATA_DIR".to_owned(), "/data".to_owned())])
}

/// The problems of the file at `path`, which must be refused, and in time.
fn refused(path: &Path) -> Problems {
    let started = crate::bench::stopwatch();
    let outcome = config::load(path, &[], &environment(), &Registered);
    let took = started();
    assert!(took < TIME_MAX, "{} took {took:?}", path.display());
    outcome.map(|config| config.document).unwrap_err()
}

fn place(problem: &Problem) -> String {
    problem.span.map_or_else(|| "-".to_owned(), |span| span.start.to_string())
}

#[test]
fn every_bad_file_is_refused_at_its_place_with_a_hint() {
    let table = fs::read_to_string(folder().join("expected.txt")).unwrap();
    let mut failures = String::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(3, " | ");
        let (name, at) = (parts.next().unwrap(), parts.next().unwrap());
        let message = parts.next().unwrap();
        let problems = refused(&folder().join(name).with_extension("yaml"));
        let is_expected = |problem: &&Problem| {
            problem.severity == Severity::Error
                && problem.message.contains(message)
                && place(problem) == at
        };
        let found = problems.iter().find(is_expected);
        if found.is_none_or(|problem| problem.hint.is_empty()) {
            writeln!(failures, "== {name}: expected {at} {message}, found\n{problems}").unwrap();
        }
        count += 1;
    }
    assert!(failures.is_empty(), "{failures}");
    let files = fs::read_dir(folder()).unwrap().count();
    assert_eq!(count + 1, files, "each file has one line, each line one file");
}

/// The only error of a file of `bytes` contains `message`, and is found in time.
#[track_caller]
fn check(name: &str, bytes: &[u8], message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let problems = refused(&path);
    let first = problems.iter().next().unwrap();
    assert!(first.message.contains(message) && !first.hint.is_empty(), "{name}:\n{problems}");
    assert!(problems.to_string().len() < 40_000, "{name} floods the screen");
}

#[test]
fn hostile_files_are_refused_at_once() {
    check("large.yaml", &vec![b'a'; 100 << 20], "larger than 4 MiB");
    check("deep_flow.yaml", "[".repeat(10_000).as_bytes(), "more than 64 levels deep");
    check("deep_block.yaml", "- ".repeat(10_000).as_bytes(), "more than 64 levels deep");
    check("deep_maps.yaml", deep_maps(10_000).as_bytes(), "more than 64 levels deep");
    check("deep_keys.yaml", "? ".repeat(10_000).as_bytes(), "a key must be a name");
    check("bomb.yaml", alias_bomb().as_bytes(), "more than 250000 values");
    check("many.yaml", "- x\n".repeat(1 << 20).as_bytes(), "more than 250000 values");
    check("junk.yaml", &junk(1 << 16), "this is not text");
    check("latin1.yaml", b"name: caf\xe9\n", "byte 0xe9 is not UTF-8");
    check("utf16.yaml", b"\xff\xfen\0a\0", "byte 0xff is not UTF-8");
    check("png.yaml", b"\x89PNG\r\n\x1a\n", "byte 0x89 is not UTF-8");
    check("quote.yaml", format!("a: \"{}", "x".repeat(4_000_000)).as_bytes(), "not YAML");
    check("anchors.yaml", anchors(20_000).as_bytes(), "values");
    check("wide.yaml", wide(120_000 / SHORTER).as_bytes(), "Required field");
    check("flat.yaml", "[[],".repeat(1 << 20).as_bytes(), "levels deep");
    check("colons.yaml", ": ".repeat(1 << 20).as_bytes(), "");
    check("commas.yaml", format!("[{}", ",".repeat(1 << 20)).as_bytes(), "not YAML");
    check("line.yaml", format!("nam: {}", "x".repeat(1 << 20)).as_bytes(), "Required field");
    check("needs.yaml", missing_needs(20_000 / SHORTER).as_bytes(), "there is no task");
    check("cycle.yaml", cycle(20_000 / SHORTER).as_bytes(), "tasks need each other");
}

fn deep_maps(depth: usize) -> String {
    (0..depth).map(|level| format!("{}a:\n", " ".repeat(level.min(300)))).collect()
}

fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
    }
    text
}

/// The same junk every time, from a linear congruential generator.
fn junk(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

fn anchors(count: usize) -> String {
    let mut text = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]\nb:\n".to_owned();
    text.push_str(&"  - *a\n".repeat(count));
    text
}

fn wide(count: usize) -> String {
    (0..count).map(|index| format!("key_{index}: 1\n")).collect()
}

fn missing_needs(count: usize) -> String {
    let mut text = "workflow: {type: tasks}\ntasks:\n".to_owned();
    for index in 0..count {
        writeln!(text, "- {{name: task_{index}, kind: noop, needs: [tsak_{index}]}}").unwrap();
    }
    text
}

fn cycle(count: usize) -> String {
    let mut text = "workflow: {type: tasks}\ntasks:\n".to_owned();
    for index in 0..count {
        let next = (index + 1) % count;
        writeln!(text, "- {{name: t{index}, kind: noop, needs: [t{next}]}}").unwrap();
    }
    text
}

#[test]
fn what_is_no_file_is_refused_without_being_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for (path, message) in [
        (pipe.as_path(), "it is a device or a pipe"),
        (Path::new("/dev/zero"), "it is a device or a pipe"),
        (folder.path(), "it is a folder"),
        (Path::new("no/such/file.yaml"), "No such file"),
    ] {
        let problems = refused(path);
        let problem = problems.iter().next().unwrap();
        assert!(problem.message.contains(message) && !problem.hint.is_empty(), "{problems}");
    }
}

#[test]
fn three_mistakes_are_three_problems_with_keys() {
    let text = "workflow: {type: backtst}\ndata: {pah: x}\nportfolio: {initial_cash: -1}\n";
    let document = Document::parse("f.yaml", text.as_bytes()).unwrap();
    let problems = config::read(&document, &environment(), &Registered).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.path.as_str(), place(p))).collect();
    let expected = [
        ("workflow.type", "1:18"),
        ("data.path", "2:7"),
        ("data.pah", "2:8"),
        ("portfolio.initial_cash", "3:27"),
    ];
    assert_eq!(found, expected.map(|(path, place)| (path, place.to_owned())), "{problems}");
}

#[test]
fn a_problem_reads_like_that_of_a_compiler() {
    let text = "workflow:\n  type: backtest\ndata:\n  pah: prices.csv\n  path: prices.csv\n";
    let document = Document::parse("file.yaml", text.as_bytes()).unwrap();
    let problems = config::read(&document, &environment(), &Registered).unwrap_err();
    let expected = "\
warning: no strategy: the run buys once and holds
 --> file.yaml:2:9
  |
2 |   type: backtest
  |         ^^^^^^^^
hint: add `strategy: {type: …}`, or `strategy: buy_and_hold`

error: unknown key `pah` in `data`
 --> file.yaml:4:3
  |
4 |   pah: prices.csv
  |   ^^^
hint: did you mean `path`?
";
    assert_eq!(problems.to_string(), expected);
    let json = problems.to_json();
    assert_eq!(json[1]["key"], "data.pah");
    assert_eq!((&json[1]["line"], &json[1]["column"]), (&4.into(), &3.into()));
}
