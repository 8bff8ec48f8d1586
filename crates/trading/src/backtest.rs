//! Backtest: a strategy trades the past, bar by bar.
//!
//! At every time, in this order: splits and dividends; orders that wait for the open, exits before entries; working
//! orders that the open reaches; stops and targets within the bar, then working orders; orders for
//! the close; the close is marked; delistings and interest; limits; the strategy decides; with `SameClose` its
//! orders trade. Orders decided at the last bar never trade with `NextOpen`; they expire.
//!
//! Promises: same bars, strategy and options give the same outcome to the last bit; nothing at
//! bar t depends on a price after t; the ledger balances to the last digit throughout.
//! Not here: metrics of the outcome; see `metrics`.

pub mod attribution;
mod book;
pub mod causality;
mod check;
mod coast;
mod corporate;
mod csv;
mod decide;
mod delay;
mod desk;
mod ending;
mod engine;
mod equity;
mod exits;
pub(crate) mod fast;
mod financing;
mod flow;
mod guard;
mod history;
mod margin;
mod matching;
mod met;
mod outcome;
mod profile;
mod rolling;
pub mod sleeves;
mod streams;
mod tape;
mod timeline;
mod touch;
mod trade;
mod trips;
mod venue;
mod working;
mod world;

use std::sync::Arc;

use dirigent_core::Timestamp;

use crate::corporate::Action;
use crate::currency::Currencies;
use crate::data::bars::Bars;
use crate::execution::{
    Commission, EntryBar, FillModel, FillTiming, Intrabar, LimitFill, LimitGap, Slippage,
    StandardCommission, StandardSlippage, StopsBefore, TrailBy,
};
use crate::instrument::Instruments;
use crate::order::EntryOrder;
use crate::portfolio::{AccountType, Sizing};
use crate::price::{Money, Quantity, Rate, SCALE};
use crate::risk::Limits;
use crate::strategy::Strategy;
use crate::venue::Venue;

pub(crate) use decide::read as read_signal;
pub use equity::Equity;
pub use financing::Financing;
pub use flow::{Flow, FlowKind};
pub use history::History;
pub use met::{By, Met, Shown};
pub use outcome::{OpenPosition, Outcome, Trade, Warning};
pub use profile::Profile;

/// How many bars, over all symbols, pass between two looks at `Watch`.
const WATCH_BARS: usize = 8192;

/// Everything a run needs beside bars and a strategy.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cash at the start; positive.
    pub initial_cash: Money,
    /// When decisions trade.
    pub fill: FillTiming,
    /// The order that an entry by signal becomes.
    pub entry: EntryOrder,
    /// How stops and targets trade within a bar.
    pub fill_model: Arc<dyn FillModel>,
    /// When limit orders trade within a bar.
    pub limit_fill: LimitFill,
    /// What the stop of a position comes before.
    pub stops_before: StopsBefore,
    /// Where a limit trades that the open is beyond.
    pub limit_gap: LimitGap,
    /// Whether exits trade in the bar of their entry.
    pub entry_bar: EntryBar,
    /// What trailing stops follow.
    pub trail_by: TrailBy,
    /// The most that trades of a symbol in one bar, as a share of the bar's volume; the rest of an
    /// order goes on at the next opens. None trades any quantity at once.
    pub participation: Option<Rate>,
    /// What the broker takes.
    pub commission: Arc<dyn Commission>,
    /// How market orders move their price.
    pub slippage: Arc<dyn Slippage>,
    /// What the account may hold of what it has.
    pub account: AccountType,
    /// What other currencies than the account's are worth.
    pub currencies: Currencies,
    /// How large entries are.
    pub sizing: Sizing,
    /// The smallest step of a quantity: one for whole shares.
    pub lot: Quantity,
    /// What units are worth and in which steps they trade, where symbols differ.
    pub instruments: Instruments,
    /// What companies do to their units, each known from its day on.
    pub actions: Arc<[Action]>,
    /// What balances earn and cost.
    pub financing: Financing,
    /// What the run may lose and hold.
    pub limits: Limits,
    /// The first bar of each symbol at which the strategy may decide, if its warm-up is shorter.
    pub first_bar: usize,
    /// How orders reach the market, and what is known of it beyond bars.
    pub venue: Venue,
}

impl Options {
    /// Whole units.
    pub const LOT_WHOLE: Quantity = Quantity::from_raw(SCALE);
    /// The finest fraction there is.
    pub const LOT_FRACTIONAL: Quantity = Quantity::from_raw(1);
}

