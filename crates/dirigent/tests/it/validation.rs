//! Validation: what is luck is told to be, what is not holds, and no test was seen by what was
//! chosen for it.

pub(crate) mod worlds;

use dirigent::{
    Request, Summary, config::validation::Validation, coordinator::Unobserved, core::Seed,
};
use serde_json::{Value, json};

use crate::world::World;
use worlds::{EDGE, SEARCH, STRATEGY, prices};

/// Eight years of days.
const DAYS: usize = 2_016;

fn run(world: &World, text: &str) -> Summary {
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, text).unwrap_or_else(|e| panic!("{e}"));
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
}

fn file(world: &World, summary: &Summary, name: &str) -> String {
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    std::fs::read_to_string(folder.join(name)).unwrap()
}

const DATA: &str = "data: {path: '{symbol}.csv', symbols: [X]}\n";

fn validated(edge: f64, seed: u64) -> (World, Summary) {
    let world = World::new();
    world.write("X.csv", &prices(DAYS, edge, &Seed::master(seed)));
    let costs = "execution: {commission: {type: bps, value: 0.2}}\n";
    let summary = run(&world, &format!("{SEARCH}{DATA}{STRATEGY}{costs}"));
    (world, summary)
}

fn reason<'a>(result: &'a Value, check: &str) -> &'a Value {
    let all = result["reasons"].as_array().unwrap();
    all.iter().find(|reason| reason["check"] == check).unwrap_or(&Value::Null)
}

/// WFT-07, TRD-22, TRD-23: a random walk, twenty variants, the best of which looks good.
#[test]
fn wft_07_what_was_fitted_to_noise_fails() {
    let (world, summary) = validated(0.0, 11);
    let result = &summary.result;
    assert_eq!(result["verdict"], "likely luck", "{result:#}");
    assert!(result["in_sample"]["sharpe"].as_f64().unwrap() > 0.2, "{result:#}");
    let of = |key: &str| result[key]["sharpe"].as_f64().unwrap();
    assert!(of("out_of_sample") < of("in_sample") / 2.0, "{result:#}");
    let document: Value = serde_json::from_str(&file(&world, &summary, "validation.json")).unwrap();
    assert_eq!(document["verdict"], result["verdict"]);
    assert_eq!(document["reasons"], result["reasons"]);
    let report = file(&world, &summary, "report.html");
    for shown in
        [">Likely luck</p>", "id=\"walk\"", "id=\"drawn\"", "id=\"neighbors\"", "id=\"stress\""]
    {
        assert!(report.contains(shown), "{shown}");
    }
    for reason in result["reasons"].as_array().unwrap() {
        assert!(report.contains(reason["text"].as_str().unwrap()), "{reason}");
    }
}

