//! The cases of `bench/peers/conformance/plan.py`, traded by our engine.

use std::sync::Arc;

use dirigent_trading::backtest::{Options, Outcome, Profile, Unwatched, run};
use dirigent_trading::execution::{FillTiming, StandardCommission};
use dirigent_trading::order::{Bracket, Exit, OrderRequest, Side, SymbolId, Tag};
use dirigent_trading::portfolio::{Ledger, Sizing};
use dirigent_trading::price::SCALE;
use dirigent_trading::risk::Limits;
use dirigent_trading::rules::{RuleSet, compile};
use dirigent_trading::strategy::{SignalStrategy, Strategy, Window, Wishes};
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};

const PERIOD_BARS: usize = 20;
const ENTRY_BAR: usize = 5;
const EXIT_BAR: usize = 0;
const UNITS: i64 = 100;
const WAITING: Tag = Tag(1);
/// Levels are whole ticks of 0.0001.
const TICK: i64 = SCALE / 10_000;

/// What our engine makes of `case` on `bars`, as `profile` decides.
pub(super) fn trade(case: &str, profile: Option<Profile>, lot: Quantity, bars: &Bars) -> Outcome {
    let mut options = options(case, lot);
    if let Some(profile) = profile {
        options = profile.over(options);
    }
    match case {
        "sma_open" => options.fill = FillTiming::NextOpen,
        "sma_close" => options.fill = FillTiming::SameClose,
        _ => {}
    }
    let bars = std::slice::from_ref(bars);
    run(bars, strategy(case, bars).as_mut(), &options, &Unwatched).unwrap()
}

fn options(case: &str, lot: Quantity) -> Options {
    let minimum = Money::ZERO;
    let limits = match case {
        "reversion" => Limits {
            stop_loss: Some(Rate::percent(2)),
            take_profit: Some(Rate::percent(4)),
            ..Limits::default()
        },
        "trailing" => Limits { trailing_stop: Some(Rate::percent(5)), ..Limits::default() },
        _ => Limits::default(),
    };
    Options {
        initial_cash: "10000000".parse().unwrap(),
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(10), minimum }),
        sizing: match case {
            "sma_open" | "sma_close" => Sizing::PercentEquity(Rate::ONE),
            _ => Sizing::FixedQuantity(Quantity::from_units(UNITS).unwrap()),
        },
        lot,
        limits,
        ..Options::default()
    }
}

fn strategy(case: &str, bars: &[Bars]) -> Box<dyn Strategy> {
    let ticks = "round(close * 10000)";
    match case {
        "sma_open" | "sma_close" => {
            let terms = [("f", format!("sma({ticks}, 10)")), ("s", format!("sma({ticks}, 30)"))];
            Box::new(by_rules(&terms, "f > s", "f <= s", bars))
        }
        "reversion" => {
            let terms = [
                ("lower", format!("bbands({ticks}, 20, 2, 2).lower")),
                ("middle", format!("sma({ticks}, 20)")),
                ("strength", format!("rsi({ticks}, 14)")),
            ];
            let (entry, exit) =
                (format!("{ticks} < lower and strength < 30"), format!("{ticks} > middle"));
            Box::new(by_rules(&terms, &entry, &exit, bars))
        }
        "trailing" => {
            let signal = |bar: usize| match bar % PERIOD_BARS {
                ENTRY_BAR => Signal::LONG_ENTRY,
                EXIT_BAR => Signal::LONG_EXIT,
                _ => Signal::NONE,
            };
            let column = (0..bars[0].len()).map(signal).collect();
            Box::new(SignalStrategy::new(vec![column], 0))
        }
        _ => Box::new(Calendar { order: order(case), day_only: case == "limit_day" }),
    }
}

fn by_rules(terms: &[(&str, String)], entry: &str, exit: &str, bars: &[Bars]) -> SignalStrategy {
    let rules = RuleSet {
        terms: terms.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect(),
        entry: Some(entry.into()),
        exit: Some(exit.into()),
        ..RuleSet::default()
    };
    SignalStrategy::from_rules(&compile(&rules).unwrap(), bars, &[]).unwrap()
}

/// The order of a case, in basis points from the close of the decision.
#[derive(Clone, Copy, Default)]
struct Shape {
    limit: Option<i64>,
    stop: Option<i64>,
    loss: Option<i64>,
    gain: Option<i64>,
}

fn order(case: &str) -> Shape {
    let none = Shape::default();
    match case {
        "limit_day" => Shape { limit: Some(-100), ..none },
        "stop_entry" => Shape { stop: Some(100), ..none },
        "bracket_limit" => Shape { limit: Some(-100), loss: Some(-400), gain: Some(300), ..none },
        "bracket_stop" => Shape { stop: Some(100), loss: Some(-100), gain: Some(400), ..none },
        "stop_limit" => Shape { stop: Some(100), limit: Some(150), ..none },
        other => unreachable!("no case `{other}`"),
    }
}

/// Orders on some bars, and takes back and sells on others.
struct Calendar {
    order: Shape,
    day_only: bool,
}

impl Strategy for Calendar {
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        let it = SymbolId::new(0);
        let bar = window.bars(it) - 1;
        let held = ledger.position(it).quantity();
        let close = window.close(it)[bar];
        if bar % PERIOD_BARS == EXIT_BAR {
            wishes.cancel(WAITING);
            if held.is_positive() {
                wishes.order(OrderRequest::market(it, Side::Sell, held));
            }
        }
        if bar % PERIOD_BARS == ENTRY_BAR && held.is_zero() {
            wishes.order(self.request(it, close));
        }
    }
}

impl Calendar {
    fn request(&self, it: SymbolId, close: Price) -> OrderRequest {
        let at = |offset: i64| {
            let ticks = (close.raw() / TICK * (10_000 + offset) + 5_000) / 10_000;
            Price::from_raw(ticks * TICK)
        };
        let exit = |offset: Option<i64>| offset.map(|offset| Exit::At(at(offset)));
        let Shape { limit, stop, loss, gain } = self.order;
        let units = Quantity::from_units(UNITS).unwrap();
        let request = OrderRequest::market(it, Side::Buy, units)
            .tag(WAITING)
            .bracket(Bracket { stop: exit(loss), target: exit(gain) });
        let request = match (stop.map(at), limit.map(at)) {
            (Some(stop), Some(limit)) => request.stop_limit(stop, limit),
            (Some(stop), None) => request.stop(stop),
            (None, Some(limit)) => request.limit(limit),
            (None, None) => request,
        };
        if self.day_only { request.day() } else { request }
    }
}
