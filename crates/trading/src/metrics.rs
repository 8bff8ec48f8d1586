//! Performance metrics: what an equity curve or a series of returns says about a strategy.
//!
//! Promises: every metric has one written convention (`docs/concepts/metrics.md`); what cannot be
//! defined (no deviation, no loss, no benchmark) is `None`, never NaN, infinity or a made-up zero.
//! Sums are compensated, so a million returns keep more than nine digits. The same input gives
//! the same bits on one platform; across platforms `ln`, `exp` and `powf` may differ in the last.
//! Not here: how the curve came to be, see `backtest`; how it is drawn, see the report.

mod drawdown;
mod moments;
mod monthly;
mod normal;
mod performance;
mod periods;
mod powers;
mod relative;
mod returns;
mod rolling;
mod tail;
mod tally;
mod variants;

pub use drawdown::{Drawdown, drawdown_series, drawdowns, max_drawdown};
pub use monthly::{Year, monthly_returns};
pub use performance::{Curve, Performance, TradeResult};
pub use periods::{SESSIONS_PER_YEAR, periods_per_year};
pub use relative::Relative;
pub use returns::{Returns, growth_path, returns_of};
pub use rolling::rolling_sharpe;
pub(crate) use tally::Tally;
pub use variants::variants;

/// Why metrics could not be computed at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// NaN or an infinity among the numbers.
    #[error("{what} number {index} is `{value}`, which is not a finite number")]
    NotFinite {
        /// Which series.
        what: &'static str,
        /// Counted from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// A level that must be above zero is not.
    #[error("{what} number {index} is `{value}`, but must be above zero")]
    NotPositive {
        /// Which series.
        what: &'static str,
        /// Counted from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// Two series that belong together have different lengths.
    #[error("{what} has {found} values where {expected} are needed")]
    Length {
        /// Which series.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length of the series it belongs to.
        expected: usize,
    },
    /// The number of periods in a year makes no sense.
    #[error("`{0}` periods per year: must be a finite number above zero")]
    PeriodsPerYear(f64),
    /// The interest rate makes no sense.
    #[error("`{0}` as risk-free rate: must be a finite number above -1 (0.02 is 2 % a year)")]
    RiskFreeRate(f64),
}

/// Refuses NaN and infinities.
fn check_finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite { what, index, value: values[index] }),
    }
}

/// Refuses a series that does not fit the one it belongs to.
fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { what, found, expected }) }
}

/// `a / b` where that is a number.
fn ratio(a: f64, b: f64) -> Option<f64> {
    finite(a / b)
}

/// A number, or nothing.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}
