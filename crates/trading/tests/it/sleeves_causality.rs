//! What several strategies do together, they do without knowing what comes later.

use dirigent_core::Seed;
use dirigent_trading::backtest::causality::cuts;
use dirigent_trading::backtest::sleeves::{self, Member, prove};
use dirigent_trading::backtest::{Options, Unwatched};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::strategy::Strategy;
use dirigent_trading::{Bars, Rate};

use crate::causality::{build, peeks, walk};
use crate::sleeves::{MONTHLY, all_options, symbols, together};

#[test]
fn several_strategies_together_do_not_know_the_future() {
    let bars = [walk("A", 500), walk("B", 440), walk("C", 500)];
    let cast = [
        ("back", "2", "rsi_mean_reversion", &bars[1..]),
        ("trend", "3", "sma_crossover", &bars[..]),
        ("turns", "1.5", "momentum_rotation", &bars[..2]),
        ("weighs", "1", "allocation", &bars[..]),
    ];
    for options in all_options() {
        let account = together(&cast, &options, MONTHLY);
        let cuts = cuts(&account.outcome.equity.time, 12, Seed::master(5));
        let lists = cast.map(|(_, _, _, bars)| bars);
        let mut again = |place: usize, prefix: &[Bars], _| {
            let (_, _, kind, _) = cast[place];
            Ok(build(kind, prefix))
        };
        let with = (&options, MONTHLY);
        let proof = prove(&lists, &account, with, &cuts, &mut again, &Unwatched).unwrap();
        assert_eq!(proof.prefixes, 12);
        assert!(proof.steps > 0);
        // Another strategy than it was is found out, and named.
        let mut other = |_: usize, prefix: &[Bars], _| Ok(build("buy_and_hold", prefix));
        let found = prove(&lists, &account, with, &cuts, &mut other, &Unwatched).unwrap_err();
        assert!(found.to_string().contains("run a second time"), "{found}");
    }
}

#[test]
fn one_that_looks_ahead_among_others_is_named() {
    let bars = [walk("A", 300)];
    let options =
        Options { sizing: Sizing::PercentEquity(Rate::percent(50)), ..Options::default() };
    let (mut honest, mut knows) = (build("sma_crossover", &bars), peeks(&bars));
    let weight = "1".parse().unwrap();
    let members = vec![
        Member { name: "honest", weight, sizing: None, bars: &bars, strategy: honest.as_mut() },
        Member { name: "knows", weight, sizing: None, bars: &bars, strategy: &mut knows },
    ];
    let account = sleeves::run(&symbols(&bars), members, &options, MONTHLY, &Unwatched).unwrap();
    let cuts = cuts(&account.outcome.equity.time, 8, Seed::master(2));
    let mut again = |place: usize, prefix: &[Bars], _| match place {
        0 => Ok(build("sma_crossover", prefix)),
        _ => Ok(Box::new(peeks(prefix)) as Box<dyn Strategy>),
    };
    let lists = [&bars[..], &bars[..]];
    let found = prove(&lists, &account, (&options, MONTHLY), &cuts, &mut again, &Unwatched);
    let found = found.unwrap_err().to_string();
    assert!(found.contains("what `knows` wants at"), "{found}");
}
