//! Searches as they are written, and what is wrong with some.

use std::collections::BTreeMap;

use dirigent_research::optimize;
use serde_json::json;

use super::*;
use crate::{config, planner, tasks, vocabulary::Registered};

const ONE: &str = "strategy: {type: sma_crossover}";
const TWO: &str = "strategies: [{name: trend, type: ema_crossover}, {type: rsi_mean_reversion}]";

/// The search that `config` asks for of these strategies.
fn search_of(strategies: &str, config: &Value) -> Result<Search, Wrong> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.yaml");
    let text = format!(
        "workflow: {{type: optimization}}\ndata: {{source: synthetic, symbols: [A]}}\n{strategies}\n"
    );
    std::fs::write(&path, text).unwrap();
    let registry = Arc::new(Registry::builtin());
    let (planners, kinds) = (planner::planners(&registry), tasks::kinds(&registry));
    let known = Registered { strategies: &registry, planners: &planners, kinds: &kinds };
    let loaded = config::load(&path, &[], &BTreeMap::new(), &known).unwrap();
    Search::of(config.as_object().unwrap(), &loaded.workflow, &registry)
}

fn search(config: &Value) -> Result<Search, Wrong> {
    search_of(ONE, config)
}

/// What is tried of the first strategy.
fn tried(search: Search) -> Trials {
    search.members.into_iter().next().unwrap().trials
}

#[track_caller]
fn refuse(config: Value, key: &str, says: &str) {
    let found = search(&config).unwrap_err();
    assert_eq!(found.key, key, "{found:?}");
    assert!(found.what.contains(says), "{found:?}");
}

