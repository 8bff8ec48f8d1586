//! Usage: help, bad input, output for programs.

use crate::world::{World, root, synthetic};

#[test]
fn bad_usage_exits_with_two_and_says_what_to_type() {
    let world = World::new();
    for arguments in [&["nonsense"][..], &["run"], &["run", "w.yaml", "--workers", "0"]] {
        let answer = world.run(arguments);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("--help"), "{answer:?}");
    }
    assert!(!world.home().exists());
}

#[test]
fn a_missing_file_is_named() {
    let world = World::new();
    let answer = world.run(&["run", "nowhere.yaml"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("nowhere.yaml"), "{answer:?}");
}

#[test]
fn a_missing_section_is_named_word_for_word() {
    let world = World::new();
    let file = world.file("w.yaml", "workflow: {type: backtest}\n");
    let answer = world.run(&["validate", &file]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("Required field 'data' missing"), "{answer:?}");
}

#[test]
fn validating_leaves_nothing_behind() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    assert_eq!(world.run(&["validate", &file]).code, 0);
    assert_eq!(world.json(&["plan", &file])["phases"][0]["tasks"].as_array().unwrap().len(), 5);
    assert!(!world.home().exists());
}

#[test]
fn missing_data_is_found_before_anything_runs() {
    let world = World::new();
    let text = "workflow: {type: backtest}\ndata: {path: no.csv, symbols: [X]}\n\
                strategy: {type: buy_and_hold}\n";
    let answer = world.run(&["run", &world.file("w.yaml", text)]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("no.csv"), "{answer:?}");
    assert!(!world.home().exists());
}

#[test]
fn every_setting_is_explained_with_its_source() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    let set = ["--set", "strategy.params.fast=7"];
    let answer = world.run(&[&["run", &file, "--explain-config"], &set[..]].concat());
    assert_eq!(answer.code, 0, "{answer:?}");
    let line = |key: &str| answer.stdout.lines().find(|l| l.contains(key)).unwrap().to_owned();
    assert!(line("strategy.params.fast").ends_with("--set strategy.params.fast"), "{answer:?}");
    assert!(line("strategy.params.slow").contains("w.yaml:4"), "{answer:?}");
    assert!(line("portfolio.initial_cash").contains("default"), "{answer:?}");
}

#[test]
fn the_summary_has_the_documented_fields() {
    let world = World::new();
    let summary = world.json(&["run", &world.file("w.yaml", synthetic(1_000))]);
    for key in [
        "run_id",
        "correlation_id",
        "name",
        "type",
        "status",
        "mode",
        "seed",
        "digest",
        "config_hash",
        "config_version",
        "started_at",
        "finished_at",
        "duration_ms",
        "phases",
        "result",
        "artifacts",
        "warnings",
    ] {
        assert!(summary.get(key).is_some(), "{key} is missing");
    }
    for key in ["symbols", "bars", "initial_cash", "final_equity", "open_positions", "metrics"] {
        assert!(summary["result"].get(key).is_some(), "result.{key} is missing");
    }
    assert_eq!(summary["seed"], 42);
    assert_eq!(summary["phases"][0]["containers"]["created"], 1);
}

#[test]
fn an_expression_is_computed_over_a_file() {
    let data = root().join("examples/data/daily/IBM.csv");
    let world = World::new();
    let data = data.to_str().unwrap();
    let answer = world.run(&["compute", "--data", data, "--expr", "sma(close, 3)"]);
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "timestamp,\"sma(close, 3)\"", "{answer:?}");
    assert_eq!(lines[1], "2000-03-01,");
    // (100.25 + 103.12 + 108.0) / 3, from the file's first three closes.
    assert!(lines[3].starts_with("2000-03-03,103.79"), "{}", lines[3]);
    let answer = world.run(&["compute", "--data", data, "--expr", "smaa(close, 3)"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("did you mean `sma`"), "{answer:?}");
}

#[test]
fn metrics_of_a_run_equal_those_of_its_equity_file() {
    let world = World::new();
    let path = root().join("workflows/ema-cross.yaml");
    let summary = world.json(&["run", path.to_str().unwrap()]);
    let artifacts = summary["artifacts"].as_array().unwrap();
    let equity = artifacts.iter().find(|f| f["name"] == "equity.csv").unwrap();
    let metrics = world.json(&["metrics", equity["path"].as_str().unwrap()]);
    let same = |one: &str, two: &str| {
        let one = summary["result"]["metrics"][one].as_f64().unwrap();
        let two = metrics["variants"][two].as_f64().unwrap();
        assert!((one - two).abs() < 1e-9, "{one} {two}");
    };
    same("sharpe", "sharpe_rf0_ddof1");
    same("volatility", "vol_ann_ddof1");
    same("max_drawdown", "max_drawdown_with_initial");
}

