//! Searches: what is tried is what a backtest would do, however it is cut, and what cannot be tried is
//! told.

use dirigent::{Request, Summary, coordinator::Unobserved};
use serde_json::{Value, json};

use crate::world::World;

/// Prices that rise and fall in waves of two lengths.
pub(crate) fn prices(phase: f64) -> String {
    let mut text = "date,open,high,low,close,volume\n".to_owned();
    for day in 0..300_u32 {
        let x = f64::from(day);
        let price = 100.0 + 8.0 * (x / 9.0 + phase).sin() + 4.0 * (x / 31.0).cos() + x / 30.0;
        let (month, day) = (day / 25 + 1, day % 25 + 1);
        let (high, low) = (price + 1.0, price - 1.0);
        text +=
            &format!("2023-{month:02}-{day:02},{price:.2},{high:.2},{low:.2},{price:.2},1000\n");
    }
    text
}

pub(crate) fn world() -> World {
    let world = World::new();
    world.write("A.csv", &prices(0.0));
    world.write("B.csv", &prices(2.0));
    world
}

pub(crate) fn run(world: &World, text: &str) -> Summary {
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
}

pub(crate) fn file(world: &World, summary: &Summary, name: &str) -> String {
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    std::fs::read_to_string(folder.join(name)).unwrap()
}

pub(crate) const ONE: &str = "
data: {path: '{symbol}.csv', symbols: [A]}
strategy: {type: sma_crossover}
";

#[test]
fn each_trial_is_its_own_backtest() {
    let world = world();
    let search = "
workflow:
  type: optimization
  optimization_config: {parameters: {fast: [3, 5], slow: [8, 12]}, objective: maximize_return}
";
    let summary = run(&world, &format!("{search}{ONE}"));
    let table = file(&world, &summary, "trials.csv");
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let one = format!(
            "workflow: {{type: backtest}}\ndata: {{path: '{{symbol}}.csv', symbols: [A]}}\n\
             strategy: {{type: sma_crossover, params: {{fast: {}, slow: {}}}}}\n",
            cells[1], cells[2]
        );
        let own = run(&world, &one).result;
        let metric = |name: &str| own["metrics"][name].to_string();
        assert_eq!(cells[3], metric("sharpe"));
        assert_eq!(cells[4], metric("total_return"));
        assert_eq!(cells[6], metric("max_drawdown"));
        assert_eq!(cells[7], metric("trades"));
    }
    assert_eq!(summary.result["objective"], "maximize_return");
    assert!(file(&world, &summary, "report.html").contains("</html>"));
}

/// Strategies that are not made of rules, and several symbols, are run one by one; values that make
/// no strategy are told, and the others go on.
#[test]
fn several_symbols_are_searched_by_their_own_runs() {
    let world = world();
    let text = "
workflow:
  type: optimization
  optimization_config: {parameters: {lookback: [10, 20, 0], top: [1, 2]}}
data: {path: '{symbol}.csv', symbols: [A, B]}
strategy: {type: momentum_rotation}
";
    let result = run(&world, text).result;
    assert_eq!((&result["trials"], &result["failed_trials"]), (&json!(6), &json!(2)));
    assert!(result["first_failure"].as_str().unwrap().contains("lookback"), "{result}");
    let params = &result["best"]["params"];
    let one = format!(
        "workflow: {{type: backtest}}\ndata: {{path: '{{symbol}}.csv', symbols: [A, B]}}\n\
         strategy: {{type: momentum_rotation, params: {params}}}\n"
    );
    let own = run(&world, &one).result;
    assert_eq!(own["metrics"]["sharpe"], result["best"]["metrics"]["sharpe"]);
    assert_eq!(own["final_equity"], result["best"]["final_equity"]);
}

