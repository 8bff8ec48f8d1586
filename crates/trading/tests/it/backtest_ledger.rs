//! The books of random runs against books kept apart from the engine, to the last digit: all kinds
//! of orders, long and short, on margin or not, splits, dividends, funding, three currencies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dirigent_core::{Seed, Timestamp, seed::Stream};
use dirigent_trading::backtest::{Financing, Options, Outcome, Unwatched, causality, run};
use dirigent_trading::corporate::{Action, Event};
use dirigent_trading::currency::{Currencies, Currency, RateSeries};
use dirigent_trading::instrument::{Instrument, Instruments};
use dirigent_trading::order::{
    Bracket, Change, Exit, Group, Offset, OrderRequest, Side, SymbolId, Tag, TimeInForce,
};
use dirigent_trading::portfolio::{AccountType, Ledger, Margin, Requirement, Sizing};
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};
use proptest::prelude::*;

use crate::backtest_properties::{any_options, random_bars};

const DAY_NANOS: i64 = 86_400_000_000_000;
const SYMBOLS: usize = 4;
const CURRENCIES: [&str; 3] = ["USD", "EUR", "JPY"];

/// Asks for whatever comes to its mind, of what is allowed and of what is not.
pub(crate) struct Whim(Stream);

impl Whim {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn share(&mut self) -> Offset {
        Offset::Share(Rate::bps(i32::try_from(1 + self.below(300)).unwrap()))
    }

    fn around(&mut self, price: Price) -> Price {
        let percent = 96 + i64::try_from(self.below(9)).unwrap();
        Price::from_raw(price.raw() / 100 * percent)
    }

    fn exit(&mut self, close: Price) -> Option<Exit> {
        match self.below(5) {
            0 => Some(Exit::At(self.around(close))),
            1 => Some(Exit::Away(self.share())),
            2 => Some(Exit::Trailing(self.share())),
            _ => None,
        }
    }

    fn request(&mut self, symbol: SymbolId, close: Price, now: Timestamp) -> OrderRequest {
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        let units = i64::try_from(self.below(60)).unwrap() * 500_000_000;
        let market = OrderRequest::market(symbol, side, Quantity::from_raw(units));
        let (level, other) = (self.around(close), self.around(close));
        let request = match self.below(6) {
            0 => market.limit(level),
            1 => market.stop(level),
            2 => market.stop_limit(level, other),
            3 => market.trailing_stop(self.share(), close),
            _ => market,
        };
        let later = Timestamp::from_nanos(now.as_nanos() + 3 * DAY_NANOS);
        let request = match self.below(10) {
            0 => request.day(),
            1 => request.good(TimeInForce::Gtd(later)),
            2 => request.good(TimeInForce::Ioc),
            3 => request.good(TimeInForce::Fok),
            4 => request.good(TimeInForce::AtOpen),
            5 => request.good(TimeInForce::AtClose),
            _ => request,
        };
        let request = match self.below(12) {
            0 => request.reduce_only(),
            1 => request.post_only(),
            2 => request.group(Group(self.below(3))),
            3..7 => {
                let (stop, target) = (self.exit(close), self.exit(close));
                request.bracket(Bracket { stop, target })
            }
            _ => request,
        };
        request.tag(Tag(self.below(5)))
    }

    fn weights(&mut self, symbols: impl Iterator<Item = SymbolId>) -> Vec<(SymbolId, Rate)> {
        let weight = |whim: &mut Self| Rate::percent(i32::try_from(whim.below(120)).unwrap() - 40);
        symbols.map(|symbol| (symbol, weight(self))).collect()
    }
}

impl Strategy for Whim {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        for symbol in window.symbols() {
            let (Some(close), Some(now)) =
                (window.close(symbol).last(), window.time(symbol).last())
            else {
                continue;
            };
            match self.below(8) {
                0..3 => wishes.order(self.request(symbol, *close, *now)),
                3 => {
                    let signals = [Signal::LONG_ENTRY, Signal::LONG_EXIT, Signal::SHORT_ENTRY];
                    let at = usize::try_from(self.below(3)).unwrap();
                    wishes.signal(symbol, signals[at]);
                }
                _ => {}
            }
        }
        match self.below(16) {
            0 => wishes.cancel(Tag(self.below(5))),
            1 => {
                let quantity = Some(Quantity::from_units(3).unwrap());
                wishes.change(Tag(self.below(5)), Change { quantity, ..Change::default() });
            }
            2 => wishes.weights(self.weights(window.symbols())),
            _ => {}
        }
    }
}

