//! `dirigent data`: files of prices, as their owner looks at them before a run.

use crate::world::{World, root};

const WRONG: &str = "date,open,high,low,close,volume\n\
                     2024-01-02,10,11,9,10,100\n\
                     2024-01-03,10,9,11,10,100\n\
                     2024-03-04,10,11,9,10,100\n";

#[test]
fn wrong_rows_are_refused_with_their_numbers() {
    let world = World::new();
    let file = world.file("wrong.csv", WRONG);
    let answer = world.run(&["data", "check", &file, "--timeframe", "1d"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("       3  wrong: crossed prices: column `high`"), "{answer:?}");
    assert!(answer.stdout.contains("       4  gap: "), "{answer:?}");
    assert!(answer.stdout.lines().skip(1).all(|line| line.chars().count() <= 80), "{answer:?}");
    let answer = world.run(&["--output", "json", "data", "check", &file, "--timeframe", "1d"]);
    let found: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, &found["ok"]), (1, &false.into()));
    assert_eq!(found["files"][0]["report"]["examples"][0]["row"], 3);
    assert_eq!(found["files"][0]["symbols"][0]["gaps"]["largest"][0]["bars_missing"], 43);
}

#[test]
fn a_file_whose_parts_contradict_each_other_is_told_in_words() {
    let file = root().join("crates/trading/tests/data/arrow/contradicts.arrow");
    let answer = World::new().run(&["data", "check", file.to_str().unwrap()]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("damaged Arrow file"), "{answer:?}");
    assert!(!answer.stderr.contains("panicked"), "{answer:?}");
}

