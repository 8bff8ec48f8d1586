//! Orders that meet quotes and trades between bars, on tapes that can be checked by hand.

mod files;
mod holds;
mod tapes;

use dirigent_trading::Rate;
use dirigent_trading::backtest::{Options, Outcome};
use dirigent_trading::execution::LimitFill;
use dirigent_trading::order::{Bracket, Change, Exit, Offset, OrderRequest, Tag, TimeInForce};
use dirigent_trading::risk::Limits;
use dirigent_trading::venue::{Latency, Queue};
use std::time::Duration;

use crate::orders::{buy, price, sell};
use tapes::{minutes, on_tape, play, tape, trades_of};

/// At the close of bar 0, which is 10:01, the strategy asks for `request`; every fill, and what became
/// of each order.
#[track_caller]
fn check(rows: &[&str], options: &Options, request: OrderRequest, expected: &[&str]) {
    let asked = |bar: usize, wishes: &mut dirigent_trading::strategy::Wishes| {
        if bar == 0 {
            wishes.order(request);
        }
    };
    let (_, told) = play(&minutes(3), &on_tape(rows, options), asked);
    assert_eq!(told, expected, "{rows:?}");
}

fn late(ms: u64) -> Options {
    let mut options = Options::default();
    options.venue.latency = Latency::Fixed(Duration::from_millis(ms));
    options
}

fn queue(queue: Queue) -> Options {
    let mut options = Options::default();
    options.venue.queue = queue;
    options
}

#[test]
fn a_market_order_takes_what_is_displayed_when_it_arrives() {
    let rows = ["10:00:59 98x99 5x5", "10:01:00 99x100 50x50", "10:01:01 99x101 50x50"];
    check(&rows, &Options::default(), buy(), &["10@100 10:01:00 taking", "market filled"]);
    check(&rows, &late(1), buy(), &["10@101 10:01:01 taking", "market filled"]);
    // Sizes bound each trade; what was taken is gone until the ask shows something else.
    let thin = [
        "10:01:01 99x100 1x4",
        "10:01:02 98x100 2x4",
        "10:01:03 99x100 2x5",
        "10:01:04 99x102 1x9",
    ];
    let expected = [
        "4@100 10:01:01 taking",
        "5@100 10:01:03 taking",
        "1@102 10:01:04 taking",
        "market filled",
    ];
    check(&thin, &Options::default(), buy(), &expected);
    // What comes after the last bar is not part of the run.
    let late_quote = ["10:03:00 99x100 50x50"];
    check(&late_quote, &Options::default(), sell(), &["market expired"]);
}

#[test]
fn a_limit_order_takes_up_to_its_level_and_then_waits() {
    let limit = buy().limit(price("100"));
    let rows = ["10:01:01 99x100 7x4", "10:01:02 100x101 8x9", "10:01:03 98x99 1x5"];
    // Of the rest, six units, five are sold to it at its own price.
    let expected = ["4@100 10:01:01 taking", "5@100 10:01:03 crossed behind 0", "limit expired"];
    check(&rows, &Options::default(), limit, &expected);
    let post = limit.post_only();
    let refused = ["limit cancelled: post-only: it would trade at once at 100"];
    check(&rows, &Options::default(), post, &refused);
    let ioc = limit.good(TimeInForce::Ioc);
    let expected = [
        "4@100 10:01:01 taking",
        "limit cancelled: it could not trade in part at the first price it met",
    ];
    check(&rows, &Options::default(), ioc, &expected);
    let fok = limit.good(TimeInForce::Fok);
    let expected = ["limit cancelled: it could not trade whole at the first price it met"];
    check(&rows, &Options::default(), fok, &expected);
    let at_open = limit.good(TimeInForce::AtOpen);
    check(&rows, &Options::default(), at_open, &["4@100 10:01:01 taking", "limit expired"]);
    let at_close = buy().good(TimeInForce::AtClose);
    let expected = ["5@99 10:02:00 taking", "market expired"];
    check(&rows, &Options::default(), at_close, &expected);
}

#[test]
fn those_ahead_are_served_first() {
    let limit = buy().limit(price("99"));
    let quote = "10:01:01 99x101 30x9";
    // 25 units trade, then 8: three of them reach it, as those ahead had five left.
    let rows = [quote, "10:01:02 99 25", "10:01:03 99 8", "10:01:04 99 50"];
    let expected =
        ["3@99 10:01:03 trade behind 30", "7@99 10:01:04 trade behind 30", "limit filled"];
    check(&rows, &Options::default(), limit, &expected);
    // A trade beyond the level has served everybody there, but is no larger than it is.
    let rows = [quote, "10:01:02 98.5 6"];
    check(&rows, &Options::default(), limit, &["6@99 10:01:02 trade behind 30", "limit expired"]);
    // At a price that betters the best bid nobody stands ahead.
    let better = buy().limit(price("100"));
    let rows = [quote, "10:01:02 99 6"];
    check(&rows, &Options::default(), better, &["6@100 10:01:02 trade behind 0", "limit expired"]);
    // A level below the best is joined when it becomes the best, behind all that it shows then.
    let deeper = buy().limit(price("98"));
    let rows = [quote, "10:01:02 98 9", "10:01:03 98x99 4x1", "10:01:04 98 9"];
    let expected = ["5@98 10:01:04 trade behind 4", "limit expired"];
    check(&rows[..1], &Options::default(), deeper, &["limit expired"]);
    check(&rows, &Options::default(), deeper, &expected);
}

