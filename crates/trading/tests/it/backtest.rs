//! What a backtest promises, on small data that can be checked by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dirigent_trading::backtest::{Error, Options, Outcome, Unwatched, Warning, Watch, run};
use dirigent_trading::execution::{FillTiming, StandardCommission, StandardSlippage};
use dirigent_trading::order::{Fill, OrderRequest, OrderState, Side, SymbolId};
use dirigent_trading::portfolio::{Ledger, Sizing};
use dirigent_trading::risk::{Limits, StopCause};
use dirigent_trading::strategy::{SignalStrategy, Strategy, Window, Wishes};
use dirigent_trading::{Bars, Money, Quantity, Rate, Signal};

use crate::fixture::{daily, signals};

/// Ten bars that can be checked by hand.
const TEN: [[&str; 4]; 10] = [
    ["100", "101", "99", "100"],
    ["100", "102", "99", "101"],
    ["102", "104", "101", "103"], // bought here, at 102
    ["103", "108", "102", "107"],
    ["107", "111", "106", "110"],
    ["109", "110", "104", "105"], // sold here, at 109
    ["105", "106", "102", "103"],
    ["104", "105", "103", "104"], // bought here, at 104
    ["103", "103", "90", "92"],
    ["91", "96", "91", "95"],
];

fn ten() -> Bars {
    daily("TEN", &TEN)
}

/// Enters at the closes of bars 1 and 6, leaves at the close of bar 4.
fn twice() -> SignalStrategy {
    signals(&[".L..x.L..."])
}

fn trade(bars: &[Bars], strategy: &mut dyn Strategy, options: &Options) -> Outcome {
    run(bars, strategy, options, &Unwatched).unwrap()
}

fn csv(
    outcome: &Outcome,
    write: fn(&Outcome, &mut dyn std::io::Write) -> std::io::Result<()>,
) -> String {
    let mut out = Vec::new();
    write(outcome, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn trades(outcome: &Outcome) -> String {
    let text = csv(outcome, |outcome, out| outcome.write_trades_csv(out));
    text.lines().skip(1).map(|line| format!("{line}\n")).collect()
}

/// 10,000 in cash, 10 basis points of commission, all in whole shares at the next open:
///
/// - open 2: floor(10,000 / (102 × 1.001)) = 97 shares for 9,894 and a fee of 9.894; cash 96.106
/// - open 5: 97 × 109 = 10,573 less a fee of 10.573; cash 10,658.533; gain 658.533
/// - open 7: floor(10,658.533 / (104 × 1.001)) = 102 shares for 10,608, fee 10.608; cash 39.925
/// - close 9: 39.925 + 102 × 95 = 9,729.925: a return of −2.70075 %
/// - highest close: 96.106 + 97 × 110 = 10,766.106; lowest after it: 39.925 + 102 × 92 =
///   9,423.925; a drawdown of 1 − 9,423.925 / 10,766.106 = 12.4667 %
#[test]
fn trd_01_ten_bars_come_out_as_computed_by_hand() {
    let options = Options {
        initial_cash: "10000".parse().unwrap(),
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO }),
        ..Options::default()
    };
    let outcome = trade(&[ten()], &mut twice(), &options);
    assert_eq!(
        trades(&outcome),
        "TEN,long,2024-01-03,2024-01-06,2,5,3,97,102,109,658.533,20.467,-0.009803922,0.088235294,\
         signal_entry,signal_exit\n"
    );
    assert_eq!(
        csv(&outcome, |outcome, out| outcome.write_equity_csv(out)),
        "timestamp,cash,equity\n\
         2024-01-01,10000,10000\n\
         2024-01-02,10000,10000\n\
         2024-01-03,96.106,10087.106\n\
         2024-01-04,96.106,10475.106\n\
         2024-01-05,96.106,10766.106\n\
         2024-01-06,10658.533,10658.533\n\
         2024-01-07,10658.533,10658.533\n\
         2024-01-08,39.925,10647.925\n\
         2024-01-09,39.925,9423.925\n\
         2024-01-10,39.925,9729.925\n"
    );
    let open = outcome.open_positions[0];
    assert_eq!((open.quantity.to_string(), open.entry_bar), ("102".to_owned(), 7));
    assert_eq!(open.unrealized.to_string(), "-918");
    assert_eq!(outcome.fees.to_string(), "31.075");
    assert_eq!(outcome.traded_value.to_string(), "31075");
    assert_eq!(outcome.bars_exposed, 6);
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn trd_02_a_decision_at_a_close_trades_there_or_at_the_next_open() {
    let check = |fill, expected: &str| {
        let options = Options { fill, ..Options::default() };
        let outcome = trade(&[ten()], &mut signals(&[".L..x....."]), &options);
        let trade = outcome.trades[0];
        let text = format!(
            "{} at {} to {} at {}",
            trade.entry_bar, trade.entry_price, trade.exit_bar, trade.exit_price
        );
        assert_eq!(text, expected);
    };
    check(FillTiming::NextOpen, "2 at 102 to 5 at 109");
    check(FillTiming::SameClose, "1 at 101 to 4 at 110");
}

#[test]
fn trd_02_slippage_makes_buys_dearer_and_sales_cheaper() {
    let slippage = StandardSlippage::Bps { rate: Rate::bps(100) };
    let sizing = Sizing::FixedQuantity(Quantity::from_units(10).unwrap());
    let options = Options { slippage: Arc::new(slippage), sizing, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&[".L..x....."]), &options);
    let trade = outcome.trades[0];
    assert_eq!(trade.entry_price.to_string(), "103.02");
    assert_eq!(trade.exit_price.to_string(), "107.91");
    assert_eq!(outcome.slippage_cost.to_string(), "21.1");
    assert_eq!(trade.pnl.to_string(), "48.9");
}

