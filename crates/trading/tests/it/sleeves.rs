//! Several strategies in one account: sums to the last digit, and no difference where there is
//! none.

use std::sync::Arc;

use dirigent_trading::backtest::sleeves::{self, Account, Member, Rebalancing};
use dirigent_trading::backtest::{Financing, Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{FillTiming, StandardCommission, StandardSlippage};
use dirigent_trading::order::OrderState;
use dirigent_trading::period::Period;
use dirigent_trading::risk::{Limits, StopCause};
use dirigent_trading::strategy::{Strategy, catalogue};
use dirigent_trading::{Bars, Money, Rate};

use crate::backtest_properties::check_books;
use crate::causality::{build, options, walk};
use crate::fixture::{daily, signals};

pub(crate) const MONTHLY: Rebalancing =
    Rebalancing { every: Some(Period::Month), drift: Rate::ZERO };
pub(crate) const NEVER: Rebalancing = Rebalancing { every: None, drift: Rate::ZERO };

/// Name, weight, kind and bars of each strategy.
pub(crate) type Cast<'a> = &'a [(&'a str, &'a str, &'a str, &'a [Bars])];

/// The names of all symbols, sorted.
pub(crate) fn symbols<'a>(bars: impl IntoIterator<Item = &'a Bars>) -> Vec<String> {
    let mut names: Vec<String> = bars.into_iter().map(|bars| bars.symbol.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

pub(crate) fn member<'a>(
    name: &'a str,
    weight: &str,
    bars: &'a [Bars],
    made: &'a mut Box<dyn Strategy>,
) -> Member<'a> {
    Member { name, weight: weight.parse().unwrap(), sizing: None, bars, strategy: made.as_mut() }
}

pub(crate) fn together(cast: Cast<'_>, options: &Options, rebalancing: Rebalancing) -> Account {
    let mut made: Vec<_> = cast.iter().map(|(_, _, kind, bars)| build(kind, bars)).collect();
    let rows = cast.iter().zip(&mut made);
    let rows = rows.map(|((name, weight, _, bars), made)| member(name, weight, bars, made));
    let account = sleeves::run(
        &symbols(cast.iter().flat_map(|row| row.3)),
        rows.collect(),
        options,
        rebalancing,
        &Unwatched,
    )
    .unwrap();
    check_account(&account);
    account
}

/// The account is the sum of its sleeves, and its books follow from what it did.
#[track_caller]
pub(crate) fn check_account(account: &Account) {
    check_sums(account);
    check_books(&account.outcome);
}

/// The account is the sum of its sleeves, at every time and in every amount.
#[track_caller]
pub(crate) fn check_sums(account: &Account) {
    let Account { outcome, sleeves, transfers, trades_of, flows_of } = account;
    for sleeve in sleeves {
        assert_eq!(sleeve.outcome.equity.time, outcome.equity.time);
        let moved: Money = sleeve.moved.iter().map(|(_, amount)| *amount).sum();
        assert_eq!(moved, sleeve.transferred);
        let own = &sleeve.outcome;
        let open: Money = own.open_positions.iter().map(|position| position.unrealized).sum();
        let flows = own.dividends + own.interest + sleeve.transferred;
        assert_eq!(own.final_equity, own.initial_cash + own.realized + open - own.fees + flows);
    }
    let sum =
        |of: &dyn Fn(&Outcome) -> Money| sleeves.iter().map(|s| of(&s.outcome)).sum::<Money>();
    for (t, equity) in outcome.equity.iter().enumerate() {
        assert_eq!(equity, sum(&|own| own.equity.iter().nth(t).unwrap()));
    }
    let last = |own: &Outcome| own.equity.cash().last().unwrap();
    assert_eq!(last(outcome), sum(&last));
    assert_eq!(outcome.initial_cash, sum(&|own| own.initial_cash));
    assert_eq!(outcome.final_equity, sum(&|own| own.final_equity));
    assert_eq!(outcome.final_equity, outcome.equity.last().unwrap());
    assert_eq!(transfers.iter().map(|transfer| transfer.amount).sum::<Money>(), Money::ZERO);
    assert_eq!((trades_of.len(), flows_of.len()), (outcome.trades.len(), outcome.flows.len()));
    assert!(outcome.trades.is_sorted_by_key(|trade| trade.exit_time));
    for (number, order) in (1..).zip(outcome.orders()) {
        assert_eq!(order.order.id.0, number);
    }
}

