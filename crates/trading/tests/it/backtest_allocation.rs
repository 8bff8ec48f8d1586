//! Runs of `allocation`: its limits, its way to a target, and what it knows.

use std::collections::BTreeMap;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::causality::{cuts, prove};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::FillTiming;
use dirigent_trading::order::Side;
use dirigent_trading::strategy::{ParamValue, Plan, Registry, Strategy};
use dirigent_trading::{Bars, Price};

use crate::causality::walk;
use crate::fixture::daily;

const METHODS: [&str; 7] = [
    "equal",
    "inverse_volatility",
    "risk_parity",
    "hierarchical_risk_parity",
    "min_variance",
    "max_sharpe",
    "kelly",
];
const SECTORS: [&str; 4] = ["metal", "metal", "grain", "grain"];

/// An allocation that looks back twenty bars, in these sectors.
fn allocation(method: &str, params: &[(&str, f64)], sectors: &[&str]) -> Box<dyn Strategy> {
    let name = |text: &str| ParamValue::Name(text.to_owned());
    let mut given: BTreeMap<String, ParamValue> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), ParamValue::Number(*value)))
        .collect();
    given.insert("method".to_owned(), name(method));
    given.insert("rebalance".to_owned(), name("weekly"));
    given.entry("lookback".to_owned()).or_insert(ParamValue::Number(20.0));
    let Ok(Plan::Strategy(mut strategy)) = Registry::builtin().build("allocation", &given) else {
        panic!("allocation is code, and takes {params:?}")
    };
    strategy.sectors(&sectors.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>());
    strategy
}

fn panel(seeds: [&str; 4], bars: usize) -> [Bars; 4] {
    seeds.map(|symbol| walk(symbol, bars))
}

/// Fractions of units without costs, traded at the close that decides: what is held is the target.
fn exact() -> Options {
    Options { fill: FillTiming::SameClose, lot: Options::LOT_FRACTIONAL, ..Options::default() }
}

/// What a rebalancing did: weights before and after, in shares of equity.
struct Step {
    before: Vec<f64>,
    after: Vec<f64>,
    bought: f64,
    sold: f64,
}

/// The rebalancings of a run without costs, at whose closes equity stays what it is.
fn steps(bars: &[Bars], outcome: &Outcome) -> Vec<Step> {
    let mut held = vec![0.0; bars.len()];
    let mut times: Vec<Timestamp> = outcome.fills.iter().map(|fill| fill.time).collect();
    times.dedup();
    let equities = outcome.equity.to_f64();
    let step = |time: Timestamp| {
        let at = outcome.equity.time.binary_search(&time).unwrap();
        let equity = equities[at];
        let close = |bars: &Bars| bars.close[bars.time.binary_search(&time).unwrap()].to_f64();
        let weights = |held: &[f64]| -> Vec<f64> {
            held.iter().zip(bars).map(|(units, bars)| units * close(bars) / equity).collect()
        };
        let before = weights(&held);
        let (mut bought, mut sold) = (0.0, 0.0);
        for fill in outcome.fills.iter().filter(|fill| fill.time == time) {
            held[fill.symbol.index()] += fill.signed_quantity().to_f64();
            let value = fill.value().to_f64().abs() / equity;
            if fill.side == Side::Buy { bought += value } else { sold += value }
        }
        Step { before, after: weights(&held), bought, sold }
    };
    times.into_iter().map(step).collect()
}

#[test]
fn every_method_keeps_its_limits_at_every_rebalancing() {
    let limits =
        [("max_weight", 0.35), ("max_sector_weight", 0.5), ("cash", 0.1), ("fraction", 1.0)];
    for seeds in [["A", "B", "C", "D"], ["E", "F", "G", "H"], ["I", "J", "K", "L"]] {
        let bars = panel(seeds, 250);
        for method in METHODS {
            let outcome =
                run(&bars, &mut *allocation(method, &limits, &SECTORS), &exact(), &Unwatched)
                    .unwrap();
            assert_eq!(outcome.rejected, 0, "{:?}", outcome.warnings);
            let steps = steps(&bars, &outcome);
            assert!(steps.len() > 10, "{method}: {}", steps.len());
            for Step { after, .. } in steps {
                assert!(after.iter().all(|w| (-1e-6..0.315 + 1e-6).contains(w)), "{after:?}");
                assert!(after.iter().sum::<f64>() <= 0.9 + 1e-6, "{method}: {after:?}");
                assert!(after[0] + after[1] <= 0.45 + 1e-6, "{method}: {after:?}");
                assert!(after[2] + after[3] <= 0.45 + 1e-6, "{method}: {after:?}");
            }
        }
    }
}

#[test]
fn what_the_limits_leave_over_stays_in_cash() {
    let bars = panel(["A", "B", "C", "D"], 60);
    let weights = |limits: &[(&str, f64)]| -> Vec<f64> {
        let mut strategy = allocation("equal", limits, &SECTORS);
        let outcome = run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap();
        steps(&bars, &outcome).swap_remove(0).after
    };
    let check = |limits: &[(&str, f64)], expected: f64| {
        let found = weights(limits);
        assert!(found.iter().all(|w| (w - expected).abs() < 1e-6), "{found:?}, not {expected}");
    };
    check(&[], 0.25);
    check(&[("max_weight", 0.2)], 0.2);
    check(&[("max_weight", 0.2), ("cash", 0.5)], 0.1);
    check(&[("max_sector_weight", 0.3)], 0.15);
    check(&[("max_weight", 0.1), ("max_sector_weight", 0.3)], 0.1);
}

