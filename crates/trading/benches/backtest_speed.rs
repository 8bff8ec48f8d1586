//! How many bars per second a backtest runs through, data in memory, one thread.
//!
//! `cargo bench -p dirigent-trading --bench backtest_speed`
//!
//! Prices are seeded random walks. Each figure is the best of several rounds, because other work
//! on the machine can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::execution::StandardCommission;
use dirigent_trading::order::{Bracket, Exit, Offset, OrderRequest, Side, SymbolId};
use dirigent_trading::portfolio::{Ledger, Sizing};
use dirigent_trading::risk::Limits;
use dirigent_trading::rules::{RuleSet, compile};
use dirigent_trading::strategy::{
    ParamValue, Plan, Registry, SignalStrategy, Strategy, Window, Wishes,
};
use dirigent_trading::sweep::{Combinations, Sweep, Trial};
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};

const ROUNDS: usize = 9;
const SWEEP_ROUNDS: usize = 9;
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
    if wanted("stops") {
        stops(1_000_000);
    }
    if wanted("brackets") {
        brackets(1_000_000);
    }
    if wanted("sweep") {
        sweep(2_520, DAY_NANOS, &daily_pairs(10_000));
    }
    if wanted("sweep_long") {
        sweep(500_000, MINUTE_NANOS, &minute_pairs());
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

/// Buys below the lower band while the index is weak, with a stop and a target.
fn stops(count: usize) {
    let bars = [walk(0, count, MINUTE_NANOS, 3e-3)];
    let rules = RuleSet {
        entry: Some("close < bbands(close, 20, 2, 2).lower and rsi(close, 14) < 30".into()),
        exit: Some("close > bbands(close, 20, 2, 2).middle".into()),
        ..RuleSet::default()
    };
    let limits = Limits {
        stop_loss: Some(Rate::percent(2)),
        take_profit: Some(Rate::percent(4)),
        ..Limits::default()
    };
    let options = Options { limits, ..options(Sizing::FixedQuantity(UNITS)) };
    let program = compile(&rules).expect("the rules are right");
    let simulate = || {
        let signals = SignalStrategy::from_rules(&program, &bars, &[]).expect("no other symbols");
        run(&bars, &mut { signals }, &options, &Unwatched).expect("the bars can be traded")
    };
    let outcome = simulate();
    let by_level = outcome.trades.iter().filter(|t| t.exit_reason.kind() != "signal_exit").count();
    println!("stops: {} trades, {by_level} by stop or target", outcome.trades.len());
    report(&format!("mean reversion with stops, {count} bars: rules and run"), count, simulate);
}

/// 100 units, which every account of the benchmark can pay.
const UNITS: Quantity = Quantity::from_raw(100_000_000_000);

/// Pairs of averages, slow ones from 5 bars on, fast ones from 2 to 101 bars.
fn daily_pairs(count: usize) -> Pairs {
    let slower = |slow: u32| (2..slow.min(102)).map(move |fast| (fast, slow));
    Pairs { averages: (5..).flat_map(slower).take(count).collect(), registry: Registry::builtin() }
}

/// 25 fast averages with each of 40 slow ones.
fn minute_pairs() -> Pairs {
    let slower = |slow: u32| (1..=25).map(move |n| (5 * n, slow));
    Pairs {
        averages: (13..53).flat_map(|n| slower(10 * n)).collect(),
        registry: Registry::builtin(),
    }
}

/// Combinations of the crossover that are no grid: the fast average is the faster one.
struct Pairs {
    averages: Vec<(u32, u32)>,
    registry: Registry,
}

impl Combinations for Pairs {
    fn count(&self) -> usize {
        self.averages.len()
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let (fast, slow) = self.averages[index];
        let params = [("fast", fast), ("slow", slow)]
            .map(|(name, bars)| (name.to_owned(), ParamValue::Number(bars.into())));
        match self.registry.build("sma_crossover", &params.into()) {
            Ok(Plan::Rules(rules)) => Ok(rules),
            other => Err(format!("{other:?}")),
        }
    }
}

/// All combinations on one thread, beside a plain loop over averages that are there already, which
/// only marks the account and counts fills.
fn sweep(count: usize, spacing: i64, pairs: &Pairs) {
    let bars = walk(0, count, spacing, if spacing == DAY_NANOS { 1.2e-2 } else { 5e-4 });
    let options = options(Sizing::FixedQuantity(UNITS));
    let sweep = Sweep {
        bars: &bars,
        others: &[],
        options: &options,
        periods_per_year: None,
        risk_free_rate: 0.0,
        threads: NonZeroUsize::MIN,
    };
    let what = format!("sweep, {} combinations x {count} bars", pairs.count());
    let scored = best(SWEEP_ROUNDS, || {
        let mut trades = 0;
        let each = |trial: Trial| trades += trial.score.map_or(0, |score| score.trades);
        sweep.run(pairs, &Unwatched, each).expect("it can be swept");
        trades
    });
    let plain = best(SWEEP_ROUNDS, || plain_sweep(&bars, pairs));
    let rate = |nanos: u64| pairs.count() as f64 / (nanos as f64 / 1e9);
    let cost = |nanos: u64| nanos as f64 / (pairs.count() * count) as f64;
    println!(
        "{what}: {:.0} combinations/s, {:.2} ns per bar; plain loop without metrics {:.0}, {:.2} ns; ratio {:.2}",
        rate(scored),
        cost(scored),
        rate(plain),
        cost(plain),
        scored as f64 / plain as f64,
    );
}

/// The crossover by hand, in doubles: signals at the close, trades at the next open, 1 bp.
fn plain_sweep(bars: &Bars, pairs: &Pairs) -> f64 {
    let [open, close] = [&bars.open, &bars.close]
        .map(|prices| prices.iter().map(|price| price.to_f64()).collect::<Vec<f64>>());
    let mean = |n: usize| -> Vec<f64> {
        let mut sum = 0.0;
        let step = |t: usize| {
            sum += close[t] - if t >= n { close[t - n] } else { 0.0 };
            if t + 1 >= n { sum / n as f64 } else { f64::NAN }
        };
        (0..close.len()).map(step).collect()
    };
    let longest = pairs.averages.iter().map(|(fast, slow)| *fast.max(slow)).max().unwrap_or(0);
    let mut means: Vec<Option<Vec<f64>>> = vec![None; longest as usize + 1];
    for n in pairs.averages.iter().flat_map(|(fast, slow)| [*fast as usize, *slow as usize]) {
        means[n].get_or_insert_with(|| mean(n));
    }
    let trade = |(fast, slow): &(u32, u32)| {
        let columns = (&means[*fast as usize], &means[*slow as usize]);
        let (Some(fast), Some(slow)) = columns else { return 0.0 };
        let (mut cash, mut units, mut lowest) = (100_000.0, 0.0, f64::INFINITY);
        for t in 1..close.len() {
            let wanted = if fast[t - 1] > slow[t - 1] { 100.0 } else { 0.0 };
            let change: f64 = wanted - units;
            if change.abs() > 0.0 {
                let value = change * open[t];
                cash -= value + value.abs() * 1e-4;
                units = wanted;
            }
            lowest = f64::min(lowest, cash + units * close[t]);
        }
        lowest
    };
    pairs.averages.iter().map(trade).sum()
}

/// A strategy in code that buys at every crossing and sells at the other one, and the same with a
/// stop and a target at every purchase.
fn brackets(count: usize) {
    let bars = [walk(0, count, MINUTE_NANOS, 5e-4)];
    let rules = RuleSet {
        entry: Some("cross_above(sma(close, 10), sma(close, 30))".into()),
        exit: Some("cross_below(sma(close, 10), sma(close, 30))".into()),
        ..RuleSet::default()
    };
    let program = compile(&rules).expect("the rules are right");
    let signals = SignalStrategy::from_rules(&program, &bars, &[]).expect("no other symbols");
    let column = Arc::clone(&signals.columns()[0]);
    let options = options(Sizing::FixedQuantity(UNITS));
    let trade = |bracket| {
        let mut strategy = Buyer { column: Arc::clone(&column), bracket };
        run(&bars, &mut strategy, &options, &Unwatched).expect("the bars can be traded")
    };
    let away = |percent| Some(Exit::Away(Offset::Share(Rate::bps(percent))));
    let exits = Bracket { stop: away(40), target: away(80) };
    let bracketed = trade(exits);
    println!("brackets: {} orders, {} trades", bracketed.orders().len(), bracketed.trades.len());
    report(&format!("strategy in code, {count} bars"), count, || trade(Bracket::default()));
    report(&format!("the same with a bracket at every entry, {count} bars"), count, || {
        trade(exits)
    });
}

/// Buys where its column enters, and sells where it leaves.
struct Buyer {
    column: Arc<[Signal]>,
    bracket: Bracket,
}

impl Strategy for Buyer {
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        let symbol = SymbolId::new(0);
        let signal = self.column[window.bars(symbol) - 1];
        let held = ledger.position(symbol).quantity();
        if held.is_zero() && signal.has(Signal::LONG_ENTRY) {
            let order = OrderRequest::market(symbol, Side::Buy, UNITS);
            wishes.order(order.bracket(self.bracket));
        } else if !held.is_zero() && signal.has(Signal::LONG_EXIT) {
            wishes.order(OrderRequest::market(symbol, Side::Sell, held));
        }
    }
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
/// time. The count is brought up to date when the thread yields; else it lags by up to 4 ms.
fn running_nanos(start: Instant) -> u64 {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    running.unwrap_or(start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX))
}

/// The fewest nanoseconds of some rounds.
fn best<T>(rounds: usize, work: impl Fn() -> T) -> u64 {
    let clock = Instant::now();
    let round = |_| {
        let start = running_nanos(clock);
        black_box(work());
        running_nanos(clock) - start
    };
    (0..rounds).map(round).min().unwrap_or(u64::MAX)
}

/// Three figures: with memory that the allocator has at hand, with memory that it has to ask the
/// system for, page by page, because the outcome before was given back, and that of the very first
/// time, when the code is not in the caches either.
fn report<T>(what: &str, bars: usize, work: impl Fn() -> T) {
    let clock = Instant::now();
    let start = running_nanos(clock);
    drop(black_box(work()));
    let first = (running_nanos(clock) - start) as f64 / bars as f64;
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
    println!(
        "{what}: {rate:.1} M bars/s, {warm:.1} ns per bar \
         ({fresh:.1} with fresh memory, {first:.1} the first time)"
    );
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