/// Options that reach everything: limits, costs, interest, stops, both moments.
pub(crate) fn all_options() -> Vec<Options> {
    let costs = Options {
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO }),
        slippage: Arc::new(StandardSlippage::Bps { rate: Rate::bps(5) }),
        lot: Options::LOT_FRACTIONAL,
        financing: Financing {
            cash: Rate::percent(3),
            margin: Rate::percent(6),
            borrow: Rate::percent(1),
        },
        ..Options::default()
    };
    let limits = Limits { max_drawdown: Some(Rate::percent(12)), ..Limits::default() };
    let limited = Options { limits, ..costs.clone() };
    let close = Options { fill: FillTiming::SameClose, ..limited.clone() };
    options().into_iter().chain([costs, limited, close]).collect()
}

#[test]
fn one_strategy_with_all_the_money_is_the_plain_run() {
    let bars = [walk("A", 500), walk("B", 440), walk("C", 500)];
    let mut stopped = 0;
    for options in all_options() {
        for definition in catalogue() {
            for bars in [&bars[..], &bars[..1]] {
                let mut strategy = build(definition.name, bars);
                let plain = run(bars, strategy.as_mut(), &options, &Unwatched).unwrap();
                let cast = [("alone", "0.3", definition.name, bars)];
                let account = together(&cast, &options, MONTHLY);
                assert_eq!(account.outcome, plain, "{}", definition.name);
                assert_eq!(account.sleeves[0].outcome, plain);
                assert!(account.transfers.is_empty());
                stopped += usize::from(plain.stopped.is_some());
            }
        }
    }
    assert!(stopped > 5, "the drawdown limit was reached {stopped} times");
}

#[test]
fn two_halves_of_one_strategy_are_the_whole_but_for_lots() {
    let bars = [walk("A", 500), walk("B", 500)];
    let fine = Options { lot: Options::LOT_FRACTIONAL, ..all_options().remove(4) };
    for definition in catalogue() {
        let kind = definition.name;
        let mut strategy = build(kind, &bars);
        let plain = run(&bars, strategy.as_mut(), &fine, &Unwatched).unwrap();
        let cast = [("one", "1", kind, &bars[..]), ("two", "1", kind, &bars[..])];
        let account = together(&cast, &fine, MONTHLY);
        assert_eq!(account.outcome.trades.len(), 2 * plain.trades.len(), "{kind}");
        for (whole, halves) in plain.equity.iter().zip(account.outcome.equity.iter()) {
            let difference = (whole - halves).abs();
            assert!(difference <= "0.001".parse().unwrap(), "{kind}: {whole} and {halves}");
        }
        assert_eq!(account.sleeves[0].outcome, account.sleeves[1].outcome, "{kind}");
    }
}

#[test]
fn the_order_of_the_strategies_changes_nothing() {
    let bars = [walk("A", 500), walk("B", 440), walk("C", 500)];
    let cast = [
        ("trend", "3", "sma_crossover", &bars[..]),
        ("back", "2", "rsi_mean_reversion", &bars[1..]),
        ("turns", "1.5", "momentum_rotation", &bars[..2]),
    ];
    for options in all_options() {
        let first = together(&cast, &options, MONTHLY);
        let mut turned = cast;
        for _ in 0..2 {
            turned.rotate_left(1);
            assert_eq!(together(&turned, &options, MONTHLY), first);
        }
        turned.swap(0, 1);
        assert_eq!(together(&turned, &options, MONTHLY), first);
    }
}

