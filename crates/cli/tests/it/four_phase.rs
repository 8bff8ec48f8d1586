//! The sample of four phases on the bundled stocks: search, regimes, weights on signals, test.

use serde_json::Value;

use crate::world::{World, root};

fn sum(weights: &Value) -> f64 {
    weights.as_object().unwrap().values().filter_map(Value::as_f64).sum()
}

/// PHS-08 to PHS-11, TRD-22: a thousand containers search, regimes are found and weigh the strategies, weights
/// come from replayed signals, and the test is on days that no phase has seen.
#[test]
fn phs_08_to_11_four_phases_find_weigh_and_test() {
    let file = root().join("workflows/four-phase.yaml");
    let file = file.to_str().unwrap();
    let world = World::new();
    let summary = world.json(&["run", file]);
    assert_eq!(summary["status"], "completed", "{summary}");
    for (mode, workers) in [("TRADITIONAL", "1"), ("HYBRID", "4")] {
        let found = world.digest(&[file, "--mode", mode, "--workers", workers]);
        assert_eq!(found, summary["digest"], "{mode} {workers}");
    }
    let phases = summary["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 4);
    assert_eq!(phases[0]["containers"]["created"], 1001);
    let result = &summary["result"];
    let found = &result["parameter_discovery"];
    assert_eq!(found["trials"], 1000);
    assert_eq!(found["best_params"].as_object().unwrap().len(), 3);
    let regimes = result["regime_analysis"]["regime_weights"].as_object().unwrap();
    assert_eq!(regimes.keys().collect::<Vec<_>>(), ["calm", "wild"]);
    for (regime, weights) in regimes {
        assert!((sum(weights) - 1.0).abs() < 1e-9, "{regime} {weights}");
    }
    let ensemble = &result["ensemble_optimization"];
    assert!((sum(&ensemble["final_weights"]) - 1.0).abs() < 1e-9, "{ensemble}");
    assert_eq!(
        (&ensemble["method"], &ensemble["signals_computed"]),
        (&"signal_replay".into(), &0.into())
    );
    let test = &result["validation"];
    assert_eq!(test["in_sample"]["to"], "2009-12-31");
    let best = ensemble["best"]["final_equity"].as_f64().unwrap();
    assert!((test["in_sample"]["final_equity"].as_f64().unwrap() - best).abs() < 1e-6);
}
