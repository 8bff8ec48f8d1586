//! Orders of a strategy on bars that can be checked by hand.

use std::sync::Arc;

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{FillTiming, Intrabar, LimitFill};
use dirigent_trading::order::{
    Bracket, Change, Exit, Group, Offset, OrderRequest, Side, SymbolId, Tag, TimeInForce,
};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Bars, Price, Quantity, Rate};

use crate::fixture::daily;

const IT: fn() -> SymbolId = || SymbolId::new(0);

/// Does what is written down for a bar, at its close.
struct Script<F>(F);

impl<F: FnMut(usize, &mut Wishes) + Send> Strategy for Script<F> {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        (self.0)(window.bars(IT()) - 1, wishes);
    }
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn units(n: i64) -> Quantity {
    Quantity::from_units(n).unwrap()
}

pub(crate) fn buy() -> OrderRequest {
    OrderRequest::market(IT(), Side::Buy, units(10))
}

pub(crate) fn sell() -> OrderRequest {
    OrderRequest::market(IT(), Side::Sell, units(10))
}

pub(crate) fn options() -> Options {
    Options { initial_cash: "100000".parse().unwrap(), ..Options::default() }
}

/// Runs `script` over `rows` and tells of every order: `buy limit 99 filled 10@98 limit@99.00`.
pub(crate) fn play(
    rows: &[[&str; 4]],
    options: &Options,
    script: impl FnMut(usize, &mut Wishes) + Send,
) -> (Outcome, Vec<String>) {
    play_on(&daily("IT", rows), options, script)
}

fn play_on(
    bars: &Bars,
    options: &Options,
    script: impl FnMut(usize, &mut Wishes) + Send,
) -> (Outcome, Vec<String>) {
    let bars = [bars.clone()];
    let outcome = run(&bars, &mut Script(script), options, &Unwatched).unwrap();
    let tell = |record: dirigent_trading::order::Record| {
        let order = record.order;
        let level = order.kind.level().map(|level| format!(" {level}")).unwrap_or_default();
        let (side, kind, state) = (order.side.as_str(), order.kind.as_str(), record.state.as_str());
        let mut text = format!("{side} {kind}{level} {state}");
        if !record.filled.is_zero() {
            text += &format!(" {}@{} {}", record.filled, record.price, order.reason);
        }
        record.rejected.iter().for_each(|why| text += &format!(": {why}"));
        text
    };
    let told = outcome.orders().map(tell).collect();
    (outcome, told)
}

/// At the close of bar 0 the strategy asks for `request`; what becomes of its orders.
#[track_caller]
pub(crate) fn check(
    rows: &[[&str; 4]],
    options: &Options,
    request: OrderRequest,
    expected: &[&str],
) {
    let (_, told) = play(rows, options, |bar, wishes| {
        if bar == 0 {
            wishes.order(request);
        }
    });
    assert_eq!(told, expected);
}

pub(crate) const FIRST: [&str; 4] = ["100", "101", "99", "100"];

#[test]
fn a_limit_trades_at_its_level_or_better() {
    let limit = buy().limit(price("98"));
    let calm = ["100", "101", "99", "100"];
    check(&[FIRST, calm], &options(), limit, &["buy limit 98 expired"]);
    let touched = ["100", "101", "98", "99"];
    check(&[FIRST, calm, touched], &options(), limit, &["buy limit 98 filled 10@98 limit@98.00"]);
    let gap = ["97", "99", "96", "98"];
    let expected = "buy limit 98 filled 10@97 limit@98.00 gap_open";
    check(&[FIRST, calm, gap], &options(), limit, &[expected]);
    let through = Options { limit_fill: LimitFill::Through, ..options() };
    check(&[FIRST, touched], &through, limit, &["buy limit 98 expired"]);
    let beyond = ["100", "101", "97.99", "99"];
    check(&[FIRST, beyond], &through, limit, &["buy limit 98 filled 10@98 limit@98.00"]);
}

