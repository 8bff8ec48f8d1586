//! What a search is for: the minimum of a test function, a front of several objectives, and trials that
//! are given up early.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    search::{ONE, file, prices, run, world},
    world::World,
};

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// A test function is searched without data, strategy or report, whatever the method.
#[test]
fn opt_10_cma_es_finds_the_minimum_of_sphere_and_rosenbrock() {
    let world = world();
    let of = |algorithm: &str, function: &str, dimensions: usize, trials: usize| {
        let text = format!(
            "workflow:\n  type: optimization\n  optimization_config:\n    algorithm: {algorithm}\n    \
             objective: {{function: {function}, dimensions: {dimensions}}}\n    trials: {trials}\n"
        );
        let summary = run(&world, &text);
        let table = file(&world, &summary, "trials.csv");
        assert_eq!(table.lines().count(), trials + 1);
        let best = summary.result["best"]["value"].as_f64().unwrap();
        let values = table.lines().skip(1).map(|row| row.rsplit(',').next().unwrap());
        let least = values.map(|value| value.parse::<f64>().unwrap()).fold(f64::MAX, f64::min);
        assert!((best - least).abs() < 1e-12, "{best} {least}");
        assert_eq!(summary.result["best_params"].as_object().unwrap().len(), dimensions);
        assert_eq!(summary.result["luck"], Value::Null);
        let page = file(&world, &summary, "report.html");
        assert!(page.contains("The best 60 trials over all parameters") || trials < 120, "{page}");
        best
    };
    let sphere = of("cma_es", "sphere", 10, 3000);
    let valley = of("cma_es", "rosenbrock", 5, 6000);
    assert!(sphere < 1e-6 && valley < 1e-6, "{sphere} {valley}");
    for algorithm in ["random", "sobol", "genetic", "differential_evolution", "tpe", "nsga2"] {
        let best = of(algorithm, "rastrigin", 2, 100);
        assert!(best < 20.0, "{algorithm} {best}");
    }
    assert!(of("tpe", "hartmann6", 6, 100) < -1.0);
}

/// Of several objectives the result is the front, and the knee of it is run.
#[test]
fn a_front_of_two_objectives_is_what_no_trial_beats() {
    let world = world();
    for (algorithm, trials) in [("nsga2", 120), ("random", 60), ("grid", 0)] {
        let given = if trials > 0 { format!("trials: {trials},") } else { String::new() };
        let text = format!(
            "
workflow:
  type: optimization
  optimization_config: {{algorithm: {algorithm}, {given}
    objective: [maximize_return, 0 - trades]}}
"
        );
        let summary = run(&world, &format!("{text}{ONE}"));
        let result = &summary.result;
        let table = file(&world, &summary, "trials.csv");
        let all: Vec<(usize, f64, f64)> = table
            .lines()
            .skip(1)
            .filter_map(|row| {
                let cells: Vec<&str> = row.split(',').collect();
                let number = |at: usize| cells[at].parse::<f64>().ok();
                Some((cells[0].parse().ok()?, number(4)?, -number(7)?))
            })
            .collect();
        let beats = |a: &(usize, f64, f64), b: &(usize, f64, f64)| {
            a.1 >= b.1 && a.2 >= b.2 && (a.1 > b.1 || a.2 > b.2 || a.0 < b.0)
        };
        let expected: Vec<usize> = all
            .iter()
            .filter(|own| !all.iter().any(|other| beats(other, own)))
            .map(|own| own.0)
            .collect();
        let front = result["front"].as_array().unwrap();
        let found: Vec<usize> = front.iter().map(|row| count(&row["trial"])).collect();
        assert_eq!(found, expected, "{algorithm}");
        assert!(front.len() > 1 && front.contains(&result["best"]), "{algorithm} {result}");
        assert_eq!(result["objective"], serde_json::json!(["maximize_return", "0 - trades"]));
        assert_eq!(count(&result["luck"]["trials"]), all.len());
        let page = file(&world, &summary, "report.html");
        let on_it = format!("{} of {} trials are on it", front.len(), all.len());
        assert!(page.contains("<section id=\"search\"") && page.contains(&on_it), "{on_it}");
        assert!(page.contains("href=\"#search\"") && page.contains("Mean total return"));
    }
}