/// Terms, currencies, account and actions, drawn from `stream`.
fn world(options: Options, whim: &mut Whim) -> Options {
    let mut by_symbol = BTreeMap::new();
    for number in 0..SYMBOLS {
        let per_unit = whim.below(3) == 0;
        let margin = |percent: i32, amount: i64| match per_unit {
            true => Requirement::PerUnit(Price::from_raw(amount * 1_000_000_000)),
            false => Requirement::Share(Rate::percent(percent)),
        };
        let margin = Margin { initial: margin(40, 30), maintenance: margin(30, 25) };
        let currency = CURRENCIES[usize::try_from(whim.below(3)).unwrap()];
        let terms = Instrument {
            multiplier: ["1", "0.1", "25"][usize::try_from(whim.below(3)).unwrap()]
                .parse()
                .unwrap(),
            currency: (currency != "USD").then(|| currency.parse().unwrap()),
            settles: whim.below(4) == 0,
            margin: (whim.below(3) == 0).then_some(margin),
            borrow: (whim.below(3) == 0).then(|| Rate::percent(8)),
            ..Instrument::default()
        };
        by_symbol.insert(format!("S{number}"), terms);
    }
    let account = match whim.below(4) {
        0 => AccountType::Unlevered,
        1 => AccountType::Cash,
        _ => AccountType::Margin(Margin {
            initial: Requirement::Share(Rate::percent(50)),
            maintenance: Requirement::Share(Rate::percent(40)),
        }),
    };
    let sizing = match (account, options.sizing) {
        (AccountType::Margin(_), Sizing::PercentEquity(share)) => {
            Sizing::PercentEquity(Rate::from_raw(share.raw() * 2))
        }
        (_, sizing) => sizing,
    };
    Options {
        account,
        sizing,
        instruments: Instruments { by_symbol, ..Instruments::default() },
        currencies: currencies(whim),
        actions: actions(whim).into(),
        financing: Financing {
            cash: Rate::percent(2),
            margin: Rate::percent(6),
            borrow: Rate::percent(1),
        },
        ..options
    }
}

fn currencies(whim: &mut Whim) -> Currencies {
    let mut rates = BTreeMap::new();
    for (name, around, inverted) in [("EUR", 1.1, false), ("JPY", 140.0, true)] {
        let mut bars = Bars::default();
        let mut last: f64 = around;
        // Some days have no rate; the last one counts for them.
        for day in (-1..120).filter(|day| *day < 0 || whim.below(7) > 0).collect::<Vec<i64>>() {
            bars.time.push(Timestamp::from_nanos(day * DAY_NANOS));
            let mut next = || {
                last *= 1.0 + 0.01 * whim.0.normal();
                Price::from_f64(last.clamp(around / 3.0, around * 3.0)).unwrap()
            };
            bars.open.push(next());
            bars.close.push(next());
        }
        let series = RateSeries::new(&bars, DAY_NANOS, inverted).unwrap();
        rates.insert(name.parse::<Currency>().unwrap(), Arc::new(series));
    }
    Currencies { rates, bar: DAY_NANOS }
}

fn actions(whim: &mut Whim) -> Vec<Action> {
    let count = whim.below(10);
    let mut one = || {
        let event = match whim.below(5) {
            0 => Event::Split("3:2".parse().unwrap()),
            1 => Event::Split("1:7".parse().unwrap()),
            2 => Event::Funding(Rate::bps(7)),
            _ => Event::Dividend(Price::from_raw(1_234_567_891)),
        };
        let date = Timestamp::from_nanos(i64::try_from(whim.below(120)).unwrap() * DAY_NANOS);
        Action { symbol: format!("S{}", whim.below(4)), date, event }
    };
    (0..count).map(|_| one()).collect()
}

/// What a unit of the symbol is worth at a price of one, at the close of the day of `time`.
fn factor(options: &Options, symbol: &str, time: Timestamp) -> Rate {
    let terms = options.instruments.of(symbol);
    let Some(currency) = terms.currency else { return terms.multiplier };
    let end = Timestamp::from_nanos(time.as_nanos() + DAY_NANOS);
    let rate = options.currencies.rates[&currency].known_before(end).unwrap();
    Rate::from_raw(terms.multiplier.times(Price::from_raw(rate.raw())).raw())
}

