//! What holds for any quotes, signals, latencies and queues.

use std::sync::Arc;
use std::time::Duration;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::causality::{cuts, prove};
use dirigent_trading::backtest::{By, Met, Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{LimitFill, Slippage, StandardSlippage};
use dirigent_trading::order::{EntryOrder, EntryPrice, Fill, Offset, Side, TimeInForce};
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::venue::{Closes, Latency, Queue, Quotes, Tape, Trades, Venue};
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};
use proptest::prelude::*;

use crate::backtest_properties::{Case, any_options};

const DAY: Duration = Duration::from_secs(86_400);
const CENT: i64 = 10_000_000;
const MINUTE: i64 = 60_000_000_000;

/// Quotes at the open of every bar, both sides at its price, as large as a quantity can be.
fn of_opens(bars: &Bars) -> Quotes {
    let endless = vec![Quantity::from_raw(i64::MAX); bars.len()];
    Quotes {
        time: bars.time.to_vec(),
        bid: bars.open.clone(),
        ask: bars.open.clone(),
        bid_size: endless.clone(),
        ask_size: endless,
    }
}

/// What a fill comes to, whatever is said about it.
type Traded = (Timestamp, usize, Side, Quantity, Price, Money);

fn traded(fill: &Fill) -> Traded {
    (fill.time, fill.symbol.index(), fill.side, fill.quantity, fill.price, fill.fee)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Orders by signal come to the same digit whether the open is a price of a bar or a quote.
    #[test]
    fn quotes_at_the_open_give_what_bars_give(seed: u64, symbols in 1_usize..4, options in any_options()) {
        let limits = Limits {
            max_position: options.limits.max_position,
            max_drawdown: options.limits.max_drawdown,
            ..Limits::default()
        };
        let plain = Options::default();
        let options = Options {
            entry: plain.entry,
            fill: plain.fill,
            limit_fill: LimitFill::Touch,
            participation: None,
            limits,
            ..options
        };
        let bars = Case::new(seed, symbols, options);
        let reels = bars.bars.iter().map(|b| (b.symbol.clone(), of_opens(b), Trades::default()));
        let tape = Some(Arc::new(Tape::new(reels).unwrap()));
        let venue = Venue { tape, closes: Closes::After(DAY), ..Venue::default() };
        let quoted = Case::new(seed, symbols, Options { venue, ..bars.options.clone() });
        let (bars, quoted) = (bars.run(), quoted.run());
        let of = |outcome: &Outcome| outcome.fills.iter().map(traded).collect::<Vec<_>>();
        prop_assert_eq!(of(&bars), of(&quoted));
        let moneys = |o: &Outcome| (o.final_equity, o.fees, o.realized, o.slippage_cost, o.rejected);
        prop_assert_eq!(moneys(&bars), moneys(&quoted));
        prop_assert_eq!(bars.equity, quoted.equity);
        prop_assert_eq!(bars.trades, quoted.trades);
        prop_assert_eq!(bars.open_positions, quoted.open_positions);
    }
}

/// A walk in cents over `count` minute bars with some quotes and trades in each.
struct Market {
    bars: Bars,
    quotes: Quotes,
    trades: Trades,
}

impl Market {
    fn new(seed: u64, count: i64) -> Self {
        let mut random = Seed::master(seed).child("market").stream();
        let mut upto = move |n: u64| i64::try_from(random.next_u64() % n).unwrap();
        let (mut quotes, mut trades) = (Quotes::default(), Trades::default());
        let mut bars = Bars { symbol: "IT".into(), ..Bars::default() };
        let mut middle = 10_000;
        let units = |n: i64| Quantity::from_units(n).unwrap();
        for minute in 0..count {
            let mut times: Vec<i64> =
                (0..12).map(|_| minute * MINUTE + upto(60_000) * 1_000_000).collect();
            times.sort_unstable();
            let mut seen = vec![middle];
            for (at, nanos) in times.into_iter().enumerate() {
                let time = Timestamp::from_nanos(nanos);
                if at % 3 == 2 {
                    trades.time.push(time);
                    trades.price.push(Price::from_raw((middle + upto(5) - 2) * CENT));
                    trades.size.push(units(1 + upto(30)));
                    continue;
                }
                middle += upto(7) - 3;
                seen.push(middle);
                quotes.time.push(time);
                quotes.bid.push(Price::from_raw((middle - upto(3)) * CENT));
                quotes.ask.push(Price::from_raw((middle + upto(3)) * CENT));
                quotes.bid_size.push(units(upto(40)));
                quotes.ask_size.push(units(upto(40)));
            }
            let price = |cents: &i64| Price::from_raw(*cents * CENT);
            bars.time.push(Timestamp::from_nanos(minute * MINUTE));
            bars.open.push(price(&seen[0]));
            bars.high.push(price(seen.iter().max().unwrap()));
            bars.low.push(price(seen.iter().min().unwrap()));
            bars.close.push(price(&middle));
            bars.volume.push(100.0);
        }
        Self { bars, quotes, trades }
    }