/// Rungs make trials on the first part of the data, and only the better ones on all of it.
#[test]
fn bad_trials_are_given_up_on_a_part_of_the_data() {
    let world = world();
    let text = |algorithm: &str, symbols: &str| {
        format!(
            "
workflow:
  type: optimization
  optimization_config: {{algorithm: {algorithm}, trials: 60, min_fraction: 0.25}}
data: {{path: '{{symbol}}.csv', symbols: {symbols}}}
strategy: {{type: ema_crossover, params: {{fast: 3}}}}
"
        )
    };
    for algorithm in ["successive_halving", "hyperband"] {
        for symbols in ["[A]", "[A, B]"] {
            let summary = run(&world, &text(algorithm, symbols));
            let table = file(&world, &summary, "trials.csv");
            let rows: Vec<Vec<&str>> =
                table.lines().skip(1).map(|row| row.split(',').collect()).collect();
            assert_eq!(rows.len(), 60);
            let part = rows.iter().filter(|row| row[2] != "1").count();
            assert!(part > rows.len() / 3, "{algorithm}: {part} of {}", rows.len());
            let whole = rows.iter().filter(|row| row[2] == "1");
            let best = whole.filter_map(|row| row[3].parse::<f64>().ok()).fold(f64::MIN, f64::max);
            assert_eq!(summary.result["best"]["metrics"]["sharpe"].as_f64(), Some(best));
            // Each value counts once, however often it was tried.
            let distinct: BTreeSet<&str> = rows.iter().map(|row| row[1]).collect();
            assert!(count(&summary.result["luck"]["trials"]) <= distinct.len());
        }
    }
    // What comes after the part is not looked at: other prices there change nothing on it.
    let first = |world: &World| {
        let summary = run(world, &text("successive_halving", "[A]"));
        let table = file(world, &summary, "trials.csv");
        let part = |row: &&str| !row.split(',').nth(2).unwrap().starts_with('1');
        table.lines().skip(1).filter(part).take(3).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = first(&world);
    let all = prices(0.0);
    let kept = all[..all.len() / 2].rsplit_once('\n').unwrap().0.to_owned();
    let rest: String =
        prices(1.0).lines().skip(kept.lines().count()).map(|l| format!("\n{l}")).collect();
    world.write("A.csv", &(kept + &rest + "\n"));
    assert_eq!((first(&world), before.len()), (before, 3));
}

/// What an earlier run tried is known before the first trial; what a search kept of itself is gone when
/// it is over.
#[test]
fn a_search_begins_with_what_an_earlier_run_found() {
    let world = world();
    let text = |algorithm: &str, trials: usize, more: &str| {
        format!(
            "
workflow:
  type: optimization
  optimization_config: {{algorithm: {algorithm}, trials: {trials}{more}}}
{ONE}"
        )
    };
    let earlier = run(&world, &text("random", 60, ""));
    let table = file(&world, &earlier, "trials.csv");
    world.write("known.csv", &table);
    let cold = run(&world, &text("tpe", 300, ""));
    assert_eq!(cold.result["warm_start"], Value::Null);
    let kept = b"\"first\":0,\"trials\"";
    assert!(!world.bytes().windows(kept.len()).any(|some| some == kept), "it is removed");
    let few = |more: &str| run(&world, &text("tpe", 6, more)).result;
    let cold = few("");
    let by_id = few(&format!(", warm_start: {}", earlier.run_id));
    let by_file = few(", warm_start: known.csv");
    assert_eq!(by_id, by_file);
    let told = &by_id["warm_start"];
    assert_eq!(count(&told["trials"]), 60);
    assert!(by_id["best"]["objective"].as_f64() > cold["best"]["objective"].as_f64());
    let error = |more: &str| run(&world, &text("tpe", 6, more)).error.unwrap().message;
    assert!(error(", warm_start: none.csv").contains("cannot read the table"));
    let other = ", warm_start: known.csv, parameters: {fast: [900, 901]}";
    assert!(error(other).contains("none of its trials is in the space"));
    let refused = text("sobol", 6, ", warm_start: known.csv");
    let refused = world.prepare_text(&world.coordinator(), &refused).unwrap_err();
    assert!(format!("{refused:?}").contains("does not learn"), "{refused:?}");
}

/// The type of the strategy is a choice as well, and a trial is what a backtest of its type would be.
#[test]
fn the_type_of_the_strategy_is_searched_with_what_each_declares() {
    let world = world();
    let data = "data: {path: '{symbol}.csv', symbols: [A]}";
    let text = |config: &str| {
        format!("workflow: {{type: optimization, optimization_config: {{{config}}}}}\n{data}\n")
    };
    for algorithm in ["tpe", "random", "grid"] {
        let trials = if algorithm == "grid" { "" } else { ", trials: 40" };
        let some = format!("algorithm: {algorithm}, types: [ema_crossover, macd]{trials}");
        let result = run(&world, &text(&some)).result;
        assert_eq!(result["failed_trials"], 0, "{result}");
        let strategy = &result["best_config"]["strategy"];
        let kind = strategy["type"].as_str().unwrap();
        assert_eq!(result["best_params"]["strategy.type"], kind);
        let fast = &result["best_params"][format!("{kind}.fast")];
        assert!(fast.is_i64() && *fast == strategy["params"]["fast"], "{result}");
        let one = format!(
            "workflow: {{type: backtest}}\n{data}\nstrategy: {{type: {kind}, params: {}}}\n",
            strategy["params"]
        );
        let own = run(&world, &one).result;
        assert_eq!(own["final_equity"], result["best"]["final_equity"], "{algorithm}");
    }
    let summary = run(&world, &text("algorithm: random, types: '*', trials: 60"));
    let table = file(&world, &summary, "trials.csv");
    let kinds: BTreeSet<&str> =
        table.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    assert!(kinds.len() > 4, "{kinds:?}");
    let refused = |config: &str, strategy: &str| {
        let text = text(config) + strategy;
        format!("{:?}", world.prepare_text(&world.coordinator(), &text).unwrap_err())
    };
    assert!(refused("types: [egg]", "").contains("`egg` is no registered strategy"));
    assert!(refused("types: [macd, macd]", "").contains("name `macd` twice"));
    assert!(refused("types: [macd]", "strategy: macd\n").contains("the file names one"));
    assert!(refused("types: [macd], parameters: {a: [1]}", "").contains("beside `types`"));
}