/// Cash and equity after every time follow from fills, flows and prices alone.
fn check(bars: &[Bars], options: &Options, outcome: &Outcome) {
    let mut bank = outcome.initial_cash;
    let mut held = vec![Quantity::ZERO; bars.len()];
    let mut fills = outcome.fills.iter().peekable();
    let mut flows = outcome.flows.iter().peekable();
    let times = outcome.equity.time.iter().zip(outcome.equity.cash());
    for ((time, cash), equity) in times.zip(outcome.equity.iter()) {
        while let Some(fill) = fills.next_if(|fill| fill.time <= *time) {
            let value = if fill.side == Side::Buy { fill.value() } else { -fill.value() };
            bank = bank - value - fill.fee;
            held[fill.symbol.index()] += fill.signed_quantity();
        }
        while let Some(flow) = flows.next_if(|flow| flow.time <= *time) {
            bank += flow.amount;
            let moves = matches!(flow.what.as_str(), "split" | "cash_in_lieu" | "delisting");
            if let (Some(symbol), true) = (flow.symbol, moves) {
                held[symbol.index()] += flow.units;
            }
        }
        let (mut settled, mut owned) = (Money::ZERO, Money::ZERO);
        for (bars, units) in bars.iter().zip(&held) {
            let Some(last) = bars.time.partition_point(|bar| bar <= time).checked_sub(1) else {
                continue;
            };
            let worth = factor(options, &bars.symbol, *time).times(bars.close[last]);
            let value = worth.notional(*units);
            let settles = options.instruments.of(&bars.symbol).settles;
            if settles { settled += value } else { owned += value }
        }
        assert_eq!(equity, bank + settled + owned, "equity at {time}");
        assert_eq!(cash, bank + settled, "cash at {time}");
    }
    assert_eq!((fills.next(), flows.next()), (None, None));
    if options.account == AccountType::Cash {
        assert!(outcome.open_positions.iter().all(|open| open.quantity.is_positive()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The engine asserts both identities of the ledger after every event and every bar besides.
    #[test]
    fn the_books_are_those_of_fills_flows_and_prices(seed: u64, options in any_options()) {
        let (bars, options, outcome) = play(seed, options);
        check(&bars, &options, &outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Neither prices nor rates nor actions of tomorrow change what was done today.
    #[test]
    fn no_run_knows_what_comes_after(seed: u64, options in any_options()) {
        let (bars, options, outcome) = play(seed, options);
        let first = bars.iter().map(|bars| bars.time[0]).max().unwrap();
        let times = &outcome.equity.time;
        let from = times.partition_point(|time| *time < first);
        let cuts = causality::cuts(&times[from..], 4, Seed::master(seed));
        let mut build = |_: &[Bars], _| Ok(Box::new(trader(seed)) as Box<dyn Strategy>);
        let proof = causality::prove(&bars, &outcome, &options, &cuts, &mut build, &Unwatched);
        prop_assert!(proof.is_ok(), "{:?}", proof);
    }
}

pub(crate) fn play(seed: u64, options: Options) -> (Vec<Bars>, Options, Outcome) {
    let mut whim = Whim(Seed::master(seed).child("world").stream());
    let mut bars: Vec<Bars> = (0..SYMBOLS).map(|n| random_bars(seed, n)).collect();
    let days = Timestamp::from_nanos(i64::try_from(20 + whim.below(60)).unwrap() * DAY_NANOS);
    bars.iter_mut().for_each(|bars| cut(bars, days));
    let options = world(options, &mut whim);
    let outcome = run(&bars, &mut trader(seed), &options, &Unwatched).unwrap();
    (bars, options, outcome)
}

pub(crate) fn trader(seed: u64) -> Whim {
    Whim(Seed::master(seed).child("trader").stream())
}

/// Runs in which nothing happens would prove nothing.
#[test]
fn everything_that_can_happen_does_in_these_runs() {
    let (mut seen, mut trades) = (BTreeSet::new(), 0);
    for seed in 0..400 {
        let limits = Limits {
            stop_loss: Some(Rate::percent(6)),
            take_profit: Some(Rate::percent(9)),
            max_drawdown: Some(Rate::percent(60)),
            ..Limits::default()
        };
        let (bars, options, outcome) = play(seed, Options { limits, ..Options::default() });
        check(&bars, &options, &outcome);
        trades += outcome.trades.len();
        seen.extend(outcome.fills.iter().map(|fill| fill.reason.kind()));
        seen.extend(outcome.flows.iter().map(|flow| flow.what.as_str()));
        seen.extend(outcome.trades.iter().map(|trade| trade.side.as_str()));
    }
    let expected = [
        "at_close",
        "at_open",
        "borrow_fee",
        "buy",
        "cash_in_lieu",
        "dividend",
        "drawdown_limit",
        "funding",
        "interest",
        "limit",
        "margin_call",
        "margin_interest",
        "rebalance",
        "requested",
        "reversal",
        "sell",
        "signal_entry",
        "signal_exit",
        "split",
        "stop",
        "stop_limit",
        "stop_loss",
        "take_profit",
        "trailing_stop",
    ];
    let missing: Vec<_> = expected.iter().filter(|what| !seen.contains(*what)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}, happened: {seen:?}");
    assert!(trades > 10_000, "{trades}");
}

fn cut(bars: &mut Bars, end: Timestamp) {
    let kept = bars.time.partition_point(|time| *time < end);
    bars.time.truncate(kept);
    for prices in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
        prices.truncate(kept);
    }
    bars.volume.truncate(kept);
}
