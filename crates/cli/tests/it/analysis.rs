//! `type: analysis`: what it finds in worlds that are known, alone and after a search.

use dirigent::core::{Seed, Timestamp};
use serde_json::{Value, json};

use crate::world::World;

const DAY: i64 = 86_400_000_000_000;
/// The first wild day.
const SWITCH: usize = 700;

/// 700 calm days that rise, then 500 wild ones that fall.
fn two_worlds() -> String {
    let mut stream = Seed::master(9).stream();
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    let mut close = 100.0;
    for day in 0..1200_i64 {
        let is_wild = usize::try_from(day).unwrap() >= SWITCH;
        let (drift, risk) = if is_wild { (-0.002, 0.03) } else { (0.001, 0.006) };
        let open = close;
        close *= 1.0 + drift + risk * stream.normal();
        let (year, month, date) = Timestamp::from_nanos((day + 10_000) * DAY).date();
        let (high, low) = (open.max(close), open.min(close));
        text += &format!(
            "{year:04}-{month:02}-{date:02},{open:.4},{high:.4},{low:.4},{close:.4},1000\n"
        );
    }
    text
}

const SEARCHED: &str = "
name: found-then-weighed
workflow:
  type: multi_phase
  phases:
  - name: parameter_discovery
    type: optimization
    optimization_config:
      algorithm: random
      trials: 12
      parameters: {up: {fast: [5, 10], slow: [30, 60]}, down: {n: [3, 5, 8]}}
  - name: regime_analysis
    type: analysis
    inputs: [parameter_discovery.best_params]
data: {path: two.csv, symbols: [TWO]}
strategies:
- {name: up, type: sma_crossover}
- name: down
  type: rules
  params: {n: 5}
  short_entry: close < highest(close, $n)[1]
  short_exit: close > highest(close, $n)[1]
portfolio: {account: {type: margin}}
";

fn share(row: &Value) -> f64 {
    row.as_object().unwrap().values().map(|x| x.as_f64().unwrap()).sum()
}

#[test]
fn phs_09_wft_06_two_regimes_are_found_near_the_switch_and_weighed() {
    let world = World::new();
    world.file("two.csv", two_worlds());
    let path = world.file("searched.yaml", SEARCHED);
    let summary = world.json(&["run", &path]);
    assert_eq!(summary["status"], "completed", "{summary}");
    let found = &summary["result"]["regime_analysis"];
    assert_eq!(found["regimes"]["names"], json!(["calm", "wild"]));
    let files = summary["artifacts"].as_array().unwrap();
    let file = |name: &str| {
        let path = files.iter().find(|file| file["name"] == name).unwrap()["path"].as_str();
        std::fs::read_to_string(path.unwrap()).unwrap()
    };
    let table = file("regime_analysis-regimes.csv");
    let labels: Vec<&str> = table.lines().skip(1).filter_map(|l| l.split(',').nth(1)).collect();
    assert_eq!(labels.len(), 1200);
    assert!(labels[..252].iter().all(|label| label.is_empty()));
    let wild = |range: std::ops::Range<usize>| {
        labels[range.clone()].iter().filter(|label| **label == "wild").count() * 100 / range.len()
    };
    assert!(wild(SWITCH + 130..1200) >= 95, "{}", wild(SWITCH + 130..1200));
    let weights = &found["regime_weights"];
    for regime in ["calm", "wild"] {
        assert!((share(&weights[regime]) - 1.0).abs() < 1e-12, "{weights}");
    }
    let of = |regime: &str, name: &str| weights[regime][name].as_f64().unwrap();
    assert!(of("wild", "down") > of("wild", "up"), "{weights}");
    assert!(file("regime_analysis-report.html").contains("<svg"));
    assert_eq!(world.json(&["verify", "last"])["equal"], true);
    let text = world.run(&["show", "last"]).stdout;
    assert!(text.contains("WEIGHTS BY REGIME"), "{text}");
}

#[test]
fn parameters_of_a_strategy_that_is_not_there_are_refused() {
    let world = World::new();
    world.file("two.csv", two_worlds());
    let phase = "    config: {strategies: [{name: other, weight: '1', type: buy_and_hold, params: {}, let: {}}]}\n";
    let text = SEARCHED.replace("best_params]\n", &format!("best_params]\n{phase}"));
    let answer = world.run(&["run", &world.file("other.yaml", text)]);
    assert_ne!(answer.code, 0);
    assert!(answer.stderr.contains("which is none of `strategies`: other"), "{answer:?}");
}

#[test]
fn an_analysis_needs_no_strategy_and_tells_what_it_was_asked() {
    let world = World::new();
    let text = "\
workflow: {type: analysis, analysis_config: {include: [returns, regimes], lags: 3}}
regimes: volatility
data: {source: synthetic, symbols: [A, B], synthetic: {bars: 400, seed: 3}}
";
    let summary = world.json(&["run", &world.file("some.yaml", text)]);
    let result = &summary["result"];
    assert_eq!(result["returns"][0]["autocorrelation"].as_array().unwrap().len(), 3);
    assert_eq!(result["regimes"]["method"], "volatility");
    for absent in ["data", "seasonality", "correlations", "signals", "regime_weights"] {
        assert!(result.get(absent).is_none(), "{absent}");
    }
    let few = text.replace("bars: 400", "bars: 100");
    let summary = world.json(&["run", &world.file("few.yaml", few)]);
    assert_eq!(summary["result"]["regimes"]["bars"], 0, "{}", summary["result"]);
    let shown = world.run(&["show", "last"]).stdout;
    assert!(shown.contains("no bar has a regime"), "{shown}");
    let bad = text.replace("lags: 3", "lags: 0").replace("[returns, regimes]", "[tea]");
    let answer = world.run(&["validate", &world.file("bad.yaml", bad)]);
    for part in ["analysis_config.lags", "analysis_config.include.0"] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
}

#[test]
fn the_file_of_the_page_about_analyses_runs() {
    let world = World::new();
    let files = crate::docs::files("docs/concepts/analysis.md");
    let [(name, text)] = &files[..] else { panic!("{files:?}") };
    let summary = world.json(&["run", &world.file(name, text)]);
    let weights = &summary["result"]["regime_analysis"]["regime_weights"];
    assert_eq!(weights.as_object().map(serde_json::Map::len), Some(2), "{weights}");
    assert!(weights.as_object().unwrap().values().all(|row| (share(row) - 1.0).abs() < 1e-12));
}
