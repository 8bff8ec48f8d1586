//! Indicators: each is one state machine, used bar by bar and over whole columns alike.
//!
//! Invariant: a value at bar t depends on bars up to t only; feeding a column in pieces of any
//! size gives the same bits as feeding it at once, because both run the same `step`.
//!
//! One rule for missing values (NaN): an indicator that is fed a NaN answers NaN and starts over,
//! so it needs its whole warm-up again. Leading NaNs of another indicator's warm-up are thereby
//! skipped, and no `step` ever sees a NaN.
//! Not here: which series an indicator is applied to; see `rules`.

use std::fmt;

mod sma;

/// One indicator as a state machine: `I` inputs in, `O` outputs out, once per bar.
pub trait Step<const I: usize, const O: usize>: Clone + Send + fmt::Debug + 'static {
    /// Takes the next bar's inputs (never NaN) and answers with its outputs; NaN while warming up.
    fn step(&mut self, input: [f64; I]) -> [f64; O];
}

/// An indicator that is being fed, behind one type.
pub trait Kernel: Send + fmt::Debug {
    /// Feeds the next bars, `inputs[k][i]` being input k of bar i, and fills `outputs[j][i]`.
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]);
}

/// A `Step` with the rule for missing values around it.
#[derive(Clone, Debug)]
struct Fed<S> {
    state: S,
    start: S,
}

impl<S, const I: usize, const O: usize> Kernel for FedKernel<S, I, O>
where
    S: Step<I, O>,
{
    fn run(&mut self, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        let bars = outputs[0].len();
        let inputs: [&[f64]; I] = std::array::from_fn(|k| &inputs[k][..bars]);
        for bar in 0..bars {
            let input: [f64; I] = std::array::from_fn(|k| inputs[k][bar]);
            let output = if input.iter().any(|x| x.is_nan()) {
                self.0.state.clone_from(&self.0.start);
                [f64::NAN; O]
            } else {
                self.0.state.step(input)
            };
            for (column, value) in outputs.iter_mut().zip(output) {
                column[bar] = value;
            }
        }
    }
}

/// `Fed` with its numbers of inputs and outputs.
#[derive(Debug)]
struct FedKernel<S, const I: usize, const O: usize>(Fed<S>);

/// Makes a kernel of a `Step` in its starting state.
pub fn kernel<S: Step<I, O>, const I: usize, const O: usize>(start: S) -> Box<dyn Kernel> {
    Box::new(FedKernel::<S, I, O>(Fed { state: start.clone(), start }))
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
    /// Its parameters, in the order of the call.
    pub params: &'static [Param],
    /// Its outputs; the first is the one a call without `.name` means.
    pub outputs: &'static [&'static str],
    /// The first bar with a value, counted from 0, when every input has one from bar 0.
    pub warmup: fn(&[f64]) -> usize,
    /// Starts it with these parameters, which satisfy `params`.
    pub build: fn(&[f64]) -> Box<dyn Kernel>,
}

/// The largest window that is accepted, in bars: 2^20 bars is two years of minutes.
pub const WINDOW_BARS_MAX: f64 = 1_048_576.0;

/// All indicators, sorted by name.
pub const CATALOGUE: &[Definition] = &[sma::DEFINITION];

/// The indicator called `name`.
pub fn find(name: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().find(|definition| definition.name == name)
}

/// A window length: whole, at least `min`.
const fn window(name: &'static str, default: Option<f64>, min: f64) -> Param {
    Param { name, default, min, whole: true }
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