/// Whole, real and named values, on one symbol, where trials are traded together, and on two.
#[test]
fn opt_02_03_guided_searches_are_the_same_in_every_mode() {
    let world = world();
    let text = |algorithm: &str, symbols: &str, mode: &str| {
        format!(
            "
workflow:
  type: optimization
  execution_mode: {mode}
  optimization_config:
    algorithm: {algorithm}
    trials: 40
    parameters: {{fast: {{min: 2, max: 20}}, slow: 'range(4, 60, 2)'}}
    constraints: [fast < slow]
data: {{path: '{{symbol}}.csv', symbols: {symbols}}}
strategy: {{type: sma_crossover}}
"
        )
    };
    for algorithm in ["random", "sobol", "genetic", "differential_evolution", "tpe", "cma_es"] {
        for symbols in ["[A]", "[A, B]"] {
            let summary = run(&world, &text(algorithm, symbols, "TRADITIONAL"));
            let again = run(&world, &text(algorithm, symbols, "COMPOSABLE"));
            assert_eq!(summary.digest, again.digest, "{algorithm} {symbols}");
            let result = &summary.result;
            assert_eq!(result["trials"], 40, "{algorithm} {symbols}: {result}");
            assert_eq!(result["failed_trials"], 0, "{algorithm} {symbols}: {result}");
            let table = file(&world, &summary, "trials.csv");
            assert_eq!(table.lines().count(), 41, "{algorithm} {symbols}");
            let best = table.lines().skip(1).map(|row| row.split(',').nth(3).unwrap());
            let best = best.map(|cell| cell.parse::<f64>().unwrap()).fold(f64::MIN, f64::max);
            assert_eq!(result["best"]["objective"].as_f64(), Some(best), "{algorithm} {symbols}");
        }
    }
}

#[test]
fn a_formula_of_metrics_ranks_trials() {
    let world = world();
    let text = "
workflow:
  type: optimization
  optimization_config:
    objective: 30 * abs(max_drawdown) - trades
    parameters: {fast: 'range(2, 9)', slow: 'range(10, 40, 5)'}
";
    let summary = run(&world, &format!("{text}{ONE}"));
    let goal = |row: &str| {
        let cells: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap_or(0.0)).collect();
        30.0 * cells[6].abs() - cells[7]
    };
    let table = file(&world, &summary, "trials.csv");
    let best = table.lines().skip(1).map(goal).fold(f64::MIN, f64::max);
    let found = summary.result["best"]["objective"].as_f64().unwrap();
    assert!((found - best).abs() < 1e-12, "{found} {best}");
    let plain = text.replace("objective: 30 * abs(max_drawdown) - trades", "");
    let sharpest = run(&world, &format!("{plain}{ONE}"));
    assert_ne!(sharpest.result["best"]["params"], summary.result["best"]["params"]);
}

/// A trial of a guided search is what a backtest with its values would be, names included.
#[test]
fn a_guided_trial_is_its_own_backtest() {
    let world = world();
    let search = "
workflow:
  type: optimization
  optimization_config:
    algorithm: random
    trials: 4
    parameters: {method: [equal, inverse_volatility], lookback: {min: 20, max: 40}}
";
    let rest = "data: {path: '{symbol}.csv', symbols: [A, B]}\nstrategy: {type: allocation}\n";
    let summary = run(&world, &format!("{search}{rest}"));
    for row in file(&world, &summary, "trials.csv").lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let one = format!(
            "workflow: {{type: backtest}}\ndata: {{path: '{{symbol}}.csv', symbols: [A, B]}}\n\
             strategy: {{type: allocation, params: {{method: {}, lookback: {}}}}}\n",
            cells[1], cells[2]
        );
        let own = run(&world, &one).result;
        assert_eq!(own["final_equity"].to_string(), cells[8], "{row}");
    }
}