#[test]
fn what_the_quote_says_of_the_queue_depends_on_the_model() {
    let limit = buy().limit(price("99"));
    // 40 join behind it, then 60 of 80 go away: at most 20 can be ahead, or half of them were.
    let rows =
        ["10:01:01 99x101 40x9", "10:01:02 99x101 80x9", "10:01:03 99x101 30x9", "10:01:04 99 20"];
    check(&rows, &queue(Queue::Conservative), limit, &["limit expired"]);
    let expected = ["5@99 10:01:04 trade behind 40", "limit expired"];
    check(&rows, &queue(Queue::Proportional), limit, &expected);
}

#[test]
fn stops_are_set_off_by_the_side_they_would_trade_with() {
    let stop = buy().stop(price("102"));
    let rows = ["10:01:01 99x101 9x9", "10:01:02 100x103 9x4", "10:01:03 97x98 9x9"];
    // Once set off it goes on at any price.
    let expected = ["4@103 10:01:02 taking", "6@98 10:01:03 taking", "stop filled"];
    check(&rows, &Options::default(), stop, &expected);
    let limit = buy().stop_limit(price("102"), price("102"));
    let rows = ["10:01:02 101x103 9x9", "10:01:03 101x102 9x4", "10:01:04 101x102 9x3"];
    let expected = [
        "4@102 10:01:03 crossed behind 0",
        "3@102 10:01:04 crossed behind 0",
        "stop_limit expired",
    ];
    check(&rows, &Options::default(), limit, &expected);
    let back = sell().trailing_stop(Offset::Amount(price("2")), price("100"));
    let rows = ["10:01:01 99x99 9x9", "10:01:02 105x106 9x9", "10:01:03 103x104 20x9"];
    check(&rows, &Options::default(), back, &["10@103 10:01:03 taking", "trailing_stop filled"]);
}

/// Buys 10 at bar 0 with a limit of 99 and takes it back at bar 1, whose close is 10:02.
fn race(rows: &[&str], options: &Options) -> Vec<String> {
    let (_, told) = play(&minutes(4), &on_tape(rows, options), |bar, wishes| match bar {
        0 => wishes.order(buy().limit(price("99")).tag(Tag(1))),
        1 => wishes.cancel(Tag(1)),
        _ => {}
    });
    told
}

#[test]
fn an_order_trades_until_its_cancellation_arrives() {
    let rows = ["10:01:30 99x101 5x5", "10:02:00.200 98x98.5 5x50"];
    assert_eq!(race(&rows, &Options::default()), ["limit cancelled: taken back by the strategy"]);
    assert_eq!(race(&rows, &late(199)), ["limit cancelled: taken back by the strategy"]);
    let lost = ["10@99 10:02:00.200 crossed behind 5", "limit filled"];
    assert_eq!(race(&rows, &late(201)), lost);
    let rows = ["10:01:30 99x101 5x5", "10:02:00.200 98x98.5 5x4"];
    let part =
        ["4@99 10:02:00.200 crossed behind 5", "limit cancelled: taken back by the strategy"];
    assert_eq!(race(&rows, &late(201)), part);
}

#[test]
fn a_change_arrives_late_and_loses_the_place() {
    let rows = [
        "10:01:30 99x101 5x5",
        "10:02:00.050 99x101 5x5",
        "10:02:00.060 98 1",
        "10:02:01 98x101 7x5",
        "10:02:02 98 8",
    ];
    let (_, told) = play(&minutes(4), &on_tape(&rows, &late(100)), |bar, wishes| match bar {
        0 => wishes.order(buy().limit(price("99")).tag(Tag(1))),
        1 => wishes.change(Tag(1), Change { level: Some(price("98")), ..Change::default() }),
        _ => {}
    });
    let expected =
        ["1@99 10:02:00.060 trade behind 5", "1@98 10:02:02 trade behind 7", "limit expired"];
    assert_eq!(told, expected);
}