    fn venue(&self, latency: Latency, queue: Queue) -> Venue {
        let reel = ("IT".to_owned(), self.quotes.clone(), self.trades.clone());
        let closes = Closes::After(Duration::from_secs(60));
        Venue { tape: Some(Arc::new(Tape::new([reel]).unwrap())), latency, queue, closes }
    }

    fn run(&self, options: &Options, signals: &[Signal]) -> Outcome {
        let mut strategy = SignalStrategy::new(vec![signals.into()], 0);
        run(std::slice::from_ref(&self.bars), &mut strategy, options, &Unwatched).unwrap()
    }
}

/// Entries at `entry`, and signals that come and go.
fn signals(seed: u64, count: i64) -> Vec<Signal> {
    let mut random = Seed::master(seed).child("signals").stream();
    let wishes = [Signal::LONG_ENTRY, Signal::LONG_EXIT, Signal::SHORT_ENTRY, Signal::SHORT_EXIT];
    let signal = |_| {
        wishes.into_iter().fold(Signal::NONE, |all, wish| {
            if random.uniform() < 0.15 { all.with(wish) } else { all }
        })
    };
    (0..count).map(signal).collect()
}

fn entry(which: u8) -> EntryOrder {
    let near = Offset::Share(Rate::bps(3));
    let at = match which {
        0 => EntryPrice::Market,
        1 => EntryPrice::Limit(near),
        2 => EntryPrice::Stop(near),
        _ => EntryPrice::StopLimit { stop: near, limit: Offset::Share(Rate::bps(6)) },
    };
    EntryOrder { at, time_in_force: TimeInForce::Gtc }
}

fn latency(which: u8, seed: u64) -> Latency {
    let [short, long] = [200, 90_000].map(Duration::from_millis);
    match which {
        0 => Latency::None,
        1 => Latency::Fixed(short),
        2 => Latency::Fixed(long),
        3 => Latency::Measured { of: [short, long].into(), seed: Seed::master(seed) },
        _ => Latency::Sampled { median: short, p99: long, seed: Seed::master(seed) },
    }
}

