//! What a run does, it does without knowing what comes later.

use std::sync::Arc;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::causality::{Unproven, cuts, prove};
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::data::Session;
use dirigent_trading::execution::{FillTiming, Intrabar};
use dirigent_trading::order::{EntryOrder, EntryPrice, Offset, TimeInForce};
use dirigent_trading::risk::Limits;
use dirigent_trading::rules::{Frame, RuleSet, compile};
use dirigent_trading::strategy::{Plan, Registry, SignalStrategy, Strategy, catalogue};
use dirigent_trading::{Bars, Price, Rate, Signal};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// A random walk of daily bars with wicks.
pub(crate) fn walk(symbol: &str, bars: usize) -> Bars {
    let mut random = Seed::master(11).child(symbol).stream();
    let mut out = Bars { symbol: symbol.to_owned(), ..Bars::default() };
    let start = Timestamp::from_date(2020, 1, 1).unwrap().as_nanos();
    let mut last = 100.0_f64;
    for (day, _) in (0_i64..).zip(0..bars) {
        let open = last * (1.0 + 0.004 * random.normal());
        let close = open * (1.0 + 0.012 * random.normal());
        let (high, low) =
            (open.max(close) * (1.0 + 0.01 * random.uniform()), open.min(close) * 0.99);
        let price = |x: f64| Price::from_f64((x * 100.0).round() / 100.0).unwrap();
        out.time.push(Timestamp::from_nanos(start + day * DAY_NANOS));
        out.open.push(price(open));
        out.high.push(price(high).max(price(open)).max(price(close)));
        out.low.push(price(low).min(price(open)).min(price(close)));
        out.close.push(price(close));
        out.volume.push(1_000.0 + 9_000.0 * random.uniform());
        last = close;
    }
    out
}

/// The strategy of a name, with its defaults, for these bars.
pub(crate) fn build(name: &str, bars: &[Bars]) -> Box<dyn Strategy> {
    match Registry::builtin().build(name, &Default::default()).unwrap() {
        Plan::Strategy(strategy) => strategy,
        Plan::Rules(rules) => {
            let program = compile(&rules).unwrap();
            Box::new(SignalStrategy::from_rules(&program, bars, &[]).unwrap())
        }
    }
}

pub(crate) fn options() -> [Options; 3] {
    let near = Offset::Share(Rate::bps(50));
    let limits = Limits {
        stop_loss: Some(Rate::percent(4)),
        trailing_stop: Some(Rate::percent(6)),
        ..Limits::default()
    };
    let waits = Options {
        entry: EntryOrder { at: EntryPrice::Limit(near), time_in_force: TimeInForce::Day },
        participation: Some(Rate::percent(2)),
        fill_model: Arc::new(Intrabar::Random(Seed::master(3))),
        limits,
        ..Options::default()
    };
    [Options::default(), Options { fill: FillTiming::SameClose, ..Options::default() }, waits]
}

#[test]
fn no_built_in_strategy_knows_the_future() {
    let bars = [walk("A", 700), walk("B", 640), walk("C", 700)];
    for definition in catalogue() {
        for options in options() {
            let outcome = run(&bars, build(definition.name, &bars).as_mut(), &options, &Unwatched);
            let outcome = outcome.unwrap();
            let cuts = cuts(&outcome.equity.time, 12, Seed::master(5));
            let mut again = |prefix: &[Bars], _| Ok(build(definition.name, prefix));
            let proof = prove(&bars, &outcome, &options, &cuts, &mut again, &Unwatched);
            let proof = proof.unwrap_or_else(|why| panic!("{}: {why}", definition.name));
            assert_eq!(proof.prefixes, 12);
            assert!(proof.steps > 0, "{}", definition.name);
        }
    }
}

