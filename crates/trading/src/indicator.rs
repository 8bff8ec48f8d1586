//! Indicators: each is one state machine, used bar by bar and over whole columns alike.
//!
//! Invariant: a value at bar t depends on bars up to t only; feeding a column in pieces of any
//! size gives the same bits as feeding it at once, because both run the same `step`.
//!
//! One rule for missing values (NaN, and what is not finite): an indicator that is fed one answers
//! NaN and starts over, so it needs its whole warm-up again. Leading NaNs of another indicator's
//! warm-up are thereby skipped, and no `step` ever sees a NaN.
//! Not here: which series an indicator is applied to; see `rules`.

use std::fmt;

mod ad;
mod adosc;
mod adx;
mod adxr;
mod aroon;
mod atr;
mod bbands;
mod beta;
mod bop;
mod cci;
mod cmf;
mod cmo;
mod correl;
mod dema;
mod donchian;
mod dx;
mod ema;
mod highest;
mod hma;
mod kama;
mod keltner;
mod keltner_close;
mod lowest;
mod macd;
mod macd_plain;
mod mfi;
mod minus_di;
mod mom;
mod natr;
mod obv;
mod plus_di;
mod ppo;
mod rma;
mod roc;
mod rsi;
mod sar;
mod slope;
mod sma;
mod stddev;
mod stoch;
mod stochrsi;
mod supertrend;
mod t3;
mod tema;
mod trange;
mod trima;
mod trix;
mod ultosc;
mod variance;
mod vortex;
mod vwap;
mod vwap_roll;
mod vwma;
mod willr;
mod window;
mod wma;
mod zlema;

/// One indicator as a state machine: `I` inputs in, `O` outputs out, once per bar.
pub trait Step<const I: usize, const O: usize>: Clone + Send + fmt::Debug + 'static {
    /// Takes the next bar's inputs (all finite) and answers with its outputs; NaN while warming up.
    fn step(&mut self, input: [f64; I]) -> [f64; O];
}

/// An indicator that is being fed, behind one type.
pub trait Kernel: Send + fmt::Debug {
    /// Feeds the next bars, `inputs[k][i]` being input k of bar i, and fills `outputs[j][i]`.
    ///
    /// All outputs have the same length, and no input is shorter.
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]);
}

/// A `Step` with the rule for missing values around it.
#[derive(Debug)]
struct Fed<S, const I: usize, const O: usize> {
    start: S,
    state: S,
    /// Whether `state` has seen nothing yet: a run of missing values starts over only once.
    fresh: bool,
}

impl<S: Step<I, O>, const I: usize, const O: usize> Fed<S, I, O> {
    #[inline]
    fn feed(&mut self, input: [f64; I]) -> [f64; O] {
        if input.iter().all(|x| x.is_finite()) {
            self.fresh = false;
            return self.state.step(input);
        }
        self.start_over();
        [f64::NAN; O]
    }

    #[cold]
    fn start_over(&mut self) {
        if !self.fresh {
            self.state = self.start.clone();
            self.fresh = true;
        }
    }
}

impl<S: Step<I, O>, const I: usize, const O: usize> Kernel for Fed<S, I, O> {
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let bars = outputs[0].len();
        let inputs: [&[f64]; I] = std::array::from_fn(|k| &inputs[k][..bars]);
        for bar in 0..bars {
            let output = self.feed(std::array::from_fn(|k| inputs[k][bar]));
            for (column, value) in outputs.iter_mut().zip(output) {
                column[bar] = value;
            }
        }
    }
}

