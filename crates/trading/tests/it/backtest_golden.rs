//! The backtest reproduces reference runs on real prices, trade by trade and to the cent.
//!
//! `tests/data/golden/backtests/IBM.json` states its conventions. Each of its runs was computed by
//! a small reference engine and agrees with an independent library (backtesting.py, backtrader or
//! vectorbt). Prices: `examples/data/daily/IBM.csv`, unadjusted.

use std::sync::Arc;

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{FillTiming, StandardCommission};
use dirigent_trading::order::FillReason;
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::{Limits, StopReference};
use dirigent_trading::rules::compile;
use dirigent_trading::strategy::{ParamValue, Plan, Registry, SignalStrategy};
use dirigent_trading::{Bars, Money, Quantity, Rate};
use serde_json::Value;

use crate::fixture::bars_from_csv;

const DATA: &str = include_str!("../../../../examples/data/daily/IBM.csv");
const GOLDEN: &str = include_str!("../data/golden/backtests/IBM.json");

#[test]
fn reference_runs_on_ibm_are_reproduced() {
    let bars = bars_from_csv("IBM", DATA);
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let warm = usize::try_from(golden["warm_bar"].as_u64().unwrap()).unwrap();
    let runs = golden["runs"].as_object().unwrap();
    assert_eq!(runs.len(), 34);
    for (name, expected) in runs {
        let mut strategy = strategy(name.split('|').next().unwrap(), &bars);
        let options = options(name, warm, expected["cash"].as_f64().unwrap());
        let outcome =
            run(std::slice::from_ref(&bars), &mut strategy, &options, &Unwatched).unwrap();
        compare(name, &outcome, expected);
    }
}

/// The built-in strategy that follows a rule of the file.
fn strategy(rule: &str, bars: &Bars) -> SignalStrategy {
    let (name, params): (&str, &[(&str, f64)]) = match rule {
        "sma_cross" => ("sma_crossover", &[("fast", 20.0), ("slow", 50.0)]),
        "rsi_mr" => {
            ("rsi_mean_reversion", &[("period", 5.0), ("oversold", 30.0), ("exit_above", 55.0)])
        }
        "donchian" | "donchian_sl3_tp6" => {
            ("donchian_breakout", &[("entry", 20.0), ("exit", 10.0)])
        }
        "buy_hold" => ("buy_and_hold", &[]),
        other => unreachable!("no strategy for `{other}`"),
    };
    let given = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), ParamValue::Number(*value)))
        .collect();
    let Plan::Rules(rules) = Registry::builtin().build(name, &given).unwrap() else {
        unreachable!("`{name}` trades by rules");
    };
    SignalStrategy::from_rules(&compile(&rules).unwrap(), std::slice::from_ref(bars), &[]).unwrap()
}

/// Options from a name such as `sma_cross|next_open|allin_int|10bp`.
fn options(name: &str, first_bar: usize, cash: f64) -> Options {
    let parts: Vec<&str> = name.split('|').collect();
    let bps: i32 = parts[3].trim_end_matches("bp").parse().unwrap();
    let protected = parts[0].ends_with("sl3_tp6");
    Options {
        initial_cash: Money::from_f64(cash).unwrap(),
        fill: match parts[1] {
            "next_open" => FillTiming::NextOpen,
            _ => FillTiming::SameClose,
        },
        commission: Arc::new(StandardCommission::Bps {
            rate: Rate::bps(bps),
            minimum: Money::ZERO,
        }),
        sizing: match parts[2] {
            "fixed_100" => Sizing::FixedQuantity(Quantity::from_units(100).unwrap()),
            _ => Sizing::PercentEquity(Rate::ONE),
        },
        lot: match parts[2] {
            "allin_frac" => Options::LOT_FRACTIONAL,
            _ => Options::LOT_WHOLE,
        },
        limits: Limits {
            stop_loss: protected.then_some(Rate::percent(3)),
            take_profit: protected.then_some(Rate::percent(6)),
            stop_reference: StopReference::SignalClose,
            ..Limits::default()
        },
        first_bar,
        ..Options::default()
    }
}

#[track_caller]
fn near(what: &str, ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours}, expected {theirs}");
}

fn compare(name: &str, outcome: &Outcome, expected: &Value) {
    let trades = expected["trades"].as_array().unwrap();
    assert_eq!(outcome.trades.len(), trades.len(), "{name}: trades");
    for (index, (ours, theirs)) in outcome.trades.iter().zip(trades).enumerate() {
        let what = format!("{name}: trade {index}");
        let bars = (ours.entry_bar as u64, ours.exit_bar as u64);
        assert_eq!(
            (theirs[0].as_u64(), theirs[1].as_u64()),
            (Some(bars.0), Some(bars.1)),
            "{what}"
        );
        near(&what, ours.quantity.to_f64(), &theirs[2], 1e-6);
        near(&what, ours.entry_price.to_f64(), &theirs[3], 1e-8);
        near(&what, ours.exit_price.to_f64(), &theirs[4], 1e-8);
        near(&what, ours.pnl.to_f64(), &theirs[5], 0.005);
        let why = match ours.exit_reason {
            FillReason::StopLoss { .. } => "sl",
            FillReason::TakeProfit { .. } => "tp",
            _ => "signal",
        };
        assert_eq!(theirs[6].as_str(), Some(why), "{what}");
    }
    compare_account(name, outcome, expected);
}

fn compare_account(name: &str, outcome: &Outcome, expected: &Value) {
    for (bar, equity) in expected["equity_at"].as_object().unwrap() {
        let ours = outcome.equity.iter().nth(bar.parse().unwrap()).unwrap();
        near(&format!("{name}: equity at {bar}"), ours.to_f64(), equity, 0.005);
    }
    near(name, outcome.final_equity.to_f64(), &expected["final_equity"], 0.005);
    near(name, outcome.fees.to_f64(), &expected["fees_total"], 0.005);
    match expected["open_trade"].as_array() {
        Some(open) => {
            let ours = &outcome.open_positions[0];
            assert_eq!(open[0].as_u64(), Some(ours.entry_bar as u64), "{name}: open trade");
            near(name, ours.quantity.to_f64(), &open[1], 1e-6);
            near(name, ours.entry_price.to_f64(), &open[2], 1e-8);
        }
        None => assert!(outcome.open_positions.is_empty(), "{name}: open trade"),
    }
    let gains: Vec<f64> = outcome.trades.iter().map(|trade| trade.pnl.to_f64()).collect();
    if !gains.is_empty() {
        let won: Vec<f64> = gains.iter().copied().filter(|gain| *gain > 0.0).collect();
        let lost: f64 = gains.iter().copied().filter(|gain| *gain < 0.0).sum();
        near(name, won.len() as f64 / gains.len() as f64, &expected["win_rate"], 1e-9);
        near(name, won.iter().sum::<f64>() / -lost, &expected["profit_factor"], 1e-6);
    }
    let mut peak = 0.0_f64;
    let drawdown = outcome.equity.iter().fold(0.0_f64, |worst, equity| {
        peak = peak.max(equity.to_f64());
        worst.min(equity.to_f64() / peak - 1.0)
    });
    near(name, drawdown, &expected["max_drawdown"], 1e-8);
}
