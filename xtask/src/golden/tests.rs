//! What the golden chore says of folders that are right, wrong, strange or broken.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn bundled() -> PathBuf {
    repository().join("crates/trading/tests/data/golden")
}

fn data() -> PathBuf {
    repository().join("examples/data")
}

/// Whether nothing failed, and the report.
fn golden(folder: &Path) -> (bool, String) {
    let mut out = Vec::new();
    let clean = run(folder, &data(), &mut out).unwrap();
    (clean, String::from_utf8(out).unwrap())
}

/// A folder with one file of a kind: a bundled one, changed.
fn changed(file: &str, change: impl FnOnce(&mut Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut content = bundled_json(file);
    change(&mut content);
    let target = folder.path().join(file);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(&target, content.to_string()).unwrap();
    let csv = Path::new(file).with_extension("csv");
    if bundled().join(&csv).is_file() {
        fs::copy(bundled().join(&csv), folder.path().join(&csv)).unwrap();
    }
    folder
}

fn bundled_json(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(bundled().join(file)).unwrap()).unwrap()
}

const METRICS: &str = "metrics/ibm_vs_msft_monthly.json";
const PORTFOLIO: &str = "portfolio/four_stocks.json";
const INDICATORS: &str = "indicators/IBM.json";
const BACKTESTS: &str = "backtests/IBM.json";

#[test]
fn bundled_references_are_met() {
    let (clean, report) = golden(&bundled());
    let failed: Vec<&str> = report.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(clean, "{}", failed.join("\n"));
    for kind in ["backtests", "indicators", "metrics", "portfolio"] {
        assert!(report.contains(&format!("ok       {kind}/")), "nothing of {kind} was checked");
    }
}

/// The one line that fails has these words.
#[track_caller]
fn check_failure(file: &str, change: impl FnOnce(&mut Value), words: &[&str]) {
    let folder = changed(file, change);
    let (clean, report) = golden(folder.path());
    let failed: Vec<&str> = report.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(!clean && failed.len() == 1, "{failed:?}");
    for word in words {
        assert!(failed[0].contains(word), "`{word}` is not in `{}`", failed[0]);
    }
}

#[test]
fn a_number_that_differs_fails_with_its_error() {
    let wrong = |name: &'static str| {
        move |gold: &mut Value| {
            let value = &mut gold["variants"][name]["value"];
            *value = json!(value.as_f64().unwrap() * (1.0 + 1e-8));
        }
    };
    check_failure(METRICS, wrong("sharpe_rf0_ddof1"), &["sharpe_rf0_ddof1", "error 1.0e-8"]);
    let wrong = |gold: &mut Value| gold["series"]["RSI(14)"]["at"]["14"] = json!(50.0);
    check_failure(INDICATORS, wrong, &["RSI(14)", "bar 14", "not 50"]);
    let wrong = |gold: &mut Value| gold["weights"]["inverse_vol"][2] = json!(0.2);
    check_failure(PORTFOLIO, wrong, &["weights inverse_vol", "[2]"]);
    let run = "sma_cross|next_open|allin_int|0bp";
    let wrong = |gold: &mut Value| gold["runs"][run]["trades"][3][5] = json!(0.0);
    check_failure(BACKTESTS, wrong, &[run, "trade 3 profit"]);
}

#[test]
fn what_is_undefined_must_be_undefined() {
    let undefined = |gold: &mut Value| gold["variants"]["kelly"]["value"] = Value::Null;
    check_failure(METRICS, undefined, &["kelly", "not None"]);
    let made_up = |gold: &mut Value| gold["all_positive"]["libs"]["quantstats.kelly"] = json!(1.0);
    check_failure("metrics/edge_cases.json", made_up, &["all_positive quantstats.kelly", "None"]);
}

