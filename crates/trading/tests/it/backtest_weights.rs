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
        assert_eq!(outcome.orders().last().unwrap().state.as_str(), "filled");
        assert_eq!(
            outcome.orders().nth(1).unwrap().order.quantity,
            outcome.orders().nth(1).unwrap().filled
        );
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

/// Forty daily bars that are `step` above 100 for `hold` bars of every `2 * hold`, from January on.
fn swinging(symbol: &str, step: f64, hold: usize) -> dirigent_trading::Bars {
    let is_up = |bar: usize| bar / hold % 2 == 1;
    let price = |bar| format!("{:.4}", if is_up(bar) { 100.0 + step } else { 100.0 });
    let prices: Vec<String> = (0..40).map(price).collect();
    let rows: Vec<[&str; 4]> = prices.iter().map(|price| [price.as_str(); 4]).collect();
    daily(symbol, &rows)
}

/// The weights held after the first rebalancing, at the open of February 1.
fn first_weights(params: &[(&str, &str)], bars: &[dirigent_trading::Bars]) -> Vec<f64> {
    use dirigent_trading::strategy::{ParamValue, Plan, Registry};
    let value = |text: &str| match text.parse() {
        Ok(number) => ParamValue::Number(number),
        Err(_) => ParamValue::Name(text.to_owned()),
    };
    let mut given: std::collections::BTreeMap<String, ParamValue> =
        params.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
    given.insert("lookback".to_owned(), ParamValue::Number(20.0));
    let Ok(Plan::Strategy(mut strategy)) = Registry::builtin().build("allocation", &given) else {
        panic!("allocation is code, and takes {params:?}")
    };
    let options = Options { lot: Options::LOT_FRACTIONAL, ..Options::default() };
    let outcome = run(bars, strategy.as_mut(), &options, &Unwatched).unwrap();
    let mut weights = vec![0.0; bars.len()];
    for fill in outcome.fills.iter().filter(|fill| fill.time == outcome.fills[0].time) {
        weights[fill.symbol.index()] = fill.value().to_f64() / 100_000.0;
    }
    weights
}

#[test]
fn an_allocation_holds_what_its_method_says() {
    let bars = [swinging("CALM", 1.0, 1), swinging("WILD", 3.0, 1)];
    let slow = [swinging("CALM", 1.0, 1), swinging("SLOW", 3.0, 2)];
    let close_on =
        |bars: &[dirigent_trading::Bars], params: &[(&str, &str)], expected: [f64; 2]| {
            let weights = first_weights(params, bars);
            let near = weights.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-2);
            assert!(near, "{params:?}: {weights:?}, not {expected:?}");
        };
    let close = |params: &[(&str, &str)], expected| close_on(&bars, params, expected);
    let sample = ("covariance", "sample");
    close(&[("method", "equal")], [0.5, 0.5]);
    // Three times the deviation: a third of the weight.
    close(&[("method", "inverse_volatility"), sample], [0.75, 0.25]);
    close(&[("method", "equal"), ("cash", "0.1")], [0.45, 0.45]);
    close(&[("method", "inverse_volatility"), sample, ("max_weight", "0.6")], [0.6, 0.4]);
    // Variances of 1 and 4.5 that do not move together: weights of 4.5 to 1.
    close_on(&slow, &[("method", "min_variance"), sample], [0.818, 0.182]);
    close_on(&slow, &[("method", "risk_parity"), sample], [0.68, 0.32]);
    // A third that stands still is left out.
    let still = daily("STILL", &[["7"; 4]; 40]);
    let with_still = [bars[0].clone(), bars[1].clone(), still];
    assert!(first_weights(&[("method", "equal")], &with_still)[2].abs() < 1e-12);
}

#[test]
fn trd_12_weights_are_left_alone_within_their_drift() {
    use dirigent_trading::strategy::{ParamValue, Plan, Registry};
    let rows: Vec<String> =
        (0..150).map(|day| format!("{}", 100.0 + f64::from(day) / 10.0)).collect();
    let rising: Vec<[&str; 4]> = rows.iter().map(|price| [price.as_str(); 4]).collect();
    let flat: Vec<String> =
        (0..150).map(|day| format!("{}", 100.0 + f64::from(day % 2) / 100.0)).collect();
    let flat: Vec<[&str; 4]> = flat.iter().map(|price| [price.as_str(); 4]).collect();
    let bars = [daily("UP", &rising), daily("FLAT", &flat)];
    let rebalancings = |drift: f64| {
        let name = |text: &str| ParamValue::Name(text.to_owned());
        let given = [
            ("method".to_owned(), name("equal")),
            ("lookback".to_owned(), ParamValue::Number(10.0)),
            ("drift".to_owned(), ParamValue::Number(drift)),
        ];
        let Ok(Plan::Strategy(mut strategy)) =
            Registry::builtin().build("allocation", &given.into())
        else {
            panic!("allocation is code")
        };
        let options = Options { lot: Options::LOT_FRACTIONAL, ..Options::default() };
        let outcome = run(&bars, strategy.as_mut(), &options, &Unwatched).unwrap();
        let mut times: Vec<_> = outcome.fills.iter().map(|fill| fill.time).collect();
        times.dedup();
        times.len()
    };
    // The ends of January to April; after the first, 3 % in a month move a weight by less than a point.
    assert_eq!((rebalancings(0.0), rebalancings(0.01), rebalancings(0.2)), (4, 2, 1));
}
