//! How long rules take per bar, whole and bar by bar:
//! `cargo run --release -p dirigent-trading --example rules_speed`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people, by the wall clock"
)]

use std::time::{Duration, Instant};

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::{
    rules::{Columns, Program, RuleSet, compile},
    signal::Signal,
};

const BARS: usize = 1_000_000;
const ROUNDS: usize = 15;

/// Entry and exit.
const RULES: [[&str; 2]; 3] = [
    ["cross_above(sma(close, 10), sma(close, 30))", "cross_below(sma(close, 10), sma(close, 30))"],
    ["close > sma(close, 20) and change(close, 5) / close < 0.01", "close < low[3]"],
    ["macd(close).hist > 0 and rsi(close, 14) < 70", "close < bbands(close).lower"],
];

fn main() {
    let mut random = Seed::master(1).stream();
    let mut price = 100.0;
    let next = || {
        price *= 1.0 + 0.001 * random.normal();
        price
    };
    let close: Vec<f64> = std::iter::repeat_with(next).take(BARS).collect();
    let time = vec![Timestamp::default(); BARS];
    for [entry, exit] in RULES {
        let [entry, exit] = [entry, exit].map(|text| Some(text.to_owned()));
        let set = RuleSet { entry: entry.clone(), exit: exit.clone(), ..RuleSet::default() };
        match compile(&set) {
            Ok(program) => {
                let whole = fastest(|out| feed(&program, &time, &close, BARS, out));
                let single = fastest(|out| feed(&program, &time, &close, 1, out));
                println!("{whole:.1} ns per bar, {single:.0} bar by bar: {entry:?} {exit:?}");
            }
            Err(errors) => println!("{errors:#?}"),
        }
    }
}

/// Feeds all bars, so many at a time.
fn feed(
    program: &Program,
    time: &[Timestamp],
    close: &[f64],
    at_a_time: usize,
    out: &mut [Signal],
) {
    let mut evaluator = program.start();
    let pieces = close.chunks(at_a_time).zip(time.chunks(at_a_time));
    for ((close, time), out) in pieces.zip(out.chunks_mut(at_a_time)) {
        let [open, high, low, volume] = [close; 4];
        let bars = Columns { time, open, high, low, close, volume, foreign: &[] };
        evaluator.run(&bars, out);
    }
}

/// Nanoseconds per bar in the best of several rounds.
fn fastest(mut run: impl FnMut(&mut [Signal])) -> f64 {
    let mut out = vec![Signal::NONE; BARS];
    let rounds = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        run(&mut out);
        started.elapsed()
    });
    rounds.min().unwrap_or(Duration::MAX).as_secs_f64() * 1e3
}
