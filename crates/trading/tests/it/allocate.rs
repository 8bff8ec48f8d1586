//! Portfolio weights against other libraries' (`tests/data/golden/portfolio`, made by `make.py`),
//! and what every answer must satisfy.

use std::{fs, path::PathBuf};

use dirigent_trading::allocate::{
    Covariance, Error, Limits, efficient_return, equal, equal_risk, hierarchical_risk_parity,
    inverse_volatility, max_sharpe, mean_arithmetic, mean_geometric, min_variance,
    min_variance_unconstrained, tangency_unconstrained,
};
use proptest::prelude::*;
use serde_json::Value;

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    fs::read_to_string(path).unwrap()
}

/// Returns by asset of the reference's rows of the panel.
fn returns() -> Vec<Vec<f64>> {
    let text = read("../../../../examples/data/panel/four_adj_close.csv");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .filter(|line| ("2009-01-02".."2011-12-31").contains(&&line[..10]))
        .map(|line| line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect())
        .collect();
    (0..rows[0].len())
        .map(|asset| rows.windows(2).map(|pair| pair[1][asset] / pair[0][asset] - 1.0).collect())
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[track_caller]
fn check(found: &[f64], expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len());
    for (asset, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "asset {asset}: {found}, not {expected}");
    }
}

struct Reference {
    gold: Value,
    mean: Vec<f64>,
    covariance: Covariance,
}

fn reference() -> Reference {
    let returns = returns();
    Reference {
        gold: serde_json::from_str(&read("golden/portfolio/four_stocks.json")).unwrap(),
        mean: mean_arithmetic(&returns, 252.0).unwrap(),
        covariance: Covariance::sample(&returns, 252.0).unwrap(),
    }
}

#[test]
fn estimates_equal_the_reference() {
    let (returns, r) = (returns(), reference());
    assert_eq!(returns[0].len() as u64, r.gold["returns"].as_u64().unwrap());
    check(&r.mean, &r.gold["mean_arith_x252"], 1e-13);
    check(&mean_geometric(&returns, 252.0).unwrap(), &r.gold["mean_geometric"], 1e-11);
    check(r.covariance.row(0), &r.gold["sample_cov_row0"], 1e-15);
    let shrunk = Covariance::ledoit_wolf(&returns, 1.0).unwrap();
    let expected = r.gold["ledoit_wolf"]["shrinkage"].as_f64().unwrap();
    assert!((shrunk.shrinkage - expected).abs() < 1e-12);
    check(shrunk.covariance.row(0), &r.gold["ledoit_wolf"]["daily_row0"], 1e-15);
}

#[test]
fn closed_forms_and_risk_weights_equal_the_reference() {
    let Reference { gold, mean, covariance } = reference();
    let gold = &gold["weights"];
    let min = min_variance_unconstrained(&covariance).unwrap();
    check(&min, &gold["min_var_unconstrained_closed_form"], 1e-10);
    let tangency = tangency_unconstrained(&covariance, &mean, 0.0).unwrap();
    check(&tangency, &gold["tangency_unconstrained_rf0_closed_form(arith mean)"], 1e-10);
    let hrp = hierarchical_risk_parity(&covariance).unwrap();
    check(&hrp, &gold["hrp_single_linkage"], 1e-12);
    check(&inverse_volatility(&covariance).unwrap(), &gold["inverse_vol"], 1e-12);
    check(&equal_risk(&covariance).unwrap(), &gold["equal_risk_contribution"], 1e-10);
}

/// Weights close to the reference's, with a variance no larger but for its rounding.
#[track_caller]
fn check_optimum(found: &[f64], expected: &Value, covariance: &Covariance) {
    check(found, expected, 1e-4);
    let (found, expected) =
        (covariance.variance_of(found), covariance.variance_of(&numbers(expected)));
    assert!((found - expected).abs() <= 1e-6 * expected, "variance {found}, not {expected}");
}

#[test]
fn constrained_optima_equal_the_reference() {
    let Reference { gold, mean, covariance } = reference();
    let weights = &gold["weights"];
    let long = Limits::default();
    let found = min_variance(&covariance, long).unwrap();
    check_optimum(&found, &weights["min_var_long_only"], &covariance);
    let capped = Limits { max: 0.35, ..long };
    let found = min_variance(&covariance, capped).unwrap();
    check_optimum(&found, &weights["min_var_long_only_cap35pct"], &covariance);
    let found = efficient_return(&covariance, &mean, 0.4, long).unwrap();
    check_optimum(&found, &weights["efficient_return_40pct"], &covariance);
    let found = max_sharpe(&covariance, &mean, 0.02, long).unwrap();
    check_optimum(&found, &weights["max_sharpe_long_only_rf2pct"], &covariance);
}