/// What a phase without a search of its own, and a strategy without parameters, come to: a sequence
/// over what each strategy declares, in as many containers as the file says.
#[test]
fn phs_08_a_phase_with_containers_alone_searches_every_strategy() {
    let world = world();
    let text = |count: u32| {
        format!(
            "
workflow:
  type: multi_phase
  phases:
  - {{name: parameter_discovery, type: optimization, container_count: {count}}}
data: {{path: '{{symbol}}.csv', symbols: [A, B]}}
portfolio: {{sizing: {{type: percent_equity, percent: 45}}}}
strategies:
- {{name: trend, type: ema_crossover, weight: 2}}
- {{name: reversion, type: rsi_mean_reversion, weight: 1, symbols: [B]}}
"
        )
    };
    let summary = run(&world, &text(30));
    let result = &summary.result;
    assert_eq!(result["trials"], 30, "{result}");
    assert_eq!(result["luck"]["trials"], 30, "{result}");
    assert_eq!(summary.phases[0]["containers"]["created"], 31, "{:?}", summary.phases);
    let table = file(&world, &summary, "parameter_discovery-trials.csv");
    assert_eq!(table.lines().count(), 31);
    for (name, symbols) in [("trend", "[A, B]"), ("reversion", "[B]")] {
        let own = &result["strategies"][name];
        assert_eq!((&own["trials"], &own["top"][0]), (&json!(15), &own["best"]));
        assert_eq!(result["best_params"][name], own["best_params"]);
        let rows = table.lines().filter(|row| row.contains(&format!(",\"{name}\",")));
        let sharpes = rows.map(|row| row.split(',').nth(7).unwrap().parse().unwrap_or(f64::MIN));
        let best = sharpes.fold(f64::MIN, f64::max);
        assert_eq!(own["best"]["objective"].as_f64(), Some(best), "{name}");
        // By itself it has all the money, on its own symbols.
        let kind = if name == "trend" { "ema_crossover" } else { "rsi_mean_reversion" };
        let one = format!(
            "workflow: {{type: backtest}}\ndata: {{path: '{{symbol}}.csv', symbols: {symbols}}}\n\
             portfolio: {{sizing: {{type: percent_equity, percent: 45}}}}\n\
             strategy: {{type: {kind}, params: {}}}\n",
            own["best_params"]
        );
        let alone = run(&world, &one).result;
        assert_eq!(alone["final_equity"], own["best"]["final_equity"], "{name}");
    }
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    let shown = std::fs::read_to_string(folder.join("parameter_discovery-report.html")).unwrap();
    assert!(shown.contains("reversion"));
}

/// However a sequence is cut, the same is tried.
#[test]
fn a_sequence_does_not_depend_on_the_number_of_containers() {
    let world = world();
    for algorithm in ["random", "sobol"] {
        let text = |count: u32, symbols: &str| {
            format!(
                "
workflow:
  type: multi_phase
  phases:
  - {{name: d, type: optimization, container_count: {count},
     optimization_config: {{algorithm: {algorithm}, trials: 40}}}}
data: {{path: '{{symbol}}.csv', symbols: {symbols}}}
strategy: {{type: sma_crossover}}
"
            )
        };
        for symbols in ["[A]", "[A, B]"] {
            let of = |count| {
                let summary = run(&world, &text(count, symbols));
                (file(&world, &summary, "d-trials.csv"), summary.result)
            };
            let one = of(1);
            assert_eq!(one.0.lines().count(), 41);
            assert_eq!((of(7), of(40)), (one.clone(), one), "{algorithm} {symbols}");
        }
    }
}

/// Each of several strategies is learned about by itself.
#[test]
fn several_strategies_are_searched_by_a_method_that_learns() {
    let world = world();
    let text = |workers: &str| {
        format!(
            "
workflow:
  type: optimization
  execution_mode: {workers}
  optimization_config: {{algorithm: tpe, trials: 31, parameters: {{still: {{}}}}}}
data: {{path: '{{symbol}}.csv', symbols: [A]}}
strategies:
- {{type: ema_crossover}}
- {{name: still, type: rules, entry: 'close > sma(close, 10)', exit: 'close < sma(close, 10)'}}
- {{type: donchian_breakout}}
"
        )
    };
    let summary = run(&world, &text("TRADITIONAL"));
    assert_eq!(summary.digest, run(&world, &text("COMPOSABLE")).digest);
    let own = &summary.result["strategies"];
    let counts = ["ema_crossover", "still", "donchian_breakout"].map(|name| &own[name]["trials"]);
    assert_eq!(counts, [15, 1, 15]);
    assert_eq!(summary.result["best_params"]["still"], json!({}));
}