/// WFT-07: an edge that is there is found, and stands.
#[test]
fn wft_07_trd_22_23_a_planted_edge_passes() {
    let (world, summary) = validated(EDGE, 12);
    let result = &summary.result;
    assert_eq!(result["verdict"], "robust", "{result:#}");
    let n = result["params"]["n"].as_u64().unwrap();
    assert!((7..=60).contains(&n), "{n}");
    assert_eq!(result["missing"], json!([]));
    // In the sample and out of it, side by side.
    for key in ["in_sample", "out_of_sample"] {
        assert!(result[key]["sharpe"].as_f64().unwrap() > 1.0, "{key}: {result:#}");
    }
    let windows = result["walk_forward"]["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 7);
    let joined = file(&world, &summary, "out_of_sample.csv");
    let last = &windows[6]["test"];
    let bars = last["end"].as_u64().unwrap() - windows[0]["test"]["first"].as_u64().unwrap();
    assert_eq!(joined.lines().count() as u64, bars + 1);
    // Intervals hold what happened, and were drawn from the seed of the run.
    let drawn = &result["monte_carlo"]["sharpe"];
    let of = |key: &str| drawn[key].as_f64().unwrap();
    assert!(of("low") < of("actual") && of("actual") < of("high"), "{drawn}");
    assert!(of("low") > 0.0 && reason(result, "resampled_return")["finding"] == "supports");
    let again = world.coordinator().verify(&summary.run_id.parse().unwrap(), &mut Unobserved);
    assert!(again.unwrap().equal);
}

/// What was chosen for a test, and how it did there, does not move when all that follows is changed.
#[test]
fn no_window_knows_what_follows_it() {
    let whole = prices(900, 0.25, &Seed::master(5));
    let other = prices(900, 0.25, &Seed::master(6));
    let changed: String = whole
        .lines()
        .take(601)
        .chain(other.lines().skip(601))
        .map(|row| format!("{row}\n"))
        .collect();
    let windows = |prices: &str| {
        let world = World::new();
        world.write("X.csv", prices);
        let only = "
workflow:
  type: validation
  optimization_config: {algorithm: tpe, trials: 12, parameters: {n: {min: 1, max: 60}}}
  validation_config:
    skip: [k_fold, combinatorial, monte_carlo, perturbation, costs, delays, luck]
    walk_forward: {period: rolling, train: 200, test: 100, embargo: 10}
";
        let result = run(&world, &format!("{only}{DATA}{STRATEGY}")).result;
        result["walk_forward"]["windows"].as_array().unwrap().clone()
    };
    let (found, expected) = (windows(&changed), windows(&whole));
    let before = |windows: &[Value]| -> Vec<Value> {
        let ends = |window: &&Value| window["test"]["end"].as_u64().unwrap() <= 600;
        windows.iter().filter(ends).cloned().collect()
    };
    assert_eq!((found.len(), before(&found).len()), (6, 3));
    assert_eq!(before(&found), before(&expected));
    assert_ne!(found, expected);
    for window in &found {
        let (train, test) = (&window["train"]["end"], &window["test"]["first"]);
        assert_eq!(train.as_u64().unwrap() + 10, test.as_u64().unwrap());
    }
}

/// Where a purge leaves nothing to train on, a choice would be one of hindsight: the check stays open.
#[test]
fn folds_without_training_stay_open() {
    let world = World::new();
    world.write("X.csv", &prices(600, EDGE, &Seed::master(8)));
    let of = |purge: u32| {
        let only = format!(
            "
workflow:
  type: validation
  optimization_config: {{parameters: {{n: [5, 10, 20]}}}}
  validation_config:
    skip: [walk_forward, monte_carlo, perturbation, costs, delays, luck]
    k_fold: {{purge: {purge}}}
    combinatorial: {{folds: 4, tests: 2, purge: {purge}}}
"
        );
        run(&world, &format!("{only}{DATA}{STRATEGY}"))
    };
    let (found, open) = (of(5).result, of(500));
    assert!(found["k_fold"]["out_of_sample_sharpe"].is_number(), "{}", found["k_fold"]);
    assert!(open.result["k_fold"]["out_of_sample_sharpe"].is_null(), "{}", open.result["k_fold"]);
    assert!(open.result["combinatorial"]["paths"].is_null(), "{}", open.result["combinatorial"]);
    let told = open.warnings.join(" ");
    assert!(told.contains("bars to train on in a fold"), "{told}");
}

/// An average of 50 days is warm on the first day of a test, so a test trades from then on.
#[test]
fn tests_begin_with_warm_indicators() {
    let world = World::new();
    world.write("X.csv", &prices(400, 0.0, &Seed::master(7)));
    let text = "
workflow:
  type: validation
  validation_config:
    skip: [k_fold, combinatorial, monte_carlo, perturbation, costs, delays, luck]
    walk_forward: {train: 100, test: 30}
strategy: {type: rules, entry: 'sma(close, 50) > 0'}
";
    let result = run(&world, &format!("{text}{DATA}")).result;
    let windows = result["walk_forward"]["windows"].as_array().unwrap();
    assert_eq!((windows.len(), &result["walk_forward"]["chosen_anew"]), (10, &json!(false)));
    for window in windows {
        // Always in the market: the return of a test is not nothing.
        assert!(window["out_of_sample"]["total_return"].as_f64().unwrap().abs() > 0.0, "{window}");
    }
}

/// Variants that were tried elsewhere raise the hurdle; the test over trials speaks of those it saw.
#[test]
fn variants_that_were_tried_elsewhere_count() {
    let world = World::new();
    world.write("X.csv", &prices(700, EDGE, &Seed::master(4)));
    let of = |config: &str| {
        let text = format!(
            "workflow: {{type: validation, validation_config: {{skip: [monte_carlo], {config}}}}}\n"
        );
        run(&world, &format!("{text}{DATA}{STRATEGY}")).result
    };
    let (alone, many) = (of("luck: {}"), of("luck: {trials: 500}"));
    let deflated = |result: &Value| result["luck"]["deflated_sharpe"].as_f64().unwrap();
    assert_eq!((&many["luck"]["trials"], &many["luck"]["compared"]), (&json!(500), &json!(1)));
    assert!(deflated(&many) < deflated(&alone) - 0.05, "{many:#}");
    assert_eq!(alone["luck"]["deflated_sharpe"], alone["luck"]["probabilistic_sharpe"]);
    let text = reason(&many, "superior_ability")["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("without any edge, it would look as good"), "{text}");
}

/// Settings that contradict each other, and searches of several strategies, are refused with their key.
#[test]
fn what_cannot_be_validated_is_refused_by_its_key() {
    let world = World::new();
    world.write("X.csv", &prices(60, 0.0, &Seed::master(1)));
    for (config, says) in [
        (
            "{walk_forward: {windows: 3, test: 20}}",
            "`workflow.validation_config.walk_forward.windows`",
        ),
        ("{walk_forward: {step: 3}}", "`workflow.validation_config.walk_forward.step`"),
        ("{luck: {blocks: 5}}", "`workflow.validation_config.luck.blocks`"),
        ("{skip: [walk]}", "walk_forward"),
        ("{costs: [0.5]}", "from 1.1 to 100"),
        ("{combinatorial: {folds: 3, tests: 3}}", "leaves none to train on"),
        ("{monte_carlo: {draw: 5}}", "draws"),
    ] {
        let coordinator = world.coordinator();
        let text = format!(
            "workflow: {{type: validation, validation_config: {config}}}\n{DATA}\
             strategy: {{type: buy_and_hold}}\n"
        );
        let refused = world.prepare_text(&coordinator, &text).unwrap_err().to_string();
        assert!(refused.contains(says), "{config}: {refused}");
    }
}

/// Sixty days are too few for most checks: they stay open with their reason, and the run goes on.
#[test]
fn too_little_data_leaves_checks_open_and_the_verdict_short_of_robust() {
    let world = World::new();
    world.write("X.csv", &prices(12, 0.0, &Seed::master(1)));
    let text = format!("workflow: {{type: validation}}\n{DATA}strategy: {{type: buy_and_hold}}\n");
    let summary = run(&world, &text);
    let result = &summary.result;
    assert!(result["walk_forward"]["open"].as_str().unwrap().contains("bars"), "{result:#}");
    assert_ne!(result["verdict"], "robust");
    let missing = result["missing"].as_array().unwrap();
    assert!(missing.contains(&json!("walk_forward")) && missing.contains(&json!("costs")));
    assert!(summary.warnings.iter().any(|warning| warning.contains("`costs` was not checked")));
}

/// What is absent is what the declaration says it is.
#[test]
fn defaults_are_those_of_the_reference() {
    let world = World::new();
    world.write("X.csv", &prices(60, 0.0, &Seed::master(1)));
    let coordinator = world.coordinator();
    let text = format!(
        "workflow: {{type: validation, validation_config: {{}}}}\n{DATA}\
         strategy: {{type: buy_and_hold}}\n"
    );
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let written = &prepared.start.config["workflow"]["validation_config"];
    let found = Validation::of(written.as_object()).unwrap();
    assert_eq!((found, written["costs"].as_array().unwrap().len()), (Validation::default(), 3));
}

/// As a phase it doubts what an earlier one found, on days that no search has seen; on others it refuses.
#[test]
fn a_phase_validates_what_another_found_on_days_that_it_has_not_seen() {
    let world = World::new();
    world.write("X.csv", &prices(1_200, EDGE, &Seed::master(3)));
    let phases = "
workflow:
  type: multi_phase
  phases:
    - {name: find, type: optimization, optimization_config: {parameters: {n: [5, 20, 60]}}}
    - {name: doubt, type: validation, inputs: [find.best_params], validation_config: {skip: [costs]}}
";
    let text = |data: &str| format!("{phases}{data}{STRATEGY}");
    let refused = world.prepare_text(&world.coordinator(), &text(DATA)).unwrap_err().to_string();
    assert!(refused.contains("phase `doubt` tests on days that phase `find` has searched"));
    let split = "data: {path: '{symbol}.csv', symbols: [X], out_of_sample_start: 2002-01-01}\n";
    let summary = run(&world, &text(split));
    let (found, doubted) = (&summary.result["find"], &summary.result["doubt"]);
    assert_eq!(doubted["params"]["n"], found["best_params"]["n"]);
    let first = &doubted["walk_forward"]["windows"][0]["train"]["from"];
    assert_eq!(first, "2002-01-01T00:00:00Z");
    assert_eq!(
        (&doubted["luck"]["trials"], &doubted["walk_forward"]["chosen_anew"]),
        (&json!(1), &json!(false))
    );
    assert!(file(&world, &summary, "doubt-report.html").contains("walk forward"));
}

/// Each of several strategies is searched anew in every window, and they trade its test together.
#[test]
fn several_strategies_are_chosen_anew_together() {
    let world = World::new();
    for (symbol, seed) in [("X", 8), ("Y", 9)] {
        world.write(&format!("{symbol}.csv"), &prices(500, EDGE, &Seed::master(seed)));
    }
    let text = "
workflow:
  type: validation
  optimization_config: {algorithm: tpe, trials: 10}
  validation_config: {walk_forward: {windows: 2}, skip: [monte_carlo]}
data: {path: '{symbol}.csv', symbols: [X, Y]}
strategies:
  - {name: slow, type: sma_crossover}
  - {name: quick, type: rsi_mean_reversion, symbols: [Y]}
portfolio: {sizing: {type: percent_equity, percent: 45}}
execution: {slippage: {type: bps, value: 1}}
";
    let summary = run(&world, text);
    let result = &summary.result;
    for window in result["walk_forward"]["windows"].as_array().unwrap() {
        let params = &window["params"];
        assert!(params["slow"]["fast"].is_u64() && params["quick"]["period"].is_u64(), "{params}");
    }
    assert_eq!(result["luck"]["overfit"]["choices"], 924);
    let header = file(&world, &summary, "walk_forward.csv").lines().next().unwrap().to_owned();
    assert!(header.contains(",slow.fast,slow.slow,quick.period,"), "{header}");
    assert!(result["missing"].as_array().unwrap().contains(&json!("neighbors")));
    assert_eq!(
        (result["costs"].as_array().unwrap().len(), result["delays"].as_array().unwrap().len()),
        (3, 2)
    );
}
