//! Every bundled workflow file runs, trades, and comes out the same again.

use dirigent::{Coordinator, Home, Request, coordinator::Unobserved, prepare::Source};
use serde_json::{Value, json};

use crate::world::{World, root};

/// Runs a bundled file twice, in different homes, and verifies it.
#[track_caller]
fn check(name: &str) {
    let path = root().join("workflows").join(name);
    let path = path.to_str().unwrap();
    let world = World::new();
    let summary = world.json(&["run", path]);
    assert_eq!(summary["status"], "completed");
    let result = &summary["result"];
    assert!(result["bars"].as_u64().unwrap() > 2_000, "{result}");
    assert!(result["metrics"]["volatility"].as_f64().unwrap() > 0.01, "{result}");
    let traded = result["metrics"]["trades"].as_u64().unwrap()
        + result["open_positions"].as_array().unwrap().len() as u64;
    assert!(traded > 0, "{name} never traded");
    for file in ["trades.csv", "equity.csv", "orders.csv", "report.html", "manifest.json"] {
        let found = summary["artifacts"].as_array().unwrap().iter().find(|f| f["name"] == file);
        let path = found.unwrap_or_else(|| panic!("{name} made no {file}"))["path"].as_str();
        assert!(std::fs::metadata(path.unwrap()).unwrap().len() > 0, "{file}");
    }
    assert_eq!(World::new().digest(&[path]), summary["digest"], "{name}");
    assert_eq!(world.json(&["verify", "last"])["equal"], true, "{name}");
}

/// Runs a bundled graph in every mode on several numbers of workers, with the same digest, and
/// verifies it; gives the summary.
#[track_caller]
fn check_graph(name: &str) -> serde_json::Value {
    let path = root().join("workflows").join(name);
    let path = path.to_str().unwrap();
    let world = World::new();
    let summary = world.json(&["run", path]);
    assert_eq!(summary["status"], "completed", "{summary}");
    for (mode, workers) in
        [("TRADITIONAL", "1"), ("AUTO", "1"), ("AUTO", "4"), ("COMPOSABLE", "2"), ("HYBRID", "3")]
    {
        let found = world.digest(&[path, "--mode", mode, "--workers", workers]);
        assert_eq!(found, summary["digest"], "{name} {mode} {workers}");
    }
    assert_eq!(world.json(&["verify", "last"])["equal"], true, "{name}");
    summary
}