/// The sample that users were shown, with data and a strategy.
#[test]
fn opt_03_the_genetic_sample_runs() {
    let world = world();
    let text = "
workflow:
  type: \"optimization\"
  optimization_config:
    algorithm: \"genetic\"
    objective: \"maximize_sharpe\"
";
    let result = run(&world, &format!("{text}{ONE}")).result;
    assert_eq!((&result["trials"], &result["algorithm"]), (&json!(200), &json!("genetic")));
    assert_eq!(result["failed_trials"], 0);
    assert!(result["best_params"]["slow"].as_i64() > result["best_params"]["fast"].as_i64());
}

/// A thousand containers, each with a part of the grid, come to the same table as one task does.
#[test]
fn opt_08_the_parts_of_a_search_change_nothing() {
    let world = world();
    let text = |count: u32| {
        format!(
            "
workflow:
  type: multi_phase
  phases:
  - name: discovery
    type: optimization
    container_count: {count}
    optimization_config: {{parameters: {{fast: 'range(2, 21)', slow: 'range(22, 41)'}}}}
{ONE}"
        )
    };
    let of = |count| {
        let summary = run(&world, &text(count));
        let table = file(&world, &summary, "discovery-trials.csv");
        (table, summary.result, summary.phases[0]["containers"]["created"].clone())
    };
    let (one, few) = (of(1), of(300));
    assert_eq!(one.0, few.0);
    assert_eq!(one.1, few.1);
    assert_eq!(one.0.lines().count(), 401);
    assert!(few.2.as_u64() >= Some(300), "{:?}", few.2);
}

#[test]
fn what_cannot_be_searched_is_refused_before_anything_runs() {
    let world = world();
    let refuse = |config: Value, says: &str| {
        let text = json!({"type": "optimization", "optimization_config": config});
        let text = format!("workflow: {text}\n{ONE}");
        let error = world.prepare_text(&world.coordinator(), &text).unwrap_err();
        assert!(format!("{error:?}").contains(says), "{error:?}");
    };
    refuse(json!({"parameters": {}}), "parameters` leave nothing to search");
    refuse(json!({"parameters": {"fast": "many"}}), "is no set of numbers");
    let two = json!(["maximize_sharpe", "minimize_drawdown"]);
    refuse(json!({"algorithm": "tpe", "objective": two}), "works for one objective");
    let space = json!({"fast": {"min": 2, "max": 9}});
    let never = json!({"algorithm": "tpe", "parameters": space, "constraints": ["fast > 9"]});
    refuse(never, "constraints` cannot hold");
    let unread = json!({"algorithm": "tpe", "parameters": space, "constraints": ["fast > sma"]});
    refuse(unread, "constraints[0]");
    refuse(json!({"parameters": {"fast": [1, 2]}, "trials": 1}), "2 combinations");
    let unknown = "workflow: {type: optimization, optimization_config: {parameters: {speed: [1]}}}";
    let summary = run(&world, &format!("{unknown}\n{ONE}"));
    let error = summary.error.unwrap();
    assert!(error.message.contains("no parameter `speed`"), "{error:?}");
    let none =
        "workflow: {type: optimization, optimization_config: {parameters: {fast: [50, 60]}}}";
    let summary = run(&world, &format!("{none}\n{ONE}"));
    let error = summary.error.unwrap();
    assert!(error.message.contains("none of 2 combinations makes a strategy"), "{error:?}");
}
