//! What becomes of entries by signal that wait for a price, and of the exits under positions.

use std::sync::Arc;

use dirigent_trading::Rate;
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::execution::Intrabar;
use dirigent_trading::order::{EntryOrder, EntryPrice, Offset, TimeInForce};
use dirigent_trading::risk::Limits;

use crate::fixture::{daily, signals};

const FIRST: [&str; 4] = ["100", "101", "99", "100"];

fn options() -> Options {
    Options { initial_cash: "100000".parse().unwrap(), ..Options::default() }
}

/// What becomes of the orders of a strategy that trades signals.
#[track_caller]
fn check_signals(rows: &[[&str; 4]], options: &Options, line: &'static str, expected: &[&str]) {
    let bars = [daily("IT", rows)];
    let outcome = run(&bars, &mut signals(&[line]), options, &Unwatched).unwrap();
    let tell = |record: dirigent_trading::order::Record| {
        let (order, state) = (record.order, record.state.as_str());
        let level = order.kind.level().map(|level| format!(" {level}")).unwrap_or_default();
        let why = record.rejected.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}{level} {state} {}{why}", order.side.as_str(), order.reason)
    };
    let told: Vec<String> = outcome.orders().map(tell).collect();
    assert_eq!(told, expected);
}

#[test]
fn an_entry_by_signal_waits_for_its_price_and_an_exit_takes_it_back() {
    let two = Offset::Share(Rate::percent(2));
    let entry = EntryOrder { at: EntryPrice::Limit(two), time_in_force: TimeInForce::Gtc };
    let options = Options { entry, ..options() };
    let calm = ["100", "101", "99", "100"];
    let deep = ["100", "101", "97", "98"];
    let filled = "buy 98 filled limit@98.00";
    check_signals(&[FIRST, calm, deep], &options, "L..", &[filled]);
    // Each signal asks anew, from its own close.
    let replaced = "buy 98 cancelled signal_entry: replaced by what the strategy wants now";
    check_signals(&[FIRST, calm, deep], &options, "LL.", &[replaced, filled]);
    check_signals(&[FIRST, calm, deep], &options, "Lx.", &[replaced]);
    let day = EntryOrder { time_in_force: TimeInForce::Day, ..entry };
    let options = Options { entry: day, ..options };
    check_signals(&[FIRST, calm, deep], &options, "L..", &["buy 98 expired signal_entry"]);
}

#[test]
fn a_position_is_left_when_it_comes_back_from_its_best_price() {
    let limits = Limits { trailing_stop: Some(Rate::percent(10)), ..Default::default() };
    let options = Options { limits, ..options() };
    let rows = [
        FIRST,
        ["100", "120", "95", "118"], // bought at 100, stop at 90, then 108
        ["118", "119", "110", "112"],
        ["112", "113", "104", "105"], // through 108
    ];
    let bought = "buy filled signal_entry";
    check_signals(&rows, &options, "L...", &[bought, "sell 108 filled trailing_stop@108.00"]);
    let gap = [rows[0], rows[1], ["107", "108", "106", "107"]];
    let expected = "sell 108 filled trailing_stop@108.00 gap_open";
    check_signals(&gap, &options, "L..", &[bought, expected]);
}

/// The stop of the limits was first looked at a bar after an entry within the bar.
#[test]
fn a_position_entered_within_a_bar_is_stopped_in_it() {
    let one = Offset::Share(Rate::percent(1));
    let limits = Limits {
        stop_loss: Some(Rate::percent(2)),
        take_profit: Some(Rate::percent(3)),
        ..Default::default()
    };
    let entry = EntryOrder { at: EntryPrice::Stop(one), time_in_force: TimeInForce::Gtc };
    let options = Options { entry, limits, ..options() };
    let bought = "buy 101 filled stop@101.00";
    // It opens below the stop of 98.98, before there was a position; what matters is the low after.
    let bar = ["98", "106", "98", "102"];
    let lost = "sell 98.98 filled stop_loss@98.98";
    let missed = "sell 104.03 cancelled take_profit@104.03";
    check_signals(&[FIRST, bar], &options, "L.", &[bought, lost, missed]);
    // Where limits come first, the target is believed, and the stop is not.
    let optimistic = Options { fill_model: Arc::new(Intrabar::Optimistic), ..options };
    let missed = "sell 98.98 cancelled stop_loss@98.98";
    let taken = "sell 104.03 filled take_profit@104.03";
    check_signals(&[FIRST, bar], &optimistic, "L.", &[bought, missed, taken]);
}

/// It was refused, although all but a twentieth of it could be paid.
#[test]
fn an_entry_that_trades_at_a_worse_price_is_cut_to_what_the_account_pays_for() {
    let one = Offset::Share(Rate::percent(1));
    let entry = EntryOrder { at: EntryPrice::Stop(one), time_in_force: TimeInForce::Gtc };
    let options = Options { entry, initial_cash: "10100".parse().unwrap(), ..options() };
    let bars = [daily("IT", &[FIRST, ["110", "112", "108", "111"]])];
    let outcome = run(&bars, &mut signals(&["L."]), &options, &Unwatched).unwrap();
    // 100 units at 101 were wanted; at 110 the cash pays for 91.
    let order = outcome.orders().next().unwrap();
    assert_eq!((order.filled.to_string(), order.state.as_str()), ("91".into(), "filled"));
    assert_eq!(outcome.rejected, 0);
}

/// What was left of an entry that had traded in part went on buying after the exit.
#[test]
fn an_exit_takes_back_the_rest_of_an_entry_that_traded_in_part() {
    let one = Offset::Share(Rate::percent(1));
    for at in [EntryPrice::Limit(one), EntryPrice::Stop(one), EntryPrice::Market] {
        let entry = EntryOrder { at, time_in_force: TimeInForce::Gtc };
        let options = Options { entry, participation: Some(Rate::percent(1)), ..options() };
        let wide = ["100", "102", "98", "100"];
        let bars = [daily("IT", &[FIRST, wide, wide, wide])];
        let outcome = run(&bars, &mut signals(&["Lx.."]), &options, &Unwatched).unwrap();
        let told: Vec<&str> = outcome.fills.iter().map(|fill| fill.side.as_str()).collect();
        assert_eq!(told, ["buy", "sell"], "{at:?}");
        assert_eq!(outcome.orders().next().unwrap().state.as_str(), "cancelled", "{at:?}");
        assert!(outcome.open_positions.is_empty());
    }
}
