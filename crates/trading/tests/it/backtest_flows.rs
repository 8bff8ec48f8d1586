//! Contracts, ticks and interest by hand; and what holds for any run, whatever the world does.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Financing, Options, Outcome, Unwatched, run};
use dirigent_trading::corporate::{Action, Event};
use dirigent_trading::execution::StandardCommission;
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::Limits;
use dirigent_trading::{Money, Price, Rate};
use proptest::prelude::*;

use crate::backtest_actions::{equity, flows, money, options, play};
use crate::backtest_properties::{Case, Wakeful, any_options, check_books};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// One contract on 50 units at 100 is worth 5,000, two are 10,000: with 12,000 in cash and 1 per
/// contract two are bought; a rise to 101 is 2 × 50 = 100.
#[test]
fn contracts_are_worth_their_multiplier() {
    let rows = [["100"; 4], ["100"; 4], ["101"; 4], ["101"; 4]];
    let contract = Instrument { multiplier: "50".parse().unwrap(), ..Instrument::default() };
    let commission =
        StandardCommission::PerShare { amount: "1".parse().unwrap(), minimum: Money::ZERO };
    let options = Options {
        initial_cash: money("12000"),
        instruments: Instruments { default: contract, ..Instruments::default() },
        commission: Arc::new(commission),
        ..Options::default()
    };
    let outcome = play(&rows, "L.x.", &options);
    assert_eq!(equity(&outcome), ["12000", "11998", "12098", "12096"]);
    assert_eq!(outcome.trades[0].quantity.to_string(), "2");
    assert_eq!(outcome.trades[0].entry_price.to_string(), "100");
    assert_eq!(outcome.trades[0].pnl, money("96"));
    assert_eq!(outcome.traded_value, money("20100"));
    // At most 60 % of 12,000 in one position: one contract. Of 10 basis points, 5,000 cost 5.
    let limits = Limits { max_position: Some(Rate::percent(60)), ..Limits::default() };
    let bps = StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO };
    let limited = Options { limits, commission: Arc::new(bps), ..options };
    let outcome = play(&rows, "L...", &limited);
    assert_eq!(outcome.fills[0].quantity.to_string(), "1");
    assert_eq!(outcome.fees, money("5"));
}

/// Three contracts of 5,000 are more than 12,000; two are more than 60 % of it, one is not.
#[test]
fn risk_measures_contracts_by_their_multiplier() {
    let rows = [["100"; 4]; 3];
    let contract = Instrument { multiplier: "50".parse().unwrap(), ..Instrument::default() };
    let refused = |units: &str, most: Option<Rate>| {
        let options = Options {
            initial_cash: money("12000"),
            sizing: Sizing::FixedQuantity(units.parse().unwrap()),
            instruments: Instruments { default: contract, ..Instruments::default() },
            limits: Limits { max_position: most, ..Limits::default() },
            ..Options::default()
        };
        let outcome = play(&rows, "L..", &options);
        outcome.orders().next().unwrap().rejected.map(|why| why.to_string()).unwrap_or_default()
    };
    assert_eq!(refused("3", None), "insufficient cash: needs 15000, has 12000");
    let most = Some(Rate::percent(60));
    assert_eq!(refused("2", most), "position limit: would be worth 10000, limit is 7200");
    assert_eq!(refused("1", most), "");
}

/// A stop 3 % below 100.10 lies at 97.097, on a tick of a quarter at 97.
#[test]
fn levels_lie_on_ticks_and_quantities_on_lots() {
    let rows = [["100.1"; 4], ["100.1"; 4], ["100.1", "100.1", "97.05", "98"]];
    let terms = Instrument {
        tick: Some("0.25".parse().unwrap()),
        lot: Some("4".parse().unwrap()),
        ..Instrument::default()
    };
    let by_symbol = [("IT".to_owned(), terms)].into_iter().collect();
    let limits = Limits { stop_loss: Some(Rate::percent(3)), ..Limits::default() };
    let instruments = Instruments { by_symbol, ..Instruments::default() };
    let outcome = play(&rows, "L..", &Options { instruments, limits, ..options(&[]) });
    assert_eq!(outcome.fills[0].quantity.to_string(), "8");
    assert_eq!(outcome.orders().nth(1).unwrap().order.kind.level().unwrap().to_string(), "97");
    assert_eq!(outcome.fills.len(), 1, "97.05 does not reach 97");
}