fn two(variance: f64, shared: f64) -> Covariance {
    Covariance::from_rows(vec![vec![variance, shared], vec![shared, variance]]).unwrap()
}

#[test]
fn questions_without_an_answer_are_refused() {
    let (singular, sound) = (two(0.04, 0.04), two(0.04, 0.01));
    let long = Limits::default();
    assert_eq!(min_variance(&singular, long), Err(Error::Singular { asset: 1 }));
    assert_eq!(min_variance_unconstrained(&singular), Err(Error::Singular { asset: 1 }));
    assert_eq!(equal_risk(&singular), Err(Error::Singular { asset: 1 }));
    assert_eq!(inverse_volatility(&two(0.0, 0.0)), Err(Error::NoVariance { asset: 0 }));
    assert_eq!(
        min_variance(&sound, Limits { min: 0.0, max: 0.4 }),
        Err(Error::Limits { assets: 2, min: 0.0, max: 0.4 })
    );
    assert_eq!(
        efficient_return(&sound, &[0.1, 0.2], 0.3, long),
        Err(Error::Target { target: 0.3, most: 0.2 })
    );
    assert_eq!(max_sharpe(&sound, &[0.01, 0.0], 0.02, long), Err(Error::NoExcess { rate: 0.02 }));
    assert_eq!(
        tangency_unconstrained(&sound, &[-0.1, 0.05], 0.0),
        Err(Error::NoExcess { rate: 0.0 })
    );
    assert!(matches!(tangency_unconstrained(&sound, &[0.1], 0.0), Err(Error::Length { .. })));
    assert_eq!(equal(0), Err(Error::Assets(0)));
}

#[test]
fn estimates_refuse_what_is_not_a_table_of_returns() {
    let sample = |columns: &[Vec<f64>]| Covariance::sample(columns, 252.0).unwrap_err();
    assert_eq!(sample(&[]), Error::Assets(0));
    assert_eq!(sample(&[vec![0.1]]), Error::TooFewReturns { found: 1, needed: 2 });
    assert!(matches!(sample(&[vec![0.1, 0.2], vec![0.1]]), Error::Length { .. }));
    assert_eq!(
        sample(&[vec![0.1, f64::NAN]]).to_string(),
        "return column 0 number 1 is `NaN`, which is not a finite number"
    );
    let skewed = Covariance::from_rows(vec![vec![1.0, 0.5], vec![0.4, 1.0]]);
    assert_eq!(skewed, Err(Error::NotSymmetric { row: 1, column: 0 }));
    assert_eq!(mean_geometric(&[vec![-1.0, 0.5]], 252.0), Err(Error::Ruined { asset: 0 }));
}

#[test]
fn limits_that_leave_one_answer_give_it() {
    let r = reference();
    let quarter = Limits { min: 0.0, max: 0.25 };
    for weights in [
        min_variance(&r.covariance, quarter).unwrap(),
        max_sharpe(&r.covariance, &r.mean, 0.02, quarter).unwrap(),
    ] {
        assert!(weights.iter().all(|weight| (weight - 0.25).abs() < 1e-12), "{weights:?}");
    }
    assert_eq!(equal(4).unwrap(), [0.25; 4]);
}

/// A problem from random factors: returns of 4 to 12 assets over 40 periods.
fn problems() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let columns = prop::collection::vec(prop::collection::vec(-0.05..0.05_f64, 40), 4..12);
    (columns, 0.0..0.7_f64).prop_map(|(mut columns, shared)| {
        let market = columns[0].clone();
        for column in &mut columns[1..] {
            column.iter_mut().zip(&market).for_each(|(x, m)| *x = shared * m + (1.0 - shared) * *x);
        }
        columns
    })
}

/// First-order conditions of least variance: assets between their limits share one slope, those
/// at the bottom have a higher, those at the top a lower one.
#[track_caller]
fn check_slopes(slopes: &[f64], weights: &[f64], limits: Limits) {
    let pairs = || slopes.iter().zip(weights);
    let scale = slopes.iter().fold(0.0_f64, |scale, slope| scale.max(slope.abs()));
    let reducible = pairs().filter(|(_, w)| **w > limits.min + 1e-9);
    let extensible = pairs().filter(|(_, w)| **w < limits.max - 1e-9);
    let highest = reducible.map(|(s, _)| *s).fold(f64::NEG_INFINITY, f64::max);
    let lowest = extensible.map(|(s, _)| *s).fold(f64::INFINITY, f64::min);
    assert!(highest <= lowest + 1e-9 * scale, "slopes {slopes:?} of weights {weights:?}");
}

fn check_weights(weights: &[f64], limits: Limits) {
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-10, "{weights:?}");
    assert!(weights.iter().all(|w| (limits.min..=limits.max).contains(w)), "{weights:?}");
}