/// Long from open 2 at 102 with a stop of 10 % at 91.8 and a target of 7 % at 109.14.
#[test]
fn protective_exits_trade_at_their_level_and_say_so() {
    let limits = Limits {
        stop_loss: Some(Rate::percent(10)),
        take_profit: Some(Rate::percent(7)),
        ..Limits::default()
    };
    let options = Options { limits, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&[".L....L..."]), &options);
    let exits: Vec<String> = outcome
        .trades
        .iter()
        .map(|trade| format!("{} {} {}", trade.exit_bar, trade.exit_price, trade.exit_reason))
        .collect();
    assert_eq!(exits, ["4 109.14 take_profit@109.14", "8 93.6 stop_loss@93.60"]);
    let states: Vec<&str> = outcome.orders().map(|order| order.state.as_str()).collect();
    assert_eq!(states, ["filled", "cancelled", "filled", "filled", "filled", "cancelled"]);
}

#[test]
fn a_bar_that_opens_beyond_the_stop_trades_at_its_open() {
    let bars = daily(
        "GAP",
        &[["100", "100", "100", "100"], ["100", "101", "99", "100"], ["90", "92", "85", "91"]],
    );
    let limits = Limits { stop_loss: Some(Rate::percent(5)), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let outcome = trade(&[bars], &mut signals(&["L.."]), &options);
    let trade = outcome.trades[0];
    assert_eq!(trade.exit_price.to_string(), "90");
    assert_eq!(trade.exit_reason.to_string(), "stop_loss@95.00 gap_open");
}

/// Bought at 100; days later, on a bar without any signal, a level is touched to the tick.
#[test]
fn a_level_that_is_only_just_touched_trades_on_a_quiet_bar() {
    let check = |touch: [&str; 4], letter: &str, expected: &str| {
        let calm = ["100", "101", "99", "100"];
        let bars = daily("QUIET", &[calm, calm, calm, calm, touch, calm]);
        let limits = Limits {
            stop_loss: Some(Rate::percent(5)),
            take_profit: Some(Rate::percent(5)),
            ..Limits::default()
        };
        let options = Options { limits, ..Options::default() };
        let outcome = trade(&[bars], &mut signals(&[&format!("{letter}.....")]), &options);
        let found: Vec<String> =
            outcome.trades.iter().map(|t| format!("{} {}", t.exit_bar, t.exit_reason)).collect();
        assert_eq!(found, [expected]);
    };
    check(["100", "101", "95", "100"], "L", "4 stop_loss@95.00");
    check(["100", "105", "99", "100"], "L", "4 take_profit@105.00");
    check(["100", "105", "99", "100"], "S", "4 stop_loss@105.00");
    check(["100", "101", "95", "100"], "S", "4 take_profit@95.00");
}

#[test]
fn a_reversal_closes_one_side_and_opens_the_other_at_one_price() {
    let outcome = trade(&[ten()], &mut signals(&[".L..S....."]), &Options::default());
    let short = &outcome.open_positions[0];
    assert_eq!(outcome.trades[0].exit_reason.to_string(), "reversal");
    assert_eq!((short.entry_bar, short.entry_price.to_string()), (5, "109".to_owned()));
    // 40 left of 100,000 after 980 × 102, 106,860 after 980 × 109; then 980 owed at 109, each
    // worth 95 at the end.
    assert_eq!(short.quantity.to_string(), "-980");
    assert_eq!(outcome.final_equity.to_string(), "120580");
}

#[test]
fn trd_08_an_order_that_cannot_be_paid_is_refused_and_listed_once() {
    let sizing = Sizing::FixedQuantity(Quantity::from_units(1000).unwrap());
    let options = Options { initial_cash: "10000".parse().unwrap(), sizing, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&[".LLLLLLLLL"]), &options);
    assert_eq!(outcome.rejected, 8);
    // The order of the last bar has no bar to trade in.
    let orders: Vec<_> = outcome.orders().map(|order| (order.state, order.attempts)).collect();
    assert_eq!(orders, [(OrderState::Rejected, 8), (OrderState::Expired, 1)]);
    let warnings: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "orders refused: 8, the first at 2024-01-03T00:00:00Z: \
             insufficient cash: needs 102000, has 10000",
            "orders without a bar left to trade in: 1",
            "the strategy never traded",
        ]
    );
}

