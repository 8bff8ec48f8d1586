//! What there is to know about an indicator, and the check of its parameters.
//!
//! Promises: `Definition::parameters` accepts exactly what `warmup` and `build` can take, and says
//! what is wrong with anything else.
//! Not here: the definitions themselves, each in the file of its indicator.

use super::Kernel;

/// The largest window that is accepted, in bars: 2^20 bars is two years of minutes.
pub const WINDOW_BARS_MAX: f64 = 1_048_576.0;

/// The largest factor that is accepted, for instance for the width of a band.
pub const FACTOR_MAX: f64 = 1e6;

/// Where an input of an indicator comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Given in the call, in this order before the parameters: `sma(x, n)`.
    Argument(&'static str),
    /// Taken from the bars: `atr(n)` reads high, low and close.
    Column(Column),
}

/// A column of the bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Units traded.
    Volume,
}

/// A number that shapes an indicator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in the documentation.
    pub name: &'static str,
    /// Used when the call leaves it out.
    pub default: Option<f64>,
    /// Smallest value that makes sense.
    pub min: f64,
    /// Largest value that is accepted.
    pub max: f64,
    /// Whether it must be a whole number (a number of bars).
    pub whole: bool,
}

/// Everything there is to know about an indicator.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Name in the rules language, lower case.
    pub name: &'static str,
    /// What it measures, in one sentence, with the convention where libraries differ.
    pub summary: &'static str,
    /// Who defined it, or whose convention is followed.
    pub source: &'static str,
    /// Its inputs, in order.
    pub inputs: &'static [Input],
    /// Its parameters, in the order of the call; those with a default come last.
    pub params: &'static [Param],
    /// Its outputs; the first is the one a call without `.name` means.
    pub outputs: &'static [&'static str],
    /// Says what is wrong between parameters that are each within their limits.
    pub check: fn(&[f64]) -> Result<(), &'static str>,
    /// The first bar at which every output has a value, counted from 0, when every input has one
    /// from bar 0.
    pub warmup: fn(&[f64]) -> usize,
    /// Starts it with these parameters, which `Definition::parameters` has accepted.
    pub build: fn(&[f64]) -> Box<dyn Kernel>,
}

/// Why an indicator cannot be started with the parameters given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamError {
    /// More parameters than the indicator has.
    #[error("too many parameters for `{indicator}`: {got}, at most {most}")]
    TooMany {
        /// Name of the indicator.
        indicator: &'static str,
        /// How many it takes.
        most: usize,
        /// How many there were.
        got: usize,
    },
    /// A parameter without default was left out.
    #[error("`{indicator}` needs a value for `{param}`")]
    Missing {
        /// Name of the indicator.
        indicator: &'static str,
        /// Name of the parameter.
        param: &'static str,
    },
    /// A number of bars with a fraction, or not a number at all.
    #[error("`{param}` of `{indicator}` must be a whole number, got `{value}`")]
    NotWhole {
        /// Name of the indicator.
        indicator: &'static str,
        /// Name of the parameter.
        param: &'static str,
        /// What was given.
        value: f64,
    },
    /// A value outside the limits of its parameter.
    #[error("`{param}` of `{indicator}` must be between {min} and {max}, got `{value}`")]
    OutOfRange {
        /// Name of the indicator.
        indicator: &'static str,
        /// Name of the parameter.
        param: &'static str,
        /// Smallest accepted value.
        min: f64,
        /// Largest accepted value.
        max: f64,
        /// What was given.
        value: f64,
    },
    /// Parameters that do not go together.
    #[error("{why} in `{indicator}`, got {given:?}")]
    Mismatch {
        /// Name of the indicator.
        indicator: &'static str,
        /// What must hold between them.
        why: &'static str,
        /// All parameters, defaults included.
        given: Vec<f64>,
    },
}

impl Definition {
    /// The full list of parameters for a call that gives `given`: checked, defaults added.
    ///
    /// # Errors
    /// The first thing that is wrong with them, if any.
    pub fn parameters(&self, given: &[f64]) -> Result<Vec<f64>, ParamError> {
        let indicator = self.name;
        let (most, got) = (self.params.len(), given.len());
        if got > most {
            return Err(ParamError::TooMany { indicator, most, got });
        }
        let values = self.params.iter().enumerate().map(|(place, param)| {
            let value = given.get(place).copied().or(param.default);
            param.accept(
                indicator,
                value.ok_or(ParamError::Missing { indicator, param: param.name })?,
            )
        });
        let values = values.collect::<Result<Vec<f64>, _>>()?;
        match (self.check)(&values) {
            Ok(()) => Ok(values),
            Err(why) => Err(ParamError::Mismatch { indicator, why, given: values }),
        }
    }
}

impl Param {
    fn accept(&self, indicator: &'static str, value: f64) -> Result<f64, ParamError> {
        let &Self { name: param, min, max, whole, .. } = self;
        if whole && value.fract() != 0.0 {
            return Err(ParamError::NotWhole { indicator, param, value });
        }
        if !(min..=max).contains(&value) {
            return Err(ParamError::OutOfRange { indicator, param, min, max, value });
        }
        Ok(value)
    }
}

/// A window length: whole, at least `min`.
pub(super) const fn window(name: &'static str, default: Option<f64>, min: f64) -> Param {
    Param { name, default, min, max: WINDOW_BARS_MAX, whole: true }
}

/// A factor: any number from 0 to `max`.
pub(super) const fn number(name: &'static str, default: f64, max: f64) -> Param {
    Param { name, default: Some(default), min: 0.0, max, whole: false }
}

/// The check of parameters that do not depend on each other.
pub(super) fn unrelated(_: &[f64]) -> Result<(), &'static str> {
    Ok(())
}

/// The check of parameters that must rise strictly.
pub(super) fn rising(params: &[f64], why: &'static str) -> Result<(), &'static str> {
    if params.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(why) }
}
