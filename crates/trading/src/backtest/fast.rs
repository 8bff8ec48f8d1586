//! The fast way: one symbol whose signals were there before the run, and nothing unusual.
//!
//! Promises: where it has an outcome, it is the engine's outcome in every field, to the last bit;
//! where anything happens that it does not know (a refused order, equity of zero or less, an amount
//! that does not fit), it has none and the engine runs instead.
//! Not here: several symbols, weights, orders in units, a drawdown limit; see `engine`.

mod kernel;
mod log;
mod mark;

use crate::backtest::{Error, Options, Outcome, WATCH_BARS, Watch, look};
use crate::data::bars::Bars;
use crate::risk::Limits;
use crate::signal::Signal;

use kernel::{Kernel, Market};
use log::Log;

/// Something happened that only the engine knows how to treat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusual;

/// Whether a run with these options may take the fast way. A new option must be thought of here.
pub(crate) const fn suits(options: &Options) -> bool {
    let Options {
        initial_cash: _,
        fill: _,
        fill_model: _,
        commission: _,
        slippage: _,
        sizing: _,
        lot: _,
        limits,
        first_bar: _,
    } = options;
    let Limits { max_position: _, max_drawdown, stop_loss: _, take_profit: _, stop_reference: _ } =
        limits;
    max_drawdown.is_none()
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
    for done in (0..total).step_by(WATCH_BARS) {
        look(watch, done, total, &mut told)?;
        if kernel.proceed(column, done..total.min(done + WATCH_BARS), &mut log).is_err() {
            return Ok(Err(told));
        }
    }
    watch.progress(total, total);
    Ok(Ok(log.close(&kernel)))
}