#[test]
fn a_stop_trades_at_its_level_or_at_the_open_beyond_it() {
    let stop = buy().stop(price("102"));
    let up = ["100", "103", "99", "102"];
    check(&[FIRST, up], &options(), stop, &["buy stop 102 filled 10@102 stop@102.00"]);
    let gap = ["105", "106", "104", "105"];
    check(&[FIRST, gap], &options(), stop, &["buy stop 102 filled 10@105 stop@102.00 gap_open"]);
}

#[test]
fn a_stop_limit_trades_between_its_prices_or_rests_at_its_limit() {
    let order = buy().stop_limit(price("102"), price("103"));
    let up = ["100", "104", "99", "102"];
    let filled = "buy stop_limit 102 filled 10@102 stop_limit@102.00";
    check(&[FIRST, up], &options(), order, &[filled]);
    // It opens beyond the limit, and comes back to it a bar later.
    let (gap, back) = (["105", "106", "104", "105"], ["105", "105", "102", "104"]);
    let filled = "buy stop_limit 102 filled 10@103 stop_limit@102.00";
    check(&[FIRST, gap, back], &options(), order, &[filled]);
    // Its limit lies below the stop: whether the bar came back to it after is not known.
    let pullback = buy().stop_limit(price("102"), price("101"));
    let filled = "buy stop_limit 102 filled 10@101 stop_limit@102.00";
    check(&[FIRST, up], &options(), pullback, &["buy stop_limit 102 expired"]);
    check(&[FIRST, up, ["103", "103", "101", "102"]], &options(), pullback, &[filled]);
    let nearest = Options { fill_model: Arc::new(Intrabar::Optimistic), ..options() };
    check(&[FIRST, up], &nearest, pullback, &[filled]);
}

#[test]
fn time_in_force_ends_what_did_not_trade() {
    let rows = [FIRST, ["100", "101", "99", "100"], ["100", "101", "97", "98"]];
    let limit = buy().limit(price("98"));
    check(&rows, &options(), limit, &["buy limit 98 filled 10@98 limit@98.00"]);
    check(&rows, &options(), limit.day(), &["buy limit 98 expired"]);
    let last = |day| dirigent_core::Timestamp::from_date(2024, 1, day).unwrap();
    check(&rows, &options(), limit.good(TimeInForce::Gtd(last(2))), &["buy limit 98 expired"]);
    let filled = "buy limit 98 filled 10@98 limit@98.00";
    check(&rows, &options(), limit.good(TimeInForce::Gtd(last(3))), &[filled]);
    let killed = "buy limit 98 cancelled: it could not trade in part at the first price it met";
    check(&rows, &options(), limit.good(TimeInForce::Ioc), &[killed]);
    let marketable = buy().limit(price("100.5")).good(TimeInForce::Fok);
    let filled = "buy limit 100.5 filled 10@100 limit@100.50 gap_open";
    check(&rows, &options(), marketable, &[filled]);
}

#[test]
fn orders_for_the_open_and_the_close_trade_there_or_not_at_all() {
    let rows = [FIRST, ["102", "104", "97", "103"], ["90", "90", "90", "90"]];
    let at = |force| buy().good(force);
    check(&rows, &options(), at(TimeInForce::AtOpen), &["buy market filled 10@102 at_open"]);
    check(&rows, &options(), at(TimeInForce::AtClose), &["buy market filled 10@103 at_close"]);
    let limit = |force| at(force).limit(price("101"));
    check(&rows, &options(), limit(TimeInForce::AtOpen), &["buy limit 101 expired"]);
    check(&rows, &options(), limit(TimeInForce::AtClose), &["buy limit 101 expired"]);
}