#[test]
fn rules_on_slower_timeframes_do_not_know_the_future() {
    let hour = |bars: Bars| {
        let start = Timestamp::from_date(2024, 1, 2).unwrap().as_nanos();
        let times = (0_i64..).zip(0..bars.len());
        // Five days of seven hours; each day one hour is missing, now and then its last.
        let time = times.filter(|(at, _)| at % 7 != at % 5).map(|(at, _)| {
            let (day, of_day) = (at / 7, at % 7);
            let date = start + (day / 5 * 7 + day % 5) * DAY_NANOS;
            Timestamp::from_nanos(date + (9 + of_day) * DAY_NANOS / 24)
        });
        let time: Vec<Timestamp> = time.collect();
        let cut = |column: &[Price]| column[..time.len()].to_vec();
        let [open, high, low, close] =
            [&bars.open, &bars.high, &bars.low, &bars.close].map(|c| cut(c));
        let volume = bars.volume[..time.len()].to_vec();
        Bars { symbol: bars.symbol, time: time.into(), open, high, low, close, volume }
    };
    let bars = [hour(walk("A", 900)), hour(walk("B", 860))];
    let session =
        Session { open: 9 * DAY_NANOS / 24, close: 16 * DAY_NANOS / 24, timezone: "UTC".into() };
    for session in [None, Some(session)] {
        let rules = RuleSet {
            frame: Some(Frame { timeframe: "1h".parse().unwrap(), session }),
            entry: Some("cross_above(close, sma(close@1d, 3)) or rsi(close@2h, 5) < 30".into()),
            exit: Some(
                "close < low@1d[1] or close > sma(high@1w, 2) or rising(atr(3)@2h, 2)".into(),
            ),
            ..RuleSet::default()
        };
        let program = compile(&rules).unwrap();
        let build =
            |bars: &[Bars]| Box::new(SignalStrategy::from_rules(&program, bars, &[]).unwrap());
        for options in options() {
            let outcome = run(&bars, build(&bars).as_mut(), &options, &Unwatched).unwrap();
            let cuts = cuts(&outcome.equity.time, 60, Seed::master(5));
            let mut again = |prefix: &[Bars], _| Ok(build(prefix) as Box<dyn Strategy>);
            let proof = prove(&bars, &outcome, &options, &cuts, &mut again, &Unwatched).unwrap();
            assert!(proof.prefixes > 50 && proof.steps > 100, "{proof:?}");
        }
    }
}

/// Holds while the next close is higher, which only the whole column tells.
pub(crate) fn peeks(bars: &[Bars]) -> SignalStrategy {
    let closes = &bars[0].close;
    let next = |bar: usize| match closes.get(bar + 1) {
        Some(next) if *next > closes[bar] => Signal::LONG_ENTRY,
        _ => Signal::LONG_EXIT,
    };
    let column: Arc<[Signal]> = (0..closes.len()).map(next).collect();
    SignalStrategy::new(vec![column], 0)
}

#[test]
fn a_strategy_that_looks_one_bar_ahead_is_caught() {
    let bars = [walk("A", 300)];
    for fill in [FillTiming::SameClose, FillTiming::NextOpen] {
        let options = Options { fill, ..Options::default() };
        let outcome = run(&bars, &mut peeks(&bars), &options, &Unwatched).unwrap();
        let mut again = |prefix: &[Bars], _| Ok(Box::new(peeks(prefix)) as Box<dyn Strategy>);
        let cuts = cuts(&outcome.equity.time, 12, Seed::master(1));
        let found = prove(&bars, &outcome, &options, &cuts, &mut again, &Unwatched).unwrap_err();
        let Unproven::LooksAhead { cut, what } = &found else { panic!("{found}") };
        assert_eq!(*what, format!("what it wants at {cut} changes"), "the last bar gives it away");
    }
}

#[test]
fn a_strategy_that_does_not_repeat_itself_is_caught() {
    let bars = [walk("A", 100)];
    let options = Options::default();
    let outcome = run(&bars, build("sma_crossover", &bars).as_mut(), &options, &Unwatched).unwrap();
    let mut other = |prefix: &[Bars], _| Ok(build("buy_and_hold", prefix));
    let found = prove(&bars, &outcome, &options, &[], &mut other, &Unwatched).unwrap_err();
    assert!(found.to_string().contains("run a second time, what becomes of an order"), "{found}");
}

#[test]
fn the_times_are_drawn_from_the_seed_alone() {
    let times: Vec<Timestamp> = (0..50).map(Timestamp::from_nanos).collect();
    let drawn = |seed| cuts(&times, 10, Seed::master(seed));
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    assert!(drawn(1).is_sorted() && drawn(1).len() == 10 && !drawn(1).contains(&times[0]));
    assert_eq!(cuts(&times, 1_000, Seed::master(1)), times[1..]);
}