/// 10 short at 100 on day 1, a Tuesday as bars go: cash 11,000.
///
/// - close 1: cash of 10,000 for a day at 3.65 %: 1; equity 10,001
/// - close 2: cash of 11,001 for a day: 1.1001; 1,000 short at 7.3 %: −0.2; equity 10,001.9001
#[test]
fn balances_earn_and_cost_by_calendar_days() {
    let rows = [["100"; 4]; 3];
    let rate = |text: &str| text.parse::<Rate>().unwrap();
    let financing = Financing { cash: rate("0.0365"), margin: rate("0.1"), borrow: rate("0.073") };
    let outcome = play(&rows, "S..", &Options { financing, ..options(&[]) });
    assert_eq!(equity(&outcome), ["10000", "10001", "10001.9001"]);
    let expected = [
        "2024-01-02,,interest,0.0365,0,1",
        "2024-01-03,,interest,0.0365,0,1.1001",
        "2024-01-03,IT,borrow_fee,0.073,-10,-0.2",
    ];
    assert_eq!(flows(&outcome), expected);
    assert_eq!(outcome.interest, money("1.9001"));
    // Owed cash: 10 short at 100 bought back at 1,300 leaves 10,000 + 1,000 − 13,000 = −2,000,
    // which costs 2,000 × 0.1 / 365 a day.
    let rows = [["100"; 4], ["100"; 4], ["1300"; 4], ["1300"; 4]];
    let options = Options {
        initial_cash: money("10000"),
        financing: Financing { margin: rate("0.1"), ..Financing::default() },
        ..options(&[])
    };
    let outcome = play(&rows, "S...", &options);
    assert_eq!(flows(&outcome), ["2024-01-04,,margin_interest,0.1,0,-0.547945205"]);
}

prop_compose! {
    /// Options with everything that the world may do.
    pub(crate) fn any_world()(
        options in any_options(),
        actions in prop::collection::vec((0_usize..3, 0_i64..120, 0..8, 1_i64..40, 1_i64..40), 0..24),
        delisted in prop::collection::vec((0_usize..3, prop::option::of(0_i64..200)), 0..2),
        multiplier in prop::sample::select(vec!["1", "50", "0.1", "2.5"]),
        tick in prop::option::of(prop::sample::select(vec!["0.01", "0.25", "3"])),
        lot in prop::option::of(prop::sample::select(vec!["1", "0.001", "5"])),
        rates in prop::array::uniform3(-5_i32..20),
    ) -> Options {
        let it = |n: usize, day: i64, event| Action {
            symbol: format!("S{n}"),
            date: Timestamp::from_nanos(day * DAY_NANOS),
            event,
        };
        let mut all: Vec<Action> = actions
            .iter()
            .map(|(n, day, kind, a, b)| it(*n, *day, match kind {
                0..5 => Event::Dividend(Price::from_raw(a * 70_000_001)),
                _ => Event::Split(format!("{a}:{b}").parse().unwrap()),
            }))
            .collect();
        let end = |(n, price): &(usize, Option<i64>)| {
            it(*n, 119, Event::Delisting(price.map(|price| Price::from_raw(price * 1_000_000_000))))
        };
        all.extend(delisted.iter().map(end));
        let terms = Instrument {
            multiplier: multiplier.parse().unwrap(),
            tick: tick.map(|tick| tick.parse().unwrap()),
            lot: lot.map(|lot| lot.parse().unwrap()),
            ..Instrument::default()
        };
        let by_symbol = [("S1".to_owned(), terms)].into_iter().collect();
        let default = if rates[0] > 10 { terms } else { Instrument::default() };
        Options {
            actions: all.into(),
            instruments: Instruments { default, by_symbol },
            financing: Financing {
                cash: Rate::percent(rates[0].max(0)),
                margin: Rate::percent(rates[1].max(0)),
                borrow: Rate::percent(rates[2].max(0)),
            },
            ..options
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The engine asserts both identities of the ledger after every event and every bar.
    #[test]
    fn the_books_balance_whatever_the_world_does(
        seed: u64, symbols in 1_usize..4, options in any_world(),
    ) {
        let outcome = Case::new(seed, symbols, options).run();
        check_books(&outcome);
        let moves = outcome.flows.iter().filter(|flow| {
            matches!(flow.what.as_str(), "split" | "cash_in_lieu" | "delisting")
        });
        let mut held = vec![0_i64; symbols];
        for fill in &outcome.fills {
            held[fill.symbol.index()] += fill.signed_quantity().raw();
        }
        for flow in moves {
            held[flow.symbol.unwrap().index()] += flow.units.raw();
        }
        for open in &outcome.open_positions {
            held[open.symbol.index()] -= open.quantity.raw();
        }
        prop_assert_eq!(held, vec![0; symbols]);
    }

    #[test]
    fn skipping_quiet_bars_changes_nothing_between_actions(seed: u64, options in any_world()) {
        let case = Case::new(seed, 1, options);
        let mut wakeful = Wakeful(case.strategy());
        let bars = &case.bars;
        let stepped = run(bars, &mut wakeful, &case.options, &Unwatched).unwrap();
        prop_assert_eq!(case.run(), stepped);
    }

    #[test]
    fn an_action_is_unknown_before_its_day(
        seed: u64, symbols in 1_usize..4, cut in 0_i64..119, options in any_world(),
    ) {
        let case = Case::new(seed, symbols, options);
        let whole = case.run();
        let cut = Timestamp::from_nanos(cut * DAY_NANOS);
        let known: Vec<Action> =
            case.options.actions.iter().filter(|action| action.date <= cut).cloned().collect();
        let options = Options { actions: known.into(), ..case.options.clone() };
        let other = Case { options, ..case }.run();
        let before = whole.equity.time.partition_point(|time| *time <= cut);
        let equity = |run: &Outcome| run.equity.iter().take(before).collect::<Vec<_>>();
        prop_assert_eq!(equity(&whole), equity(&other));
    }
}
