//! Searches in stages: of the detector of regimes, then of a strategy in each of its regimes.

use std::path::Path;

use dirigent::{Error, Request, Summary, coordinator::Unobserved, workflow::run::RunStatus};
use serde_json::Value;

use crate::world::World;

fn try_run(world: &World, text: &str) -> Result<Summary, Error> {
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, text)?;
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved)
}

fn run(world: &World, text: &str) -> Summary {
    let summary = try_run(world, text).unwrap();
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    summary
}

fn file(world: &World, run: &Summary, name: &str) -> String {
    let folder = world.home().run_folder(&run.run_id.parse().unwrap());
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn search(stages: &str, more: &str) -> String {
    format!(
        "
workflow: {{type: optimization, optimization_config: {{stages: [{stages}]}}}}
data: {{source: synthetic, symbols: [A], synthetic: {{bars: 900, volatility: 0.3}}}}
regimes: {{method: volatility}}
{more}
"
    )
}

const DETECTOR: &str = "{name: detector, component: RegimeDetector, parameters: {lookback: [10, 20, 40], states: [2, 3]}}";
const TREND: &str = "{name: trend, component: TrendStrategy, algorithm: bayesian, trials: 15, regime_specific: true}";

/// WFT-04, OPT-05, OPT-06, OPT-07: what the first stage found is what the second works with, and each regime
/// gets parameters of its own, which the run then trades.
#[test]
fn each_regime_of_the_best_detector_gets_parameters_of_its_own() {
    let world = World::new();
    let text = search(&format!("{DETECTOR}, {TREND}"), "metrics: {prove_causal: 4}");
    let found = run(&world, &text);
    let stages = found.result["stages"].as_array().unwrap();
    let detector = &stages[0]["best"]["params"];
    let best = &found.result["best_config"];
    assert_eq!(best["regimes"]["lookback"], detector["lookback"]);
    let regimes = if detector["states"] == 3 {
        ["calm", "normal", "wild"].as_slice()
    } else {
        &["calm", "wild"]
    };
    let of_regimes = found.result["by_regime"].as_object().unwrap();
    assert_eq!(of_regimes.keys().collect::<Vec<_>>(), regimes);
    let members = best["strategies"].as_array().unwrap();
    for (member, regime) in members.iter().zip(regimes) {
        assert_eq!(member["name"], format!("trend_strategy_{regime}"));
        assert_eq!(member["params"], of_regimes[*regime]["best_params"]);
        assert_eq!(found.result["best_params"][*regime], member["params"]);
    }
    // The best detector is the one with the highest gain in its table.
    let table = file(&world, &found, "detector-trials.csv");
    let gain = |line: &str| line.split(',').nth(3).unwrap().parse::<f64>().unwrap();
    let highest = table.lines().skip(1).map(gain).fold(f64::MIN, f64::max);
    assert!((stages[0]["best"]["objective"].as_f64().unwrap() - highest).abs() < 1e-12);
    let trials = file(&world, &found, "trend-trials.csv");
    assert_eq!(trials.lines().count(), 1 + 15 * regimes.len());
    assert!(found.result["luck"]["trials"].as_u64().unwrap() > 15);
    assert_eq!(found.digest, run(&world, &text).digest);
}

/// A stage that does not look at regimes gives its strategy to the next.
#[test]
fn a_strategy_of_the_file_is_searched_by_its_name() {
    let world = World::new();
    let text = search(
        "{name: averages, component: sma_crossover, parameters: {fast: [5, 10], slow: [30, 60]}}",
        "strategy: {type: sma_crossover, params: {fast: 7, slow: 8}}",
    );
    let found = run(&world, &text);
    assert_eq!(found.result["trials"], 4);
    let best = &found.result["best_config"]["strategy"]["params"];
    assert_eq!(*best, found.result["best_params"]);
    let alone = run(
        &world,
        &format!(
            "
workflow: {{type: backtest}}
data: {{source: synthetic, symbols: [A], synthetic: {{bars: 900, volatility: 0.3}}}}
strategy: {{type: sma_crossover, params: {best}}}
"
        ),
    );
    let equity = |run: &Summary| file(&world, run, "equity.csv");
    assert_eq!(equity(&found), equity(&alone));
}

#[test]
fn stages_that_cannot_be_searched_are_refused_with_their_place() {
    let world = World::new();
    for (stages, expected) in [
        ("{name: a, component: Detektor}", "stages.0.component` `Detektor` is unknown"),
        (
            "{name: a, component: RegimeDetector, regime_specific: true}",
            "stages.0.regime_specific`",
        ),
        ("{name: a, component: RegimeDetector, parameters: {lookbak: [1]}}", "lookbak"),
        ("{name: a.b, component: RegimeDetector}", "stages.0.name`"),
        ("{name: a, component: TrendStrategy, algorithm: hyperband}", "algorithm"),
        (
            "{name: a, component: RegimeDetector}, {name: a, component: TrendStrategy}",
            "stages.1.name`",
        ),
    ] {
        let refused = try_run(&world, &search(stages, ""));
        let refused =
            refused.map(|run| run.error.unwrap().message).unwrap_or_else(|error| error.to_string());
        assert!(refused.contains(expected), "{stages}: {refused}");
    }
}

/// The samples that users were shown run as they were shown, on synthetic prices in place of files.
#[test]
fn samples_run_as_they_were_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/seed_samples");
    let (from, to) =
        ("  path: prices/{symbol}.csv\n", "  source: synthetic\n  synthetic: {bars: 700}\n");
    for (name, strategies, more) in [
        ("single_phase.yaml", "strategy: {type: sma_crossover}", ""),
        ("coordinator_basic.yaml", "strategy: {type: sma_crossover}", ""),
        ("optimization.yaml", "strategy: {type: sma_crossover}", ""),
        ("optimization_stages.yaml", "regimes: {method: volatility}", ""),
        (
            "multi_phase.yaml",
            "strategies: [{type: ema_crossover}, {type: rsi_mean_reversion}]",
            "  out_of_sample_start: 2002-01-01\n",
        ),
        (
            "coordinator_phases.yaml",
            "strategies: [{type: ema_crossover}, {type: rsi_mean_reversion}]",
            "  out_of_sample_start: 2002-01-01\n",
        ),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.contains(from), "{name}");
        let text = format!("{}{more}{strategies}\n", text.replace(from, to));
        let world = World::new();
        let found = run(&world, &text);
        let phases: Vec<&Value> = found.phases.iter().map(|phase| &phase["status"]).collect();
        assert!(phases.iter().all(|status| **status == "completed"), "{name}: {phases:?}");
    }
}
