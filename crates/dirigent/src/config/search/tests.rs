//! Searches as they are written, and what is wrong with some.

use serde_json::json;

use super::*;

fn search(config: &Value) -> Result<Search, Wrong> {
    Search::of(config.as_object().unwrap())
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
    let Trials::Grid(axes) = found.trials else { panic!("it is a grid") };
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
    let Trials::Guided(Guided { space, .. }) = found.trials else { panic!("it is guided") };
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
    refuse(json!({}), "parameters", "not given");
    refuse(json!({"algorithm": "hyperband"}), "algorithm", "not in this release");
    refuse(json!({"parameters": {"n": [1, 1]}}), "parameters.n", "1 twice");
    refuse(json!({"parameters": {"n": "range(1)"}}), "parameters.n", "no set of numbers");
    refuse(json!({"parameters": {"n": {"min": 5, "max": 1}}}), "parameters.n", "no set");
    refuse(json!({"parameters": {"n": {"min": 0, "max": 9, "by": 1}}}), "parameters.n", "no set");
    refuse(json!({"parameters": {"n": []}}), "parameters.n", "0 values");
    refuse(json!({"parameters": {"n": [1, 2]}, "trials": 1}), "trials", "2 combinations");
    refuse(json!({"parameters": {"n": [1]}, "objective": "luck"}), "objective", "luck");
    refuse(json!({"parameters": {"n": [1]}, "objective": "sharpe -"}), "objective", "sharpe -");
    refuse(json!({"parameters": {"n": [1]}, "constraints": ["n < 2"]}), "constraints", "grid");
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
