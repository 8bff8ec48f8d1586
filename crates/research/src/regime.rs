//! Regimes: what kind of market it was, as could be known at each bar.
//!
//! Promises: labels that may trade are causal: that of bar t depends on bars up to t alone, and
//! tests cut the future off to prove it. Labels have a fixed order (calm before wild, falling
//! before rising), so a name means the same from fit to fit. What looks back over the whole series
//! says so in its name: `smoothed`, `viterbi`, `pelt`.
//! Formulas and sources: `docs/concepts/regimes.md`.
//! Not here: the two regimes of the report, see `trading::analysis`.

mod causal;
mod change;
mod cost;
mod feature;
mod hmm;
mod kmeans;
mod level;
mod markov;
mod rules;
mod samples;
mod score;
mod series;
mod summary;

pub use crate::Error;
pub use causal::{Detector, Schedule, Window, causal_labels};
pub use change::{Segments, binary_segmentation, optimal, pelt, pelt_causal};
pub use cost::{Cost, penalty_bic};
pub use feature::{Features, features, log_returns_percent};
pub use hmm::{Filter, Hmm, HmmFit, fit_hmm};
pub use kmeans::{KMeans, KMeansFit, fit_kmeans};
pub use level::{ChangeLevels, change_levels};
pub use rules::{Levels, Rules};
pub use samples::Samples;
pub use score::predictive_gain;
pub use series::{Series, log_returns};
pub use summary::{Durations, RegimeReturns, Summary, returns_by_regime, summary};

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// A position below `count` from a number from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= x < count")]
fn position(uniform: f64, count: usize) -> usize {
    ((uniform * float(count)) as usize).min(count - 1)
}

/// Refuses NaN and infinities.
fn check_finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::NotFinite { what, index, value: values[index] }),
    }
}

/// Refuses fewer than `needed` of something.
fn check_count(what: &'static str, found: usize, needed: usize) -> Result<(), Error> {
    if found >= needed { Ok(()) } else { Err(Error::TooFew { what, found, needed }) }
}
