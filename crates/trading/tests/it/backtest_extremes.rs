//! Amounts at the edge of what a number holds are refused with a reason, never cut or a panic.

use std::sync::Arc;

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::StandardSlippage;
use dirigent_trading::order::{OrderRequest, Side, SymbolId};
use dirigent_trading::portfolio::{Ledger, Sizing};
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Quantity, Rate};

use crate::fixture::{daily, signals};

const TOO_MANY: &str = "more than 9,223,372,036 units, the most that can be held";

fn trade(price: &str, strategy: &mut dyn Strategy, options: &Options) -> Outcome {
    run(&[daily("X", &[[price; 4]; 6])], strategy, options, &Unwatched).unwrap()
}

fn refusals(outcome: &Outcome) -> Vec<String> {
    let reasons = outcome.orders().filter_map(|order| order.rejected);
    reasons.map(|reason| reason.to_string()).collect()
}

fn quantity(text: &str) -> Sizing {
    Sizing::FixedQuantity(text.parse().unwrap())
}

fn rich(sizing: Sizing) -> Options {
    let initial_cash = "1000000000000000".parse().unwrap();
    Options { initial_cash, sizing, lot: Options::LOT_FRACTIONAL, ..Options::default() }
}

#[test]
fn nothing_is_sold_for_nothing() {
    let whole = StandardSlippage::Bps { rate: Rate::ONE };
    let limits = Limits { stop_loss: Some(Rate::percent(10)), ..Limits::default() };
    let options = Options { slippage: Arc::new(whole), limits, ..rich(quantity("10")) };
    let short = trade("100", &mut signals(&["S....."]), &options);
    assert_eq!(refusals(&short), ["the price is `0` after slippage: nobody trades at that"]);
    // Bought at 200, the stop at 180 is reached at once and finds no price, bar after bar.
    let long = trade("100", &mut signals(&["L....."]), &options);
    assert_eq!((long.fills.len(), long.open_positions.len()), (1, 1));
}

/// Wants all of its symbol at the first close.
struct AllIn;

impl Strategy for AllIn {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        if window.bars(SymbolId::new(0)) == 1 {
            wishes.weights([(SymbolId::new(0), Rate::ONE)]);
        }
    }
}

#[test]
fn more_units_than_a_quantity_holds_are_refused_not_cut() {
    let check = |strategy: &mut dyn Strategy, sizing, limit: Option<i32>| {
        let limits = Limits { max_position: limit.map(Rate::percent), ..Limits::default() };
        let initial_cash = "1000000".parse().unwrap();
        let options = Options { initial_cash, limits, ..rich(sizing) };
        let outcome = trade("0.00001", strategy, &options);
        assert_eq!(refusals(&outcome), [TOO_MANY]);
        assert!(outcome.fills.is_empty());
    };
    let all = Sizing::PercentEquity(Rate::ONE);
    check(&mut signals(&["L....."]), all, None);
    check(&mut signals(&["L....."]), Sizing::FixedCash("500000".parse().unwrap()), None);
    check(&mut AllIn, all, None);
    check(&mut AllIn, all, Some(50));
}

/// Buys 9 billion units at the first and at the third close.
struct Twice;

impl Strategy for Twice {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        let symbol = SymbolId::new(0);
        if matches!(window.bars(symbol), 1 | 3) {
            let quantity = Quantity::from_units(9_000_000_000).unwrap();
            wishes.order(OrderRequest::market(symbol, Side::Buy, quantity));
        }
    }
}

#[test]
fn a_position_does_not_grow_beyond_what_a_quantity_holds() {
    let outcome = trade("1", &mut Twice, &rich(quantity("1")));
    assert_eq!(refusals(&outcome), [TOO_MANY]);
    assert_eq!(outcome.open_positions[0].quantity.to_string(), "9000000000");
}

#[test]
fn the_largest_position_can_be_closed() {
    let outcome = trade("1000", &mut signals(&["L.x..."]), &rich(quantity("9000000000.5")));
    assert_eq!(outcome.trades[0].quantity.to_string(), "9000000000.5");
    assert_eq!(outcome.final_equity, outcome.initial_cash);
}