#[test]
fn a_bracket_is_placed_with_its_entry_and_one_exit_cancels_the_other() {
    let exits = Bracket {
        stop: Some(Exit::Away(Offset::Share(Rate::percent(2)))),
        target: Some(Exit::At(price("106"))),
    };
    let rows = [FIRST, ["100", "103", "99", "102"], ["102", "107", "101", "106"]];
    let cancelled = "sell stop 98 cancelled: another order of its group traded";
    let bought = "buy market filled 10@100 requested";
    let taken = "sell limit 106 filled 10@106 take_profit@106.00";
    check(&rows, &options(), buy().bracket(exits), &[bought, cancelled, taken]);
    // Both lie in the bar of the entry, which was at its open: the stop comes first.
    let wild = [FIRST, ["100", "108", "97", "102"]];
    let lost = "sell stop 98 filled 10@98 stop_loss@98.00";
    let missed = "sell limit 106 cancelled: another order of its group traded";
    check(&wild, &options(), buy().bracket(exits), &[bought, lost, missed]);
    // Open 100, low 97 is nearer than high 108: the same way round.
    let nearest = Options { fill_model: Arc::new(Intrabar::Nearest), ..options() };
    check(&wild, &nearest, buy().bracket(exits), &[bought, lost, missed]);
    let optimistic = Options { fill_model: Arc::new(Intrabar::Optimistic), ..options() };
    check(&wild, &optimistic, buy().bracket(exits), &[bought, cancelled, taken]);
}

/// The entry trades within the bar: only what is known to come after it may trade in it.
#[test]
fn exits_of_an_entry_within_a_bar_take_the_worse_case() {
    let exits = Bracket { stop: Some(Exit::At(price("97"))), target: Some(Exit::At(price("104"))) };
    let entry = buy().limit(price("99")).bracket(exits);
    let bought = "buy limit 99 filled 10@99 limit@99.00";
    // The high came before the low, or after: the target is not believed.
    let rows = [FIRST, ["100", "105", "98", "103"], ["103", "104", "100", "101"]];
    let taken = "sell limit 104 filled 10@104 take_profit@104.00";
    let other = "sell stop 97 cancelled: another order of its group traded";
    let (outcome, told) = play(&rows, &options(), |bar, wishes| {
        if bar == 0 {
            wishes.order(entry)
        }
    });
    assert_eq!(told, [bought, other, taken]);
    assert_eq!(outcome.trades[0].exit_bar, 2);
    let stopped = [FIRST, ["100", "105", "96", "103"]];
    let lost = "sell stop 97 filled 10@97 stop_loss@97.00";
    let missed = "sell limit 104 cancelled: another order of its group traded";
    check(&stopped, &options(), entry, &[bought, lost, missed]);
    // On a known way, down first: bought at 99, then up through the target.
    let nearest = Options { fill_model: Arc::new(Intrabar::Nearest), ..options() };
    let (outcome, _) = play(&rows, &nearest, |bar, wishes| {
        if bar == 0 {
            wishes.order(entry)
        }
    });
    assert_eq!((outcome.trades[0].exit_bar, outcome.trades[0].exit_price), (1, price("104")));
}

#[test]
fn one_cancels_the_other() {
    let rows = [FIRST, ["100", "103", "96", "100"]];
    let (_, told) = play(&rows, &options(), |bar, wishes| {
        if bar == 0 {
            wishes.order(buy().stop(price("102")).group(Group(1)));
            wishes.order(buy().limit(price("97")).group(Group(1)));
        }
    });
    let cancelled = "buy limit 97 cancelled: another order of its group traded";
    assert_eq!(told, ["buy stop 102 filled 10@102 stop@102.00", cancelled]);
}

#[test]
fn orders_are_changed_and_taken_back_by_their_tag() {
    let rows = [FIRST, FIRST, FIRST, ["100", "101", "97", "98"]];
    let (outcome, told) = play(&rows, &options(), |bar, wishes| match bar {
        0 => {
            wishes.order(buy().limit(price("90")).tag(Tag(1)));
            wishes.order(buy().limit(price("97")).tag(Tag(2)));
        }
        1 => {
            let (quantity, level) = (Some(units(4)), Some(price("98")));
            wishes.change(Tag(1), Change { quantity, level, limit: None });
            wishes.cancel(Tag(2));
        }
        _ => {}
    });
    let taken_back = "buy limit 97 cancelled: taken back by the strategy";
    assert_eq!(told, ["buy limit 98 filled 4@98 limit@98.00", taken_back]);
    assert_eq!(outcome.orders().next().unwrap().order.quantity, units(4));
}

