//! How many quotes per second orders meet, data in memory, one thread.
//!
//! `cargo bench -p dirigent-trading --bench quotes_speed`
//!
//! Quotes are a seeded walk, a hundred for each bar. Each figure is the best of several rounds, because
//! other work on the machine can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::order::{OrderRequest, Side, SymbolId};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::venue::{Closes, Latency, Queue, Quotes, Tape, Trades, Venue};
use dirigent_trading::{Bars, Price, Quantity};

const ROUNDS: usize = 7;
const BARS: i64 = 40_000;
const QUOTES_PER_BAR: i64 = 100;
const MINUTE: i64 = 60_000_000_000;
const CENT: i64 = 10_000_000;

/// What is wanted at the close of a bar.
struct Wants(fn(usize, &mut Wishes));

impl Strategy for Wants {
    fn on_bar(&mut self, window: &Window<'_>, _: &Ledger, wishes: &mut Wishes) {
        (self.0)(window.bars(SymbolId::new(0)), wishes);
    }
}

fn main() {
    let (bars, quotes) = market();
    let tape = Tape::new([("IT".to_owned(), quotes, Trades::default())]);
    let tape = Some(Arc::new(tape.expect("the walk is a tape")));
    let latency = Latency::Fixed(Duration::from_millis(20));
    let closes = Closes::After(Duration::from_secs(60));
    let venue = Venue { tape, latency, queue: Queue::Proportional, closes };
    let options = Options { venue, ..Options::default() };
    let of = |wants| run(&bars, &mut Wants(wants), &options, &Unwatched).expect("it can be traded");
    measure("nothing waits: quotes are passed over", || of(|_, _| {}));
    measure("a limit order waits far away", || of(rest_far));
    measure("a limit order waits in the queue of the bid", || of(rest_near));
    measure("a market order for each bar", || of(trade));
}

fn order(side: Side) -> OrderRequest {
    let units = Quantity::from_units(10).expect("ten is a quantity");
    OrderRequest::market(SymbolId::new(0), side, units)
}

fn rest_far(bar: usize, wishes: &mut Wishes) {
    if bar == 1 {
        wishes.order(order(Side::Buy).limit(Price::from_raw(CENT)));
    }
}

fn rest_near(bar: usize, wishes: &mut Wishes) {
    if bar == 1 {
        wishes.order(order(Side::Buy).limit(Price::from_raw(9_999 * CENT)));
    }
}

fn trade(bar: usize, wishes: &mut Wishes) {
    let side = if bar.is_multiple_of(2) { Side::Sell } else { Side::Buy };
    wishes.order(order(side));
}

/// Bars at 100, and quotes whose sizes move while the bid stays at 99.99.
fn market() -> ([Bars; 1], Quotes) {
    let mut random = Seed::master(1).stream();
    let count = usize::try_from(BARS).expect("few bars");
    let time = (0..BARS).map(|bar| Timestamp::from_nanos(bar * MINUTE)).collect();
    let prices = vec![Price::from_raw(10_000 * CENT); count];
    let (open, high, low) = (prices.clone(), prices.clone(), prices.clone());
    let volume = vec![1000.0; count];
    let bars = Bars { symbol: "IT".into(), time, open, high, low, close: prices, volume };
    let mut quotes = Quotes::default();
    for quote in 0..BARS * QUOTES_PER_BAR {
        let mut units = || Quantity::from_raw(i64::try_from(random.next_u64() >> 24).unwrap_or(1));
        quotes.time.push(Timestamp::from_nanos(quote * (MINUTE / QUOTES_PER_BAR)));
        quotes.bid.push(Price::from_raw(9_999 * CENT));
        quotes.ask.push(Price::from_raw(10_000 * CENT));
        quotes.bid_size.push(units());
        quotes.ask_size.push(units());
    }
    ([bars], quotes)
}

fn measure(what: &str, round: impl Fn() -> Outcome) {
    let best = (0..ROUNDS)
        .map(|_| {
            let clock = Instant::now();
            black_box(round());
            clock.elapsed()
        })
        .min()
        .unwrap_or_default();
    let quotes = u32::try_from(BARS * QUOTES_PER_BAR).unwrap_or(u32::MAX);
    let per_second = f64::from(quotes) / best.as_secs_f64() / 1e6;
    let nanos = best.as_secs_f64() * 1e9 / f64::from(quotes);
    println!("{what:<46} {per_second:8.1} M quotes/s {nanos:7.1} ns per quote");
}
