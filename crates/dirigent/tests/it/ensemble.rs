//! Ensembles: strategies that vote, and the search of their weights on captured signals.

use std::fmt::Write as _;

use dirigent::{Error, Request, Summary, coordinator::Unobserved, workflow::run::RunStatus};
use serde_json::{Value, json};

use crate::world::World;

const STRATEGIES: &str = "
- {name: trend, type: sma_crossover, params: {fast: 5, slow: 20}}
- {name: turn, type: rsi_mean_reversion, params: {period: 5}}
- {name: breakout, type: donchian_breakout}
";

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

fn search(method: &str, symbols: &str, more: &str) -> String {
    format!(
        "
workflow:
  type: optimization
  optimization_config:
    method: {method}
    trials: 60
    parameters:
      min_agreement: [0.3, 0.5, 0.7]
      regime_tilt: {{min: 0.0, max: 1.0}}
      risk.stop_loss_pct: [2, 5, 20]
data:
  source: synthetic
  symbols: [{symbols}]
  synthetic: {{bars: 900}}
strategies: {STRATEGIES}
ensemble:
  regime_weights: {{calm: {{trend: 1, turn: 3, breakout: 1}}, wild: {{trend: 1, breakout: 2}}}}
portfolio: {{sizing: {{type: percent_equity, percent: 40}}}}
execution: {{commission: {{type: bps, value: 2}}}}
{more}
"
    )
}

/// MOD-07, TRD-21, TRD-24: what is replayed equals whole simulations to the last digit, and computes no
/// signal.
#[test]
fn a_replay_finds_what_whole_simulations_find() {
    for (symbols, more) in [("A", ""), ("A, B", "regimes: {method: volatility}")] {
        let world = World::new();
        let replayed = run(&world, &search("signal_replay", symbols, more));
        let whole = run(&world, &search("full_simulation", symbols, more));
        let table = file(&world, &replayed, "trials.csv");
        assert_eq!(table, file(&world, &whole, "trials.csv"), "{symbols}");
        assert_eq!(table.lines().count(), 61);
        let count = u64::try_from(symbols.split(',').count()).unwrap();
        let of = |run: &Summary| run.result["signals_computed"].as_u64().unwrap();
        assert_eq!(of(&replayed), 0);
        assert_eq!(of(&whole), 60 * 3 * count);
        let log = file(&world, &replayed, "signals.csv");
        assert!(log.starts_with("timestamp,symbol,strategy,stance\n"), "{log}");
        assert!(log.lines().count() > 20);
        assert_eq!(replayed.result["final_weights"], whole.result["final_weights"]);
        // The best is run whole afterwards, and comes to what its trial came to.
        let best = &replayed.result["best"];
        let equity = file(&world, &replayed, "equity.csv");
        let last = equity.lines().last().unwrap().split(',').nth(1).unwrap();
        let last: f64 = last.parse().unwrap();
        assert!((last - best["final_equity"].as_f64().unwrap()).abs() < 1e-6, "{last} {best}");
        assert!(
            world
                .coordinator()
                .verify(&replayed.run_id.parse().unwrap(), &mut Unobserved)
                .unwrap()
                .equal
        );
    }
}