#[test]
fn each_strategy_alone_is_what_it_is_in_an_account_that_moves_no_money() {
    let bars = [walk("A", 500), walk("B", 440)];
    let cast = [
        ("back", "1", "rsi_mean_reversion", &bars[1..]),
        ("trend", "3", "sma_crossover", &bars[..]),
    ];
    for options in options() {
        let account = together(&cast, &options, NEVER);
        for (sleeve, (_, _, kind, bars)) in account.sleeves.iter().zip(cast) {
            let part = if sleeve.name == "trend" { 75 } else { 25 };
            let part = Options {
                initial_cash: Rate::percent(part).of(options.initial_cash),
                participation: options
                    .participation
                    .map(|all| Rate::from_raw(all.raw() * i64::from(part) / 100)),
                ..options.clone()
            };
            let alone = run(bars, build(kind, bars).as_mut(), &part, &Unwatched).unwrap();
            assert_eq!(sleeve.outcome.trades, alone.trades);
            assert_eq!(sleeve.outcome.history, alone.history);
            assert_eq!(sleeve.outcome.final_equity, alone.final_equity);
        }
    }
}

/// Two of 5,000 each. The first buys 50 units at 100 that go to 200; the second stays in cash.
fn doubled(line: &str, every: Option<Period>, drift: i32) -> Account {
    let mut rows = vec![["100"; 4]; 20];
    rows.extend(vec![["200"; 4]; 60]);
    let (up, flat) = ([daily("UP", &rows)], [daily("FLAT", &[["10"; 4]; 80])]);
    let options = Options { initial_cash: "10000".parse().unwrap(), ..Options::default() };
    let mut buys = signals(&[line]);
    let mut waits = signals(&[&".".repeat(80)]);
    let weight = "1".parse().unwrap();
    let members = vec![
        Member { name: "buys", weight, sizing: None, bars: &up, strategy: &mut buys },
        Member { name: "waits", weight, sizing: None, bars: &flat, strategy: &mut waits },
    ];
    let rebalancing = Rebalancing { every, drift: Rate::percent(drift) };
    let account =
        sleeves::run(&symbols(up.iter().chain(&flat)), members, &options, rebalancing, &Unwatched)
            .unwrap();
    check_account(&account);
    account
}

#[test]
fn money_moves_at_the_end_of_a_period_as_far_as_it_is_free() {
    let check = |line: &str, every, drift, expected: &[&str]| {
        let line = format!("{line:.<80}");
        let account = doubled(&line, every, drift);
        let moved: Vec<String> = account
            .transfers
            .iter()
            .map(|t| {
                let (year, month, day) = t.time.date();
                format!("{year}-{month:02}-{day:02} {} {}", t.sleeve, t.amount)
            })
            .collect();
        assert_eq!(moved, expected);
    };
    // Bars begin on January 1; the price doubles on the 21st. Left on the 26th with 10,000.
    let sold = "L.......................x";
    let half = ["2024-01-31 0 -2500", "2024-01-31 1 2500"];
    check(sold, Some(Period::Month), 0, &half);
    check(sold, Some(Period::Month), 16, &half);
    // Two thirds are 16.7 points more than a half.
    check(sold, Some(Period::Month), 17, &[]);
    check(sold, Some(Period::Quarter), 0, &[]);
    check(sold, None, 0, &[]);
    // Still held at the end of January: it pays when it has sold, at the open of February 11.
    let held = "L.......................................x";
    let later = ["2024-02-11 0 -2500", "2024-02-11 1 2500"];
    check(held, Some(Period::Month), 0, &later);
    // Nothing is free before the end: nothing moves.
    check("L", Some(Period::Month), 0, &[]);
}

