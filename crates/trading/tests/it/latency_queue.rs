//! Latencies and queues on bars that can be checked by hand.

use std::time::Duration;

use dirigent_trading::backtest::Options;
use dirigent_trading::execution::LimitFill;
use dirigent_trading::order::Tag;
use dirigent_trading::venue::{Closes, Latency, Queue, Venue};
use dirigent_trading::{Bars, Rate};

use crate::fixture::{daily, signals};
use crate::orders::{FIRST, buy, check, options, play, price};

const HOUR: u64 = 3_600;

/// Bars of a day, and orders under way for so many hours.
fn late(hours: u64) -> Options {
    let latency = Latency::Fixed(Duration::from_secs(hours * HOUR));
    let closes = Closes::After(Duration::from_secs(24 * HOUR));
    Options { venue: Venue { latency, closes, ..Venue::default() }, ..options() }
}

/// Opens that tell the bars apart: 100, 101, 102 …
fn days(count: u32) -> Bars {
    let row = |day: u32| [100 + day, 200 + day, 50 + day, 100 + day].map(|price| price.to_string());
    let rows: Vec<[String; 4]> = (0..count).map(row).collect();
    let rows: Vec<[&str; 4]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    daily("IT", &rows)
}

/// The bars that `line` of signals trades at.
#[track_caller]
fn check_bars(line: &str, hours: u64, expected: &[&str]) {
    let bars = [days(u32::try_from(line.len()).unwrap())];
    let watch = dirigent_trading::backtest::Unwatched;
    let outcome =
        dirigent_trading::backtest::run(&bars, &mut signals(&[line]), &late(hours), &watch);
    let outcome = outcome.unwrap();
    let told: Vec<String> =
        outcome.fills.iter().map(|fill| format!("{} {}", fill.side.as_str(), fill.price)).collect();
    assert_eq!(told, expected, "{line} after {hours} h");
    assert!(hours == 0 || outcome.mets.len() == outcome.fills.len());
}

#[test]
fn what_takes_longer_than_a_bar_trades_at_a_later_one() {
    check_bars("L...x...", 0, &["buy 101", "sell 105"]);
    check_bars("L...x...", 23, &["buy 101", "sell 105"]);
    check_bars("L...x...", 24, &["buy 102", "sell 106"]);
    check_bars("L...x...", 49, &["buy 103", "sell 107"]);
    // An entry that is asked for again while it is under way is still one; an exit follows it.
    check_bars("LLLL......", 72, &["buy 104"]);
    check_bars("Lx......", 72, &["buy 104", "sell 105"]);
}

#[test]
fn on_bars_too_an_order_trades_until_its_cancellation_arrives() {
    let rows = [FIRST, FIRST, ["100", "101", "98", "99"], FIRST];
    let told = |hours| {
        let (_, told) = play(&rows, &late(hours), |bar, wishes| match bar {
            0 => wishes.order(buy().limit(price("98")).tag(Tag(1))),
            1 => wishes.cancel(Tag(1)),
            _ => {}
        });
        told
    };
    assert_eq!(told(0), ["buy limit 98 cancelled: taken back by the strategy"]);
    assert_eq!(told(24), ["buy limit 98 filled 10@98 limit@98.00"]);
}

/// Volumes are 1000: 5 units stand ahead, and 4 trade at a level that a bar touches.
fn in_queue() -> Options {
    let [ahead, touch] = ["0.005", "0.004"].map(|rate| rate.parse::<Rate>().unwrap());
    let venue = Venue { queue: Queue::Volume { ahead, touch }, ..Venue::default() };
    Options { venue, ..options() }
}

#[test]
fn a_touched_level_serves_those_ahead_first() {
    let limit = buy().limit(price("98"));
    let touched = ["100", "101", "98", "99"];
    let expected = "buy limit 98 filled 10@98 limit@98.00";
    check(&[FIRST, touched], &in_queue(), limit, &["buy limit 98 expired"]);
    let part = "buy limit 98 expired 3@98 limit@98.00";
    check(&[FIRST, touched, FIRST, touched], &in_queue(), limit, &[part]);
    let four = [FIRST, touched, touched, touched, touched];
    check(&four, &in_queue(), limit, &[expected]);
    // A bar that goes beyond the level has served everybody.
    check(&[FIRST, ["100", "101", "97.99", "99"]], &in_queue(), limit, &[expected]);
    check(
        &[FIRST, ["97", "101", "96", "99"]],
        &in_queue(),
        limit,
        &["buy limit 98 filled 10@97 limit@98.00 gap_open"],
    );
    // Stops and the targets of the run's limits do not queue.
    let stop = buy().stop(price("102"));
    let up = ["100", "102", "99", "101"];
    check(&[FIRST, up], &in_queue(), stop, &["buy stop 102 filled 10@102 stop@102.00"]);
}

#[test]
fn a_longer_queue_never_trades_earlier_or_more() {
    let rows: Vec<[&str; 4]> = std::iter::repeat_n(["100", "101", "98", "99"], 8).collect();
    let of = |percent: i32, touch: i32| {
        let [ahead, touch] = [Rate::bps(percent), Rate::bps(touch)];
        let venue = Venue { queue: Queue::Volume { ahead, touch }, ..Venue::default() };
        let (outcome, _) = play(&rows, &Options { venue, ..options() }, |bar, wishes| {
            if bar == 0 {
                wishes.order(buy().limit(price("98")));
            }
        });
        let fills = outcome.fills.iter().map(|fill| (fill.time, fill.quantity));
        fills.collect::<Vec<_>>()
    };
    let by = |fills: &[(dirigent_core::Timestamp, dirigent_trading::Quantity)], at| {
        fills.iter().filter(|(time, _)| *time <= at).map(|(_, units)| units.raw()).sum::<i64>()
    };
    for touch in [10, 25, 40] {
        for ahead in 0..120 {
            let (near, far) = (of(ahead, touch), of(ahead + 7, touch));
            for (time, _) in near.iter().chain(&far) {
                assert!(by(&far, *time) <= by(&near, *time), "{ahead} {touch} {near:?} {far:?}");
            }
        }
    }
}

#[test]
fn a_queue_and_a_price_beyond_are_two_answers_to_one_question() {
    let both = Options { limit_fill: LimitFill::Through, ..in_queue() };
    let bars = [days(3)];
    let watch = dirigent_trading::backtest::Unwatched;
    let run = dirigent_trading::backtest::run(&bars, &mut signals(&["L.."]), &both, &watch);
    let message =
        "`limit_fill` is `through`, but must be `touch` with a queue, which asks for more";
    assert_eq!(run.unwrap_err().to_string(), message);
}
