//! Accounts by hand: currencies, margin and its calls, futures, funding.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Error, Financing, Options, Outcome, Unwatched, run};
use dirigent_trading::corporate::{Action, Event};
use dirigent_trading::currency::{Currencies, RateSeries};
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::portfolio::{AccountType, Margin, Requirement, Sizing};
use dirigent_trading::{Price, Rate};

use crate::backtest_actions::{equity, flows, money};
use crate::fixture::{daily, signals};

const DAY_NANOS: i64 = 86_400_000_000_000;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// Ten units an entry, 10,000 in cash.
fn options(terms: Instrument, account: AccountType) -> Options {
    Options {
        initial_cash: money("10000"),
        sizing: Sizing::FixedQuantity("10".parse().unwrap()),
        instruments: Instruments { default: terms, ..Instruments::default() },
        account,
        ..Options::default()
    }
}

fn play(rows: &[[&str; 4]], line: &str, options: &Options) -> Outcome {
    run(&[daily("IT", rows)], &mut signals(&[line]), options, &Unwatched).unwrap()
}

fn shares(initial: i32, maintenance: i32) -> Margin {
    let share = |percent| Requirement::Share(Rate::percent(percent));
    Margin { initial: share(initial), maintenance: share(maintenance) }
}

fn fills(outcome: &Outcome) -> Vec<String> {
    let tell = |fill: &dirigent_trading::order::Fill| {
        format!("{} {} {} {}", fill.side.as_str(), fill.quantity, fill.price, fill.reason)
    };
    outcome.fills.iter().map(tell).collect()
}

/// Rates of EUR on the days of `daily`: open and close.
fn euro(rows: &[[&str; 2]]) -> Currencies {
    let rows: Vec<[&str; 4]> =
        rows.iter().map(|[open, close]| [*open, *open, *open, *close]).collect();
    let series = RateSeries::new(&daily("EUR", &rows), DAY_NANOS, false).unwrap();
    let rates = [("EUR".parse().unwrap(), Arc::new(series))].into_iter().collect();
    Currencies { rates, bar: DAY_NANOS }
}

/// Bought 10 at 100 EUR when a euro opens at 1.1: 1,100 paid. At the close they are worth
/// 10 × 101 × 1.2 = 1,212. Sold at 102 when a euro opens at 1.25: 1,275 come, 175 are gained, of
/// which 22 are the price's at the old rate.
#[test]
fn what_is_priced_in_another_currency_is_paid_and_valued_at_its_rate() {
    let terms = Instrument { currency: Some("EUR".parse().unwrap()), ..Instrument::default() };
    let currencies = euro(&[["1", "1"], ["1.1", "1.2"], ["1.25", "1.3"]]);
    let options = Options { currencies, ..options(terms, AccountType::Unlevered) };
    let rows = [["100"; 4], ["100", "101", "100", "101"], ["102"; 4]];
    let outcome = play(&rows, "Lx.", &options);
    assert_eq!(equity(&outcome), ["10000", "10112", "10175"]);
    assert_eq!(fills(&outcome), ["buy 10 100 signal_entry", "sell 10 102 signal_exit"]);
    assert_eq!(outcome.trades[0].pnl, money("175"));
    assert_eq!(outcome.trades[0].entry_price.to_string(), "100", "as it was quoted");
    assert_eq!(outcome.trades[0].mfe.to_string(), "0.02");
}

/// Of 10,000 dollars at 1.25 a euro, 80 units at 100 EUR can be paid for.
#[test]
fn sizes_are_those_that_the_account_can_pay() {
    let terms = Instrument { currency: Some("EUR".parse().unwrap()), ..Instrument::default() };
    let currencies = euro(&[["1", "1"], ["1.25", "1.25"]]);
    let sizing = Sizing::PercentEquity(Rate::ONE);
    let options = Options { currencies, sizing, ..options(terms, AccountType::Unlevered) };
    let outcome = play(&[["100"; 4]; 2], "L.", &options);
    assert_eq!(fills(&outcome), ["buy 80 100 signal_entry"]);
}