/// Whether nothing traded that was not there: of each quote and each trade no more than its size.
fn check_sizes(market: &Market, outcome: &Outcome) -> Result<(), TestCaseError> {
    let met = || outcome.fills.iter().zip(&outcome.mets);
    for (fill, Met { by, shown, .. }) in met() {
        let same = met().filter(|(other, met)| {
            let at_once = *by != By::Trade || other.time == fill.time;
            (met.by == By::Trade, met.shown) == (*by == By::Trade, *shown)
                && other.side == fill.side
                && at_once
        });
        let all: i64 = same.map(|(fill, _)| fill.quantity.raw()).sum();
        let shown = shown.unwrap();
        let size = if fill.side == Side::Buy { shown.ask_size } else { shown.bid_size };
        let of_trades = || {
            let sizes = market.trades.time.iter().zip(&market.trades.size);
            sizes.filter(|(time, _)| **time == fill.time).map(|(_, size)| size.raw()).sum::<i64>()
        };
        let most = if *by == By::Trade { of_trades() } else { size.raw() };
        prop_assert!(all <= most, "{fill:?} {shown:?}");
    }
    for (fill, met) in outcome.fills.iter().zip(&outcome.mets) {
        let shown = met.shown.unwrap();
        let price = if fill.side == Side::Buy { shown.ask } else { shown.bid };
        match met.by {
            By::Taking => prop_assert_eq!(fill.price, price),
            By::Crossed | By::Trade => {}
            By::Bar => prop_assert!(false, "{fill:?} {met:?}"),
        }
        let order = outcome.orders().nth(usize::try_from(fill.order.0).unwrap() - 1).unwrap();
        prop_assert!(met.sent <= met.arrived && met.arrived <= fill.time, "{fill:?} {met:?}");
        prop_assert!(order.created <= fill.time, "{order:?} {fill:?}");
        if let Some(limit) = order.order.kind.limit() {
            let better = fill.side.signed(Quantity::from_raw((limit - fill.price).raw()));
            prop_assert!(!better.is_negative(), "{order:?} {fill:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// However orders wait: sizes bound them, nothing acts before it arrives, the ledger balances,
    /// the same seed gives the same run, and no later data changes what came before.
    #[test]
    fn a_run_on_quotes_keeps_its_promises(
        seed: u64, kind in 0_u8..4, late in 0_u8..5, proportional: bool, stop in 0_i32..30, trail in 0_i32..30,
    ) {
        let market = Market::new(seed, 40);
        let queue = if proportional { Queue::Proportional } else { Queue::Conservative };
        let rate = |bps: i32| (bps > 0).then(|| Rate::bps(bps));
        let limits = Limits {
            stop_loss: rate(stop), take_profit: rate(2 * stop), trailing_stop: rate(trail), ..Limits::default()
        };
        let venue = market.venue(latency(late, seed), queue);
        let options = Options { entry: entry(kind), limits, venue, ..Options::default() };
        let signals = signals(seed, 40);
        let outcome = market.run(&options, &signals);
        check_sizes(&market, &outcome)?;
        prop_assert_eq!(outcome.mets.len(), outcome.fills.len());
        prop_assert_eq!(&outcome, &market.run(&options, &signals));
        let cuts = cuts(&outcome.equity.time, 4, Seed::master(seed));
        let bars = [market.bars];
        let mut build = |_: &[Bars], _: Timestamp| -> Result<Box<dyn dirigent_trading::strategy::Strategy>, String> {
            Ok(Box::new(SignalStrategy::new(vec![signals.as_slice().into()], 0)))
        };
        let proof = prove(&bars, &outcome, &options, &cuts, &mut build, &Unwatched);
        prop_assert!(proof.is_ok(), "{:?}", proof);
    }

    /// An order that travels longer trades no earlier; one that stands behind more trades no earlier
    /// and no more.
    #[test]
    fn who_comes_later_or_stands_further_back_trades_no_earlier(
        seed: u64, kind in 0_u8..4, short in 0_u64..30_000, more in 0_u64..60_000, behind in 1_i64..50, proportional: bool,
    ) {
        let mut market = Market::new(seed, 12);
        let mut signals = vec![Signal::NONE; 12];
        signals[1] = if seed % 2 == 0 { Signal::LONG_ENTRY } else { Signal::SHORT_ENTRY };
        let first = |market: &Market, ms: u64, entry: EntryOrder| {
            let queue = if proportional { Queue::Proportional } else { Queue::Conservative };
            let venue = market.venue(Latency::Fixed(Duration::from_millis(ms)), queue);
            let options = Options { entry, venue, ..Options::default() };
            market.run(&options, &signals)
        };
        // Stops that were passed before an order arrives may come back: market orders only.
        let early = first(&market, short, entry(0));
        let late = first(&market, short + more, entry(0));
        if let Some(late) = late.fills.first() {
            prop_assert!(early.fills[0].time <= late.time, "{:?} {late:?}", early.fills[0]);
        }
        // The same quotes with more displayed on both sides at the order's own level only.
        let before = first(&market, short, entry(kind.min(1)));
        let side = before.orders().next().map(|record| record.order.side);
        let sizes = if side == Some(Side::Sell) { &mut market.quotes.ask_size } else { &mut market.quotes.bid_size };
        sizes.iter_mut().for_each(|size| *size += Quantity::from_units(behind).unwrap());
        let behind = first(&market, short, entry(kind.min(1)));
        let by_then = |outcome: &Outcome, time: Timestamp| -> i64 {
            outcome.fills.iter().filter(|fill| fill.time <= time).map(|fill| fill.quantity.raw()).sum()
        };
        for time in &market.quotes.time {
            prop_assert!(by_then(&behind, *time) <= by_then(&before, *time), "{time}");
        }
    }
}

#[test]
fn the_seed_decides_how_late_orders_are() {
    let market = Market::new(7, 40);
    let signals = signals(7, 40);
    let of = |seed| {
        let venue = market.venue(latency(4, seed), Queue::None);
        let outcome = market.run(&Options { venue, ..Options::default() }, &signals);
        outcome.mets.iter().map(Met::latency).collect::<Vec<_>>()
    };
    assert!(!of(1).is_empty());
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn slippage_comes_on_top_of_the_quote() {
    let market = Market::new(3, 30);
    let amount = Price::from_raw(CENT);
    let slippage: Arc<dyn Slippage> = Arc::new(StandardSlippage::Ticks { amount });
    let venue = market.venue(Latency::None, Queue::None);
    let outcome = market.run(&Options { slippage, venue, ..Options::default() }, &signals(3, 30));
    let slipped = outcome.fills.iter().zip(&outcome.mets).filter(|(fill, met)| {
        let shown = met.shown.unwrap();
        let taken = if fill.side == Side::Buy { shown.ask + amount } else { shown.bid - amount };
        fill.price == taken
    });
    assert!(outcome.fills.len() > 3 && slipped.count() == outcome.fills.len());
}