/// Makes a kernel of a `Step` in its starting state.
pub fn kernel<S: Step<I, O>, const I: usize, const O: usize>(start: S) -> Box<dyn Kernel> {
    Box::new(Fed { state: start.clone(), start, fresh: true })
}

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
    #[error("`{indicator}` takes at most {most} parameters, got {got}")]
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
    Unrelated {
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
            Err(why) => Err(ParamError::Unrelated { indicator, why, given: values }),
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

/// The largest window that is accepted, in bars: 2^20 bars is two years of minutes.
pub const WINDOW_BARS_MAX: f64 = 1_048_576.0;

/// The largest factor that is accepted, for instance for the width of a band.
pub const FACTOR_MAX: f64 = 1e6;

/// All indicators, sorted by name.
pub const CATALOGUE: &[Definition] = &[
    ad::DEFINITION,
    adosc::DEFINITION,
    adx::DEFINITION,
    adxr::DEFINITION,
    aroon::DEFINITION,
    atr::DEFINITION,
    bbands::DEFINITION,
    beta::DEFINITION,
    bop::DEFINITION,
    cci::DEFINITION,
    cmf::DEFINITION,
    cmo::DEFINITION,
    correl::DEFINITION,
    dema::DEFINITION,
    donchian::DEFINITION,
    dx::DEFINITION,
    ema::DEFINITION,
    highest::DEFINITION,
    hma::DEFINITION,
    kama::DEFINITION,
    keltner::DEFINITION,
    keltner_close::DEFINITION,
    lowest::DEFINITION,
    macd::DEFINITION,
    macd_plain::DEFINITION,
    mfi::DEFINITION,
    minus_di::DEFINITION,
    mom::DEFINITION,
    natr::DEFINITION,
    obv::DEFINITION,
    plus_di::DEFINITION,
    ppo::DEFINITION,
    rma::DEFINITION,
    roc::DEFINITION,
    rsi::DEFINITION,
    sar::DEFINITION,
    slope::DEFINITION,
    sma::DEFINITION,
    stddev::DEFINITION,
    stoch::DEFINITION,
    stochrsi::DEFINITION,
    supertrend::DEFINITION,
    t3::DEFINITION,
    tema::DEFINITION,
    trange::DEFINITION,
    trima::DEFINITION,
    trix::DEFINITION,
    ultosc::DEFINITION,
    variance::DEFINITION,
    vortex::DEFINITION,
    vwap::DEFINITION,
    vwap_roll::DEFINITION,
    vwma::DEFINITION,
    willr::DEFINITION,
    wma::DEFINITION,
    zlema::DEFINITION,
];

/// Second names of indicators.
const ALIASES: &[(&str, &str)] = &[("linearreg_slope", "slope"), ("var", "variance")];

/// The indicator called `name`.
pub fn find(name: &str) -> Option<&'static Definition> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    CATALOGUE.iter().find(|definition| definition.name == name)
}

/// A window length: whole, at least `min`.
const fn window(name: &'static str, default: Option<f64>, min: f64) -> Param {
    Param { name, default, min, max: WINDOW_BARS_MAX, whole: true }
}

/// A factor: any number from 0 to `max`.
const fn number(name: &'static str, default: f64, max: f64) -> Param {
    Param { name, default: Some(default), min: 0.0, max, whole: false }
}

/// The check of parameters that do not depend on each other.
fn unrelated(_: &[f64]) -> Result<(), &'static str> {
    Ok(())
}

/// The check of parameters that must rise strictly.
fn rising(params: &[f64], why: &'static str) -> Result<(), &'static str> {
    if params.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(why) }
}

/// A parameter that is a number of bars, as an index.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by `Param`")]
fn bars(param: f64) -> usize {
    param as usize
}

/// A number of bars as a double.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53")]
fn float(bars: usize) -> f64 {
    bars as f64
}

/// Differences up to this share of what is compared are rounding errors; as TA-Lib 0.8 has it.
const ROUNDING: f64 = 1e-14;

/// Whether two prices differ by no more than rounding.
#[inline]
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * (a.abs() + b.abs())
}

/// `part / whole`, and 0 where there is no whole.
#[inline]
fn ratio(part: f64, whole: f64) -> f64 {
    if whole.abs() < f64::MIN_POSITIVE { 0.0 } else { part / whole }
}

/// The typical price of a bar.
#[inline]
fn typical(high: f64, low: f64, close: f64) -> f64 {
    (high + low + close) / 3.0
}

/// Feeds `step` with what another one answered, which is NaN during that one's warm-up.
#[inline]
fn feed<S: Step<1, 1>>(step: &mut S, x: f64) -> f64 {
    if x.is_nan() { x } else { step.step([x])[0] }
}

/// A step that lets the first bars pass.
#[derive(Clone, Debug)]
struct Late<S> {
    step: S,
    bars: usize,
}

impl<S> Late<S> {
    fn new(step: S, bars: usize) -> Self {
        Self { step, bars }
    }
}

impl<S: Step<I, O>, const I: usize, const O: usize> Step<I, O> for Late<S> {
    #[inline]
    fn step(&mut self, input: [f64; I]) -> [f64; O] {
        if self.bars > 0 {
            self.bars -= 1;
            return [f64::NAN; O];
        }
        self.step.step(input)
    }
}