#[test]
fn values_are_lists_ranges_and_numbers() {
    let config = json!({"parameters": {
        "a": [5, 1], "b": {"min": 0.1, "max": 0.4, "step": 0.1}, "c": "range(10, 14, 2)", "d": 7,
    }});
    let found = search(&config).unwrap();
    assert_eq!((found.count(), found.algorithm()), (24, "grid"));
    let Trials::Grid(axes) = tried(found) else { panic!("it is a grid") };
    let values: Vec<&[f64]> = axes.iter().map(|axis| &axis.values[..]).collect();
    assert_eq!(values, [&[5.0, 1.0][..], &[0.1, 0.2, 0.3, 0.4], &[10.0, 12.0, 14.0], &[7.0]]);
    let params = |index| Value::Object(params_of(&axes, index)).to_string();
    assert_eq!(params(0), r#"{"a":5,"b":0.1,"c":10,"d":7}"#);
    assert_eq!(params(23), r#"{"a":1,"b":0.4,"c":14,"d":7}"#);
}

#[test]
fn a_space_has_whole_real_log_and_named_values() {
    let config = json!({"algorithm": "tpe", "trials": 50, "constraints": ["fast < slow"],
    "parameters": {
        "fast": {"min": 2, "max": 50}, "slow": "range(20, 200, 5)",
        "share": {"min": 0.01, "max": 1.0, "log": true}, "kind": ["sma", "ema"],
        "alpha": {"min": 0.1, "max": 0.9, "when": {"kind": "ema"}},
    }});
    let found = search(&config).unwrap();
    assert_eq!((found.count(), found.algorithm()), (50, "tpe"));
    assert_eq!(found.names(), ["fast", "slow", "share", "kind", "alpha"]);
    let Trials::Guided(Guided { space, .. }) = tried(found) else { panic!("it is guided") };
    let point = |json: Value| space.parse(&json).map(|point| space.allows(&point));
    let values = json!({"fast": 10, "slow": 25, "share": 0.5, "kind": "sma"});
    assert_eq!(point(values), Ok(true));
    let crossed = json!({"fast": 30, "slow": 25, "share": 0.5, "kind": "sma"});
    assert_eq!(point(crossed), Ok(false));
    let conditional = json!({"fast": 10, "slow": 25, "share": 0.5, "kind": "ema", "alpha": 0.2});
    assert_eq!(point(conditional), Ok(true));
    assert!(point(json!({"fast": 10, "slow": 23, "share": 0.5, "kind": "sma"})).is_err());
}

#[test]
fn what_cannot_be_searched_is_refused_with_its_key() {
    refuse(json!({"parameters": {}}), "parameters", "nothing to search");
    refuse(json!({"algorithm": "annealing"}), "algorithm", "is unknown");
    let two = json!(["maximize_sharpe", "minimize_drawdown"]);
    refuse(json!({"algorithm": "tpe", "objective": two}), "algorithm", "there are 2");
    refuse(json!({"objective": []}), "objective", "empty");
    refuse(json!({"objective": ["maximize_sharpe", "luck"]}), "objective[1]", "luck");
    let twice = json!(["maximize_sharpe", "maximize_sharpe"]);
    refuse(json!({"objective": twice}), "objective[1]", "a second time");
    refuse(json!({"objective": {"function": "egg"}}), "objective", "there is no function `egg`");
    let flat = json!({"function": "rosenbrock", "dimensions": 1});
    refuse(json!({"objective": flat}), "objective", "no form in 1 dimensions");
    let sphere = json!({"function": "sphere"});
    refuse(json!({"objective": sphere, "algorithm": "grid"}), "algorithm", "not search a function");
    refuse(json!({"objective": sphere, "parameters": {"x1": [1]}}), "parameters", "has its own");
    refuse(json!({"parameters": {"n": [1, 1]}}), "parameters.n", "1 twice");
    refuse(json!({"parameters": {"n": "range(1)"}}), "parameters.n", "no set of numbers");
    refuse(json!({"parameters": {"n": {"min": 5, "max": 1}}}), "parameters.n", "no set");
    refuse(json!({"parameters": {"n": {"min": 0, "max": 9, "by": 1}}}), "parameters.n", "no set");
    refuse(json!({"parameters": {"n": []}}), "parameters.n", "0 values");
    refuse(json!({"parameters": {"n": [1, 2]}, "trials": 1}), "trials", "2 combinations");
    refuse(json!({"parameters": {"n": [1]}, "objective": "luck"}), "objective", "luck");
    refuse(json!({"parameters": {"n": [1]}, "objective": "sharpe -"}), "objective", "sharpe -");
    let many = json!({"min": 1, "max": 5000});
    refuse(json!({"parameters": {"a": many, "b": many}}), "parameters", "more than 10000000");
}

#[test]
fn what_is_no_space_is_refused_with_its_key() {
    let refuse = |parameters: Value, constraints: Value, key: &str, says: &str| {
        let config = json!({"algorithm": "random", "parameters": parameters,
            "constraints": constraints});
        refuse(config, key, says);
    };
    refuse(json!({"n": {"min": 5, "max": 1}}), json!([]), "parameters.n", "no values");
    refuse(json!({"n": {"low": 5}}), json!([]), "parameters.n", "is no set of values");
    refuse(json!({"n": {"min": 0, "max": 1, "log": true}}), json!([]), "parameters.n", "log");
    refuse(json!({"n": [1, 2]}), json!(["n < m"]), "constraints[0]", "m");
    refuse(json!({"n": [1, 2]}), json!(["n > 2"]), "constraints", "n > 2");
    refuse(json!({"n": ["a", "b"]}), json!(["n > 2"]), "constraints[0]", "n");
    let when = json!({"n": {"min": 0, "max": 1, "when": {"m": 1}}});
    refuse(when, json!([]), "parameters.n", "`m`");
}

fn refuse_of(strategies: &str, config: Value, key: &str, says: &str) {
    let found = search_of(strategies, &config).unwrap_err();
    assert_eq!(found.key, key, "{found:?}");
    assert!(found.what.contains(says), "{found:?}");
}

/// Every allowed point of a list.
fn points(trials: &Trials) -> Vec<String> {
    let Trials::Guided(Guided { space, count, .. }) = trials else { panic!("it is listed") };
    let points: Vec<_> = space.points().unwrap().map(|point| space.text(&point)).collect();
    assert_eq!(points.len(), *count);
    points
}

#[test]
fn a_grid_of_names_conditions_and_constraints_is_a_list() {
    let config = json!({"parameters": {
        "kind": ["sma", "ema"], "n": "range(1, 3)",
        "m": {"min": 1, "max": 2, "when": {"kind": "ema"}},
    }, "constraints": ["n < 3"]});
    let found = search(&config).unwrap();
    assert_eq!((found.count(), found.algorithm(), found.is_adaptive()), (6, "grid", false));
    let sma = [1, 2].map(|n| format!(r#"{{"kind":"sma","n":{n}}}"#));
    let ema = [[1, 1], [2, 1], [1, 2], [2, 2]];
    let ema = ema.map(|[m, n]| format!(r#"{{"kind":"ema","m":{m},"n":{n}}}"#));
    let mut listed = points(&tried(found));
    listed.sort();
    let mut expected = [&sma[..], &ema[..]].concat();
    expected.sort();
    assert_eq!(listed, expected);
    let many = json!({"a": "range(1, 2000)", "b": "range(1, 1000)"});
    let config = json!({"parameters": many, "constraints": ["a > 0"]});
    refuse(config, "parameters", "more than 1000000");
    refuse(json!({"parameters": {"n": [1, 2]}, "constraints": ["n > 2"]}), "constraints", "n > 2");
}

#[test]
fn opt_07_a_strategy_declares_what_of_it_is_searched() {
    let found = search(&json!({})).unwrap();
    assert_eq!((found.count(), found.algorithm()), (TRIALS, "sobol"));
    assert_eq!(found.names(), ["fast", "slow"]);
    let Trials::Guided(Guided { space, .. }) = tried(found) else { panic!("it is guided") };
    let allows = |fast: i64, slow: i64| {
        space.parse(&json!({"fast": fast, "slow": slow})).map(|point| space.allows(&point))
    };
    assert_eq!((allows(7, 33), allows(50, 50), allows(5, 200)), (Ok(true), Ok(false), Ok(true)));
    assert!(allows(4, 33).is_err() && allows(7, 201).is_err());
    let grid = search(&json!({"algorithm": "grid"})).unwrap();
    assert_eq!((grid.count(), grid.names()), (10 * 19, vec!["fast", "slow"]));
    let fixed = "strategy: {type: sma_crossover, params: {fast: 30}}";
    let found = search_of(fixed, &json!({"algorithm": "tpe"})).unwrap();
    assert_eq!(found.names(), ["slow"]);
    let Trials::Guided(Guided { space, .. }) = tried(found) else { panic!("it is guided") };
    let allows = |slow: i64| space.allows(&space.parse(&json!({"slow": slow})).unwrap());
    assert!(!allows(30) && allows(31));
    let fixed = "strategy: {type: sma_crossover, params: {fast: 30, slow: 90}}";
    refuse_of(fixed, json!({}), "parameters", "leave nothing to search");
    refuse_of("strategy: {type: buy_and_hold}", json!({}), "parameters", "nothing to search");
    let rules = "strategy: {type: rules, params: {n: 5}, entry: 'close > sma(close, $n)'}";
    refuse_of(rules, json!({}), "parameters", "`type: rules` declares none");
    assert_eq!(search_of(rules, &json!({"parameters": {"n": [5, 6]}})).unwrap().count(), 2);
}

/// Whatever a built-in strategy declares, all of it makes strategies.
#[test]
fn every_declaration_can_be_searched() {
    let registry = Registry::builtin();
    for name in registry.names().filter(|name| *name != "buy_and_hold") {
        let config = json!({"algorithm": "random"});
        let found = search_of(&format!("strategy: {{type: {name}}}"), &config).unwrap();
        let Trials::Guided(Guided { space, method, .. }) = tried(found) else { panic!("{name}") };
        let seed = dirigent_core::Seed::master(1);
        let mut study =
            optimize::Study::new(space.clone(), vec![optimize::Direction::Maximize], &method, seed)
                .unwrap();
        for _ in 0..100 {
            let optimize::Asked::Trial(trial) = study.ask() else { panic!("{name}") };
            let point = space.to_json(&trial.point);
            let given = point.as_object().unwrap().iter().map(|(name, value)| {
                (name.clone(), dirigent_trading::strategy::ParamValue::from_json(value).unwrap())
            });
            assert!(registry.build(name, &given.collect()).is_ok(), "{name} {point}");
        }
    }
}

#[test]
fn each_of_several_strategies_has_its_share_of_the_trials() {
    let found = search_of(TWO, &json!({"trials": 9})).unwrap();
    let counts: Vec<usize> = found.members.iter().map(Member::count).collect();
    assert_eq!((counts, found.count()), (vec![5, 4], 9));
    assert_eq!(found.names(), ["fast", "slow", "period", "oversold", "exit_above"]);
    assert_eq!(found.parts(&(3..7)), [(0, 3..5), (1, 0..2)]);
    assert_eq!(found.parts(&(0..5)), [(0, 0..5)]);
    assert_eq!((found.first_of(1), found.parts(&(9..9))), (5, Vec::new()));
    let own = json!({"parameters": {
        "trend": {"fast": [5, 10], "slow": [20, 30, 40]}, "rsi_mean_reversion": {},
    }});
    let found = search_of(TWO, &own).unwrap();
    assert_eq!((found.algorithm(), found.count()), ("grid", 7));
    let config = json!({"algorithm": "tpe", "trials": 7, "constraints": ["period < 9"]});
    let found = search_of(TWO, &config).unwrap();
    let Trials::Guided(Guided { space, .. }) = &found.members[1].trials else { panic!() };
    let allows = |period: i64| {
        let point = json!({"period": period, "oversold": 20.0, "exit_above": 60.0});
        space.allows(&space.parse(&point).unwrap())
    };
    assert!(allows(8) && !allows(9));
    refuse_of(TWO, json!({"trials": 1}), "trials", "1 for 2 strategies");
    let flat = json!({"parameters": {"fast": [5, 10]}});
    refuse_of(TWO, flat, "parameters.fast", "is no strategy");
    refuse_of(TWO, json!({"constraints": ["speed < 9"]}), "constraints[0]", "speed");
    let with_rules = "strategies: [{type: ema_crossover}, {name: own, type: rules, entry: 'true'}]";
    refuse_of(with_rules, json!({}), "parameters.own", "declares none");
    let own = json!({"algorithm": "random", "trials": 3, "parameters": {"own": {}}});
    assert_eq!(search_of(with_rules, &own).unwrap().count(), 3);
}

#[test]
fn a_phase_makes_as_many_trials_as_it_has_containers_unless_it_is_told() {
    let of = |config: Value, count| told(config.as_object(), count)["trials"].as_u64();
    assert_eq!(of(json!({}), Some(1000)), Some(1000));
    assert_eq!(of(json!({"algorithm": "tpe", "trials": 50}), Some(1000)), Some(50));
    assert!(!told(None, None).contains_key("trials"));
    let grid = json!({"parameters": {"fast": [5]}});
    assert!(!told(grid.as_object(), Some(1000)).contains_key("trials"));
}
