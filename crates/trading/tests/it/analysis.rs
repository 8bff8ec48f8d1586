//! What an analysis says adds up to what the run says.

use dirigent_trading::analysis::{Account, Attribution, Exposure, tallies, weekday_of};
use dirigent_trading::{Money, backtest::Outcome};
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
    for (at, cash) in outcome.equity.cash.iter().enumerate() {
        let equity = outcome.equity.equity[at].to_f64();
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
        check_exposure(&outcome, &Exposure::of(&outcome, &case.bars));
    }
}
