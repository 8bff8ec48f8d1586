//! Analysis: what a finished run says beyond its metrics: where its money came from and went.
//!
//! Promises: amounts are exact and add up: the parts of an [`Account`] to its net result, the
//! shares of symbols to the same; what no part explains is shown as such, never hidden.
//! Not here: ratios of the equity curve, see `metrics`; what any of it looks like, see the report.

mod account;
mod exposure;
mod regime;
mod tally;

pub use account::{Account, Attribution, SymbolShare};
pub use exposure::Exposure;
pub use regime::{AVERAGE_BARS, Regime, Trend, VOLATILITY_BARS, Volatility, regimes};
pub use tally::{Tally, hour_of, month_of, tallies, weekday_of};
