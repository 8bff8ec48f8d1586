//! How many bars per second a backtest runs through, data in memory, one thread.
//!
//! `cargo bench -p dirigent-trading --bench backtest_speed`
//!
//! Prices are seeded random walks. Each figure is the best of several rounds, because other work
//! on the machine can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::execution::StandardCommission;
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::rules::compile;
use dirigent_trading::strategy::{ParamValue, Plan, Registry, SignalStrategy};
use dirigent_trading::{Bars, Money, Price, Rate};

const ROUNDS: usize = 9;
const FIRST_NANOS: i64 = 1_577_836_860_000_000_000;
const MINUTE_NANOS: i64 = 60_000_000_000;
const DAY_NANOS: i64 = 86_400_000_000_000;

fn main() {
    let only = std::env::args().nth(1).filter(|argument| argument != "--bench");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("one") {
        crossover(1, 1_000_000);
    }
    if wanted("ten") {
        crossover(10, 1_000_000);
    }
    if wanted("rotation") {
        rotation(500, 2_520);
    }
}

/// Long while the mean of 10 closes is above the mean of 30: the rules and the run, then the run
/// on signals that are there already.
fn crossover(symbols: usize, count: usize) {
    let bars: Vec<Bars> = (0..symbols).map(|n| walk(n, count, MINUTE_NANOS, 5e-4)).collect();
    let params = [("fast", 10.0), ("slow", 30.0)]
        .map(|(name, value)| (name.to_owned(), ParamValue::Number(value)));
    let Ok(Plan::Rules(rules)) = Registry::builtin().build("sma_crossover", &params.into()) else {
        unreachable!("the crossover trades by rules");
    };
    let program = compile(&rules).expect("the rules are right");
    let signals = || SignalStrategy::from_rules(&program, &bars, &[]).expect("no other symbols");
    let share = Rate::percent(100 / i32::try_from(symbols).expect("few symbols"));
    let options = options(Sizing::PercentEquity(share));
    let simulate = |mut strategy: SignalStrategy| {
        run(&bars, &mut strategy, &options, &Unwatched).expect("the bars can be traded")
    };
    let what = format!("sma crossover, {symbols} x {count} bars");
    report(&format!("{what}: rules and run"), symbols * count, || simulate(signals()));
    let ready = signals();
    report(&format!("{what}: run alone"), symbols * count, || simulate(ready.clone()));
    let outcome = simulate(ready.clone());
    report(&format!("{what}: equity.csv"), count, || {
        outcome.write_equity_csv(&mut std::io::sink()).expect("a sink takes all");
    });
}

/// Each month the 20 strongest symbols by their return over a year.
fn rotation(symbols: usize, count: usize) {
    let bars: Vec<Bars> = (0..symbols).map(|n| walk(n, count, DAY_NANOS, 1.2e-2)).collect();
    let params = [("lookback", 252.0), ("top", 20.0)]
        .map(|(name, value)| (name.to_owned(), ParamValue::Number(value)));
    let options = options(Sizing::PercentEquity(Rate::ONE));
    report(&format!("momentum rotation, {symbols} x {count} bars"), symbols * count, || {
        let plan = Registry::builtin().build("momentum_rotation", &params.clone().into());
        let Ok(Plan::Strategy(mut strategy)) = plan else { unreachable!("the rotation is code") };
        run(&bars, strategy.as_mut(), &options, &Unwatched).expect("the bars can be traded")
    });
}

fn options(sizing: Sizing) -> Options {
    let commission = StandardCommission::Bps { rate: Rate::bps(1), minimum: Money::ZERO };
    let (commission, lot) = (Arc::new(commission), Options::LOT_FRACTIONAL);
    Options { commission, sizing, lot, ..Options::default() }
}

/// Nanoseconds this thread has run: other work on the machine does not count. Without Linux, wall
/// time.
fn running_nanos(start: Instant) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    running.unwrap_or(start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX))
}

/// Two figures: with memory that the allocator has at hand, and with memory that it has to ask the
/// system for, page by page, because the outcome before was given back.
fn report<T>(what: &str, bars: usize, work: impl Fn() -> T) {
    let nanos = |fresh: bool| {
        let clock = Instant::now();
        let (mut best, mut last) = (u64::MAX, None);
        for _ in 0..ROUNDS {
            if fresh {
                drop(last.take());
            }
            let start = running_nanos(clock);
            let outcome = black_box(work());
            best = best.min(running_nanos(clock) - start);
            last = Some(outcome);
        }
        drop(last);
        best as f64 / bars as f64
    };
    let (warm, fresh) = (nanos(false), nanos(true));
    let rate = 1e3 / warm;
    println!("{what}: {rate:.1} M bars/s, {warm:.1} ns per bar ({fresh:.1} with fresh memory)");
}

/// Bars of a random walk from 100 on, `step` being its deviation per bar.
fn walk(number: usize, count: usize, spacing: i64, step: f64) -> Bars {
    let symbol = format!("S{number}");
    let mut random = Seed::master(42).child(&symbol).stream();
    let mut bars = Bars { symbol, ..Bars::default() };
    let mut log = 0.0_f64;
    for bar in 0..count {
        let open = log + 0.2 * step * random.normal();
        let close = open + step * random.normal();
        let high = open.max(close) + 0.5 * step * random.normal().abs();
        let low = open.min(close) - 0.5 * step * random.normal().abs();
        log = close;
        let price = |log: f64| {
            let tick = Price::from_f64(1e-3 * (1e8 * log.exp()).round()).expect("it fits");
            Price::from_raw(tick.raw() / 1000)
        };
        bars.time.push(Timestamp::from_nanos(FIRST_NANOS + bar as i64 * spacing));
        bars.open.push(price(open));
        bars.high.push(price(high));
        bars.low.push(price(low));
        bars.close.push(price(close));
        bars.volume.push(1000.0);
    }
    bars
}
