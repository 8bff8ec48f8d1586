//! What an analysis says adds up to what the run says.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::analysis::{Account, Attribution, Exposure, tallies, weekday_of};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::currency::{Currencies, RateSeries};
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Money, Price, Signal};
use proptest::prelude::*;

use crate::backtest_flows::any_world;
use crate::backtest_properties::Case;

/// The account adds up without a remainder, and so do the shares of the symbols.
fn check(outcome: &Outcome) {
    let account = Account::of(outcome);
    assert_eq!(account.other, Money::ZERO, "{account:?}");
    assert_eq!(account.net, outcome.final_equity - outcome.initial_cash);
    let paid = account.margin_interest + account.borrow_fees;
    assert_eq!(account.interest - paid, outcome.interest);
    let shares = Attribution::of(outcome);
    assert_eq!(shares.account, outcome.interest);
    let fees: Money = shares.symbols.iter().map(|share| share.fees).sum();
    assert_eq!(fees, outcome.fees);
    let days = tallies(&outcome.trades, |trade| weekday_of(trade.entry_time));
    assert_eq!(days.values().map(|tally| tally.trades).sum::<usize>(), outcome.trades.len());
    let total: Money = days.values().map(|tally| tally.total).sum();
    assert_eq!(total, shares.symbols.iter().map(|share| share.closed).sum());
}

/// What is not in positions is in cash.
fn check_exposure(outcome: &Outcome, exposure: &Exposure) {
    for (at, (cash, equity)) in outcome.equity.cash().zip(outcome.equity.iter()).enumerate() {
        let equity = equity.to_f64();
        if equity <= 0.0 {
            assert!(exposure.net[at].is_nan());
            continue;
        }
        let worth = equity - cash.to_f64();
        let off = (exposure.net[at] * equity - worth).abs();
        assert!(off <= 1e-6 * (1.0 + worth.abs()), "bar {at}: off by {off}");
        assert!(exposure.gross[at] >= exposure.net[at].abs() - 1e-12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn trd_15_every_part_of_the_result_is_accounted_for(
        seed: u64, symbols in 1_usize..4, options in any_world(),
    ) {
        let case = Case::new(seed, symbols, options);
        let outcome = case.run();
        check(&outcome);
        check_exposure(&outcome, &Exposure::of(&outcome, &case.bars, &case.options));
    }
}

/// A unit at 100 EUR, which is worth 1.1 and then 1.2 in the account, is an exposure of 110 and 120.
#[test]
fn positions_in_other_currencies_are_worth_what_they_are_in_the_account() {
    let day = |n: i64| Timestamp::from_nanos(n * 86_400_000_000_000);
    let price = |text: &str| text.parse::<Price>().unwrap();
    let rates = Bars {
        time: vec![day(0), day(1), day(2)].into(),
        open: vec![price("1.1"); 3],
        close: vec![price("1.1"), price("1.1"), price("1.2")],
        ..Bars::default()
    };
    let rates = RateSeries::new(&rates, 86_400_000_000_000, false).unwrap();
    let euro = "EUR".parse().unwrap();
    let bars = Bars {
        symbol: "E".into(),
        time: vec![day(0), day(1), day(2)].into(),
        open: vec![price("100"); 3],
        high: vec![price("100"); 3],
        low: vec![price("100"); 3],
        close: vec![price("100"); 3],
        volume: vec![0.0; 3],
    };
    let terms = Instrument { currency: Some(euro), ..Instrument::default() };
    let options = Options {
        initial_cash: "1000".parse().unwrap(),
        sizing: Sizing::FixedQuantity("1".parse().unwrap()),
        instruments: Instruments { default: terms, ..Instruments::default() },
        currencies: Currencies { rates: [(euro, Arc::new(rates))].into(), bar: 86_400_000_000_000 },
        ..Options::default()
    };
    let column: Arc<[Signal]> = vec![Signal::LONG_ENTRY, Signal::NONE, Signal::NONE].into();
    let bars = [bars];
    let mut strategy = SignalStrategy::new(vec![column], 0);
    let outcome = run(&bars, &mut strategy, &options, &Unwatched).unwrap();
    let exposure = Exposure::of(&outcome, &bars, &options);
    check(&outcome);
    assert_eq!(exposure.net[0].to_bits(), 0.0_f64.to_bits());
    assert!((exposure.net[1] - 0.11).abs() < 1e-12, "{exposure:?}");
    assert!((exposure.net[2] - 120.0 / 1010.0).abs() < 1e-12, "{exposure:?}");
}
