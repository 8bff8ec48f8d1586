//! Exits in the bar of their entry, and what libraries decide otherwise, on bars checked by hand.

use dirigent_trading::Rate;
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::execution::{EntryBar, LimitGap, StopsBefore, TrailBy};
use dirigent_trading::order::{Bracket, Exit, Offset, OrderRequest};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::Limits;

use crate::fixture::{daily, signals};
use crate::orders::{FIRST, buy, check, options, play, price, sell, units};

/// With a stop and a target at these prices.
fn between(entry: OrderRequest, stop: &str, target: &str) -> OrderRequest {
    let at = |text| Some(Exit::At(price(text)));
    entry.bracket(Bracket { stop: at(stop), target: at(target) })
}

#[test]
fn an_exit_that_the_open_of_its_entry_has_passed_trades_at_that_open() {
    // The exits were only looked for within the bar: what was bought at 90 was sold at 96, which
    // the bar never saw, and what was bought at 110 at 105, for which nobody has to sell.
    let fallen = ["90", "92", "88", "91"];
    let order = between(buy().limit(price("99")), "96", "103");
    let expected = [
        "buy limit 99 filled 10@90 limit@99.00 gap_open",
        "sell stop 96 filled 10@90 stop_loss@96.00 gap_open",
        "sell limit 103 cancelled: another order of its group traded",
    ];
    check(&[FIRST, fallen], &options(), order, &expected);
    let risen = ["110", "112", "108", "111"];
    let order = between(buy().stop(price("102")), "99", "105");
    let expected = [
        "buy stop 102 filled 10@110 stop@102.00 gap_open",
        "sell stop 99 cancelled: another order of its group traded",
        "sell limit 105 filled 10@110 take_profit@105.00 gap_open",
    ];
    check(&[FIRST, risen], &options(), order, &expected);
}

#[test]
fn the_target_of_an_entry_by_stop_lies_on_the_way_up() {
    let order = between(buy().stop(price("102")), "99", "106");
    let entered = "buy stop 102 filled 10@102 stop@102.00";
    let (cancelled, stopped) = (
        "sell limit 106 cancelled: another order of its group traded",
        "sell stop 99 filled 10@99 stop_loss@99.00",
    );
    let won = [
        entered,
        "sell stop 99 cancelled: another order of its group traded",
        "sell limit 106 filled 10@106 take_profit@106.00",
    ];
    check(&[FIRST, ["100", "107", "99.5", "106"]], &options(), order, &won);
    let both = ["100", "107", "98", "106"];
    check(&[FIRST, both], &options(), order, &[entered, stopped, cancelled]);
    // Where exits of waiting orders come a bar later, a target that leaves no doubt does not.
    let market = Options { entry_bar: EntryBar::MarketExits, ..options() };
    check(&[FIRST, ["100", "107", "99.5", "106"]], &market, order, &won);
    let calm = ["103", "104", "100", "103"];
    let still = [entered, "sell stop 99 expired", "sell limit 106 expired"];
    check(&[FIRST, both, calm], &market, order, &still);
}

#[test]
fn exits_may_start_after_the_bar_of_their_entry() {
    let rows = [FIRST, ["100", "101", "95", "96"], ["97", "98", "94", "95"]];
    let tell =
        |entry_bar, options: &Options| sold(&rows, &Options { entry_bar, ..options.clone() });
    let limits = Limits { stop_loss: Some(Rate::percent(3)), ..Limits::default() };
    let options = Options { limits, sizing: Sizing::FixedQuantity(units(10)), ..options() };
    assert_eq!(tell(EntryBar::Exits, &options), "bar 1 97 stop_loss@97.00");
    assert_eq!(tell(EntryBar::MarketExits, &options), "bar 1 97 stop_loss@97.00");
    assert_eq!(tell(EntryBar::NoExits, &options), "bar 2 97 stop_loss@97.00 gap_open");
}

#[test]
fn a_stop_may_come_before_what_the_open_reaches() {
    let limits = Limits {
        stop_loss: Some(Rate::percent(3)),
        take_profit: Some(Rate::percent(6)),
        ..Limits::default()
    };
    let options = Options { limits, sizing: Sizing::FixedQuantity(units(10)), ..options() };
    let tell =
        |rows: &[[&str; 4]], stops_before| sold(rows, &Options { stops_before, ..options.clone() });
    let calm = ["100", "101", "99", "100"];
    let both = [FIRST, calm, ["107", "108", "96", "100"]];
    assert_eq!(tell(&both, StopsBefore::Nothing), "bar 2 107 take_profit@106.00 gap_open");
    assert_eq!(tell(&both, StopsBefore::Targets), "bar 2 97 stop_loss@97.00");
    // The exit by signal of bar 2 waits for the open of bar 3.
    let leaves = [FIRST, calm, calm, ["101", "102", "96", "100"]];
    assert_eq!(tell(&leaves, StopsBefore::Targets), "bar 3 101 signal_exit");
    assert_eq!(tell(&leaves, StopsBefore::Orders), "bar 3 97 stop_loss@97.00");
    let bracket = between(buy().limit(price("99.5")), "97", "106");
    let targets = Options { stops_before: StopsBefore::Targets, ..options.clone() };
    let targets = Options { limits: Limits::default(), ..targets };
    let expected = [
        "buy limit 99.5 filled 10@99.5 limit@99.50",
        "sell stop 97 filled 10@97 stop_loss@97.00",
        "sell limit 106 cancelled: another order of its group traded",
    ];
    check(&both, &targets, bracket, &expected);
}

