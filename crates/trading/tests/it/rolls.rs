//! Contracts become one series: which day is whose follows from the days before.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::corporate::{Action, Event};
use dirigent_trading::data::{RollAdjust, RollBy, RollRule, Rolled, roll};
use dirigent_trading::execution::{StandardCommission, StandardSlippage};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Price, Signal, data::Timeframe};

const DAY: i64 = 86_400_000_000_000;

fn day(number: i64) -> Timestamp {
    Timestamp::from_nanos(Timestamp::from_date(2024, 3, 1).unwrap().as_nanos() + number * DAY)
}

/// A contract that opens at these prices and closes one higher: (day, open, volume).
fn contract(symbol: &str, bars: &[(i64, i64, u32)]) -> Bars {
    let price = |whole: i64| Price::from_raw(whole * 1_000_000_000);
    let mut made = Bars { symbol: symbol.to_owned(), ..Bars::default() };
    for (number, open, volume) in bars {
        made.time.push(day(*number));
        made.open.push(price(*open));
        made.high.push(price(open + 2));
        made.low.push(price(open - 1));
        made.close.push(price(open + 1));
        made.volume.push(f64::from(*volume));
    }
    made
}

fn pair() -> [Bars; 2] {
    [
        contract("H", &[(0, 100, 9), (1, 101, 9), (2, 102, 4), (3, 103, 1), (4, 104, 1)]),
        contract("M", &[(1, 111, 1), (2, 112, 5), (3, 115, 9), (4, 116, 9), (5, 117, 9)]),
    ]
}

fn rolled(contracts: &[Bars], by: RollBy, adjust: RollAdjust) -> Rolled {
    let rule = RollRule { by, adjust };
    roll("X", contracts, None, &rule, (Timeframe::DAILY, None)).unwrap()
}

/// Opens of the series, and on which day it goes from which contract to which.
#[track_caller]
fn check(rolled: &Rolled, opens: &[&str], rolls: &[(i64, &str, &str)]) {
    let found: Vec<String> = rolled.bars.open.iter().map(ToString::to_string).collect();
    assert_eq!(found, opens);
    let found: Vec<_> = rolled.rolls.iter().map(|r| (r.time, &*r.from, &*r.to)).collect();
    let expected: Vec<_> = rolls.iter().map(|(at, from, to)| (day(*at), *from, *to)).collect();
    assert_eq!(found, expected);
}

#[test]
fn volume_decides_on_the_day_after() {
    let series = rolled(&pair(), RollBy::Volume, RollAdjust::None);
    check(&series, &["100", "101", "102", "115", "116", "117"], &[(3, "H", "M")]);
    let roll = &series.rolls[0];
    assert_eq!([roll.sold, roll.bought].map(|price| price.to_string()), ["103", "115"]);
    assert_eq!(series.bars.volume, [9.0, 9.0, 4.0, 9.0, 9.0, 9.0]);
}

/// Held from day 2 to day 4: 103 − 102 in the old contract, 116 − 115 in the new one, 2 in all.
#[test]
fn differences_of_a_back_adjusted_series_are_those_of_the_contracts_held() {
    let series = rolled(&pair(), RollBy::Volume, RollAdjust::Back);
    check(&series, &["112", "113", "114", "115", "116", "117"], &[(3, "H", "M")]);
    let gain = series.bars.open[4] - series.bars.open[2];
    assert_eq!(gain.to_string(), "2");
    let series = rolled(&pair(), RollBy::Volume, RollAdjust::Ratio);
    let first = series.bars.open[0].to_f64();
    assert!((first - 100.0 * 115.0 / 103.0).abs() < 1e-9, "{first}");
    assert_eq!(series.bars.close[3].to_string(), "116", "the last contract is as it was");
}

#[test]
fn dates_and_expiries_are_known_in_advance() {
    let at = |number| RollBy::Dates(vec![day(number)]);
    let opens = ["100", "101", "112", "115", "116", "117"];
    check(&rolled(&pair(), at(2), RollAdjust::None), &opens, &[(2, "H", "M")]);
    let expiries = vec![day(4), day(9)];
    let before = RollBy::BeforeExpiry { days: 2, expiries };
    check(&rolled(&pair(), before, RollAdjust::None), &opens, &[(2, "H", "M")]);
    // Not before the next can be entered: on the first day of the next at the earliest.
    let opens = ["100", "111", "112", "115", "116", "117"];
    check(&rolled(&pair(), at(0), RollAdjust::None), &opens, &[(1, "H", "M")]);
}

#[test]
fn a_contract_that_ended_is_left_a_day_later_and_none_is_returned_to() {
    let mut contracts = pair();
    // Day 5 is the first without the old contract; at its open nobody knew that yet.
    let late = RollBy::Dates(vec![day(90)]);
    contracts[1] = contract("M", &[(4, 116, 9), (5, 117, 9), (6, 118, 9)]);
    let opens = ["100", "101", "102", "103", "104", "118"];
    let series = rolled(&contracts, late, RollAdjust::None);
    check(&series, &opens, &[(6, "H", "M")]);
    assert_eq!(series.rolls[0].sold.to_string(), "105", "its last close");
    let three = [
        contract("H", &[(0, 100, 9), (1, 101, 1), (2, 102, 99)]),
        contract("M", &[(0, 110, 1), (1, 111, 2), (2, 112, 3), (3, 113, 1)]),
        contract("U", &[(2, 120, 1), (3, 121, 2), (4, 122, 1)]),
    ];
    let opens = ["100", "101", "112", "113", "122"];
    let rolls = [(2, "H", "M"), (4, "M", "U")];
    check(&rolled(&three, RollBy::Volume, RollAdjust::None), &opens, &rolls);
}

