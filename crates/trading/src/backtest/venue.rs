//! What a run beyond bars may not ask for.

use crate::backtest::check::require;
use crate::backtest::{Error, Options};
use crate::data::bars::Bars;
use crate::execution::{FillTiming, LimitFill};
use crate::price::Rate;
use crate::venue::{LATENCY_MAX, Latency, Queue};

/// Refuses what contradicts quotes, latencies or queues.
pub(super) fn check(bars: &[Bars], options: &Options) -> Result<(), Error> {
    let venue = &options.venue;
    if venue.is_plain() {
        return Ok(());
    }
    let is_next = options.fill == FillTiming::NextOpen;
    let fill = options.fill.as_str();
    require(is_next, "fill", fill, "`next_open` with quotes, latencies or queues")?;
    let longest = venue.latency.longest();
    let fits = longest <= LATENCY_MAX;
    require(fits, "latency", format!("{longest:?}"), "a week at most")?;
    match &venue.latency {
        Latency::Sampled { median, p99, .. } => {
            let fits = !median.is_zero() && p99 >= median;
            let shown = format!("{median:?}, {p99:?}");
            require(fits, "latency", shown, "a median above zero, and a p99 not below it")?;
        }
        Latency::Measured { of, .. } => {
            require(!of.is_empty(), "latency", "an empty list", "one measured latency or more")?;
        }
        Latency::None | Latency::Fixed(_) => {}
    }
    check_queue(options)?;
    let Some(tape) = &venue.tape else { return Ok(()) };
    if let Some(bars) = bars.iter().find(|bars| tape.of(&bars.symbol).is_none()) {
        let (option, value) = ("quotes", format!("without `{}`", bars.symbol));
        return Err(Error::Option { option, value, wanted: "those of all symbols" });
    }
    let is_plain = options.slippage.is_plain();
    require(is_plain, "slippage", "by volume", "an amount or a share, as quotes have no volume")?;
    let share = options.participation.map_or_else(String::new, |share| share.to_string());
    let is_none = options.participation.is_none();
    require(is_none, "participation", share, "absent with quotes, whose sizes bound each trade")?;
    let is_touch = options.limit_fill == LimitFill::Touch || tape.is_of_trades();
    require(is_touch, "limit_fill", "through", "`touch` with quotes, where the queue decides")
}

fn check_queue(options: &Options) -> Result<(), Error> {
    let Queue::Volume { ahead, touch } = options.venue.queue else {
        let is_of_quotes = options.venue.queue != Queue::None;
        let has_tape = options.venue.tape.is_some();
        return require(!is_of_quotes || has_tape, "queue", "of quotes", "`volume` without quotes");
    };
    let has_tape = options.venue.tape.is_some();
    require(!has_tape, "queue", "volume", "`conservative` or `proportional` with quotes")?;
    let is_touch = options.limit_fill == LimitFill::Touch;
    require(is_touch, "limit_fill", "through", "`touch` with a queue, which asks for more")?;
    let fits = |rate: Rate| !rate.is_negative() && rate <= Rate::from_raw(100 * Rate::ONE.raw());
    require(fits(ahead), "queue", ahead, "ahead from 0 to 100 times the volume")?;
    let fits = !touch.is_negative() && touch <= Rate::ONE;
    require(fits, "queue", touch, "touch from 0 to 1")
}