/// A price that rises for ten days and falls for ten, again and again.
fn waves(world: &World) {
    let mut text = String::from("date,open,high,low,close,volume\n");
    let mut close = 1_000_i64;
    for day in 0..400_i64 {
        let open = close;
        close += if day % 20 < 10 { 10 } else { -10 };
        let (high, low) = (open.max(close), open.min(close));
        let (year, month, of_month) = (2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        let date = format!("{year}-{month:02}-{of_month:02}");
        writeln!(text, "{date},{open},{high},{low},{close},100").unwrap();
    }
    world.write("W.csv", &text);
}

/// OPT-09: who is right gets the weight. One member is long on rising days and flat on falling ones, the
/// others are the opposite, or long when nobody should be.
#[test]
fn opt_09_the_member_that_is_right_gets_the_weight() {
    let world = World::new();
    waves(&world);
    let found = run(
        &world,
        "
workflow: {type: optimization, optimization_config: {trials: 150, objective: maximize_return, parameters: {min_agreement: [0.5]}}}
data: {path: '{symbol}.csv', symbols: [W]}
strategies:
- {name: right, type: rules, entry: 'close > close[1]', exit: 'close < close[1]'}
- {name: wrong, type: rules, entry: 'close < close[1]', exit: 'close > close[1]'}
- {name: never, type: rules, entry: 'close < 0'}
ensemble: {}
execution: {fill: same_close}
",
    );
    let weights = found.result["final_weights"].as_object().unwrap();
    let of = |name: &str| weights[name].as_f64().unwrap();
    assert!(of("right") >= 0.5, "{weights:?}");
    assert!((weights.values().filter_map(Value::as_f64).sum::<f64>() - 1.0).abs() < 1e-9);
    let alone = run(
        &world,
        "
workflow: {type: backtest}
data: {path: '{symbol}.csv', symbols: [W]}
strategy: {type: rules, entry: 'close > close[1]', exit: 'close < close[1]'}
execution: {fill: same_close}
",
    );
    assert_eq!(found.result["best"]["final_equity"], alone.result["final_equity"]);
}

fn phases(more: &str, dates: &str) -> String {
    format!(
        "
workflow:
  type: multi_phase
  phases:
  - {{name: weigh, type: optimization, method: signal_replay, container_count: 40}}
  - {{name: check, type: backtest, inputs: [weigh.final_weights]{more}}}
data: {{source: synthetic, symbols: [A], start_date: 2020-01-01, {dates} synthetic: {{bars: 900}}}}
strategies: {STRATEGIES}
"
    )
}

/// PHS-10, PHS-11: the weights of one phase are traded by the next, on days that no search has seen, with
/// indicators warm from the days before.
#[test]
fn what_was_found_is_tested_on_days_that_nobody_searched() {
    let world = World::new();
    let found = run(&world, &phases("", "out_of_sample_start: 2022-01-03,"));
    let days = |name: &str| {
        let text = file(&world, &found, name);
        let mut lines = text.lines().skip(1).map(|line| line[..10].to_owned());
        let first = lines.next().unwrap();
        (first, lines.last().unwrap())
    };
    let (searched, tested) = (days("weigh-equity.csv"), days("check-equity.csv"));
    assert!(*searched.1 < *"2022-01-03" && tested.0 == "2022-01-03", "{searched:?} {tested:?}");
    // TRD-22: the days that were searched stand beside, and come to what the search came to.
    let before = &found.result["check"]["in_sample"];
    assert_eq!(before["to"], searched.1.as_str());
    let equity = file(&world, &found, "weigh-equity.csv");
    let last = equity.lines().last().unwrap().split(',').nth(1).unwrap().parse::<f64>().unwrap();
    assert!((before["final_equity"].as_f64().unwrap() - last).abs() < 1e-6, "{before}");
    let report = file(&world, &found, "check-report.html");
    for section in ["In sample and out of sample", "Votes"] {
        assert!(report.contains(&format!(">{section}</h2>")), "{section}");
    }
    let search = file(&world, &found, "weigh-report.html");
    assert!(search.contains(">Votes</h2>") && search.contains(">Search</h2>"));
    let plan = world.coordinator();
    let prepared =
        world.prepare_text(&plan, &phases("", "out_of_sample_start: 2022-01-03,")).unwrap();
    let inputs = json!(prepared.start.plan.phases()[1].inputs);
    assert_eq!(inputs, json!(["weigh.final_weights", "weigh.best_params"]));
}

#[test]
fn testing_on_searched_days_is_refused_unless_it_is_allowed() {
    let world = World::new();
    let refused = try_run(&world, &phases("", "")).unwrap_err().to_string();
    assert!(
        refused.contains("phase `check` tests on days that phase `weigh` has searched"),
        "{refused}"
    );
    run(&world, &phases(", allow_searched_data: true", ""));
    run(
        &world,
        &phases(
            ", config: {data: {start_date: 2022-01-03, end_date: 2022-06-01}}",
            "end_date: 2021-12-31,",
        ),
    );
}

#[test]
fn what_is_no_ensemble_is_refused_with_its_place() {
    let world = World::new();
    let with = |more: &str| {
        let text = format!(
            "
workflow: {{type: backtest}}
data: {{source: synthetic, symbols: [A], synthetic: {{bars: 300}}}}
{more}
"
        );
        let refused = try_run(&world, &text);
        refused.map(|run| run.error.unwrap().message).unwrap_or_else(|error| error.to_string())
    };
    let one = with("ensemble: {}\nstrategy: {type: sma_crossover}");
    assert!(one.contains("two `strategies` or more"), "{one}");
    let weights =
        with("ensemble: {}\nstrategies: [{type: sma_crossover}, {type: momentum_rotation}]");
    assert!(
        weights.contains("`momentum_rotation`") && weights.contains("cannot vote"),
        "{weights}"
    );
    let regime = with(&format!(
        "ensemble: {{regime_weights: {{stormy: {{trend: 1}}}}}}\nstrategies: {STRATEGIES}"
    ));
    assert!(regime.contains("`stormy`") && regime.contains("calm, wild"), "{regime}");
    let member = with(&format!(
        "ensemble: {{regime_weights: {{calm: {{trent: 1}}}}}}\nstrategies: {STRATEGIES}"
    ));
    assert!(member.contains("`trent`"), "{member}");
}
