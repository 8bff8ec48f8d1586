//! Validation: how likely a result is luck, and what breaks it.
//!
//! Promises: pure functions of slices and a seed; the same input gives the same bits on every
//! platform. What is undefined is `None` or an error that names the number, never NaN.
//! Formulas, conventions and sources: `docs/concepts/validation.md`.
//! Not here: running strategies; the caller evaluates and brings returns.

mod beyond;
mod block;
mod bootstrap;
mod cross;
mod forward;
mod monte_carlo;
mod number;
mod overfit;
mod perturb;
mod select;
mod sharpe;
mod split;
mod stress;
mod superior;
mod verdict;

pub use crate::Error;
pub use beyond::{Beyond, beyond};
pub use block::{BlockLength, block_length};
pub use bootstrap::{Distribution, Interval, Resample, bootstrap};
pub use cross::{Combinatorial, Fold, combinatorial, purged_folds};
pub use forward::{Period, WalkForward, forward_splits, forward_splits_by_count};
pub use monte_carlo::{Outcomes, Shuffled, resampled, shuffled_trades};
pub use overfit::{BLOCKS_MAX, Overfit, overfit};
pub use perturb::{Axis, POINTS_MAX, Surface, perturb};
pub use select::{Chosen, Selection, select_forward};
pub use sharpe::{Estimate, Track, Trials, expected_max};
pub use split::Split;
pub use stress::{CostStress, DelayStress, Stressed};
pub use superior::{Superiority, Test, reality_check, step_superior, superior_ability};
pub use verdict::{Assess, Evidence, Finding, Judgement, Reason, Verdict, effective_trials, judge};

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

/// Refuses columns that are not finite or not equally long; answers with their length.
fn check_columns(columns: &[Vec<f64>]) -> Result<usize, Error> {
    check_count("columns of returns", columns.len(), 1)?;
    let expected = columns[0].len();
    for (column, values) in columns.iter().enumerate() {
        if values.len() != expected {
            return Err(Error::Ragged { column, found: values.len(), expected });
        }
        check_finite("return", values)?;
    }
    Ok(expected)
}
