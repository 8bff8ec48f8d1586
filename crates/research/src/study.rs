//! Studies: what returns are like, when they come, how they go together, and what signals foretell.
//!
//! Promises: pure functions; a figure that cannot be told from so little is `None`, never zero.
//! Formulas: `docs/concepts/analysis.md`.
//! Not here: mean, deviation and drawdown of returns, see `dirigent_trading::metrics`; pictures.

mod correlation;
mod forward;
mod group;
mod memory;
mod weight;

pub use correlation::correlations;
pub use forward::{Entry, Forward, Market, forward_returns};
pub use group::{Group, groups};
pub use memory::autocorrelations;
pub use weight::{Known, regime_weights};

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Count, mean and sum of squared distances from it.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn of(values: impl IntoIterator<Item = f64>) -> Self {
        values.into_iter().fold(Self::default(), |mut so_far, x| {
            so_far.count += 1.0;
            let distance = x - so_far.mean;
            so_far.mean += distance / so_far.count;
            so_far.squares += distance * (x - so_far.mean);
            so_far
        })
    }

    /// The sample variance; `None` of fewer than two values.
    fn variance(&self) -> Option<f64> {
        (self.count > 1.0).then(|| self.squares / (self.count - 1.0))
    }
}