#[test]
fn an_unknown_name_fails() {
    let add = |gold: &mut Value| gold["variants"]["alpha_v9"] = json!({"value": 1.0});
    check_failure(METRICS, add, &["alpha_v9", "unknown"]);
    let add = |gold: &mut Value| gold["series"]["WAVE(3)"] = gold["series"]["SMA(20)"].clone();
    check_failure(INDICATORS, add, &["WAVE(3)", "unknown"]);
    let add = |gold: &mut Value| gold["weights"]["kelly"] = gold["weights"]["inverse_vol"].clone();
    check_failure(PORTFOLIO, add, &["weights kelly", "unknown"]);
    let add = |gold: &mut Value| {
        gold["runs"]["turtle|next_open|allin_int|0bp"] =
            gold["runs"]["sma_cross|next_open|allin_int|0bp"].clone();
    };
    check_failure(BACKTESTS, add, &["turtle", "unknown"]);
}

#[test]
fn missing_data_fails_and_is_named() {
    let missing = |gold: &mut Value| gold["data"] = json!("daily/NONE.csv");
    check_failure(INDICATORS, missing, &["NONE.csv"]);
    check_failure(BACKTESTS, missing, &["NONE.csv"]);
    check_failure(PORTFOLIO, missing, &["NONE.csv"]);
    let missing = |gold: &mut Value| gold["fixture"] = json!("none.csv");
    check_failure(METRICS, missing, &["none.csv"]);
    let missing = |gold: &mut Value| gold["symbols"][0] = json!("NONE");
    check_failure(PORTFOLIO, missing, &["four_adj_close.csv", "has no column"]);
}

#[test]
fn other_symbols_of_the_same_form_are_checked() {
    // The series of MSFT on the bars of IBM: the same names, other values.
    let folder =
        changed("indicators/MSFT.json", |gold| gold["data"] = json!("bundle/daily/IBM.csv"));
    let (clean, report) = golden(folder.path());
    assert!(!clean && report.contains("FAIL     indicators/MSFT.json  SMA(20)"), "{report}");
    let folder = changed("indicators/MSFT.json", |_| {});
    assert!(golden(folder.path()).0);
}

/// Every part of a reference, one after another, is replaced by something else: there must
/// always be an answer.
#[test]
fn no_content_makes_it_panic() {
    let odd = [json!(null), json!(-1), json!("x"), json!([]), json!({"a": [1e308, -1e308]})];
    for file in [METRICS, PORTFOLIO, "metrics/edge_cases.json"] {
        let whole = bundled_json(file);
        let mut paths: Vec<String> = vec![String::new()];
        for (key, value) in whole.as_object().unwrap() {
            paths.push(format!("/{key}"));
            let inner = value.as_object().into_iter().flatten().map(|(inner, _)| inner);
            paths.extend(inner.take(3).map(|inner| format!("/{key}/{inner}")));
        }
        for (path, odd) in paths.iter().flat_map(|path| odd.iter().map(move |odd| (path, odd))) {
            let folder = changed(file, |gold| *gold.pointer_mut(path).unwrap() = odd.clone());
            let report = golden(folder.path()).1;
            assert!(!report.contains("panicked"), "{file} {path} {odd}");
        }
    }
}

#[test]
fn what_is_not_json_fails_and_what_is_not_covered_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("metrics/a.json", "{"), ("games/b.json", "{"), ("dance/c.json", "{}")] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (clean, report) = golden(folder.path());
    assert!(!clean);
    for line in [
        "skipped  dance/c.json  `dance` is no kind of reference",
        "skipped  games/b.json  comes with training",
        "FAIL     metrics/a.json  is not JSON",
        "total    0 ok, 1 FAIL, 2 skipped",
    ] {
        assert!(report.contains(line), "{report}");
    }
}

#[test]
fn a_folder_without_references_cannot_be_checked() {
    let empty = tempfile::tempdir().unwrap();
    let refused = |folder: &Path, root: &Path| run(folder, root, &mut Vec::new()).is_err();
    assert!(refused(empty.path(), &data()));
    assert!(refused(&empty.path().join("none"), &data()));
    assert!(refused(&bundled(), &empty.path().join("none")));
}