#[test]
fn open_interest_of_the_day_before_decides() {
    let contracts = pair();
    let mut interest = contracts.clone();
    interest[0].volume = vec![50.0, 50.0, 50.0, 20.0, 5.0];
    interest[1].volume = vec![1.0, 9.0, 30.0, 40.0, 50.0];
    let rule = RollRule { by: RollBy::OpenInterest, adjust: RollAdjust::None };
    let daily = (Timeframe::DAILY, None);
    let series = roll("X", &contracts, Some(&interest), &rule, daily).unwrap();
    check(&series, &["100", "101", "102", "103", "116", "117"], &[(4, "H", "M")]);
    let error = roll("X", &contracts, None, &rule, daily).unwrap_err();
    assert!(error.to_string().contains("open interest of `X` is not known"), "{error}");
}

#[test]
fn no_day_is_another_contracts_for_what_comes_later() {
    let contracts = pair();
    for by in [RollBy::Volume, RollBy::Dates(vec![day(3)])] {
        let whole = rolled(&contracts, by.clone(), RollAdjust::None);
        for last in 1..6 {
            let cut = |bars: &Bars| {
                let bars = bars.clone();
                let kept = bars.time.partition_point(|time| *time <= day(last));
                let prices = |column: &[Price]| column[..kept].to_vec();
                Bars {
                    time: bars.time[..kept].iter().copied().collect(),
                    open: prices(&bars.open),
                    high: prices(&bars.high),
                    low: prices(&bars.low),
                    close: prices(&bars.close),
                    volume: bars.volume[..kept].to_vec(),
                    symbol: bars.symbol,
                }
            };
            let part: Vec<Bars> = contracts.iter().map(cut).collect();
            let part = rolled(&part, by.clone(), RollAdjust::None);
            let days = part.bars.len();
            assert_eq!(part.bars.open[..], whole.bars.open[..days], "{by:?} up to {last}");
            assert!(whole.rolls.starts_with(&part.rolls));
        }
    }
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let contracts = pair();
    let refuse = |by: RollBy, adjust: RollAdjust, says: &str| {
        let rule = RollRule { by, adjust };
        let error = roll("X", &contracts, None, &rule, (Timeframe::DAILY, None)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    };
    let back = RollAdjust::Back;
    refuse(RollBy::Dates(vec![]), back, "2 contracts and 0 dates, not 1");
    let one = RollBy::BeforeExpiry { days: 1, expiries: vec![day(4)] };
    refuse(one, back, "2 contracts and 1 expiries, not 2");
    let falling = RollBy::BeforeExpiry { days: 1, expiries: vec![day(9), day(4)] };
    refuse(falling, back, "do not rise");
    let none = roll(
        "X",
        &[],
        None,
        &RollRule { by: RollBy::Volume, adjust: back },
        (Timeframe::DAILY, None),
    );
    assert!(none.unwrap_err().to_string().contains("0 contracts"));
    let deep = [contracts[0].clone(), contract("M", &[(2, 2, 5), (3, 2, 9)])];
    let rule = RollRule { by: RollBy::Volume, adjust: back };
    let error = roll("X", &deep, None, &rule, (Timeframe::DAILY, None)).unwrap_err();
    assert!(error.to_string().contains("not above zero"), "{error}");
    assert!(error.hint().contains("adjust: ratio"));
}

/// 10 units held from day 1 on. The roll sells them at 103 less 1 and buys them at 115 plus 1, with a
/// fee of 2 each: 2 × 10 slippage and 4 of fees. Entry: 10 × (1 + …) as any trade.
#[test]
fn who_holds_a_position_over_a_roll_pays_for_two_trades() {
    let series = rolled(&pair(), RollBy::Volume, RollAdjust::Back);
    let roll = &series.rolls[0];
    let (left, entered) = (roll.sold, roll.bought);
    let event = Event::Roll { left, entered };
    let action = Action { symbol: "X".into(), date: roll.time, event };
    let outcome = |actions: Vec<Action>| {
        let options = Options {
            commission: Arc::new(StandardCommission::Fixed { amount: "2".parse().unwrap() }),
            slippage: Arc::new(StandardSlippage::Ticks { amount: "1".parse().unwrap() }),
            sizing: Sizing::FixedQuantity("10".parse().unwrap()),
            actions: actions.into(),
            ..Options::default()
        };
        let mut holds = vec![Signal::NONE; series.bars.len()];
        holds[0] = Signal::LONG_ENTRY;
        holds[4] = Signal::LONG_EXIT;
        let mut strategy = SignalStrategy::new(vec![holds.into()], 0);
        run(std::slice::from_ref(&series.bars), &mut strategy, &options, &Unwatched).unwrap()
    };
    let (free, paid) =
        (outcome(Vec::new()), outcome(vec![action.clone(), action_of("Y", &action)]));
    assert_eq!((free.final_equity - paid.final_equity).to_string(), "24");
    assert_eq!((paid.fees - free.fees).to_string(), "24");
    assert_eq!((free.trades[0].pnl - paid.trades[0].pnl).to_string(), "24");
    let [flow] = &paid.flows[..] else { panic!("{:?}", paid.flows) };
    assert_eq!((flow.what.as_str(), flow.what.value()), ("roll", "115".to_owned()));
    assert_eq!((flow.units.to_string(), flow.amount.to_string()), ("10".into(), "-24".into()));
    // Bought at 113 + 1 and sold at 117 − 1 of the adjusted series: what both contracts brought.
    assert_eq!(paid.trades[0].pnl.to_string(), (20 - 4 - 24).to_string());
}

fn action_of(symbol: &str, action: &Action) -> Action {
    Action { symbol: symbol.to_owned(), ..action.clone() }
}
