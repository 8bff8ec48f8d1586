//! Corporate actions: small cases by hand, and the splits of a real stock.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Error, Options, Outcome, Unwatched, Warning, run};
use dirigent_trading::corporate::{Action, Event};
use dirigent_trading::data::{self, Adjust, Request, Source};
use dirigent_trading::execution::{Intrabar, StandardCommission};
use dirigent_trading::order::{EntryOrder, EntryPrice, Fill, Offset, TimeInForce};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Money, Rate, Signal};

use crate::backtest_properties::check_books;
use crate::fixture::{daily, signals};

const DAY_NANOS: i64 = 86_400_000_000_000;

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Day `n` of the bars of `daily`, from 0.
fn day(n: i64) -> Timestamp {
    let first = Timestamp::from_date(2024, 1, 1).unwrap();
    Timestamp::from_nanos(first.as_nanos() + n * DAY_NANOS)
}

fn split(n: i64, ratio: &str) -> Action {
    let event = Event::Split(ratio.parse().unwrap());
    Action { symbol: "IT".to_owned(), date: day(n), event }
}

fn dividend(n: i64, amount: &str) -> Action {
    let event = Event::Dividend(amount.parse().unwrap());
    Action { symbol: "IT".to_owned(), date: day(n), event }
}

fn delisting(n: i64, price: Option<&str>) -> Action {
    let event = Event::Delisting(price.map(|price| price.parse().unwrap()));
    Action { symbol: "IT".to_owned(), date: day(n), event }
}

/// Ten units an entry, 10,000 in cash.
pub(crate) fn options(actions: &[Action]) -> Options {
    Options {
        initial_cash: money("10000"),
        sizing: Sizing::FixedQuantity("10".parse().unwrap()),
        actions: actions.to_vec().into(),
        ..Options::default()
    }
}

pub(crate) fn play(rows: &[[&str; 4]], line: &str, options: &Options) -> Outcome {
    let outcome = run(&[daily("IT", rows)], &mut signals(&[line]), options, &Unwatched).unwrap();
    check_books(&outcome);
    outcome
}