#[test]
fn trd_10_the_drawdown_limit_closes_everything_and_ends_trading() {
    let limits = Limits { max_drawdown: Some(Rate::percent(10)), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&["L.......LL"]), &options);
    let last = outcome.trades.last().unwrap();
    assert_eq!((last.exit_bar, last.exit_reason.to_string()), (9, "drawdown_limit".to_owned()));
    let stop = outcome.stopped.unwrap();
    assert_eq!((stop.cause, stop.bar), (StopCause::DrawdownLimit, 8));
    assert_eq!(outcome.orders().len(), 2);
}

#[test]
fn a_ruined_account_is_closed_at_that_close() {
    let bars = daily(
        "UP",
        &[
            ["10", "10", "10", "10"],
            ["10", "12", "10", "12"],
            ["20", "30", "20", "25"],
            ["20", "21", "5", "6"],
        ],
    );
    let outcome = trade(&[bars], &mut signals(&["S..."]), &Options::default());
    assert_eq!(outcome.trades[0].exit_reason.to_string(), "ruin");
    assert_eq!(outcome.trades[0].exit_price.to_string(), "25");
    assert_eq!(outcome.final_equity.to_string(), "-50000");
    assert!(matches!(outcome.warnings[0], Warning::Stopped(stop) if stop.bar == 2));
}

#[test]
fn trd_11_orders_of_every_kind_are_written_with_their_history() {
    let limits = Limits { take_profit: Some(Rate::percent(7)), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&[".L........"]), &options);
    assert_eq!(
        csv(&outcome, |outcome, out| outcome.write_orders_csv(out)),
        "order,created,symbol,side,kind,level,quantity,state,filled,price,fee,slippage,reason,\
         rejected,attempts,history\n\
         order_1,2024-01-02,TEN,buy,market,,980,filled,980,102,0,0,signal_entry,,1,\
         pending@2024-01-02 accepted@2024-01-03 filled@2024-01-03\n\
         order_2,2024-01-03,TEN,sell,target,109.14,980,filled,980,109.14,0,0,take_profit@109.14,,1,\
         pending@2024-01-03 accepted@2024-01-03 filled@2024-01-05\n"
    );
}

#[test]
fn symbols_with_different_days_are_traded_on_their_own_bars() {
    let long = ten();
    let mut short = daily("LATE", &TEN);
    for column in [&mut short.open, &mut short.high, &mut short.low, &mut short.close] {
        column.drain(..3);
    }
    short.time = short.time[3..].to_vec().into();
    short.volume.drain(..3);
    let sizing = Sizing::PercentEquity(Rate::percent(50));
    let options = Options { sizing, ..Options::default() };
    let outcome = trade(&[long, short], &mut signals(&["L..x......", "L....x."]), &options);
    let text: Vec<String> = outcome
        .trades
        .iter()
        .map(|t| format!("{} {}-{} {}", t.symbol.index(), t.entry_bar, t.exit_bar, t.exit_time))
        .collect();
    assert_eq!(text, ["0 1-4 2024-01-05T00:00:00Z", "1 1-6 2024-01-10T00:00:00Z"]);
    assert_eq!(outcome.equity.time.len(), 10);
}

/// A strategy in code: buys 10, then sells 25, which crosses from long to short.
#[derive(Default)]
struct Crossing {
    fills: Vec<String>,
}

