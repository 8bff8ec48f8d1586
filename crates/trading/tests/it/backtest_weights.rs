//! What target weights become when trading has a price: commission, slippage, a position limit.

use std::sync::Arc;

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{Slippage as _, StandardCommission, StandardSlippage};
use dirigent_trading::order::{Side, SymbolId};
use dirigent_trading::portfolio::{Ledger, affordable};
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Money, Price, Rate};

use crate::fixture::daily;

/// Wants a weight of its only symbol at every second close.
struct EverySecond(&'static [i32]);

impl Strategy for EverySecond {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        let symbol = SymbolId::new(0);
        let bars = window.bars(symbol);
        if bars % 2 == 1
            && let Some(weight) = self.0.get(bars / 2)
        {
            wishes.weights([(symbol, Rate::percent(*weight))]);
        }
    }
}

/// Six bars at `price`, ten basis points of commission and as many of slippage.
fn outcome(weights: &'static [i32], price: &str, limit: Option<i32>) -> Outcome {
    let options = Options {
        initial_cash: "10000".parse().unwrap(),
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO }),
        slippage: Arc::new(StandardSlippage::Bps { rate: Rate::bps(10) }),
        limits: Limits { max_position: limit.map(Rate::percent), ..Limits::default() },
        ..Options::default()
    };
    let bars = daily("X", &[[price; 4]; 6]);
    run(&[bars], &mut EverySecond(weights), &options, &Unwatched).unwrap()
}

/// At a limit of half of 10,000 and a buy at 50.05: 99 units for 4,954.95, not 100 for 5,005.
#[test]
fn a_weight_at_the_position_limit_is_traded_as_far_as_the_limit_goes() {
    let check = |weights, expected: &[&str]| {
        let outcome = outcome(weights, "50", Some(50));
        let fills: Vec<String> = outcome
            .fills
            .iter()
            .map(|fill| format!("{} {} at {}", fill.side.as_str(), fill.quantity, fill.price))
            .collect();
        assert_eq!(fills, expected, "{:?}", outcome.warnings);
        assert_eq!(outcome.rejected, 0, "{:?}", outcome.warnings);
    };
    check(&[50], &["buy 99 at 50.05"]);
    check(&[90], &["buy 99 at 50.05"]);
    check(&[-50], &["sell 100 at 49.95"]);
    // What is held at the limit already asks for nothing more.
    check(&[50, 50], &["buy 99 at 50.05"]);
    check(&[30, 50], &["buy 60 at 50.05", "buy 39 at 50.05"]);
    check(&[50, -50], &["buy 99 at 50.05", "sell 99 at 49.95", "sell 99 at 49.95"]);
}

#[test]
fn a_weight_that_crosses_zero_opens_as_much_as_can_be_paid() {
    let check = |weights, expected: &[Side]| {
        let outcome = outcome(weights, "49", None);
        assert_eq!(outcome.rejected, 0, "{:?}", outcome.warnings);
        let sides: Vec<Side> = outcome.fills.iter().map(|fill| fill.side).collect();
        assert_eq!(sides, expected);
        let last = outcome.fills.last().unwrap();
        assert_eq!(most(&outcome), last.quantity.to_string());
        assert_eq!(outcome.orders.last().unwrap().state.as_str(), "filled");
        assert_eq!(outcome.orders[1].order.quantity, outcome.orders[1].filled);
    };
    check(&[100, -100], &[Side::Buy, Side::Sell, Side::Sell]);
    check(&[-100, 100], &[Side::Sell, Side::Buy, Side::Buy]);
}

/// The most units that the cash before the last fill, when the account was flat, pays for.
fn most(outcome: &Outcome) -> String {
    let (last, before) = outcome.fills.split_last().unwrap();
    let cash = before.iter().fold(outcome.initial_cash, |cash, fill| {
        cash - fill.price.notional(fill.signed_quantity()) - fill.fee
    });
    let reference: Price = "49".parse().unwrap();
    let price = StandardSlippage::Bps { rate: Rate::bps(10) }.price(last.side, reference);
    let commission = StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO };
    affordable(cash, price, Options::LOT_WHOLE, &commission).unwrap().to_string()
}