#[test]
fn a_limit_that_the_open_is_beyond_may_trade_at_its_level() {
    let level = Options { limit_gap: LimitGap::Level, ..options() };
    let gap = ["97", "99", "96", "98"];
    let expected = "buy limit 98 filled 10@98 limit@98.00 gap_open";
    check(&[FIRST, gap], &level, buy().limit(price("98")), &[expected]);
    let limits = Limits { take_profit: Some(Rate::percent(6)), ..Limits::default() };
    let level = Options { limits, sizing: Sizing::FixedQuantity(units(10)), ..level };
    let rows = [FIRST, ["100", "101", "99", "100"], ["108", "109", "107", "108"]];
    assert_eq!(sold(&rows, &level), "bar 2 106 take_profit@106.00 gap_open");
}

#[test]
fn a_trailing_stop_follows_the_best_price_bar_by_bar() {
    let offset = Offset::Amount(price("3"));
    let rows = [
        FIRST,
        ["100", "105", "100", "104"], // bought at 100; the stop rises to 102 after this bar
        ["104", "110", "103", "109"], // to 107
        ["109", "109", "106", "107"], // down through it
    ];
    let (outcome, told) = play(&rows, &options(), |bar, wishes| match bar {
        0 => wishes.order(buy()),
        1 => wishes.order(sell().trailing_stop(offset, price("105")).reduce_only()),
        _ => {}
    });
    assert_eq!(told[1], "sell trailing_stop 107 filled 10@107 trailing_stop@107.00");
    let moves: Vec<String> = outcome
        .moves
        .iter()
        .map(|step| format!("{} {} to {} on {}", step.order, step.from, step.level, step.time))
        .collect();
    assert_eq!(moves, ["order_2 102 to 107 on 2024-01-03T00:00:00Z"]);
    assert_eq!(outcome.trades[0].pnl.to_string(), "70");
}

#[test]
fn trailing_stops_may_follow_closes() {
    let rows = [FIRST, ["100", "110", "99", "104"], ["104", "105", "100.5", "101"]];
    let limits = Limits { trailing_stop: Some(Rate::percent(3)), ..Limits::default() };
    let trails = Options { limits, sizing: Sizing::FixedQuantity(units(10)), ..options() };
    let by = |trail_by| sold(&rows, &Options { trail_by, ..trails.clone() });
    assert_eq!(by(TrailBy::Extreme), "bar 2 104 trailing_stop@106.70 gap_open");
    assert_eq!(by(TrailBy::Close), "bar 2 100.88 trailing_stop@100.88");
    let offset = Exit::Trailing(Offset::Share(Rate::percent(3)));
    let order = buy().bracket(Bracket { stop: Some(offset), target: None });
    let close = Options { trail_by: TrailBy::Close, ..crate::orders::options() };
    let expected = [
        "buy market filled 10@100 requested",
        "sell trailing_stop 100.88 filled 10@100.88 stop_loss@100.88",
    ];
    check(&rows, &close, order, &expected);
}

/// Enters by the signal of bar 0 and leaves by that of bar 2: where and why it was sold.
fn sold(rows: &[[&str; 4]], options: &Options) -> String {
    let bars = [daily("IT", rows)];
    let line: String = "L.x.".chars().take(rows.len()).collect();
    let outcome = run(&bars, &mut signals(&[&line]), options, &Unwatched).unwrap();
    let trade = outcome.trades[0];
    format!("bar {} {} {}", trade.exit_bar, trade.exit_price, trade.exit_reason)
}

/// It was sold at the stop, above the price at which it had just been bought.
#[test]
fn a_stop_on_the_wrong_side_of_an_entry_within_the_bar_trades_at_the_price_of_the_entry() {
    let bar = ["100", "101", "98", "99"];
    let order = between(buy().limit(price("99")), "99.5", "103");
    let expected = [
        "buy limit 99 filled 10@99 limit@99.00",
        "sell stop 99 filled 10@99 stop_loss@99.00",
        "sell limit 103 cancelled: another order of its group traded",
    ];
    check(&[FIRST, bar], &options(), order, &expected);
}
