//! The fast way: one symbol whose signals were there before the run, and nothing unusual.
//!
//! Promises: where it has an outcome, it is the engine's outcome in every field, to the last bit;
//! where anything happens that it does not know (a refused order, equity of zero or less, an amount
//! that does not fit), it has none and the engine runs instead.
//! Not here: several symbols, weights, orders in units, a drawdown limit; see `engine`.

mod kernel;
mod log;
mod mark;

use std::{hint::black_box, ops::Range};

use crate::backtest::{Error, Options, Outcome, WATCH_BARS, Watch, look};
use crate::data::bars::Bars;
use crate::execution::{EntryBar, LimitGap, StopsBefore};
use crate::portfolio::AccountType;
use crate::portfolio::Sizing;
use crate::risk::Limits;
use crate::signal::Signal;

pub(crate) use kernel::{Done, Held, Kernel, Market, Sink, Source};
pub(crate) use mark::Marker;

use log::Log;

/// How many bars are fetched into the cache before they are traded; divides `WATCH_BARS`.
const NEAR_BARS: usize = 2048;

/// Something happened that only the engine knows how to treat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusual;

/// Whether a run with these options may take the fast way. A new option must be thought of here.
pub(crate) fn suits(options: &Options) -> bool {
    let Options {
        initial_cash: _,
        fill: _,
        entry,
        fill_model: _,
        limit_fill: _,
        stops_before,
        limit_gap,
        entry_bar,
        trail_by: _,
        participation,
        commission,
        slippage,
        account,
        currencies,
        sizing,
        lot: _,
        instruments,
        actions,
        financing,
        limits,
        first_bar: _,
        venue,
    } = options;
    let Limits {
        max_position: _,
        max_drawdown,
        stop_loss: _,
        trailing_stop,
        take_profit: _,
        stop_reference: _,
    } = limits;
    let is_plain = commission.is_plain() && slippage.is_plain() && entry.is_plain();
    let is_usual = *stops_before == StopsBefore::default()
        && *limit_gap == LimitGap::default()
        && *entry_bar == EntryBar::default();
    let is_still = venue.is_plain()
        && instruments.is_plain()
        && actions.is_empty()
        && financing.is_none()
        && currencies.is_single()
        && *account == AccountType::Unlevered;
    // What trades so far have said is only known to the engine.
    let is_known = !matches!(sizing, Sizing::Kelly(_));
    is_plain
        && is_known
        && is_usual
        && is_still
        && max_drawdown.is_none()
        && trailing_stop.is_none()
        && participation.is_none()
}

/// Runs `column`, the signals at each of `bars`, from bar `first` on; where the engine has to run
/// instead, the number of bars before which the watch has been told everything.
///
/// # Errors
/// If `watch` cancels.
pub(super) fn run(
    bars: &Bars,
    column: &[Signal],
    first: usize,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Result<Outcome, usize>, Error> {
    let total = bars.len();
    let mut told = 0;
    let mut log = Log::new(bars, options);
    let mut kernel = Kernel::new(Market { bars, options, first });
    for done in (0..total).step_by(NEAR_BARS) {
        if done % WATCH_BARS == 0 {
            look(watch, done, total, &mut told)?;
        }
        let next = done..total.min(done + NEAR_BARS);
        fetch(bars, next.clone());
        if kernel.proceed(column, next, &mut log).is_err() {
            return Ok(Err(told));
        }
    }
    watch.progress(total, total);
    Ok(Ok(log.close(&kernel)))
}

/// Reads a number of every cache line of the columns. Trading jumps from signal to signal, which no
/// prefetcher foresees; waiting for memory at every jump took half the time of a run.
fn fetch(bars: &Bars, range: Range<usize>) {
    const PER_LINE: usize = 8;
    let mut all = 0;
    for prices in [&bars.open, &bars.high, &bars.low, &bars.close] {
        all = prices[range.clone()].iter().step_by(PER_LINE).fold(all, |all, p| all ^ p.raw());
    }
    let times = bars.time[range].iter().step_by(PER_LINE);
    black_box(times.fold(all, |all, time| all ^ time.as_nanos()));
}