impl Default for Options {
    /// 100,000 in cash, all of it in whole units at the next open, no costs, no limits.
    fn default() -> Self {
        Self {
            initial_cash: Money::from_raw(100_000 * i128::from(SCALE)),
            fill: FillTiming::default(),
            entry: EntryOrder::default(),
            fill_model: Arc::new(Intrabar::default()),
            limit_fill: LimitFill::default(),
            stops_before: StopsBefore::default(),
            limit_gap: LimitGap::default(),
            entry_bar: EntryBar::default(),
            trail_by: TrailBy::default(),
            participation: None,
            commission: Arc::new(StandardCommission::None),
            slippage: Arc::new(StandardSlippage::None),
            account: AccountType::default(),
            currencies: Currencies::default(),
            sizing: Sizing::PercentEquity(Rate::ONE),
            lot: Self::LOT_WHOLE,
            instruments: Instruments::default(),
            actions: Arc::default(),
            financing: Financing::default(),
            limits: Limits::default(),
            first_bar: 0,
            venue: Venue::default(),
        }
    }
}

/// Who watches a run: told how far it is, asked whether it shall go on.
pub trait Watch: Sync {
    /// Whether the run shall stop now.
    fn cancelled(&self) -> bool {
        false
    }

    /// `done` of `total` times have passed.
    fn progress(&self, _done: usize, _total: usize) {}
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is nothing to trade.
    #[error("there are no bars to trade on")]
    NoBars,
    /// One of the symbols has no bars.
    #[error("`{symbol}` has no bars")]
    NoBarsOf {
        /// The symbol.
        symbol: String,
    },
    /// Two sets of bars have the same symbol.
    #[error("`{symbol}` is there twice")]
    SymbolTwice {
        /// The symbol.
        symbol: String,
    },
    /// An option makes no sense.
    #[error("`{option}` is `{value}`, but must be {wanted}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        value: String,
        /// What would make sense.
        wanted: &'static str,
    },
    /// The strategy cannot run on these bars.
    #[error("the strategy does not fit the bars: {0}")]
    Strategy(String),
    /// The watch asked to stop.
    #[error("cancelled after {done} of {total} bars")]
    Cancelled {
        /// Times that had passed.
        done: usize,
        /// All times.
        total: usize,
    },
}

/// Runs `strategy` over `bars`, one set per symbol.
///
/// # Errors
/// If bars, strategy or options cannot be used, or if `watch` cancels.
pub fn run(
    bars: &[Bars],
    strategy: &mut dyn Strategy,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Outcome, Error> {
    check(bars, options)?;
    strategy.fits(bars).map_err(Error::Strategy)?;
    let mut told = 0;
    if let ([bars], Some(column), true) = (bars, strategy.column(), fast::suits(options)) {
        let first = options.first_bar.max(strategy.warmup());
        match fast::run(bars, column, first, options, watch)? {
            Ok(outcome) => return Ok(outcome),
            Err(reached) => told = reached,
        }
    }
    step_by_step(bars, strategy, options, watch, (told, None))
}

/// Runs without the fast way; `told` is how far the watch was told, `after` the time that the
/// calendar has after the last bar.
fn step_by_step(
    bars: &[Bars],
    strategy: &mut dyn Strategy,
    options: &Options,
    watch: &dyn Watch,
    (mut told, after): (usize, Option<Timestamp>),
) -> Result<Outcome, Error> {
    let mut engine = engine::Engine::new(bars, strategy, options, after);
    let total = engine.times();
    let stretch = (WATCH_BARS / bars.len()).max(1);
    let mut done = 0;
    while done < total {
        look(watch, done, total, &mut told)?;
        let until = total.min(done + stretch);
        while done < until {
            done = engine.proceed(done, until);
        }
    }
    watch.progress(total, total);
    Ok(engine.finish())
}

/// Refuses bars and options that cannot be traded.
pub(crate) fn check(bars: &[Bars], options: &Options) -> Result<(), Error> {
    check::bars(bars)?;
    corporate::check(bars, options)?;
    check::currencies(bars, options)?;
    venue::check(bars, options)?;
    options.check()
}

/// Asks whether to go on, and tells how far the run is unless it is less than `told`.
fn look(watch: &dyn Watch, done: usize, total: usize, told: &mut usize) -> Result<(), Error> {
    if watch.cancelled() {
        return Err(Error::Cancelled { done, total });
    }
    if done >= *told {
        watch.progress(done, total);
        *told = done + 1;
    }
    Ok(())
}
