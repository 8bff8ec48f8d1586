//! Several strategies in one account, as a user meets them.

use serde_json::Value;

use crate::{
    docs::files,
    world::{World, root},
};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn sum(rows: &Value, key: &str) -> f64 {
    rows.as_array().unwrap().iter().map(|row| number(&row[key])).sum()
}

/// TRD-21: the account is the sum of its strategies.
#[test]
fn the_account_is_the_sum_of_its_strategies() {
    let world = World::new();
    let path = root().join("workflows/two-strategies.yaml");
    let run = world.json(&["run", path.to_str().unwrap()]);
    let result = &run["result"];
    let gained = number(&result["final_equity"]) - number(&result["initial_cash"]);
    let strategies = &result["strategies"];
    let names: Vec<&str> =
        strategies.as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["reversion", "trend"]);
    assert!((number(&strategies[0]["share"]) - 0.4).abs() < 1e-12);
    assert_eq!(strategies[0]["symbols"], serde_json::json!(["IBM", "MSFT"]));
    assert!((number(&strategies[0]["initial_cash"]) - 40_000.0).abs() < 1e-9);
    assert!(sum(strategies, "transferred").abs() < 1e-9);
    assert!(number(&strategies[0]["transferred"]).abs() > 1_000.0, "money moved");
    assert!((sum(strategies, "final_equity") - number(&result["final_equity"])).abs() < 1e-6);
    for parts in ["strategies", "symbols"] {
        let parts = &result["attribution"][parts];
        assert!((sum(parts, "net_pnl") - gained).abs() < 1e-6, "{parts}");
        assert!((sum(parts, "risk_share") - 1.0).abs() < 1e-9, "{parts}");
        let total = number(&result["metrics"]["total_return"]);
        assert!((sum(parts, "contribution") - total).abs() < 1e-9, "{parts}");
    }
    assert_eq!(result["causality"]["prefixes"], 10);
    let folder = world.home().join("runs").join(run["run_id"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let trades = read("trades.csv");
    let of = |name: &str| trades.lines().filter(|line| line.starts_with(name)).count();
    assert!(of("trend,") > 20 && of("reversion,") > 20, "{}", trades.lines().count());
    assert!(trades.starts_with("strategy,symbol,"));
    assert!(read("equity.csv").starts_with("timestamp,cash,equity\n"));
    assert!(read("attribution.csv").starts_with("strategy,symbol,gross_pnl,"));
    let page = read("report.html");
    assert!(page.contains("Attribution by Strategy") && page.contains("Attribution by Symbol"));
    let shown = world.run(&["show", "last"]).stdout;
    assert!(shown.contains("reversion, 40.0 % of the money"), "{shown}");
}

/// The metrics of a strategy leave out what came and went: they are those of the run alone as long
/// as its decisions do not depend on its size.
#[test]
fn one_strategy_of_the_list_is_the_plain_run() {
    let world = World::new();
    let text = "workflow: {type: backtest}\n\
                data: {source: synthetic, symbols: [A, B], synthetic: {bars: 800}}\n\
                metrics: {attribution: true}\n";
    let one = "strategy: {type: ema_crossover, params: {fast: 5, slow: 20}}\n";
    let list = "strategies: [{name: a, type: ema_crossover, params: {fast: 5, slow: 20}}]\n";
    let plain = world.json(&["run", &world.file("one.yaml", format!("{text}{one}"))]);
    let listed = world.json(&["run", &world.file("list.yaml", format!("{text}{list}"))]);
    for key in ["metrics", "final_equity", "symbols", "bars"] {
        assert_eq!(listed["result"][key], plain["result"][key], "{key}");
    }
    assert_eq!(listed["result"]["strategies"][0]["metrics"], plain["result"]["metrics"]);
    assert_eq!(
        listed["result"]["attribution"]["symbols"],
        plain["result"]["attribution"]["symbols"]
    );
    let without = text.replace("metrics: {attribution: true}\n", "");
    let quiet = world.json(&["run", &world.file("quiet.yaml", format!("{without}{one}"))]);
    assert!(quiet["result"].get("attribution").is_none(), "only where it is asked for");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let world = World::new();
    let check = |strategies: &str, more: &str, expected: &str| {
        let text = format!(
            "workflow: {{type: backtest}}\n\
             data: {{source: synthetic, symbols: [A, B]}}\n{strategies}\n{more}\n"
        );
        let answer = world.run(&["validate", &world.file("w.yaml", text)]);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains(expected), "{expected}\n{}", answer.stderr);
    };
    let list = |list: &str| format!("strategies: [{list}]");
    check(&list("macd, macd"), "", "two strategies are called `macd`");
    check(&list("{name: '=a', type: macd}"), "", "cannot name a strategy");
    check(&list("{type: macd, weight: 0}"), "", "strategies.0.weight");
    check(&list("{type: macd, symbols: [C]}"), "", "`C` is none of `data.symbols`");
    check(&list("{type: macd, symbols: [A, A]}"), "", "symbol `A` is named twice");
    check(&list("{type: macd, symbols: []}"), "", "it trades no symbol");
    check(&list("{type: rules, entry: 'close >'}"), "", "w.yaml:3:43");
    check("strategy: macd", &list("macd"), "`strategy` and `strategies` are both given");
    check("strategy: macd", "portfolio: {rebalance: monthly}", "moves money between `strategies`");
    check(&list("macd"), "portfolio: {rebalance: hourly}", "hourly");
    let kelly = |more: &str| format!("portfolio: {{sizing: {{type: kelly, {more}}}}}");
    check("strategy: macd", &kelly("min_trades: 200"), "is more than `lookback_trades` 100");
    check("strategy: macd", &kelly("max_percent: 5"), "is more than `max_percent` 5");
    check("strategy: macd", &kelly("fraction: 2"), "portfolio.sizing.fraction");
    let text = "workflow: {type: optimization, optimization_config: {parameters: {fast: [5]}}}\n\
                data: {source: synthetic, symbols: [A]}\nstrategies: [macd]\n";
    let answer = world.run(&["validate", &world.file("search.yaml", text)]);
    assert!(
        answer.stderr.contains("`workflow.optimization_config.parameters.fast` is no strategy"),
        "{answer:?}"
    );
}

