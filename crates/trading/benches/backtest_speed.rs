//! How many bars per second a backtest runs through, data in memory, one thread.
//!
//! `cargo bench -p dirigent-trading --bench backtest_speed`
//!
//! Prices are a seeded random walk of one-minute bars; the strategy is long while the fast simple
//! moving average is above the slow one. Each figure is the best of several rounds, because other
//! work on the machine can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::StandardCommission;
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Money, Price, Rate, Signal};

const ROUNDS: usize = 9;
const FIRST_NANOS: i64 = 1_577_836_860_000_000_000;
const MINUTE_NANOS: i64 = 60_000_000_000;

fn main() {
    for (symbols, count) in [(1, 1_000_000), (10, 1_000_000)] {
        if std::env::args()
            .nth(1)
            .is_none_or(|only| only.parse() == Ok(symbols) || only == "--bench")
        {
            measure_crossover(symbols, count);
        }
    }
}

fn measure_crossover(symbols: usize, count: usize) {
    let bars: Vec<Bars> = (0..symbols).map(|n| walk(n, count)).collect();
    let columns: Vec<Arc<[Signal]>> = bars.iter().map(crossover).collect();
    let options = Options {
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(1), minimum: Money::ZERO }),
        sizing: Sizing::PercentEquity(Rate::percent(100 / i32::try_from(symbols).expect("few"))),
        lot: Options::LOT_FRACTIONAL,
        ..Options::default()
    };
    let total = symbols * count;
    let simulate = || {
        let mut strategy = SignalStrategy::new(columns.clone(), 30);
        run(&bars, &mut strategy, &options, &Unwatched).expect("the bars can be traded")
    };
    report(&format!("{symbols} x {count}: simulation"), total, simulate);
}

/// Nanoseconds this thread has run: other work on the machine does not count. Without Linux, wall
/// time.
fn running_nanos(start: Instant) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    running.unwrap_or(start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX))
}

fn report(what: &str, bars: usize, work: impl Fn() -> Outcome) {
    let mut best = u64::MAX;
    let clock = Instant::now();
    let mut last = None;
    for _ in 0..ROUNDS {
        let start = running_nanos(clock);
        let outcome = black_box(work());
        best = best.min(running_nanos(clock) - start);
        last = Some(outcome);
    }
    let outcome = last.expect("there is at least one round");
    let nanos = best as f64 / bars as f64;
    let rate = 1e3 / nanos;
    let (trades, equity) = (outcome.trades.len(), outcome.final_equity);
    println!("{what}: {rate:.1} M bars/s ({nanos:.1} ns/bar), {trades} trades, equity {equity}");
}

/// One-minute bars of a random walk around 100 with 0.05 % per bar.
fn walk(number: usize, count: usize) -> Bars {
    let symbol = format!("S{number}");
    let mut random = Seed::master(42).child(&symbol).stream();
    let mut bars = Bars { symbol, ..Bars::default() };
    let mut log = 0.0_f64;
    for minute in 0..count {
        let open = log + 1e-4 * random.normal();
        let close = open + 5e-4 * random.normal();
        let high = open.max(close) + 2.5e-4 * random.normal().abs();
        let low = open.min(close) - 2.5e-4 * random.normal().abs();
        log = close;
        let price = |log: f64| {
            let tick = Price::from_f64(1e-3 * (1e8 * log.exp()).round()).expect("it fits");
            Price::from_raw(tick.raw() / 1000)
        };
        bars.time.push(Timestamp::from_nanos(FIRST_NANOS + minute as i64 * MINUTE_NANOS));
        bars.open.push(price(open));
        bars.high.push(price(high));
        bars.low.push(price(low));
        bars.close.push(price(close));
        bars.volume.push(1000.0);
    }
    bars
}

/// Long while the mean of 10 closes is above the mean of 30.
fn crossover(bars: &Bars) -> Arc<[Signal]> {
    let (mut fast, mut slow) = (0_i64, 0_i64);
    let close = |bar: usize| bars.close[bar].raw() / 1000;
    let signal = |bar: usize| {
        fast += close(bar) - if bar >= 10 { close(bar - 10) } else { 0 };
        slow += close(bar) - if bar >= 30 { close(bar - 30) } else { 0 };
        if bar < 30 {
            Signal::NONE
        } else if fast * 3 > slow {
            Signal::LONG_ENTRY
        } else {
            Signal::LONG_EXIT
        }
    };
    (0..bars.len()).map(signal).collect()
}
