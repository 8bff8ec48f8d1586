//! Target weights of contracts by hand: a weight is of their value, price times multiplier.

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::order::SymbolId;
use dirigent_trading::portfolio::{AccountType, Ledger, Margin, Requirement};
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Price, Rate};

use crate::backtest_actions::equity;
use crate::fixture::daily;

/// Wants these weights, in percent, at the close of every second bar.
struct Weights(&'static [[i32; 2]]);

impl Strategy for Weights {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        let bar = window.bars(SymbolId::new(0)) - 1;
        if bar % 2 == 0
            && let Some(weights) = self.0.get(bar / 2)
        {
            let weight = |at: usize| (SymbolId::new(at), Rate::percent(weights[at]));
            wishes.weights([weight(0), weight(1)]);
        }
    }
}

fn future(multiplier: &str, margin: Option<Margin>) -> Instrument {
    let multiplier = multiplier.parse().unwrap();
    Instrument { multiplier, settles: true, margin, ..Instrument::default() }
}

fn shares(initial: i32, maintenance: i32) -> Margin {
    let share = |percent| Requirement::Share(Rate::percent(percent));
    Margin { initial: share(initial), maintenance: share(maintenance) }
}

/// 100,000 in contracts on 50 and on 20 units, at 100 and 130, later at 104 and 125.
fn outcome(weights: &'static [[i32; 2]], first: Option<Margin>) -> Outcome {
    let terms = [("FIRST", future("50", first)), ("SECOND", future("20", None))];
    let options = Options {
        account: AccountType::Margin(shares(10, 8)),
        instruments: Instruments {
            by_symbol: terms.map(|(name, terms)| (name.to_owned(), terms)).into(),
            ..Instruments::default()
        },
        ..Options::default()
    };
    let rows = |before: &'static str, after: &'static str| {
        [[before; 4], [before; 4], [after; 4], [after; 4]]
    };
    let bars = [daily("FIRST", &rows("100", "104")), daily("SECOND", &rows("130", "125"))];
    run(&bars, &mut Weights(weights), &options, &Unwatched).unwrap()
}

#[track_caller]
fn check(outcome: &Outcome, expected: &[&str]) {
    let tell = |fill: &dirigent_trading::order::Fill| {
        format!("{} {} {} {}", fill.side.as_str(), fill.quantity, fill.symbol.index(), fill.price)
    };
    let fills: Vec<String> = outcome.fills.iter().map(tell).collect();
    assert_eq!(fills, expected, "{:?}", outcome.warnings);
    assert_eq!(outcome.rejected, 0, "{:?}", outcome.warnings);
}

/// - open 1: 50,000 at 5,000 a contract are 10; 30,000 at 2,600 are 11.5, so 11
/// - bar 2: 10 × 4 × 50 are gained and 11 × 5 × 20 lost, equity 100,900
/// - open 3: 20,180 at 5,200 are 3.9, so 3; 60,540 at 2,500 are 24.2, so 24
#[test]
fn a_weight_is_of_the_value_of_whole_contracts() {
    let outcome = outcome(&[[50, 30], [20, 60]], None);
    check(&outcome, &["buy 11 1 130", "buy 10 0 100", "sell 7 0 104", "buy 13 1 125"]);
    assert_eq!(equity(&outcome), ["100000", "100000", "100900", "100900"]);
}

/// More than the account has, as far as the margin goes: 150 % at 5,000 a contract.
#[test]
fn on_margin_weights_may_sum_to_more_than_one() {
    check(&outcome(&[[150, -50]], None), &["sell 19 1 130", "buy 30 0 100"]);
}

/// Each ties up 13,000 of 100,000: 7 are carried of the 10 that 50 % are.
#[test]
fn no_more_contracts_are_bought_than_their_margin_lets_be_carried() {
    let amount = |text: &str| Requirement::PerUnit(text.parse::<Price>().unwrap());
    let margin = Margin { initial: amount("13000"), maintenance: amount("12000") };
    check(&outcome(&[[50, 0]], Some(margin)), &["buy 7 0 100"]);
}