#[test]
fn the_turnover_of_every_rebalancing_is_limited() {
    let bars = panel(["A", "B", "C", "D"], 250);
    for method in METHODS {
        let limits = [
            ("max_turnover", 0.15),
            ("max_weight", 0.6),
            ("max_sector_weight", 0.7),
            ("fraction", 1.0),
        ];
        let mut strategy = allocation(method, &limits, &SECTORS);
        let outcome = run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap();
        let steps = steps(&bars, &outcome);
        assert!(steps.len() > 10, "{method}: {}", steps.len());
        let is_full = |step: &Step| (step.bought.max(step.sold) - 0.15).abs() < 1e-6;
        // From cash it takes some steps, each as far as may be.
        assert!(steps.iter().filter(|step| is_full(step)).count() >= 3, "{method}");
        for Step { before, after, bought, sold } in steps {
            assert!(bought <= 0.15 + 1e-6 && sold <= 0.15 + 1e-6, "{method}: {bought} {sold}");
            // What prices drove above a limit only comes back.
            for (before, after) in before.iter().zip(after) {
                assert!(after <= before.max(0.6) + 1e-6, "{method}: from {before} to {after}");
            }
        }
    }
}

/// Without a limit of turnover everything is sold at once; with one, in steps.
#[test]
fn leaving_for_cash_takes_steps_too() {
    let prices: Vec<String> = (0..120)
        .map(|day| format!("{:.4}", if day < 60 { 100 + day } else { 220 - day } as f64))
        .collect();
    let wiggle = |price: &String, day: usize| format!("{price}{}", day % 2);
    let prices: Vec<String> = prices.iter().enumerate().map(|(d, p)| wiggle(p, d)).collect();
    let rows: Vec<[&str; 4]> = prices.iter().map(|price| [price.as_str(); 4]).collect();
    let bars = [daily("UP", &rows)];
    let sales = |limits: &[(&str, f64)]| {
        let mut strategy = allocation("kelly", limits, &["metal"]);
        let outcome = run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap();
        assert!(outcome.open_positions.is_empty(), "{:?}", outcome.open_positions);
        assert!(outcome.equity.last() > Some(outcome.initial_cash));
        outcome.fills.iter().filter(|fill| fill.side == Side::Sell).count()
    };
    assert_eq!(sales(&[]), 1);
    assert!(sales(&[("max_turnover", 0.25)]) >= 4);
}

#[test]
fn kelly_holds_cash_where_nothing_is_expected_to_earn() {
    let falling: Vec<String> =
        (0..60).map(|day| format!("{:.2}", 200.0 - f64::from(day + day % 3))).collect();
    let rows: Vec<[&str; 4]> = falling.iter().map(|price| [price.as_str(); 4]).collect();
    let bars = [daily("DOWN", &rows)];
    let trades = |method: &str, lookback: f64| {
        let mut strategy = allocation(method, &[("lookback", lookback)], &["metal"]);
        run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap().fills.len()
    };
    assert_eq!(trades("kelly", 20.0), 0);
    assert!(trades("risk_parity", 20.0) > 0);
    // Too few bars decide nothing.
    assert_eq!(trades("risk_parity", 59.0), 0);
}

/// Two symbols in step have a singular covariance: what is held stays.
#[test]
fn a_singular_covariance_changes_nothing() {
    let walk = walk("A", 120);
    let twin = Bars { symbol: "TWIN".to_owned(), ..walk.clone() };
    let bars = [walk, twin];
    let given = [("covariance", "sample"), ("method", "kelly")]
        .map(|(name, value)| (name.to_owned(), ParamValue::Name(value.to_owned())));
    let Ok(Plan::Strategy(mut strategy)) =
        Registry::builtin().build("allocation", &given.into_iter().collect())
    else {
        panic!("allocation is code")
    };
    let outcome = run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap();
    assert!(outcome.fills.is_empty());
}

#[test]
fn a_limit_of_sectors_needs_the_sector_of_every_symbol() {
    let bars = panel(["A", "B", "C", "D"], 60);
    let refusal = |sectors: &[&str]| {
        let mut strategy = allocation("equal", &[("max_sector_weight", 0.5)], sectors);
        run(&bars, &mut *strategy, &exact(), &Unwatched).unwrap_err().to_string()
    };
    assert!(refusal(&[]).contains("`max_sector_weight` limits sectors, and `A` has none"));
    assert!(refusal(&SECTORS[..3]).contains("and `D` has none"), "{}", refusal(&SECTORS[..3]));
}

#[test]
fn no_method_knows_the_future() {
    let mut bars = panel(["A", "B", "C", "D"], 300);
    // One ends early.
    let b = &mut bars[1];
    b.time.truncate(240);
    b.volume.truncate(240);
    let columns: [&mut Vec<Price>; 4] = [&mut b.open, &mut b.high, &mut b.low, &mut b.close];
    columns.into_iter().for_each(|column| column.truncate(240));
    let limits =
        [("max_turnover", 0.3), ("max_weight", 0.5), ("max_sector_weight", 0.7), ("cash", 0.02)];
    for method in METHODS {
        for params in [&limits[..], &[]] {
            for options in [exact(), Options::default()] {
                let mut strategy = allocation(method, params, &SECTORS);
                let outcome = run(&bars, &mut *strategy, &options, &Unwatched).unwrap();
                let cuts = cuts(&outcome.equity.time, 12, Seed::master(5));
                let mut again = |_: &[Bars], _| Ok(allocation(method, params, &SECTORS));
                let proof = prove(&bars, &outcome, &options, &cuts, &mut again, &Unwatched);
                let proof = proof.unwrap_or_else(|why| panic!("{method}: {why}"));
                assert!(proof.prefixes == 12 && proof.steps > 0, "{method}");
            }
        }
    }
}
