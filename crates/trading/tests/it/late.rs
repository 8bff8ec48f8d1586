//! Strategies whose decisions come late.

use dirigent_trading::Bars;
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::rules::{RuleSet, compile};
use dirigent_trading::strategy::{Late, ParamValue, Plan, Registry, SignalStrategy, Strategy};

use crate::causality::walk;

fn crossing(bars: &[Bars]) -> Box<dyn Strategy> {
    let rules = RuleSet {
        entry: Some("cross_above(sma(close, 5), sma(close, 20))".into()),
        exit: Some("cross_below(sma(close, 5), sma(close, 20))".into()),
        ..RuleSet::default()
    };
    let program = compile(&rules).unwrap();
    Box::new(SignalStrategy::from_rules(&program, bars, &[]).unwrap())
}

fn traded(bars: &[Bars], mut strategy: Box<dyn Strategy>) -> Outcome {
    run(bars, &mut *strategy, &Options::default(), &Unwatched).unwrap()
}

/// Crossings lie further apart than the delay, so every one of them trades, each so many bars later.
#[test]
fn every_decision_trades_and_trades_later() {
    let bars = [walk("A", 800)];
    let places = |outcome: &Outcome| -> Vec<(usize, usize)> {
        outcome.trades.iter().map(|trade| (trade.entry_bar, trade.exit_bar)).collect()
    };
    let in_time = places(&traded(&bars, crossing(&bars)));
    assert!(in_time.len() > 5, "{in_time:?}");
    for late in [0, 1] {
        let found = places(&traded(&bars, Box::new(Late::new(crossing(&bars), late))));
        let expected: Vec<_> = in_time.iter().map(|(a, b)| (a + late, b + late)).collect();
        assert_eq!(found, expected, "{late} late");
    }
}

/// Weights are set again and again until they are held: a late strategy must not set them twice.
#[test]
fn weights_are_set_once_and_later() {
    let bars = [walk("A", 900), walk("B", 900), walk("C", 900)];
    let one = ParamValue::from_json(&serde_json::json!(1)).unwrap();
    let values = [("top".to_owned(), one)].into();
    let rotation = || match Registry::builtin().build("momentum_rotation", &values).unwrap() {
        Plan::Strategy(strategy) => strategy,
        Plan::Rules(_) => panic!("it sets weights"),
    };
    let entries = |outcome: &Outcome| -> Vec<usize> {
        outcome.trades.iter().map(|trade| trade.entry_bar).collect()
    };
    let in_time = traded(&bars, rotation());
    let late = traded(&bars, Box::new(Late::new(rotation(), 2)));
    let expected: Vec<usize> = entries(&in_time).iter().map(|bar| bar + 2).collect();
    assert!(expected.len() > 3, "{expected:?}");
    assert_eq!(entries(&late), expected);
}
