//! Several strategies with all kinds of orders in all kinds of worlds: currencies, margin, contracts,
//! splits, dividends, funding. The account is the sum of its sleeves, to the last digit.

use dirigent_core::Seed;
use dirigent_trading::backtest::attribution::Part;
use dirigent_trading::backtest::causality::cuts;
use dirigent_trading::backtest::sleeves::{self, Account, Member, Rebalancing, prove};
use dirigent_trading::backtest::{Options, Unwatched};
use dirigent_trading::period::Period;
use dirigent_trading::strategy::Strategy;
use dirigent_trading::{Bars, Quantity, Rate};
use proptest::prelude::*;

use crate::backtest_ledger::{Whim, play, trader};
use crate::backtest_properties::any_options;
use crate::sleeves::{check_sums, symbols};

const NAMES: [&str; 3] = ["all", "other", "some"];

/// Two trade all symbols, one the first two; each by whims of its own.
fn traders(seed: u64) -> [Whim; 3] {
    [seed, seed ^ 1, seed ^ 2].map(trader)
}

fn together(
    bars: &[Bars],
    options: &Options,
    rebalancing: Rebalancing,
    (seed, weights): (u64, [i64; 3]),
) -> Account {
    let mut whims = traders(seed);
    let rows = whims.iter_mut().zip(NAMES).zip(weights).zip(lists(bars));
    let members = rows.map(|(((strategy, name), weight), bars)| {
        let weight = Quantity::from_units(weight).unwrap();
        Member { name, weight, sizing: None, bars, strategy }
    });
    let account =
        sleeves::run(&symbols(bars), members.collect(), options, rebalancing, &Unwatched).unwrap();
    check_sums(&account);
    account
}

fn lists(bars: &[Bars]) -> [&[Bars]; 3] {
    [bars, bars, &bars[..2]]
}

prop_compose! {
    fn any_rebalancing()(every in 0_usize..4, drift in 0_i32..5) -> Rebalancing {
        let every = [None, Some(Period::Day), Some(Period::Week), Some(Period::Month)][every];
        Rebalancing { every, drift: Rate::percent(drift) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The engine of each sleeve asserts both identities of its ledger after every event besides.
    #[test]
    fn an_account_of_whims_is_the_sum_of_its_sleeves(
        seed: u64, options in any_options(), rebalancing in any_rebalancing(),
        weights in prop::array::uniform3(1_i64..9),
    ) {
        let (bars, options, _) = play(seed, options);
        let account = together(&bars, &options, rebalancing, (seed, weights));
        let parts = account.attribution(&bars, &options);
        let gained = account.outcome.final_equity - account.outcome.initial_cash;
        prop_assert_eq!(Part::sum(parts.iter()).net, gained);
        for (place, sleeve) in account.sleeves.iter().enumerate() {
            let own = Part::sum(parts.iter().filter(|part| part.sleeve == place));
            let (first, last) = (sleeve.outcome.initial_cash, sleeve.outcome.final_equity);
            prop_assert_eq!(own.net, last - first - sleeve.transferred);
            prop_assert_eq!(own.fees, sleeve.outcome.fees);
        }
    }

    #[test]
    fn one_whim_with_all_the_money_is_the_plain_run(seed: u64, options in any_options()) {
        let (bars, options, plain) = play(seed, options);
        let weight = Quantity::from_units(3).unwrap();
        let mut alone = trader(seed);
        let member = Member { name: "alone", weight, sizing: None, bars: &bars, strategy: &mut alone };
        let weekly = Rebalancing { every: Some(Period::Week), drift: Rate::ZERO };
        let account = sleeves::run(&symbols(&bars), vec![member], &options, weekly, &Unwatched).unwrap();
        prop_assert_eq!(&account.outcome, &plain);
        prop_assert_eq!(account.attribution(&bars, &options), plain.attribution(&bars, &options));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_account_of_whims_knows_what_comes_after(
        seed: u64, options in any_options(), rebalancing in any_rebalancing(),
    ) {
        let (bars, options, _) = play(seed, options);
        let account = together(&bars, &options, rebalancing, (seed, [3, 2, 1]));
        let first = bars.iter().map(|bars| bars.time[0]).max().unwrap();
        let times = &account.outcome.equity.time;
        let from = times.partition_point(|time| *time < first);
        let cuts = cuts(&times[from..], 4, Seed::master(seed));
        let mut build = |place: usize, _: &[Bars], _| {
            let [all, other, some] = traders(seed);
            let whim = match place { 0 => all, 1 => other, _ => some };
            Ok(Box::new(whim) as Box<dyn Strategy>)
        };
        let with = (&options, rebalancing);
        let proof = prove(&lists(&bars), &account, with, &cuts, &mut build, &Unwatched);
        prop_assert!(proof.is_ok(), "{:?}", proof);
    }
}
