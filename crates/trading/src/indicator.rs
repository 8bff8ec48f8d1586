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

pub use definition::{Column, Definition, FACTOR_MAX, Input, Param, ParamError, WINDOW_BARS_MAX};

use definition::{number, rising, unrelated, window};

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
mod definition;
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
pub(crate) mod window;
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

impl<S: Step<I, O>, const I: usize, const O: usize> Kernel for Fed<S, I, O> {
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let bars = outputs[0].len();
        let inputs: [&[f64]; I] = std::array::from_fn(|k| &inputs[k][..bars]);
        let mut columns = outputs.iter_mut();
        let mut outputs: [&mut [f64]; O] =
            std::array::from_fn(|_| &mut columns.next().expect("a column per output")[..bars]);
        // A local state can live in registers, which halves the time of the simple indicators.
        let mut state = std::mem::replace(&mut self.state, self.start.clone());
        for bar in 0..bars {
            let input: [f64; I] = std::array::from_fn(|k| inputs[k][bar]);
            let output = if input.iter().all(|x| x.is_finite()) {
                self.fresh = false;
                state.step(input)
            } else {
                self.start_over(&mut state);
                [f64::NAN; O]
            };
            for (column, value) in outputs.iter_mut().zip(output) {
                column[bar] = value;
            }
        }
        self.state = state;
    }
}

impl<S: Clone, const I: usize, const O: usize> Fed<S, I, O> {
    #[cold]
    fn start_over(&mut self, state: &mut S) {
        if !self.fresh {
            *state = self.start.clone();
            self.fresh = true;
        }
    }
}

/// Makes a kernel of a `Step` in its starting state.
pub fn kernel<S: Step<I, O>, const I: usize, const O: usize>(start: S) -> Box<dyn Kernel> {
    Box::new(Fed { state: start.clone(), start, fresh: true })
}

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

/// A parameter that is a number of bars, as an index.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by `Param`")]
pub(crate) fn bars(param: f64) -> usize {
    param as usize
}

/// A number of bars as a double.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53")]
pub(crate) fn float(bars: usize) -> f64 {
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
