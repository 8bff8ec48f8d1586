//! `dirigent sweep`: what it says of a combination is what a run of it finds.

use std::fs;

use crate::world::World;

const FILE: &str = "
workflow: {type: backtest}
data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 800}}
strategy: {type: sma_crossover, params: {fast: 5, slow: 20}}
execution: {commission: {type: bps, value: 2}}
risk: {stop_loss_pct: 5}
";

#[test]
fn every_combination_is_as_its_own_run() {
    let world = World::new();
    let file = world.file("w.yaml", FILE);
    let table = world.file("all.csv", "");
    let over = ["--over", "fast=4..8:2", "--over", "slow=6,20,40"];
    let swept = world.json(&[&["sweep", &file, "--csv", &table, "--top", "2"], &over[..]].concat());
    assert_eq!((&swept["combinations"], &swept["refused"]), (&9.into(), &2.into()));
    let refusal = swept["first_refusal"].as_str().unwrap();
    assert!(refusal.contains("`fast` must be smaller than `slow`"), "{refusal}");
    let text = fs::read_to_string(&table).unwrap();
    let mut rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), 7, "{text}");
    for row in &rows {
        let set = [
            format!("strategy.params.fast={}", row[0]),
            format!("strategy.params.slow={}", row[1]),
        ];
        let run = world.json(&["run", &file, "--set", &set[0], "--set", &set[1]]);
        let metrics = &run["result"]["metrics"];
        let found = ["sharpe", "total_return", "cagr", "max_drawdown", "trades"]
            .map(|name| metrics[name].as_f64().unwrap());
        assert_eq!(row[2..7], found, "{set:?}");
        assert_eq!(Some(row[7]), run["result"]["final_equity"].as_f64());
    }
    rows.sort_by(|a, b| b[2].total_cmp(&a[2]));
    let best = swept["best"].as_array().unwrap();
    assert_eq!(best.len(), 2);
    for (best, row) in best.iter().zip(&rows) {
        assert_eq!(best["sharpe"].as_f64(), Some(row[2]));
        let params = ["fast", "slow"].map(|name| best["params"][name].as_f64());
        assert_eq!(params, [Some(row[0]), Some(row[1])]);
    }
}

#[test]
fn a_sweep_knows_of_splits_and_interest_too() {
    let world = World::new();
    let actions = world.file("actions.csv", "symbol,date,action,value\nAAA,2001-03-15,split,2\n");
    let text = FILE
        .replace("timeframe: 1d,", &format!("timeframe: 1d, adjust: none, actions: {actions},"))
        + "portfolio: {financing: {cash_rate: 0.02}}\n";
    let file = world.file("w.yaml", text);
    let swept = world.json(&["sweep", &file, "--over", "fast=5", "--over", "slow=20"]);
    let run = world.json(&["run", &file]);
    assert_eq!(swept["best"][0]["final_equity"], run["result"]["final_equity"]);
    let plain = world.file("plain.yaml", FILE);
    let plain = world.json(&["run", &plain]);
    assert_ne!(plain["result"]["final_equity"], run["result"]["final_equity"]);
}

#[test]
fn what_cannot_be_swept_is_said() {
    let world = World::new();
    let file = world.file("w.yaml", FILE);
    let check = |over: &str, expected: &str| {
        let answer = world.run(&["sweep", &file, "--over", over]);
        assert!(answer.code != 0 && answer.stderr.contains(expected), "{answer:?}");
    };
    check("speed=1..3", "the strategy has no parameter `speed`");
    check("fast=9..1", "must rise by a step above 0");
    check("fast=1..9:0", "must rise by a step above 0");
    check("fast=x", "`x` is no number");
    check("fast", "give `name=from..to`");
    let members = world.file("members.csv", "symbol,from,to\nAAA,2000-01-01,2001-01-01\n");
    let text = FILE.replace("timeframe: 1d,", &format!("timeframe: 1d, universe: {members},"));
    let file = world.file("u.yaml", text);
    let answer = world.run(&["sweep", &file, "--over", "fast=2..4"]);
    assert!(
        answer.code != 0 && answer.stderr.contains("does not follow `data.universe`"),
        "{answer:?}"
    );
}