#[test]
fn exits_of_a_bracket_and_of_the_run_wait_on_the_tape_too() {
    let stop = Some(Exit::Away(Offset::Amount(price("2"))));
    let target = Some(Exit::Away(Offset::Amount(price("3"))));
    let entry = buy().bracket(Bracket { stop, target });
    let rows = ["10:01:01 99x100 9x50", "10:01:05 98.5x99 9x9", "10:01:09 97.5x98 50x9"];
    let expected = [
        "10@100 10:01:01 taking",
        "10@97.5 10:01:09 taking",
        "market filled",
        "stop filled",
        "limit cancelled: another order of its group traded",
    ];
    check(&rows, &Options::default(), entry, &expected);
    let limits = Limits {
        stop_loss: Some(Rate::percent(2)),
        take_profit: Some(Rate::percent(3)),
        ..Limits::default()
    };
    let guarded = Options { limits, ..Options::default() };
    check(&rows, &guarded, buy(), &expected);
    // A target that is filled in parts leaves the stop for the rest.
    let rows = [
        "10:01:01 99x100 9x50",
        "10:01:05 103x104 9x9",
        "10:01:06 103x104 4x9",
        "10:01:09 98x99 7x9",
        "10:01:10 96x97 3x9",
        "10:01:11 90x97 50x9",
    ];
    let expected = [
        "10@100 10:01:01 taking",
        "9@103 10:01:05 crossed",
        "1@103 10:01:06 crossed",
        "market filled",
    ];
    let (outcome, told) = play(&minutes(3), &on_tape(&rows, &guarded), |bar, wishes| {
        if bar == 0 {
            wishes.order(buy());
        }
    });
    assert_eq!(told[..2], expected[..2]);
    assert!(told[2].starts_with(expected[2]), "{told:?}");
    assert_eq!(outcome.trades.len(), 1, "{told:?}");
}

#[test]
fn trades_can_stand_for_quotes() {
    let limit = buy().limit(price("99"));
    let rows = ["10:01:01 100 5", "10:01:02 99 4", "10:01:03 98 3", "10:01:04 98 3"];
    let of = |options: &Options| {
        let mut options = options.clone();
        options.venue = on_tape(&["10:01:00 1x1 1x1"], &options).venue;
        options.venue.tape = Some(trades_of(&rows));
        play(&minutes(3), &options, |bar, wishes| {
            if bar == 0 {
                wishes.order(limit);
            }
        })
        .1
    };
    let touched = of(&Options::default());
    assert_eq!(touched[0], "4@99 10:01:02 crossed");
    assert_eq!(touched[3], "limit filled", "equal trades are different trades: {touched:?}");
    let through = of(&Options { limit_fill: LimitFill::Through, ..Options::default() });
    assert_eq!(through, ["3@99 10:01:03 crossed", "3@99 10:01:04 crossed", "limit expired"]);
}

#[test]
fn a_fill_says_what_it_met() {
    let rows = ["10:01:01 99x100 9x50"];
    let (outcome, _) = play(&minutes(3), &on_tape(&rows, &late(50)), |bar, wishes| {
        if bar == 0 {
            wishes.order(buy());
        }
    });
    let Outcome { mets, fills, .. } = &outcome;
    assert_eq!(mets.len(), fills.len());
    assert_eq!(mets[0].latency(), Duration::from_millis(50));
    assert_eq!(mets[0].to_string(), "taking 99x100@2024-01-02T10:01:01Z after 50ms");
    assert_eq!(fills[0].time.to_string(), "2024-01-02T10:01:01Z");
    assert_eq!(outcome.orders().next().unwrap().created.to_string(), "2024-01-02T10:01:00Z");
    let mut csv = Vec::new();
    outcome.write_orders_csv(&mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let says = "requested taking 99x100@2024-01-02T10:01:01Z after 50ms";
    assert!(csv.contains(says), "{csv}");
}

#[test]
fn what_a_run_on_quotes_cannot_be_asked_for_is_refused() {
    let refused = |options: Options, expected: &str| {
        let mut script = tapes::Script(|_: usize, _: &mut dirigent_trading::strategy::Wishes| {});
        let bars = [minutes(3)];
        let watch = dirigent_trading::backtest::Unwatched;
        let error = dirigent_trading::backtest::run(&bars, &mut script, &options, &watch);
        assert_eq!(error.unwrap_err().to_string(), expected);
    };
    let quoted = || on_tape(&["10:01:00 99x100 1x1"], &Options::default());
    let half = Some(Rate::percent(50));
    let participation = Options { participation: half, ..quoted() };
    let message =
        "`participation` is `0.5`, but must be absent with quotes, whose sizes bound each trade";
    refused(participation, message);
    let mut other = quoted();
    other.venue.tape = Some(tape("B", &["10:01:00 99x100 1x1"]));
    refused(other, "`quotes` is `without `IT``, but must be those of all symbols");
    let volume = Queue::Volume { ahead: Rate::ONE, touch: Rate::ONE };
    let mut both = quoted();
    both.venue.queue = volume;
    refused(both, "`queue` is `volume`, but must be `conservative` or `proportional` with quotes");
    refused(
        queue(Queue::Proportional),
        "`queue` is `of quotes`, but must be `volume` without quotes",
    );
}