fn lines(
    outcome: &Outcome,
    write: fn(&Outcome, &mut dyn std::io::Write) -> std::io::Result<()>,
) -> Vec<String> {
    let mut out = Vec::new();
    write(outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().skip(1).map(str::to_owned).collect()
}

pub(crate) fn flows(outcome: &Outcome) -> Vec<String> {
    lines(outcome, |outcome, out| outcome.write_flows_csv(out))
}

pub(crate) fn equity(outcome: &Outcome) -> Vec<String> {
    outcome.equity.iter().map(|equity| equity.to_string()).collect()
}

/// Two of the finest fractions are less than one after one for seven: nothing is left to hold, to
/// stop or to pay off.
#[test]
fn a_split_to_nothing_ends_the_position() {
    let rows = [["100"; 4], ["100"; 4], ["700"; 4], ["500"; 4], ["500"; 4]];
    let options = Options {
        sizing: Sizing::FixedQuantity("0.000000002".parse().unwrap()),
        lot: Options::LOT_FRACTIONAL,
        limits: Limits { stop_loss: Some(Rate::percent(3)), ..Limits::default() },
        ..options(&[split(2, "1:7")])
    };
    let outcome = play(&rows, "L....", &options);
    assert_eq!((outcome.fills.len(), outcome.trades.len()), (1, 1));
    assert!(outcome.open_positions.is_empty());
}

/// Bought 10 at 100; from day 2 on each is three for two at two thirds of the price.
///
/// - open 1: 10 × 100 = 1,000; cash 9,000; close 102: equity 10,020
/// - open 2: 10 × 3/2 = 15 units that cost 1,000; close 70: 9,000 + 15 × 70 = 10,050
/// - open 3: sold 15 × 72 = 1,080: equity 10,080, a gain of 80 on an average price of 66.67
#[test]
fn a_split_makes_more_units_at_the_same_cost() {
    let rows = [
        ["99", "101", "98", "100"],
        ["100", "105", "99", "102"],
        ["68", "71", "67", "70"],
        ["72", "73", "71", "72"],
    ];
    let outcome = play(&rows, "L.x.", &options(&[split(2, "1.5")]));
    assert_eq!(equity(&outcome), ["10000", "10020", "10050", "10080"]);
    assert_eq!(flows(&outcome), ["2024-01-03,IT,split,3:2,5,0"]);
    let trade = outcome.trades[0];
    assert_eq!((trade.quantity.to_string(), trade.pnl.to_string()), ("15".into(), "80".into()));
    assert_eq!(trade.entry_price.to_string(), "66.666666667");
    // The low of day 1 is 99, in new units 66; the best is the 72 of the sale, above 105 × 2/3.
    assert_eq!(trade.mae, Rate::from_raw(-10_000_000));
    assert_eq!(trade.mfe, Rate::from_raw(80_000_000));
}

/// Bought 10 at 10; one new for four old at the open of 44: 2.5 units, of which half a unit is paid
/// off at 44 = 22.
///
/// - open 1: cash 10,000 − 100 = 9,900
/// - open 2: cash 9,900 + 22 = 9,922; 2 units that cost 100 × 2 / 2.5 = 80; close 45: 10,012
/// - open 3: 2 × 50 = 100: cash 10,022; gain 22 − 20 + 100 − 80 = 22
#[test]
fn what_a_split_leaves_of_a_lot_is_paid_off() {
    let rows = [
        ["10", "10", "10", "10"],
        ["10", "10", "10", "10"],
        ["44", "46", "43", "45"],
        ["50", "50", "50", "50"],
    ];
    let outcome = play(&rows, "L.x.", &options(&[split(2, "1:4")]));
    assert_eq!(equity(&outcome), ["10000", "10000", "10012", "10022"]);
    let expected = ["2024-01-03,IT,split,1:4,-7.5,0", "2024-01-03,IT,cash_in_lieu,44,-0.5,22"];
    assert_eq!(flows(&outcome), expected);
    assert_eq!(outcome.trades[0].pnl, money("22"));
    assert_eq!(outcome.realized, money("22"));
}

/// A position of less than a lot ends: 10 units, one for forty, a quarter unit at 400 = 100.
#[test]
fn a_split_may_end_a_position() {
    let rows = [["10", "10", "10", "10"], ["10", "10", "10", "10"], ["400", "400", "400", "400"]];
    let limits = Limits { stop_loss: Some(Rate::percent(10)), ..Limits::default() };
    let options = Options { limits, ..options(&[split(2, "1:40")]) };
    let outcome = play(&rows, "L..", &options);
    assert_eq!(equity(&outcome), ["10000", "10000", "10000"]);
    assert!(outcome.open_positions.is_empty());
    assert_eq!(outcome.trades[0].exit_reason.to_string(), "cash_in_lieu");
    assert_eq!(outcome.trades[0].quantity.to_string(), "0.25");
    let orders = lines(&outcome, |outcome, out| outcome.write_orders_csv(out));
    assert!(orders[1].contains(",cancelled,"), "the stop has nothing to protect: {orders:?}");
}

/// Stop 10 % below 100, target 20 % above: 90 and 120. After 2:1 they are 45 and 60 for 20 units;
/// day 3 opens at 50 and falls to 44: 20 × 45 = 900, a loss of 100.
#[test]
fn protective_exits_follow_a_split() {
    let rows = [
        ["100", "100", "100", "100"],
        ["100", "101", "99", "100"],
        ["50", "51", "49", "50"],
        ["50", "50", "44", "46"],
    ];
    let limits = Limits {
        stop_loss: Some(Rate::percent(10)),
        take_profit: Some(Rate::percent(20)),
        ..Limits::default()
    };
    let options = Options { limits, ..options(&[split(2, "2")]) };
    let outcome = play(&rows, "L...", &options);
    assert_eq!(equity(&outcome), ["10000", "10000", "10000", "9900"]);
    assert_eq!(outcome.trades[0].exit_reason.to_string(), "stop_loss@45.00");
    let orders = lines(&outcome, |outcome, out| outcome.write_orders_csv(out));
    let split = "accepted@2024-01-02 accepted@2024-01-03 filled@2024-01-04";
    assert!(orders[1].contains(",45,20,filled,20,45,") && orders[1].contains(split), "{orders:?}");
    assert!(orders[2].contains(",60,"), "{orders:?}");
}

/// A limit 10 % below the close of 100 waits at 90 for 10 units; after 2:1 at 45 for 20, which
/// day 2 reaches: 20 × 45 = 900. Without the split it would have filled at the open.
#[test]
fn waiting_orders_follow_a_split() {
    let rows =
        [["100", "100", "100", "100"], ["100", "101", "99", "100"], ["50", "51", "44", "48"]];
    let entry = EntryOrder {
        at: EntryPrice::Limit(Offset::Share(Rate::percent(10))),
        time_in_force: TimeInForce::Gtc,
    };
    let outcome = play(&rows, "L..", &Options { entry, ..options(&[split(2, "2")]) });
    let fill = outcome.fills[0];
    assert_eq!((fill.quantity.to_string(), fill.price.to_string()), ("20".into(), "45".into()));
    assert_eq!(fill.reason.to_string(), "limit@45.00");
    assert_eq!(equity(&outcome), ["10000", "10000", "10060"]);
}

/// A dividend of 0.5 on 10 units held over night: 5; nothing for those bought that morning.
/// Short, it is paid: bought back at 99 after 0.5 × 10 = 5 left the account.
#[test]
fn dividends_go_to_those_who_held_over_night() {
    let rows = [["100", "100", "100", "100"]; 4];
    let options = options(&[dividend(1, "9"), dividend(2, "0.5")]);
    let outcome = play(&rows, "L.x.", &options);
    assert_eq!(equity(&outcome), ["10000", "10000", "10005", "10005"]);
    assert_eq!(flows(&outcome), ["2024-01-03,IT,dividend,0.5,10,5"]);
    assert_eq!((outcome.dividends, outcome.realized), (money("5"), Money::ZERO));
    assert_eq!((outcome.trades[0].pnl, outcome.trades[0].dividends), (money("5"), money("5")));
    let short = play(&rows, "S.x.", &options);
    assert_eq!(equity(&short), ["10000", "10000", "9995", "9995"]);
    assert_eq!(flows(&short), ["2024-01-03,IT,dividend,0.5,-10,-5"]);
    assert_eq!(short.trades[0].pnl, money("-5"));
}

/// Of one day, the split comes first: 10 become 20 units, which get 0.25 each = 5.
#[test]
fn a_dividend_is_paid_on_the_units_after_a_split_of_the_same_day() {
    let rows = [["100"; 4], ["100"; 4], ["50"; 4]];
    let outcome = play(&rows, "L..", &options(&[dividend(2, "0.25"), split(2, "2")]));
    assert_eq!(equity(&outcome), ["10000", "10000", "10005"]);
}

/// Its last bar is day 2, with a close of 95; the entry that day 2 asks for never trades.
/// 10 × 95 = 950: equity 9,950. At a price of zero all is lost: 9,000.
#[test]
fn a_delisted_position_is_paid_off() {
    let rows = [["100"; 4], ["100"; 4], ["95"; 4]];
    let outcome = play(&rows, "L.L", &options(&[delisting(2, None)]));
    assert_eq!(equity(&outcome), ["10000", "10000", "9950"]);
    assert_eq!(flows(&outcome), ["2024-01-03,IT,delisting,95,-10,950"]);
    assert_eq!(outcome.trades[0].exit_reason.to_string(), "delisting");
    assert!(outcome.open_positions.is_empty());
    let outcome = play(&rows, "L.L", &options(&[delisting(2, Some("0"))]));
    assert_eq!(equity(&outcome).last().unwrap(), "9000");
    assert_eq!(outcome.trades[0].pnl, money("-1000"));
    // Known only from its day on, which does not come here.
    let outcome = play(&rows, "L..", &options(&[delisting(3, Some("0"))]));
    assert_eq!(equity(&outcome).last().unwrap(), "9950");
    assert_eq!(outcome.warnings, [Warning::DelistedLater { count: 1 }]);
}

/// Another symbol goes on trading: the one without bars is paid off on the day it is delisted,
/// and its waiting exit is taken back.
#[test]
fn a_delisting_after_the_last_bar_acts_on_its_day() {
    let other = Bars { symbol: "OTHER".to_owned(), ..daily("", &[["10"; 4]; 5]) };
    let bars = [daily("IT", &[["100"; 4], ["100"; 4]]), other];
    let mut strategy = signals(&["Lx", "....."]);
    let options = options(&[delisting(3, Some("70"))]);
    let outcome = run(&bars, &mut strategy, &options, &Unwatched).unwrap();
    check_books(&outcome);
    assert_eq!(equity(&outcome), ["10000", "10000", "10000", "9700", "9700"]);
    assert_eq!(flows(&outcome), ["2024-01-04,IT,delisting,70,-10,700"]);
    let orders = lines(&outcome, |outcome, out| outcome.write_orders_csv(out));
    assert!(orders[1].contains("the symbol was delisted"), "{orders:?}");
}

#[test]
fn actions_that_contradict_the_bars_are_refused() {
    let rows = [["100"; 4]; 4];
    let refused = |action| {
        let options = options(&[action]);
        let error = run(&[daily("IT", &rows)], &mut signals(&["...."]), &options, &Unwatched);
        matches!(error, Err(Error::Option { option: "actions", .. }))
    };
    assert!(refused(delisting(2, None)), "it trades on the day after");
    assert!(refused(dividend(2, "0")));
    assert!(refused(delisting(3, Some("-1"))));
    assert!(!refused(delisting(3, None)));
}

fn aapl(adjust: Adjust) -> Bars {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/daily/AAPL.csv");
    let source = Source::Csv { path: path.to_owned() };
    let request = Request { adjust, ..Request::new(source, &["AAPL"]) };
    data::load(&request).unwrap().bars.remove(0)
}

/// The two splits that Apple had from 2000 to 2013, with the prices as they were traded, against
/// prices that are adjusted for them: the same money, to rounding.
#[test]
fn unadjusted_prices_with_actions_are_worth_what_adjusted_prices_are() {
    let action = |year, month, day| Action {
        symbol: "AAPL".to_owned(),
        date: Timestamp::from_date(year, month, day).unwrap(),
        event: Event::Split("2".parse().unwrap()),
    };
    let actions: Arc<[Action]> = [action(2005, 2, 28), action(2000, 6, 21)].into();
    let (traded, adjusted) = (aapl(Adjust::None), aapl(Adjust::Splits));
    // In and out, with orders that wait and exits that trail over both splits.
    let signal = |bar: usize| match bar {
        _ if bar % 331 == 300 => Signal::LONG_EXIT.with(Signal::SHORT_ENTRY),
        _ if bar.is_multiple_of(61) => Signal::LONG_ENTRY,
        _ => Signal::NONE,
    };
    let column: Arc<[Signal]> = (0..traded.len()).map(signal).collect();
    for (entry, limits) in [
        (EntryOrder::default(), Limits::default()),
        (
            EntryOrder {
                at: EntryPrice::Limit(Offset::Share(Rate::percent(2))),
                time_in_force: TimeInForce::Gtc,
            },
            Limits {
                trailing_stop: Some(Rate::percent(35)),
                take_profit: Some(Rate::percent(120)),
                ..Limits::default()
            },
        ),
    ] {
        let run = |bars: &Bars, actions: &Arc<[Action]>| {
            let options = Options {
                entry,
                limits,
                actions: Arc::clone(actions),
                lot: Options::LOT_FRACTIONAL,
                fill_model: Arc::new(Intrabar::Nearest),
                commission: Arc::new(StandardCommission::Bps {
                    rate: Rate::bps(5),
                    minimum: Money::ZERO,
                }),
                ..Options::default()
            };
            let mut strategy = SignalStrategy::new(vec![Arc::clone(&column)], 0);
            let outcome = run(std::slice::from_ref(bars), &mut strategy, &options, &Unwatched);
            let outcome = outcome.unwrap();
            check_books(&outcome);
            outcome
        };
        let with_actions = run(&traded, &actions);
        let plain = run(&adjusted, &Arc::default());
        let without = run(&traded, &Arc::default());
        // A limit takes whatever cash is left, be it what rounding left of the order before.
        let is_more = |fill: &&Fill| fill.quantity.raw() > 1000;
        let count = |outcome: &Outcome| outcome.fills.iter().filter(is_more).count();
        assert_eq!(count(&with_actions), count(&plain));
        assert!(with_actions.flows.iter().any(|flow| flow.what.as_str() == "split"));
        let all = with_actions.equity.iter().zip(plain.equity.iter());
        let far = all.map(|(a, b)| (a - b).abs()).max().unwrap();
        assert!(far < money("0.001"), "differs by {far}");
        assert!((with_actions.final_equity - without.final_equity).abs() > money("1000"));
    }
}