#[test]
fn a_currency_needs_rates_from_the_first_bar_on() {
    let terms = Instrument { currency: Some("EUR".parse().unwrap()), ..Instrument::default() };
    let refused = |currencies| {
        let options = Options { currencies, ..options(terms, AccountType::Unlevered) };
        let bars = [daily("IT", &[["100"; 4]; 2])];
        run(&bars, &mut signals(&["L."]), &options, &Unwatched).unwrap_err()
    };
    let says = |error: Error| error.to_string();
    assert!(says(refused(Currencies::default())).contains("`EUR of IT`, but must be one with"));
    let mut late = daily("EUR", &[["1"; 4]]);
    late.time = vec![Timestamp::from_nanos(late.time[0].as_nanos() + 1)].into();
    let series = Arc::new(RateSeries::new(&late, DAY_NANOS, false).unwrap());
    let rates = [("EUR".parse().unwrap(), series)].into_iter().collect();
    let late = Currencies { rates, bar: DAY_NANOS };
    assert!(says(refused(late)).contains("rates begin at or before that"));
}

/// At 50 percent, 10,000 carry 20,000 of 100 each; two thirds of a fall to 66 are left of them.
///
/// - close 1: 200 at 100; equity 10,000, kept 5,000
/// - close 2: 200 at 66 = 13,200, owed 10,000: equity 3,200, less than the 3,300 to be kept; to
///   enter 13,200 asks for 6,600, so 3,400 of 6,600 have to go: 103.03 units, 104 in whole ones
/// - open 3: 104 are sold at 64: owed 3,344; 96 at 64 are 6,144, equity 2,800
#[test]
fn a_margin_call_makes_positions_smaller_at_the_next_open() {
    let account = AccountType::Margin(shares(50, 25));
    let sizing = Sizing::PercentEquity(Rate::percent(200));
    let options = Options { sizing, ..options(Instrument::default(), account) };
    let rows = [["100"; 4], ["100"; 4], ["100", "100", "66", "66"], ["64"; 4]];
    let outcome = play(&rows, "L...", &options);
    assert_eq!(fills(&outcome), ["buy 200 100 signal_entry", "sell 104 64 margin_call"]);
    assert_eq!(equity(&outcome), ["10000", "10000", "3200", "2800"]);
    let cash: Vec<String> = outcome.equity.cash().map(|cash| cash.to_string()).collect();
    assert_eq!(cash, ["10000", "-10000", "-10000", "-3344"]);
    let warnings: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings[0].starts_with("margin calls: 1, the first at 2024-01-03"), "{warnings:?}");
    // With 4 percent less of a fall nobody calls.
    let calm = [["100"; 4], ["100"; 4], ["100", "100", "70", "70"], ["70"; 4]];
    assert_eq!(play(&calm, "L...", &options).fills.len(), 1);
}

/// More than equity over the initial margin is refused; a short ties up as much as a long.
#[test]
fn buying_power_is_that_of_the_account() {
    let buying = |units: &str, line: &str, account| {
        let sizing = Sizing::FixedQuantity(units.parse().unwrap());
        let options = Options { sizing, ..options(Instrument::default(), account) };
        let outcome = play(&[["100"; 4]; 3], line, &options);
        outcome.orders().next().unwrap().rejected.map(|why| why.to_string()).unwrap_or_default()
    };
    let margin = AccountType::Margin(shares(50, 25));
    for line in ["L..", "S.."] {
        assert_eq!(buying("200", line, margin), "");
        let refused = "insufficient cash: needs 10050, has 10000";
        assert_eq!(buying("201", line, margin), refused);
        let refused = "insufficient cash: needs 10100, has 10000";
        assert_eq!(buying("101", line, AccountType::Unlevered), refused);
    }
    assert_eq!(buying("10", "S..", AccountType::Cash), "a cash account sells nothing short");
    assert_eq!(buying("10", "L..", AccountType::Cash), "");
}