/// Hardly more returns than assets: what is left out is exactly zero, and the rest adds up.
#[test]
fn a_nearly_singular_covariance_is_solved_to_rounding() {
    let mut state = 7_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((state >> 33) as u32) / f64::from(u32::MAX) - 0.25
    };
    let market: Vec<f64> = (0..102).map(|_| 0.03 * next()).collect();
    let mut asset = || -> Vec<f64> {
        let beta = 0.75 + next();
        market.iter().map(|market| beta * market + 0.02 * next()).collect()
    };
    let columns: Vec<Vec<f64>> = (0..100).map(|_| asset()).collect();
    let covariance = Covariance::sample(&columns, 252.0).unwrap();
    let limits = Limits::default();
    let weights = min_variance(&covariance, limits).unwrap();
    check_weights(&weights, limits);
    check_slopes(&covariance.times(&weights), &weights, limits);
    assert!(weights.contains(&0.0), "{weights:?}");
    let sum: f64 = weights.iter().sum();
    assert!((sum - 1.0).abs() < 1e-13, "{sum}");
}

proptest! {
    #[test]
    fn least_variance_meets_its_first_order_conditions(columns in problems()) {
        let covariance = Covariance::sample(&columns, 252.0).unwrap();
        for limits in [Limits::default(), Limits { min: 0.02, max: 0.3 }] {
            let weights = min_variance(&covariance, limits).unwrap();
            check_weights(&weights, limits);
            check_slopes(&covariance.times(&weights), &weights, limits);
        }
    }

    #[test]
    fn a_target_is_met_at_least_variance(columns in problems(), share in 0.0..1.0_f64) {
        let covariance = Covariance::sample(&columns, 252.0).unwrap();
        let mean = mean_arithmetic(&columns, 252.0).unwrap();
        let best = mean.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let limits = Limits::default();
        let least = min_variance(&covariance, limits).unwrap();
        let earned = |weights: &[f64]| weights.iter().zip(&mean).map(|(w, m)| w * m).sum::<f64>();
        let target = earned(&least) + share * (best - earned(&least));
        let weights = efficient_return(&covariance, &mean, target, limits).unwrap();
        check_weights(&weights, limits);
        prop_assert!(earned(&weights) >= target - 1e-10 * best.abs());
        // The slope falls by the price of return, which any two assets held tell.
        let slopes = covariance.times(&weights);
        let held: Vec<usize> = (0..mean.len()).filter(|i| weights[*i] > 1e-6).collect();
        if let [.., a, b] = held[..] && (mean[a] - mean[b]).abs() > 1e-3 {
            let price = (slopes[a] - slopes[b]) / (mean[a] - mean[b]);
            let rest: Vec<f64> = slopes.iter().zip(&mean).map(|(s, m)| s - price * m).collect();
            let scale = slopes.iter().fold(0.0_f64, |scale, slope| scale.max(slope.abs()));
            let level = rest[a];
            prop_assert!(rest.iter().all(|slope| *slope >= level - 1e-6 * scale), "{rest:?}");
        }
    }

    #[test]
    fn no_single_trade_improves_the_best_sharpe_ratio(columns in problems()) {
        let covariance = Covariance::sample(&columns, 252.0).unwrap();
        let mean = mean_arithmetic(&columns, 252.0).unwrap();
        let limits = Limits::default();
        prop_assume!(mean.iter().any(|mean| *mean > 0.02));
        let weights = max_sharpe(&covariance, &mean, 0.02, limits).unwrap();
        check_weights(&weights, limits);
        let ratio = |weights: &[f64]| {
            let earned: f64 = weights.iter().zip(&mean).map(|(w, m)| w * (m - 0.02)).sum();
            earned / covariance.variance_of(weights).sqrt()
        };
        let best = ratio(&weights);
        for from in (0..mean.len()).filter(|from| weights[*from] > 1e-3) {
            for to in 0..mean.len() {
                let mut other = weights.clone();
                other[from] -= 1e-3;
                other[to] += 1e-3;
                prop_assert!(ratio(&other) <= best + 1e-12 * best.abs());
            }
        }
    }

    #[test]
    fn risk_weights_share_the_risk(columns in problems()) {
        let covariance = Covariance::sample(&columns, 252.0).unwrap();
        let weights = equal_risk(&covariance).unwrap();
        check_weights(&weights, Limits::default());
        let variance = covariance.variance_of(&weights);
        let part = 1.0 / weights.len() as f64;
        for (slope, weight) in covariance.times(&weights).iter().zip(&weights) {
            prop_assert!((slope * weight / variance - part).abs() < 1e-12);
        }
        check_weights(&hierarchical_risk_parity(&covariance).unwrap(), Limits::default());
        check_weights(&inverse_volatility(&covariance).unwrap(), Limits::default());
    }
}
