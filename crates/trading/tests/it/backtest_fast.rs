//! The fast way of a run has the outcome of the engine, field by field.

use std::sync::{Arc, Mutex};

use dirigent_trading::backtest::{Options, Unwatched, Watch, run};
use dirigent_trading::execution::{FillTiming, StandardCommission};
use dirigent_trading::portfolio::{Ledger, Sizing};
use dirigent_trading::risk::Limits;
use dirigent_trading::strategy::{Holding, SignalStrategy, Strategy, Window, Wishes};
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};
use proptest::prelude::*;

use crate::backtest_properties::{Case, any_options, repeated};
use crate::fixture::{daily, signals};

/// The same strategy, which keeps its column to itself, so that the engine has to run it.
struct Engine(SignalStrategy);

impl Strategy for Engine {
    fn warmup(&self) -> usize {
        self.0.warmup()
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        self.0.on_bar(window, ledger, wishes);
    }

    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        self.0.quiet_until(bar, limit, holding)
    }
}

/// A strategy that cannot be asked bar by bar.
struct ColumnOnly(SignalStrategy);

impl Strategy for ColumnOnly {
    fn on_bar(&mut self, window: &Window<'_>, _: &Ledger, _: &mut Wishes) {
        panic!("the engine runs at {}", window.now());
    }

    fn column(&self) -> Option<&[Signal]> {
        self.0.column()
    }
}

#[track_caller]
fn check(bars: &[Bars], strategy: &SignalStrategy, options: &Options) {
    let fast = run(bars, &mut strategy.clone(), options, &Unwatched).unwrap();
    let plain = run(bars, &mut Engine(strategy.clone()), options, &Unwatched).unwrap();
    assert_eq!(fast, plain, "{options:?}");
}

/// All prices times `factor / 10^9`, so that they have as many decimals as there are.
fn scaled(bars: &Bars, factor: i64) -> Bars {
    let scale = |prices: &[Price]| -> Vec<Price> {
        prices.iter().map(|price| price.scaled(factor, 1_000_000_000)).collect()
    };
    Bars {
        open: scale(&bars.open),
        high: scale(&bars.high),
        low: scale(&bars.low),
        close: scale(&bars.close),
        ..bars.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn fast_and_plain_runs_are_equal(
        seed: u64, options in any_options(), unlimited: bool, warmup in 0_usize..130,
        factor in prop::sample::select(vec![1_000_000_000, 1_234_567_891, 1_000, 999_999_999_999]),
    ) {
        let mut case = Case::new(seed, 1, options);
        if unlimited {
            case.options.limits.max_drawdown = None;
            case.options.limits.max_position = None;
        }
        let bars = [scaled(&case.bars[0], factor)];
        check(&bars, &case.strategy(), &case.options);
        let late = SignalStrategy::new(case.columns.clone(), warmup);
        check(&bars, &late, &case.options);
    }

    #[test]
    fn it_runs_on_its_own_where_nothing_unusual_happens(seed: u64, same_close: bool, stop: bool) {
        let fill = if same_close { FillTiming::SameClose } else { FillTiming::NextOpen };
        let stop_loss = stop.then(|| Rate::percent(2));
        // A tenth of the cash: no gap of these bars ruins a short position.
        let options = Options {
            fill,
            sizing: Sizing::PercentEquity(Rate::percent(10)),
            lot: Options::LOT_FRACTIONAL,
            limits: Limits { stop_loss, take_profit: Some(Rate::percent(4)), ..Limits::default() },
            ..Options::default()
        };
        let case = Case::new(seed, 1, options);
        let mut strategy = ColumnOnly(case.strategy());
        let outcome = run(&case.bars, &mut strategy, &case.options, &Unwatched).unwrap();
        prop_assert_eq!(outcome, case.run());
    }
}

#[test]
fn a_long_run_is_equal_across_its_looks_at_the_watch() {
    let case = Case::new(7, 1, Options::default());
    let bars = [repeated(&case.bars[0], 150)];
    let column: Vec<Signal> = case.columns[0].iter().copied().cycle().take(bars[0].len()).collect();
    let strategy = SignalStrategy::new(vec![column.into()], 0);
    let options = Options {
        sizing: Sizing::FixedQuantity(Quantity::from_units(3).unwrap()),
        limits: Limits { stop_loss: Some(Rate::percent(3)), ..Limits::default() },
        ..Options::default()
    };
    check(&bars, &strategy, &options);
}

/// Notes what it is told.
#[derive(Default)]
struct Notes(Mutex<Vec<usize>>);

impl Watch for Notes {
    fn progress(&self, done: usize, _: usize) {
        self.0.lock().unwrap().push(done);
    }
}

/// A run that turns out to need the engine starts over; nobody shall see it go backward.
#[test]
fn progress_never_falls_back() {
    let case = Case::new(7, 1, Options::default());
    let bars = [repeated(&case.bars[0], 300)];
    let mut column = vec![Signal::NONE; bars[0].len()];
    column[20_000] = Signal::LONG_ENTRY; // More than the account can pay.
    let options = Options {
        sizing: Sizing::FixedQuantity(Quantity::from_units(1_000_000).unwrap()),
        initial_cash: Money::from_raw(1_000_000_000),
        ..Options::default()
    };
    let notes = Notes::default();
    let mut strategy = SignalStrategy::new(vec![column.into()], 0);
    let outcome = run(&bars, &mut strategy, &options, &notes).unwrap();
    assert_eq!(outcome.rejected, 1);
    assert_eq!(*notes.0.lock().unwrap(), [0, 8192, 16_384, 24_576, 32_768, 36_000]);
}

/// An exit at a close is paid after that close was looked at. While nothing was held and no signal
/// came, the run did not look again, so that a limit reached by the commission alone was only seen
/// at the next signal, if any.
#[test]
fn a_limit_that_costs_alone_reach_is_seen_at_the_next_bar() {
    let bars = [daily("FLAT", &[["100"; 4]; 6])];
    let options = Options {
        initial_cash: "1000".parse().unwrap(),
        fill: FillTiming::SameClose,
        commission: Arc::new(StandardCommission::Fixed { amount: "60".parse().unwrap() }),
        sizing: Sizing::FixedQuantity(Quantity::from_units(5).unwrap()),
        limits: Limits { max_drawdown: Some(Rate::percent(10)), ..Limits::default() },
        ..Options::default()
    };
    let outcome = run(&bars, &mut signals(&["Lx...."]), &options, &Unwatched).unwrap();
    assert_eq!(outcome.final_equity.to_string(), "880");
    assert_eq!(outcome.stopped.map(|stop| stop.bar), Some(2));
}
