//! The verdict: robust, fragile or likely luck, with its reasons in words.
//!
//! Each piece of evidence supports, weakens or refutes. One that refutes makes the result likely
//! luck; one that weakens makes it fragile; it is robust only if nothing does either and both the
//! choice among trials and the time outside of the sample were looked at.
//! Thresholds with their sources and how they were calibrated: `docs/concepts/validation.md`.

use std::fmt;

mod assess;
mod weigh;

pub use assess::{Assess, effective_trials};
pub use weigh::judge;

/// What to think of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Held up against everything it was held against.
    Robust,
    /// There may be something, but it breaks, or too little was looked at.
    Fragile,
    /// What the best of so many trials would show without any edge.
    LikelyLuck,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Robust => "robust",
            Self::Fragile => "fragile",
            Self::LikelyLuck => "likely luck",
        })
    }
}

/// What a piece of evidence does to a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Speaks for it.
    Supports,
    /// Leaves doubt.
    Weakens,
    /// Speaks for luck.
    Refutes,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supports => "supports",
            Self::Weakens => "weakens",
            Self::Refutes => "refutes",
        })
    }
}

/// One reason of a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// A short name, such as `deflated_sharpe`.
    pub check: &'static str,
    /// What it does to the result.
    pub finding: Finding,
    /// The measured number.
    pub value: f64,
    /// A sentence with the number and what it means.
    pub text: String,
}

/// A verdict and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The reasons, the gravest first.
    pub reasons: Vec<Reason>,
    /// What was not looked at, by name.
    pub missing: Vec<&'static str>,
}

/// What is known of a result; what was not looked at is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Trials the result was chosen from.
    pub trials: usize,
    /// How many of them count as independent.
    pub trials_effective: Option<usize>,
    /// Number of returns.
    pub periods: Option<usize>,
    /// Annualized Sharpe ratio of the result over all of the data.
    pub sharpe: Option<f64>,
    /// Probability that the true Sharpe ratio is above what luck shows (DSR).
    pub deflated: Option<f64>,
    /// p-value of Hansen's test over all trials.
    pub superiority: Option<f64>,
    /// Probability of backtest overfitting.
    pub overfit: Option<f64>,
    /// Share of choices that lost afterwards.
    pub overfit_loss: Option<f64>,
    /// Returns needed for 95 % confidence in a Sharpe ratio above zero; infinite if never.
    pub length_min: Option<f64>,
    /// Whether each test of the walk forward was chosen for on its own past.
    pub forward_is_chosen: bool,
    /// Annualized Sharpe ratio of walk-forward tests.
    pub forward_sharpe: Option<f64>,
    /// Probability that the true Sharpe ratio of these tests is above zero.
    pub forward_probability: Option<f64>,
    /// Their Sharpe ratio over that of training.
    pub forward_efficiency: Option<f64>,
    /// Probability that it earns beyond a holding that moves as much with the market.
    pub beyond_holding: Option<f64>,
    /// Share of neighboring parameters that keep half of the score.
    pub neighbors_kept: Option<f64>,
    /// Factor on costs at which nothing is left; infinite if none that was tried.
    pub costs_break_even: Option<f64>,
    /// Share of the score that is left with orders one bar late.
    pub delay_kept: Option<f64>,
    /// Total return of which 95 % of resampled histories have more.
    pub resampled_low: Option<f64>,
}