impl Strategy for Crossing {
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        let symbol = window.symbols().next().unwrap();
        assert_eq!(window.close(symbol).len(), window.bars(symbol));
        assert_eq!(window.time(symbol).last(), Some(&window.now()));
        let units = |n| Quantity::from_units(n).unwrap();
        let (side, quantity) = match (window.bars(symbol), ledger.position(symbol).is_flat()) {
            (1, true) => (Side::Buy, units(10)),
            (3, false) => (Side::Sell, units(25)),
            _ => return,
        };
        wishes.order(OrderRequest::market(symbol, side, quantity));
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.fills.push(format!("{} {} {}", fill.side.as_str(), fill.quantity, fill.price));
    }
}

#[test]
fn an_order_across_zero_is_filled_in_two_parts() {
    let mut strategy = Crossing::default();
    let outcome = trade(&[ten()], &mut strategy, &Options::default());
    assert_eq!(strategy.fills, ["buy 10 100", "sell 10 103", "sell 15 103"]);
    let steps: Vec<&str> = outcome
        .transitions()
        .filter(|step| step.order.0 == 2)
        .map(|step| step.state.as_str())
        .collect();
    assert_eq!(steps, ["pending", "accepted", "partially_filled", "filled"]);
    assert_eq!(outcome.orders().nth(1).unwrap().filled.to_string(), "25");
    assert_eq!(outcome.open_positions[0].quantity.to_string(), "-15");
}

/// Wants the weights it is given at the first close, for `A` and `B`.
struct Weights([i32; 2]);

impl Strategy for Weights {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        if window.bars(SymbolId::new(0)) == 1 {
            wishes.weights(window.symbols().zip(self.0.map(Rate::percent)));
        }
    }
}

#[test]
fn trd_04_weights_become_positions_and_a_position_limit_caps_them() {
    let bars = || [daily("A", &TEN), daily("B", &TEN)];
    let check = |weights, limit: Option<i32>, expected: [&str; 2]| {
        let limits = Limits { max_position: limit.map(Rate::percent), ..Limits::default() };
        let options = Options { limits, ..Options::default() };
        let outcome = trade(&bars(), &mut Weights(weights), &options);
        let mut units = ["0".to_owned(), "0".to_owned()];
        for open in &outcome.open_positions {
            units[open.symbol.index()] = open.quantity.to_string();
        }
        assert_eq!(units, expected);
    };
    check([50, 50], None, ["500", "500"]);
    check([50, 50], Some(25), ["250", "250"]);
    check([60, -30], None, ["600", "-300"]);
    check([100, 100], None, ["1000", "0"]);
}

#[test]
fn signals_before_the_first_bar_are_not_looked_at() {
    let options = Options { first_bar: 4, ..Options::default() };
    let outcome = trade(&[ten()], &mut signals(&["LLLLLLLLLL"]), &options);
    assert_eq!(outcome.open_positions[0].entry_bar, 5);
}

/// Cancels at the second look.
#[derive(Default)]
struct Impatient(AtomicUsize);

impl Watch for Impatient {
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > 0
    }
}

#[test]
fn a_run_stops_soon_after_it_is_cancelled() {
    let rows = vec![["100", "101", "99", "100"]; 20_000];
    let quiet = ".".repeat(rows.len());
    let found = run(
        &[daily("X", &rows)],
        &mut signals(&[&quiet]),
        &Options::default(),
        &Impatient::default(),
    );
    assert_eq!(found.unwrap_err(), Error::Cancelled { done: 8192, total: 20_000 });
}

#[test]
fn what_cannot_be_run_is_refused_with_a_reason() {
    let check = |bars: &[Bars], options: &Options, expected: &str| {
        let error = run(bars, &mut twice(), options, &Unwatched).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let options = Options::default();
    check(&[], &options, "there are no bars to trade on");
    check(&[daily("X", &[])], &options, "`X` has no bars");
    check(&[ten(), ten()], &options, "`TEN` is there twice");
    let misfit = "the strategy does not fit the bars: 10 signals for 1 bars of `X`";
    check(&[daily("X", &TEN[..1])], &options, misfit);
    let broke = Options { initial_cash: Money::ZERO, ..Options::default() };
    check(&[ten()], &broke, "`initial_cash` is `0`, but must be positive");
    let limits = Limits { stop_loss: Some(Rate::ONE), ..Limits::default() };
    let wide = Options { limits, ..Options::default() };
    check(&[ten()], &wide, "`stop_loss` is `1`, but must be above 0 and below 1");
}

#[test]
fn signals_are_wishes_of_one_byte() {
    assert_eq!(size_of::<Signal>(), 1);
}