#[test]
fn good_files_pass_and_are_drawn() {
    let world = World::new();
    let [apple, ibm] = ["AAPL", "IBM"]
        .map(|name| root().join(format!("examples/data/daily/{name}.csv")).display().to_string());
    let page = world.path().join("page.html");
    let answer =
        world.run(&["data", "check", &apple, &ibm, "--html", page.to_str().unwrap(), "--quiet"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("<td>150</td><td>outlying return</td>"), "{}", page.len());
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[test]
fn a_file_that_cannot_be_read_is_bad_usage() {
    let world = World::new();
    let answer = world.run(&["data", "check", "nowhere.csv"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("nowhere.csv") && answer.stderr.contains("hint:"), "{answer:?}");
    let file = world.file("wrong.csv", WRONG);
    for option in [["--timeframe", "1y"], ["--column", "close"], ["--sigmas", "0"]] {
        let answer = world.run(&[&["data", "check", &file][..], &option].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
    }
}

/// A workflow file over `file` with these lines in `data`.
fn workflow(world: &World, file: &str, data: &str) -> String {
    let text = format!(
        "version: \"1.0\"\nname: w\nworkflow: {{type: backtest}}\ndata:\n  path: {file}\n  \
         symbols: [A]\n{data}\nstrategy: {{type: buy_and_hold}}\n"
    );
    world.file("w.yaml", text)
}

#[test]
fn a_run_makes_hours_of_minutes_and_bars_of_trades() {
    let world = World::new();
    let mut minutes = String::from("time,open,high,low,close,volume\n");
    let mut trades = String::from("time,price,size\n");
    for minute in 0..600 {
        let (hour, minute, price) = (12 + minute / 60, minute % 60, 100 + minute % 7);
        let time = format!("2024-03-08T{hour:02}:{minute:02}:00Z");
        minutes += &format!("{time},{price},{price},{price},{price},{}\n", minute % 2);
        trades += &format!("{time},{price},10\n");
    }
    world.file("minutes.csv", minutes);
    world.file("trades.csv", trades);
    let session = "session: {open: \"09:30\", close: \"16:00\"}";
    for (file, data, bars) in [
        ("minutes.csv", "  timeframe: 1h".to_owned(), 10),
        ("minutes.csv", format!("  timeframe: 1h\n  {session}"), 7),
        ("minutes.csv", "  timeframe: 1m\n  zero_volume: halt".to_owned(), 300),
        ("trades.csv", format!("  timeframe: 1h\n  bars: {{type: time}}\n  {session}"), 7),
        ("trades.csv", "  bars: {type: volume, size: 1000}".to_owned(), 6),
        ("trades.csv", "  bars: {type: ticks, size: 7}\n  partial_bar: drop".to_owned(), 85),
    ] {
        let file = workflow(&world, file, &data);
        let summary = world.json(&["run", &file]);
        assert_eq!(summary["result"]["bars"], bars, "{data}: {}", summary["result"]);
        assert_eq!(world.run(&["verify", "last"]).code, 0);
    }
}

/// What a run made of its prices: all that the digest covers but the names and hashes of files.
fn made(mut summary: serde_json::Value) -> serde_json::Value {
    let loaded = &mut summary["phases"][0]["outputs"]["load_data"];
    loaded["files"].take();
    loaded["benchmark"].take();
    loaded["others"][0]["symbol"].take();
    let mut files = summary["artifacts"].take();
    let tables = files.as_array_mut().unwrap();
    tables.retain(|file| file["name"].as_str().is_some_and(|name| name.ends_with(".csv")));
    assert_eq!(tables.len(), 3);
    tables.iter_mut().for_each(|file| drop(file["path"].take()));
    let loaded = summary["phases"][0]["outputs"]["load_data"].take();
    serde_json::json!([summary["result"], loaded, files])
}

/// The same prices in three formats: one outcome, to the bit, and one answer of every command.
#[test]
fn csv_parquet_and_arrow_give_the_same_outcome() {
    let world = World::new();
    let folder = root().join("crates/trading/tests/data");
    let all = std::fs::read_to_string(root().join("examples/data/daily/IBM.csv")).unwrap();
    let lines: Vec<&str> = all.lines().take(61).collect();
    let files = [
        ("csv", world.file("IBM.csv", lines.join("\n"))),
        ("parquet", folder.join("parquet/timestamp_ns.parquet").display().to_string()),
        ("arrow", folder.join("arrow/pandas.feather").display().to_string()),
        ("arrow", folder.join("arrow/stream.arrows").display().to_string()),
    ];
    let mut outcomes = Vec::new();
    for (source, path) in &files {
        let file = workflow(&world, path, &format!("  source: {source}\nbenchmark: {path}"));
        let text = std::fs::read_to_string(&file).unwrap().replace("[A]", "[IBM]");
        let crossing = "type: sma_crossover, params: {fast: 3, slow: 8}";
        let file = world.file("w.yaml", text.replace("type: buy_and_hold", crossing));
        let summary = world.json(&["run", &file]);
        assert_eq!(summary["result"]["bars"], 60, "{path}: {summary}");
        assert_ne!(summary["result"]["metrics"]["trades"], 0, "{path}: {summary}");
        assert_eq!(World::new().digest(&[&file]), summary["digest"], "{path}");
        outcomes.push(made(summary));
    }
    let paths: Vec<&str> = files.iter().map(|(_, path)| path.as_str()).collect();
    let found = world.json(&[&["data", "check"], &paths[..]].concat());
    let computed = |path: &str| world.run(&["compute", "--data", path, "--expr", "sma(close, 5)"]);
    let expected = computed(paths[0]);
    assert_eq!((expected.code, expected.stdout.lines().count()), (0, 61), "{expected:?}");
    for (at, path) in paths.iter().enumerate() {
        assert_eq!(outcomes[at], outcomes[0], "{path}");
        let [this, first] = [at, 0].map(|at| found["files"][at]["symbols"][0]["rows"].clone());
        assert_eq!((&this, &first), (&60.into(), &60.into()), "{path}: {found}");
        assert_eq!(computed(path).stdout, expected.stdout, "{path}");
    }
}

#[test]
fn settings_of_bars_that_make_no_sense_are_refused_before_a_run() {
    let world = World::new();
    for (data, says) in [
        ("  bars: {type: volume}", "'data.bars.size' missing"),
        ("  bars: {type: time, size: 5}", "bars of time have no size"),
        ("  bars: {type: ticks, size: 2.5}", "no part of a trade"),
        ("  bars: {type: volume, size: -5}", "data.bars.size"),
        ("  session: {open: \"25:00\"}", "data.session.open"),
        ("  source: synthetic\n  bars: {type: time}", "not used with `source: synthetic`"),
    ] {
        let file = workflow(&world, "trades.csv", data);
        let answer = world.run(&["validate", &file]);
        assert_eq!(answer.code, 2, "{data}: {answer:?}");
        assert!(answer.stderr.contains(says), "{data}: {answer:?}");
    }
    let several = workflow(&world, "trades.csv", "  bars: {type: ticks, size: 2}");
    let text = std::fs::read_to_string(&several).unwrap().replace("[A]", "[A, B]");
    let answer = world.run(&["validate", &world.file("w.yaml", text)]);
    assert!(answer.code == 2 && answer.stderr.contains("take one symbol"), "{answer:?}");
}

#[test]
fn a_run_trades_only_what_was_in_the_universe() {
    let world = World::new();
    let mut prices = String::from("date,symbol,close\n");
    for day in 1..=31 {
        for symbol in ["A", "B", "C"] {
            prices += &format!("2024-01-{day:02},{symbol},{}\n", 10 + day);
        }
    }
    world.file("all.csv", prices);
    world.file("members.csv", "symbol,from,to\nA,2020-01-01,\nB,2024-01-10,2024-01-19\n");
    let file = workflow(&world, "all.csv", "  universe: members.csv");
    let text = std::fs::read_to_string(&file).unwrap().replace("[A]", "[A, B, C]")
        + "portfolio: {sizing: {type: fixed_quantity, quantity: 10}}\n";
    let file = world.file("w.yaml", text);
    let summary = world.json(&["run", &file]);
    let result = &summary["result"];
    assert_eq!(result["symbols"], serde_json::json!(["A", "B"]), "{result}");
    assert_eq!(result["bars"], 41, "{result}");
    assert_eq!(result["metrics"]["trades"], 1, "{result}");
    assert_eq!(result["open_positions"][0]["symbol"], "A", "{result}");
    assert_eq!(world.run(&["verify", "last"]).code, 0);
}
