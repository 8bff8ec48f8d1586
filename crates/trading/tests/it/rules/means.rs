//! Rules that only compare prices and their averages are decided in whole numbers; they come to the
//! same as the doubles that a live session is fed.

use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Price};
use proptest::prelude::*;

use super::*;

const COMPARISONS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];

/// Bars whose prices are so many times `tick`.
fn bars(ticks: &[i64], tick: i64) -> Bars {
    let price = |ticks: i64| Price::from_raw(ticks * tick);
    Bars {
        symbol: "S".to_owned(),
        time: (0..ticks.len()).map(hour).collect(),
        open: ticks.iter().rev().map(|ticks| price(*ticks)).collect(),
        high: ticks.iter().map(|ticks| price(ticks + 2)).collect(),
        low: ticks.iter().map(|ticks| price(ticks - 2)).collect(),
        close: ticks.iter().map(|ticks| price(*ticks)).collect(),
        volume: vec![1.0; ticks.len()],
    }
}

/// The signals of an evaluator that is fed doubles.
fn fed(set: &RuleSet, bars: &Bars) -> Vec<Signal> {
    let doubles = |prices: &[Price]| prices.iter().map(|price| price.to_f64()).collect();
    let prices = [&bars.open, &bars.high, &bars.low, &bars.close].map(|column| doubles(column));
    let [open, high, low, close]: [Vec<f64>; 4] = prices;
    let columns = [open, high, low, close, bars.volume.clone()];
    let market = Market { time: bars.time.to_vec(), columns };
    let mut out = vec![Signal::NONE; market.len()];
    compile(set).unwrap().start().run(&market.slice(0..market.len(), &[]), &mut out);
    out
}

#[track_caller]
fn check(entry: String, exit: String, bars: &Bars) {
    let set = RuleSet { entry: Some(entry), exit: Some(exit), ..RuleSet::default() };
    let program = compile(&set).unwrap();
    let strategy = SignalStrategy::from_rules(&program, std::slice::from_ref(bars), &[]).unwrap();
    assert_eq!(&*strategy.columns()[0], fed(&set, bars), "{set:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn averages_compare_as_the_doubles_of_a_live_session_do(
        ticks in prop::collection::vec(-4_i64..5, 0..90), base in 5_i64..1_000,
        tick in prop::sample::select(vec![1, 10_000_000, 333_333_333, 1_000_000_000_000, 1 << 51]),
        windows in prop::collection::vec(1_usize..24, 4), column in 0_usize..4,
        comparisons in prop::collection::vec(0_usize..6, 2), one_comparison: bool,
    ) {
        // Few different prices, so that averages are often equal.
        let tick = tick.min(i64::MAX / (base + 10));
        let ticks: Vec<i64> = ticks.into_iter().map(|change| base + change).collect();
        let bars = bars(&ticks, tick);
        let column = ["open", "high", "low", "close"][column];
        let mean = |n: usize| if n == 1 { column.to_owned() } else { format!("sma({column}, {n})") };
        let rule = |a: usize, comparison: usize, b: usize| {
            format!("{} {} {}", mean(windows[a]), COMPARISONS[comparisons[comparison]], mean(windows[b]))
        };
        let entry = rule(0, 0, 1);
        let exit = if one_comparison { format!("not ({entry})") } else { rule(2, 1, 3) };
        check(entry, exit, &bars);
    }
}

#[test]
fn what_is_more_than_a_comparison_of_averages_is_computed_all_the_same() {
    let ticks: Vec<i64> = (0..300).map(|t| 1_000 + t * t % 97).collect();
    let bars = bars(&ticks, 10_000_000);
    for (entry, exit) in [
        ("sma(close, 3) > sma(open, 5)", "close < open"),
        ("close > sma(close, 5) and open > 10", "close < sma(close, 5)"),
        ("sma(sma(close, 3), 4) > close", "sma(volume, 3) > volume"),
        ("close > ema(close, 5)", "close < 10.5"),
        ("sma(close, 3)[1] > sma(close, 9)", "sma(close, 500) > close"),
    ] {
        check(entry.to_owned(), exit.to_owned(), &bars);
    }
}