/// A future at 4,000 with a multiplier of 50 ties up 13,200 and pays nothing: two of them on 30,000
/// gain 2 × 50 × 10 in cash at the first close, and lose 2 × 50 × 150 at the second, which leaves
/// less than the 2 × 12,000 that must be kept: what is left has to do with 16,000, so one goes.
#[test]
fn futures_settle_in_cash_and_ask_for_margin_per_contract() {
    let per_unit = |text| Requirement::PerUnit(price(text));
    let terms = Instrument {
        multiplier: "50".parse().unwrap(),
        settles: true,
        margin: Some(Margin { initial: per_unit("13200"), maintenance: per_unit("12000") }),
        ..Instrument::default()
    };
    let whole = Requirement::Share(Rate::ONE);
    let account = AccountType::Margin(Margin { initial: whole, maintenance: whole });
    let options = Options {
        initial_cash: money("30000"),
        sizing: Sizing::FixedQuantity("2".parse().unwrap()),
        ..options(terms, account)
    };
    let rows = [
        ["4000"; 4],
        ["4000", "4010", "4000", "4010"],
        ["4010", "4010", "3860", "3860"],
        ["3870"; 4],
    ];
    let outcome = play(&rows, "L...", &options);
    assert_eq!(fills(&outcome), ["buy 2 4000 signal_entry", "sell 1 3870 margin_call"]);
    let expected = ["30000", "31000", "16000", "17000"];
    assert_eq!(equity(&outcome), expected);
    let cash: Vec<String> = outcome.equity.cash().map(|cash| cash.to_string()).collect();
    assert_eq!(cash, expected, "gains are cash at once");
    let three = Sizing::FixedQuantity("3".parse().unwrap());
    let outcome = play(&rows, "L...", &Options { sizing: three, ..options });
    let refused = outcome.orders().next().unwrap().rejected.unwrap().to_string();
    assert_eq!(refused, "insufficient cash: needs 39600, has 30000");
}

/// Ten short at 100: who is short of a swap gets 0.01 % of 1,000 at the open of each day that has
/// a rate, and pays nothing to borrow; interest is on cash alone, which a swap leaves as it is.
#[test]
fn swaps_pay_funding_and_no_borrowing() {
    let terms =
        Instrument { settles: true, borrow: Some(Rate::percent(50)), ..Instrument::default() };
    let day = |n: i64| {
        let first = Timestamp::from_date(2024, 1, 1).unwrap();
        Timestamp::from_nanos(first.as_nanos() + n * DAY_NANOS)
    };
    let funding = |n, text: &str| Action {
        symbol: "IT".to_owned(),
        date: day(n),
        event: Event::Funding(text.parse().unwrap()),
    };
    let options = Options {
        actions: vec![funding(1, "0.5"), funding(2, "0.0001"), funding(3, "-0.0002")].into(),
        ..options(terms, AccountType::Unlevered)
    };
    let rows = [["100"; 4], ["100"; 4], ["100"; 4], ["110"; 4]];
    let outcome = play(&rows, "S...", &options);
    let expected =
        ["2024-01-03,IT,funding,0.0001,-10,0.1", "2024-01-04,IT,funding,-0.0002,-10,-0.22"];
    assert_eq!(flows(&outcome), expected);
    assert_eq!(equity(&outcome), ["10000", "10000", "10000.1", "9899.88"]);
}

/// Shares that are hard to borrow cost what they cost: 1,000 short at 36.5 % are 1 a day.
#[test]
fn each_symbol_has_its_own_borrow_rate() {
    let terms = Instrument { borrow: Some("0.365".parse().unwrap()), ..Instrument::default() };
    let financing = Financing { borrow: Rate::percent(1), ..Financing::default() };
    let options = Options { financing, ..options(terms, AccountType::Unlevered) };
    let outcome = play(&[["100"; 4]; 3], "S..", &options);
    assert_eq!(flows(&outcome), ["2024-01-03,IT,borrow_fee,0.365,-10,-1"]);
}