#[test]
fn the_file_of_the_page_about_strategies_runs() {
    let world = World::new();
    let files = files("docs/concepts/strategies.md");
    assert_eq!(files.len(), 1, "{files:?}");
    world.file(&files[0].0, &files[0].1);
    let run = world.json(&["run", "two.yaml", "--prove-causal"]);
    assert_eq!(run["result"]["strategies"].as_array().unwrap().len(), 2, "{run}");
    assert_eq!(run["result"]["symbols"], serde_json::json!(["A", "B"]));
    assert_eq!(world.json(&["verify", "last"])["equal"], true);
    // Several containers trade it too.
    let two =
        "workflow: {type: multi_phase, phases: [{name: p, type: backtest, container_count: 3}]}";
    let text = files[0].1.replace("workflow: {type: backtest}", two).replace(", seed: 7", "");
    let many = world.json(&["run", &world.file("many.yaml", text)]);
    assert_eq!(many["result"]["completed"], 3, "{many}");
}

#[test]
fn a_sweep_of_several_strategies_is_refused() {
    let world = World::new();
    let text = "workflow: {type: backtest}\ndata: {source: synthetic, symbols: [A]}\n\
                strategies: [macd]\n";
    let file = world.file("w.yaml", text);
    let answer = world.run(&["sweep", &file, "--over", "fast=5,6"]);
    assert_ne!(answer.code, 0);
    assert!(answer.stderr.contains("a sweep tries one `strategy`"), "{answer:?}");
}

#[test]
fn sizes_by_kellys_rule_come_from_the_file() {
    let world = World::new();
    let text = |sizing: &str| {
        format!(
            "workflow: {{type: backtest}}\ndata: {{source: synthetic, symbols: [A], synthetic: {{bars: 3000}}}}\n\
             strategy: {{type: sma_crossover, params: {{fast: 5, slow: 20}}}}\n\
             portfolio: {{fractional: true, sizing: {sizing}}}\n"
        )
    };
    let run = |name: &str, sizing: &str| {
        world.json(&["run", &world.file(name, text(sizing)), "--prove-causal"])["result"].clone()
    };
    let fixed = run("fixed.yaml", "{type: percent_equity, percent: 10}");
    let never = run("never.yaml", "{type: kelly, min_trades: 9999, lookback_trades: 9999}");
    assert_eq!(never["final_equity"], fixed["final_equity"], "the start share, to the digit");
    let kelly = run("kelly.yaml", "{type: kelly, fraction: 0.5}");
    assert!(number(&kelly["metrics"]["trades"]) > 50.0, "{kelly}");
    assert_ne!(kelly["final_equity"], fixed["final_equity"]);
}