#[test]
fn completions_and_manual_are_printed() {
    let world = World::new();
    assert!(world.run(&["completions", "bash"]).stdout.contains("_dirigent"));
    assert!(world.run(&["man"]).stdout.contains(".TH dirigent 1"));
    let folder = world.path().join("man");
    assert_eq!(world.run(&["man", "--out", folder.to_str().unwrap()]).code, 0);
    assert!(folder.join("dirigent-run.1").is_file());
}

#[test]
fn a_failure_is_one_json_document_too() {
    let world = World::new();
    world.json(&["run", &world.file("w.yaml", synthetic(1_000))]);
    let cases = [&["show", "nowhere"][..], &["metrics", "nowhere.csv"], &["run", "nowhere.yaml"]];
    for arguments in cases {
        let answer = world.run(&[&["--output", "json"], arguments].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
        let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert!(document["error"]["message"].as_str().unwrap().contains("nowhere"), "{answer:?}");
    }
}

#[test]
fn following_a_run_that_has_ended_ends() {
    let world = World::new();
    world.json(&["run", &world.file("w.yaml", synthetic(1_000))]);
    let answer = world.run(&["events", "last", "--follow", "--after", "9999"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""), "{answer:?}");
}

#[test]
fn names_that_do_something_to_a_terminal_or_a_spreadsheet_are_refused() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    for set in ["name=\"a\\e[31m\"", "data.symbols=[\"=cmd\"]", "data.symbols=[\"A\\u202e\"]"] {
        let answer = world.run(&["validate", &file, "--set", set]);
        assert_eq!(answer.code, 2, "{set}: {answer:?}");
        assert!(answer.stderr.contains("cannot be a"), "{set}: {answer:?}");
    }
}

#[test]
fn the_total_return_counts_from_the_initial_cash() {
    let world = World::new();
    let path = root().join("workflows/buy-and-hold.yaml");
    for fill in ["execution.fill=next_open", "execution.fill=same_close"] {
        let summary = world.json(&["run", path.to_str().unwrap(), "--set", fill]);
        let number = |key: &str| summary["result"][key].as_f64().unwrap();
        let expected = number("final_equity") / number("initial_cash") - 1.0;
        let found = summary["result"]["metrics"]["total_return"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-12, "{fill}: {found} {expected}");
    }
}

#[test]
fn made_up_bars_end_where_the_file_says() {
    let world = World::new();
    let text = synthetic(300).replace("timeframe: 1m", "timeframe: 1d");
    let file = world.file("w.yaml", text);
    let set = ["--set", "data.start_date=2000-06-01", "--set", "data.end_date=2000-06-30"];
    let summary = world.json(&[&["run", &file], &set[..]].concat());
    assert_eq!(summary["result"]["bars"], 44, "22 sessions of two symbols");
}

#[test]
fn trades_and_open_positions_add_up_to_the_gain() {
    let world = World::new();
    let path = root().join("workflows/momentum-rotation.yaml");
    let summary = world.json(&["run", path.to_str().unwrap()]);
    let (result, files) = (&summary["result"], summary["artifacts"].as_array().unwrap());
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let open = result["open_positions"].as_array().unwrap().iter().map(|position| {
        number(&position["unrealized_pnl"]) + number(&position["realized_pnl"])
            - number(&position["fees"])
    });
    let trades = files.iter().find(|file| file["name"] == "trades.csv").unwrap();
    let trades = std::fs::read_to_string(trades["path"].as_str().unwrap()).unwrap();
    let column = trades.lines().next().unwrap().split(',').position(|c| c == "pnl").unwrap();
    let closed = trades.lines().skip(1).map(|line| line.split(',').nth(column).unwrap());
    let closed = closed.map(|text| text.parse::<f64>().unwrap());
    let gain = number(&result["final_equity"]) - number(&result["initial_cash"]);
    let sum: f64 = open.chain(closed).sum();
    assert!((sum - gain).abs() < 1e-6, "{sum} {gain}");
}

#[test]
fn a_benchmark_can_have_a_file_of_its_own() {
    let world = World::new();
    let path = root().join("workflows/ema-cross.yaml");
    let file = root().join("examples/data/daily/IBM.csv");
    let set = format!("benchmark={}", file.display());
    let summary = world.json(&["run", path.to_str().unwrap(), "--set", &set]);
    assert_eq!(summary["phases"][0]["outputs"]["load_data"]["benchmark"], "IBM.csv");
    let beta = summary["result"]["metrics"]["beta"].as_f64().unwrap();
    assert!(beta > 0.05 && beta < 0.9, "{beta}");
}

#[test]
fn events_are_chosen_by_any_spelling_of_their_type() {
    let world = World::new();
    world.json(&["run", &world.file("w.yaml", synthetic(1_000))]);
    let events =
        world.json(&["events", "last", "--type", "TASK_COMPLETED", "--type", "task.failed"]);
    let kinds: Vec<&str> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["task_completed"; 5]);
    let answer = world.run(&["events", "last", "--type", "nonsense"]);
    assert!(answer.code == 2 && answer.stderr.contains("workflow_started"), "{answer:?}");
}