#[test]
fn tasks_fan_out_try_again_and_meet() {
    let summary = check_graph("tasks.yaml");
    let outputs = &summary["phases"][0]["outputs"];
    let scores: Vec<u64> =
        outputs["score"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect();
    assert_eq!(scores.len(), 8);
    assert_eq!(outputs["report"]["best"], *scores.iter().max().unwrap());
    assert_eq!(summary["phases"][0]["containers"]["restarted"], 1, "{summary}");
}

#[test]
fn rep_05_phs_07_phases_pass_their_results_on() {
    let summary = check_graph("multi-phase.yaml");
    let needs = |at: usize| summary["phases"][at]["needs"].clone();
    assert_eq!(needs(0), serde_json::json!([]));
    assert_eq!(needs(2), serde_json::json!(["in_sample", "out_of_sample"]));
    let verdict = &summary["phases"][2]["outputs"]["verdict"];
    let sharpe = |phase: &str| summary["result"][phase]["metrics"]["sharpe"].as_f64().unwrap();
    let told = |key: &str| verdict[key].as_f64().unwrap();
    assert!((told("before") - sharpe("in_sample")).abs() < 1e-12, "{verdict}");
    assert!((told("since") - sharpe("out_of_sample")).abs() < 1e-12, "{verdict}");
    assert_eq!(verdict["holds"], told("since") > told("before") / 2.0);
}

#[test]
fn wft_06_an_analysis_tells_of_its_data_and_strategies() {
    let summary = check_graph("analysis.yaml");
    let result = &summary["result"];
    let of = |row: &serde_json::Value, key: &str| row[key].as_f64().unwrap();
    assert_eq!(result["data"]["files"].as_array().unwrap().len(), 4);
    // The growth of IBM over the file, to the adjusted close.
    let ibm = result["returns"].as_array().unwrap().iter().find(|row| row["symbol"] == "IBM");
    assert!((of(ibm.unwrap(), "total_return") - 1.379).abs() < 0.001, "{ibm:?}");
    let regimes = result["regimes"]["by_regime"].as_array().unwrap();
    assert!(of(&regimes[0], "volatility") < of(&regimes[1], "volatility"));
    let signals = result["signals"].as_array().unwrap();
    assert_eq!(
        signals.iter().map(|row| row["horizons"].as_array().unwrap().len()).sum::<usize>(),
        8
    );
    for file in ["analysis.json", "regimes.csv", "correlations.csv", "report.html"] {
        let files = summary["artifacts"].as_array().unwrap();
        assert!(files.iter().any(|found| found["name"] == file), "{file}");
    }
}

#[test]
fn events_start_tasks() {
    let summary = check_graph("triggers.yaml");
    let outputs = &summary["phases"][0]["outputs"];
    assert_eq!(outputs["order"], serde_json::json!([{"sent": "buy"}]));
    assert_eq!(outputs["note"], serde_json::json!(["again: prices/1"]));
}

#[test]
fn buy_and_hold_runs() {
    check("buy-and-hold.yaml");
}

#[test]
fn sma_cross_runs() {
    check("sma-cross.yaml");
}

#[test]
fn ema_cross_runs() {
    check("ema-cross.yaml");
}

#[test]
fn macd_runs() {
    check("macd.yaml");
}

#[test]
fn rsi_mean_reversion_runs() {
    check("rsi-mean-reversion.yaml");
}

#[test]
fn bollinger_mean_reversion_runs() {
    check("bollinger-mean-reversion.yaml");
}

#[test]
fn donchian_breakout_runs() {
    check("donchian-breakout.yaml");
}

#[test]
fn momentum_rotation_runs() {
    check("momentum-rotation.yaml");
}

#[test]
fn margin_runs() {
    check("margin.yaml");
}

/// OPT-01, OPT-04, OPT-14: all combinations once, the best has the highest Sharpe of the table, and
/// its backtest is made without copying anything.
#[test]
fn opt_01_04_14_grid_search_ranks_all_and_runs_the_best() {
    let world = World::new();
    let file = root().join("workflows/grid-search.yaml");
    let summary = world.json(&["run", file.to_str().unwrap()]);
    assert_eq!(check_graph("grid-search.yaml")["digest"], summary["digest"]);
    let result = &summary["result"];
    assert_eq!((&result["trials"], &result["failed_trials"]), (&json!(1911), &json!(0)));
    let path = |name: &str| {
        let all = summary["artifacts"].as_array().unwrap();
        all.iter().find(|file| file["name"] == name).unwrap()["path"].as_str().unwrap().to_owned()
    };
    let table = std::fs::read_to_string(path("trials.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (0..1911).collect::<Vec<_>>());
    let sharpe = |row: &&Vec<&str>| row[3].parse::<f64>().unwrap();
    let best = rows.iter().max_by(|a, b| sharpe(a).total_cmp(&sharpe(b))).unwrap();
    assert_eq!(result["best"]["trial"].to_string(), best[0]);
    assert_eq!(result["best"]["objective"].to_string(), best[3]);
    // The equity of its own run ends where the table says.
    let equity = std::fs::read_to_string(path("equity.csv")).unwrap();
    let last: f64 = equity.lines().last().unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert_eq!(Some(last), result["best"]["final_equity"].as_f64());
}

#[test]
fn opt_02_guided_search_learns_and_says_what_luck_would_show() {
    let world = World::new();
    let file = root().join("workflows/guided-search.yaml");
    let file = file.to_str().unwrap();
    let summary = world.json(&["run", file]);
    assert_eq!(check_graph("guided-search.yaml")["digest"], summary["digest"]);
    let result = &summary["result"];
    assert_eq!((&result["trials"], &result["algorithm"]), (&json!(200), &json!("tpe")));
    assert_eq!(result["failed_trials"], 0, "the constraint leaves out what makes no strategy");
    let table = summary["artifacts"].as_array().unwrap().iter().find(|a| a["name"] == "trials.csv");
    let table = std::fs::read_to_string(table.unwrap()["path"].as_str().unwrap()).unwrap();
    let rows = table.lines().skip(1).map(|row| row.split(',').collect::<Vec<&str>>());
    let number = |row: &[&str], at: usize| row[at].parse::<f64>().unwrap();
    let rows: Vec<Vec<&str>> = rows.collect();
    assert!(rows.iter().all(|row| number(row, 1) < number(row, 2)), "{table}");
    let best = rows.iter().max_by(|a, b| number(a, 3).total_cmp(&number(b, 3))).unwrap();
    assert_eq!(result["best"]["objective"].to_string(), best[3]);
    let luck = |name: &str| result["luck"][name].as_f64().unwrap();
    assert!(luck("sharpe_of_luck") > 0.0 && luck("sharpe_of_luck") < 1.0, "{result}");
    assert!(luck("deflated_sharpe") < luck("probabilistic_sharpe"), "{result}");
    // It finds more than as many draws, and the run says what luck would show.
    let random = "workflow.optimization_config.algorithm=random";
    let drawn = world.json(&["run", file, "--set", random]);
    let objective = |found: &Value| found["result"]["best"]["objective"].as_f64().unwrap();
    assert!(objective(&summary) > objective(&drawn), "{summary} {drawn}");
    let told = world.run(&["show", summary["run_id"].as_str().unwrap()]).stdout;
    assert!(told.contains("deflated Sharpe ratio"), "{told}");
}

#[test]
fn risk_parity_runs() {
    check("risk-parity.yaml");
}

#[test]
fn kelly_weights_run_and_know_nothing_of_the_future() {
    check("kelly-weights.yaml");
    let path = root().join("workflows/kelly-weights.yaml");
    let run = World::new().json(&["run", path.to_str().unwrap(), "--prove-causal"]);
    assert!(run["result"]["causality"]["prefixes"].as_u64() > Some(0), "{}", run["result"]);
}

#[test]
fn two_strategies_run() {
    check("two-strategies.yaml");
}

#[test]
fn long_is_valid_and_only_long() {
    // Its millions of bars are for people to interrupt; here a few of them have to do.
    let path = root().join("workflows/long.yaml");
    let set = ["--set", "data.synthetic.bars=20000"];
    let summary = World::new().json(&[&["run", path.to_str().unwrap()], &set[..]].concat());
    assert!(summary["result"]["metrics"]["trades"].as_u64() > Some(100), "{summary}");
}

#[test]
fn rules_run() {
    check("rules.yaml");
}

#[test]
fn weekly_trend_runs() {
    check("weekly-trend.yaml");
}

#[test]
fn quotes_run_and_each_fill_says_what_it_met() {
    let path = root().join("workflows/quotes.yaml");
    let path = path.to_str().unwrap();
    let world = World::new();
    let summary = world.json(&["run", path]);
    assert_eq!(summary["status"], "completed", "{summary}");
    assert_eq!(summary["result"]["causality"]["prefixes"], 5);
    let file = |name: &str| {
        let found = summary["artifacts"].as_array().unwrap().iter().find(|f| f["name"] == name);
        std::fs::read_to_string(found.unwrap()["path"].as_str().unwrap()).unwrap()
    };
    let fills = file("fills.csv");
    let rows: Vec<Vec<&str>> = fills.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    let (by, ahead, latency) = (column("by"), column("ahead"), column("latency_ms"));
    let of = |kind: &str| rows[1..].iter().filter(|row| row[by] == kind).collect::<Vec<_>>();
    assert!(rows.len() > 10, "{fills}");
    assert!(of("taking").iter().all(|row| row[ahead].is_empty()) && !of("taking").is_empty());
    let queued = of("trade").iter().filter(|row| row[ahead].parse::<f64>().unwrap() > 0.0).count();
    assert!(queued > 0, "some fill waited behind others: {fills}");
    assert!(rows[1..].iter().all(|row| row[latency].parse::<f64>().unwrap() > 0.0), "{fills}");
    assert!(file("orders.csv").contains(" taking 4"), "orders say it too");
    // The seed decides how late orders are, and nothing else does.
    assert_eq!(World::new().digest(&[path]), summary["digest"]);
    assert_ne!(
        World::new().digest(&[path, "--set", "coordinator.reproducibility.master_seed=7"]),
        summary["digest"]
    );
    assert_eq!(world.json(&["verify", "last"])["equal"], true);
}

#[test]
fn the_digest_is_the_same_in_every_mode_on_any_number_of_workers() {
    let path = root().join("workflows/rules.yaml");
    let path = path.to_str().unwrap();
    let world = World::new();
    let expected = world.digest(&[path]);
    for mode in ["TRADITIONAL", "AUTO", "COMPOSABLE", "HYBRID"] {
        for workers in ["1", "2", "3", "4"] {
            let found = world.digest(&[path, "--mode", mode, "--workers", workers]);
            assert_eq!(found, expected, "{mode} {workers}");
        }
    }
}

#[test]
fn the_digest_does_not_depend_on_the_folder() {
    let (here, there) = (World::new(), World::new());
    let data = std::fs::read(root().join("examples/data/daily/IBM.csv")).unwrap();
    let text = "workflow: {type: backtest}\n\
                data: {path: 'prices/{symbol}.csv', symbols: [IBM]}\n\
                strategy: {type: donchian_breakout}\n";
    let digest = |world: &World, folder: &str| {
        world.file(&format!("{folder}/prices/IBM.csv"), &data);
        world.digest(&[&world.file(&format!("{folder}/w.yaml"), text)])
    };
    assert_eq!(digest(&here, "a"), digest(&there, "deep/er"));
}

#[test]
fn rep_01_08_the_seed_changes_made_up_prices_and_nothing_else_does() {
    let world = World::new();
    let file = world.file("w.yaml", crate::world::synthetic(3_000));
    let one = world.digest(&[&file]);
    assert_eq!(world.json(&["show", "last"])["seed"], 42, "what no file says");
    assert_eq!(world.digest(&[&file, "--seed", "42"]), one);
    let other = world.digest(&[&file, "--seed", "43"]);
    assert_ne!(other, one);
    let seed = "coordinator: {reproducibility: {master_seed: 43}}\n";
    let file = world.file("seed.yaml", crate::world::synthetic(3_000) + seed);
    assert_eq!(world.digest(&[&file]), other);
    assert_eq!(world.json(&["show", "last"])["seed"], 43);
}

#[test]
fn rep_07_the_command_and_the_library_come_to_the_same_digest() {
    let world = World::new();
    let file = world.file("w.yaml", crate::world::synthetic(3_000));
    let by_command = world.digest(&[&file, "--set", "strategy.params.fast=7"]);
    let coordinator = Coordinator::at(Home::at(world.path().join("library")));
    let set = vec!["strategy.params.fast=7".to_owned()];
    let prepared =
        coordinator.prepare(&Source { path: file.into(), set, ..Source::default() }).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    assert_eq!(summary.digest.as_deref(), Some(&*by_command));
    assert_eq!(world.json(&["show", "last"])["config_hash"], summary.config_hash.as_str());
}

/// WFT-07, TRD-22, TRD-23: a verdict with its reasons, the figures in the sample and out of it, intervals;
/// the same for every mode and any number of workers.
#[test]
fn wft_07_validation_says_what_is_luck() {
    let summary = check_graph("validation.yaml");
    let result = &summary["result"];
    assert_eq!((&result["verdict"], &result["missing"]), (&json!("likely luck"), &json!([])));
    let luck = &result["luck"];
    assert_eq!((&luck["trials"], &luck["record"]["returns"]), (&json!(200), &json!(3270)));
    for interval in ["sharpe", "total_return", "max_drawdown"] {
        let of = |key: &str| result["monte_carlo"][interval][key].as_f64().unwrap();
        assert!(of("low") < of("actual") && of("actual") < of("high"), "{interval}");
    }
    // Less is left the more it costs; every delay and factor was tried.
    let sharpe = |at: usize| result["costs"][at]["sharpe"].as_f64().unwrap();
    assert!(result["in_sample"]["sharpe"].as_f64().unwrap() > sharpe(0));
    assert!(sharpe(0) > sharpe(1) && sharpe(1) > sharpe(2));
    assert_eq!(result["delays"].as_array().unwrap().len(), 2);
    let all = summary["artifacts"].as_array().unwrap();
    for file in ["validation.json", "walk_forward.csv", "out_of_sample.csv", "perturbation.csv"] {
        assert!(all.iter().any(|made| made["name"] == file), "{file}");
    }
}

/// The windows follow each other without a gap, and each was searched before it began.
#[test]
fn walk_forward_searches_each_past_anew() {
    let summary = check_graph("walk-forward.yaml");
    let windows = summary["result"]["walk_forward"]["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 28);
    for (at, window) in windows.iter().enumerate() {
        let bar = |pointer: &str| window.pointer(pointer).unwrap().as_u64().unwrap();
        assert_eq!(bar("/train/end") - bar("/train/first"), 504);
        assert_eq!(bar("/test/first"), bar("/train/end") + 5);
        assert_eq!(bar("/test/first"), 509 + 63 * at as u64);
        assert_eq!(bar("/trials"), 60);
    }
    let world = World::new();
    let file = root().join("workflows/walk-forward.yaml");
    let told = world.run(&["run", file.to_str().unwrap()]).stdout;
    for words in ["verdict  ", "OUT OF SAMPLE", "2006-01-10 – 2006-04-10", "open      "] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