#[test]
fn reduce_only_never_opens_and_post_only_never_takes() {
    let rows = [FIRST, ["100", "103", "99", "102"], FIRST];
    let nothing = "sell limit 102 cancelled: nothing to close";
    check(&rows, &options(), sell().limit(price("102")).reduce_only(), &[nothing]);
    let maker = buy().limit(price("100.5")).post_only();
    let taking = "buy limit 100.5 cancelled: post-only: it would trade at once at 100";
    check(&rows, &options(), maker, &[taking]);
    let resting = buy().limit(price("99.5")).post_only();
    check(&rows, &options(), resting, &["buy limit 99.5 filled 10@99.5 limit@99.50"]);
    // More than is held closes what is held and goes no further.
    let (outcome, told) = play(&rows, &options(), |bar, wishes| match bar {
        0 => wishes.order(OrderRequest::market(IT(), Side::Buy, units(4))),
        1 => wishes.order(sell().reduce_only()),
        _ => {}
    });
    assert_eq!(told[1], "sell market filled 4@100 requested");
    assert!(outcome.open_positions.is_empty());
}

#[test]
fn a_share_of_the_volume_fills_an_order_in_parts() {
    let options = Options { participation: Some(Rate::percent(1)), ..options() };
    let mut bars = daily("IT", &[FIRST, FIRST, FIRST, ["98", "99", "97", "98"], FIRST]);
    bars.volume = vec![0.0, 400.0, 250.0, 0.0, 9_000.0];
    let (outcome, told) = play_on(&bars, &options, |bar, wishes| {
        if bar == 0 {
            wishes.order(buy());
        }
    });
    // 4 + 2 + 0 + 4, the last three at the opens of later bars.
    assert_eq!(told, ["buy market filled 10@100 requested"]);
    let parts: Vec<String> = outcome.fills.iter().map(|fill| fill.quantity.to_string()).collect();
    assert_eq!(parts, ["4", "2", "4"]);
    // All or nothing is nothing; at once is what there is.
    let once = |force| {
        let (_, told) = play_on(&bars, &options, |bar, wishes| {
            if bar == 0 {
                wishes.order(buy().good(force));
            }
        });
        told
    };
    let killed = "buy market cancelled: it could not trade whole at the first price it met";
    assert_eq!(once(TimeInForce::Fok), [killed]);
    let part = "buy market cancelled 4@100 requested: it could not trade in part at the first";
    assert!(once(TimeInForce::Ioc)[0].starts_with(part), "{:?}", once(TimeInForce::Ioc));
}

#[test]
fn at_the_same_close_a_market_order_with_exits_trades_at_once() {
    let options = Options { fill: FillTiming::SameClose, ..options() };
    let exits = Bracket { stop: Some(Exit::At(price("99"))), target: None };
    // The low of the bar it was decided on does not count.
    let rows = [["100", "101", "98", "100"], ["100", "101", "98.5", "100"]];
    let expected =
        ["buy market filled 10@100 requested", "sell stop 99 filled 10@99 stop_loss@99.00"];
    check(&rows, &options, buy().bracket(exits), &expected);
}

#[test]
fn what_cannot_be_an_order_is_refused() {
    let rows = [FIRST, FIRST];
    let nothing = OrderRequest { quantity: Quantity::ZERO, ..buy().limit(price("99")) };
    check(&rows, &options(), nothing, &["buy limit 99 rejected: less than one lot"]);
    let free = buy().limit(Price::ZERO);
    let refused = "buy limit 0 rejected: the price is `0` after slippage: nobody trades at that";
    check(&rows, &options(), free, &[refused]);
    let poor = Options { initial_cash: "500".parse().unwrap(), ..options() };
    let broke = "buy limit 100 cancelled: insufficient cash: needs 1000, has 500";
    check(&rows, &poor, buy().limit(price("100")), &[broke]);
}
