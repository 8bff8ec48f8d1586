//! What each part added: exact sums, and shares in the risk by hand.

use dirigent_trading::backtest::attribution::Part;
use dirigent_trading::backtest::sleeves::{self, Member, Rebalancing};
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::period::Period;
use dirigent_trading::{Bars, Money, Rate};
use proptest::prelude::*;

use crate::backtest_flows::any_world;
use crate::backtest_properties::Case;
use crate::causality::{build, walk};
use crate::fixture::{daily, signals};
use crate::sleeves::symbols;

#[track_caller]
fn check_sums(parts: &[Part], initial: Money, gained: Money, fees: Money) {
    let whole = Part::sum(parts.iter());
    assert_eq!(whole.net, gained);
    assert_eq!(whole.fees, fees);
    for part in parts.iter().chain([&whole]) {
        let Part { gross, fees, slippage, dividends, interest, .. } = *part;
        assert_eq!(part.net, gross - fees - slippage + dividends + interest);
        assert!((part.contribution - part.net.to_f64() / initial.to_f64()).abs() < 1e-9);
    }
    // Where equity was never zero or less, the shares are those of everything.
    if let (Some(risk), false) = (whole.risk, parts.is_empty()) {
        assert!((risk - 1.0).abs() < 1e-6, "{risk}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_symbols_added_is_what_the_account_gained(
        seed: u64, symbols in 1_usize..4, options in any_world(),
    ) {
        let case = Case::new(seed, symbols, options);
        let outcome = case.run();
        prop_assume!(outcome.equity.iter().all(|equity| equity.is_positive()));
        let parts = outcome.attribution(&case.bars, &case.options);
        let gained = outcome.final_equity - outcome.initial_cash;
        check_sums(&parts, outcome.initial_cash, gained, outcome.fees);
    }

    #[test]
    fn what_strategies_added_is_what_the_account_gained(
        seed: u64, options in any_world(), every in 0_usize..3, weights in prop::array::uniform3(1_i64..9),
    ) {
        let case = Case::new(seed, 3, options);
        // The second trades the first symbol alone, by signals of its own.
        let others = Case::new(seed ^ 1, 1, case.options.clone()).strategy();
        let mut made = [case.strategy(), others, case.strategy()];
        let lists = [&case.bars[..], &case.bars[..1], &case.bars[..]];
        let rows = made.iter_mut().zip(["a", "b", "c"]).zip(weights).zip(lists);
        let members: Vec<Member<'_>> = rows.map(|(((strategy, name), weight), bars)| {
            let weight = dirigent_trading::Quantity::from_units(weight).unwrap();
            Member { name, weight, sizing: None, bars, strategy }
        }).collect();
        let every = [None, Some(Period::Week), Some(Period::Month)][every];
        let rebalancing = Rebalancing { every, drift: Rate::percent(1) };
        let account = sleeves::run(&symbols(&case.bars), members, &case.options, rebalancing, &Unwatched).unwrap();
        let outcome = &account.outcome;
        prop_assume!(outcome.equity.iter().all(|equity| equity.is_positive()));
        let parts = account.attribution(&case.bars, &case.options);
        let gained = outcome.final_equity - outcome.initial_cash;
        check_sums(&parts, outcome.initial_cash, gained, outcome.fees);
        for (place, sleeve) in account.sleeves.iter().enumerate() {
            let own = Part::sum(parts.iter().filter(|part| part.sleeve == place));
            let (first, last) = (sleeve.outcome.initial_cash, sleeve.outcome.final_equity);
            prop_assert_eq!(own.net, last - first - sleeve.transferred);
        }
    }
}

/// UP gains 10 a unit twice, DOWN loses 5 and gains 5; 10 units of each at 100 in 10,000.
///
/// Gains at each time: UP 0, 0, 100, 100; DOWN 0, 0, −50, 50. Equity before: 10,000, 10,000,
/// 10,000, 10,050. The variance of the account is shared by the products of gains and deviations.
#[test]
fn shares_by_hand() {
    let up = daily("UP", &[["100"; 4], ["100"; 4], ["110"; 4], ["120"; 4]]);
    let down = daily("DOWN", &[["100"; 4], ["100"; 4], ["95"; 4], ["100"; 4]]);
    let bars: [Bars; 2] = [up, down];
    let sizing = dirigent_trading::portfolio::Sizing::FixedQuantity("10".parse().unwrap());
    let initial_cash = "10000".parse().unwrap();
    let options = Options { sizing, initial_cash, ..Options::default() };
    let outcome = run(&bars, &mut signals(&["L...", "L..."]), &options, &Unwatched).unwrap();
    let parts = outcome.attribution(&bars, &options);
    let nets: Vec<String> = parts.iter().map(|part| part.net.to_string()).collect();
    assert_eq!(nets, ["200", "0"]);
    assert!((parts[0].contribution - 0.02).abs() < 1e-15);
    let returns: [f64; 4] = [0.0, 0.0, 0.005, 150.0 / 10_050.0];
    let mean = returns.iter().sum::<f64>() / 4.0;
    let squares: f64 = returns.iter().map(|r| (r - mean).powi(2)).sum();
    let of = |gains: [f64; 2]| {
        let third = gains[0] / 10_000.0 * (returns[2] - mean);
        (third + gains[1] / 10_050.0 * (returns[3] - mean)) / squares
    };
    for (part, gains) in parts.iter().zip([[100.0, 100.0], [-50.0, 50.0]]) {
        assert!((part.risk.unwrap() - of(gains)).abs() < 1e-12, "{part:?}");
    }
}

#[test]
fn contracts_add_what_their_multiplier_makes_of_them() {
    let bars = [walk("A", 300), walk("B", 300)];
    let contract = Instrument { multiplier: "50".parse().unwrap(), ..Instrument::default() };
    let options = Options {
        initial_cash: "10000000".parse().unwrap(),
        instruments: Instruments { default: contract, ..Instruments::default() },
        ..Options::default()
    };
    let outcome = run(&bars, build("allocation", &bars).as_mut(), &options, &Unwatched).unwrap();
    let parts = outcome.attribution(&bars, &options);
    assert_eq!(parts.len(), 2);
    let gained = outcome.final_equity - outcome.initial_cash;
    check_sums(&parts, outcome.initial_cash, gained, outcome.fees);
}