#[test]
fn what_is_promised_is_not_traded_with() {
    // Sold and bought again at the same open: the second entry leaves 2,500 of 10,000 alone.
    let line = format!("{:.<80}", "L.............................x.L");
    let account = doubled(&line, Some(Period::Month), 0);
    let fills: Vec<String> = account
        .outcome
        .fills
        .iter()
        .map(|f| format!("{} {}", f.side.as_str(), f.quantity))
        .collect();
    assert_eq!(fills, ["buy 50", "sell 50", "buy 37"]);
    // Two allocations that hold everything sell what they owe at their next rebalancing.
    let (calm, wild) = ([walk("A", 300), walk("B", 300)], [walk("C", 300), walk("D", 300)]);
    let cast = [("calm", "1", "allocation", &calm[..]), ("wild", "1", "allocation", &wild[..])];
    let fine = Options { lot: Options::LOT_FRACTIONAL, ..Options::default() };
    let account = together(&cast, &fine, MONTHLY);
    assert!(account.transfers.len() >= 6, "{:?}", account.transfers);
    for chunk in account.transfers.chunks(2) {
        assert_eq!(chunk[0].amount + chunk[1].amount, Money::ZERO);
        assert_eq!(chunk[0].time, chunk[1].time);
    }
}

#[test]
fn the_drawdown_limit_of_the_account_stops_all_strategies() {
    let mut rows = vec![["100"; 4]; 5];
    rows.extend(vec![["60"; 4]; 5]);
    let (falls, flat) = ([daily("FALLS", &rows)], [daily("FLAT", &[["10"; 4]; 10])]);
    let limit = |percent| Options {
        initial_cash: "10000".parse().unwrap(),
        limits: Limits { max_drawdown: Some(Rate::percent(percent)), ..Limits::default() },
        ..Options::default()
    };
    let play = |percent| {
        let (mut one, mut two) = (signals(&["L........."]), signals(&["L........."]));
        let weight = "1".parse().unwrap();
        let members = vec![
            Member { name: "falls", weight, sizing: None, bars: &falls, strategy: &mut one },
            Member { name: "flat", weight, sizing: None, bars: &flat, strategy: &mut two },
        ];
        let account = sleeves::run(
            &symbols(falls.iter().chain(&flat)),
            members,
            &limit(percent),
            NEVER,
            &Unwatched,
        )
        .unwrap();
        check_account(&account);
        account
    };
    // The first loses 40 %, the account 20 %.
    let account = play(20);
    let stop = account.outcome.stopped.unwrap();
    assert_eq!(
        (stop.cause, stop.bar, stop.equity),
        (StopCause::DrawdownLimit, 5, "8000".parse().unwrap())
    );
    assert!(account.sleeves.iter().all(|sleeve| sleeve.outcome.stopped.is_some()));
    assert!(account.outcome.open_positions.is_empty());
    assert_eq!(account.outcome.trades.len(), 2);
    let account = play(21);
    assert_eq!((account.outcome.stopped, account.outcome.open_positions.len()), (None, 2));
}

#[test]
fn a_strategy_without_a_bar_now_is_stopped_all_the_same() {
    let falls = [daily("FALLS", &[["100"; 4], ["100"; 4], ["50"; 4], ["50"; 4], ["50"; 4]])];
    let mut slow = daily("SLOW", &[["10"; 4]; 5]);
    // It has no bar on the day of the fall.
    for column in [&mut slow.open, &mut slow.high, &mut slow.low, &mut slow.close] {
        column.remove(2);
    }
    slow.time =
        slow.time.iter().enumerate().filter(|(bar, _)| *bar != 2).map(|(_, t)| *t).collect();
    slow.volume.remove(2);
    let slow = [slow];
    let limits = Limits { max_drawdown: Some(Rate::percent(20)), ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let (mut one, mut two) = (signals(&["L...."]), signals(&["L..."]));
    let weight = "1".parse().unwrap();
    let members = vec![
        Member { name: "falls", weight, sizing: None, bars: &falls, strategy: &mut one },
        Member { name: "slow", weight, sizing: None, bars: &slow, strategy: &mut two },
    ];
    let account =
        sleeves::run(&symbols(falls.iter().chain(&slow)), members, &options, NEVER, &Unwatched)
            .unwrap();
    check_account(&account);
    let exits = account.outcome.orders().filter(|order| order.order.side.as_str() == "sell");
    let exits: Vec<_> = exits.map(|order| (order.created, order.changed, order.state)).collect();
    let (seen, next) = (falls[0].time[2], falls[0].time[3]);
    assert_eq!(exits, [(seen, next, OrderState::Filled), (seen, next, OrderState::Filled)]);
}
