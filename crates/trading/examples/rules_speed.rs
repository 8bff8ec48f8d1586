//! How long the rules of an SMA cross take per bar: `cargo run --release --example rules_speed`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people, of the wall clock"
)]

use std::time::Instant;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::{
    rules::{Columns, RuleSet, compile},
    signal::Signal,
};

const BARS: usize = 1_000_000;
const ROUNDS: usize = 9;

fn main() {
    let mut random = Seed::master(1).stream();
    let mut price = 100.0;
    let close: Vec<f64> = std::iter::repeat_with(|| {
        price *= 1.0 + 0.001 * random.normal();
        price
    })
    .take(BARS)
    .collect();
    let time = vec![Timestamp::default(); BARS];
    let bars = Columns {
        time: &time,
        open: &close,
        high: &close,
        low: &close,
        close: &close,
        volume: &close,
        foreign: &[],
    };
    for (entry, exit) in [
        (
            "cross_above(sma(close, 10), sma(close, 30))",
            "cross_below(sma(close, 10), sma(close, 30))",
        ),
        ("close > sma(close, 20) and change(close, 5) / close < 0.01", "close < low[3]"),
    ] {
        let (entry, exit) = (Some(entry.to_owned()), Some(exit.to_owned()));
        let set = RuleSet { entry, exit, ..RuleSet::default() };
        let program = match compile(&set) {
            Ok(program) => program,
            Err(errors) => return println!("{errors:#?}"),
        };
        let mut out = vec![Signal::NONE; BARS];
        let whole = (0..ROUNDS).map(|_| {
            let started = Instant::now();
            program.start().run(&bars, &mut out);
            started.elapsed()
        });
        let whole = whole.min().unwrap_or_default();
        let wishes = out.iter().filter(|signal| !signal.is_none()).count();
        println!("{} ns per 1,000 bars, {wishes} signals: {set:?}", whole.as_nanos() / 1_000);
    }
}
