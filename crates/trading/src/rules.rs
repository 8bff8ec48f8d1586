//! The rules language: a strategy as a few conditions, without code.
//!
//! Texts such as `cross_above(sma(close, $fast), sma(close, $slow))` are checked and compiled once
//! into a plan, which is carried out a chunk of bars at a time; a live session that feeds one bar
//! at a time runs the same code.
//!
//! **One rule for what is not known.** A number or a condition may be unknown: while a window
//! fills, after a division by zero, the logarithm of a negative number, an overflow, or where
//! another symbol has no bar. Arithmetic and comparison with the unknown is unknown. `and`, `or`
//! and `not` are three-valued: `false and unknown` is false, `true or unknown` is true, all else
//! with the unknown is unknown. A function that remembers earlier bars answers unknown when it is
//! fed the unknown, and starts over. A rule acts only where it is known and true, and none acts
//! before every rule of the strategy could be known (`Program::warmup`).
//!
//! **Invariant:** a value at bar t depends on bars up to t alone; how the bars are cut into calls
//! changes no bit; no text, however hostile, panics, hangs or exhausts memory: every size has a
//! limit (`TEXT_BYTES_MAX`, `DEPTH_MAX`, `NODES_MAX`, `TERMS_MAX`, `WINDOWS_BARS_MAX`,
//! `ERRORS_PER_TEXT_MAX`).
//! Bars of a slower timeframe are seen once they have closed; see `slower`.
//! Not here: what a signal leads to; see `strategy`, `portfolio` and `risk`.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_core::Timestamp;

use crate::{data::bars::Bars, indicator::Column, signal::Signal};

mod arithmetic;
mod at;
pub(crate) mod batch;
mod calendar;
mod call;
mod check;
mod compile;
mod condition;
mod error;
mod evaluate;
mod formula;
mod function;
mod graph;
mod means;
mod parse;
mod plan;
mod reference;
mod shown;
mod slower;
mod token;
mod tree;
mod window;
mod wishes;

pub use check::{ERRORS_PER_TEXT_MAX, NODES_MAX, WINDOWS_BARS_MAX};
pub use compile::{TERMS_MAX, compile, compile_expression};
pub use error::{Place, RuleError, Warning};
pub(crate) use evaluate::CHUNK_BARS;
pub use evaluate::{Columns, Evaluator, ExpressionEvaluator};
pub use formula::Formula;
pub use function::{Argument, FUNCTIONS, Function, Takes};
pub use parse::DEPTH_MAX;
pub use reference::reference;
pub use shown::{COLUMNS_MAX, PANES_MAX, Shown, ShownColumn, shown};
pub use slower::Frame;
pub use token::TEXT_BYTES_MAX;

/// The texts of a strategy, as in the `strategy` block of a workflow file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSet {
    /// The values of `$name`.
    pub params: BTreeMap<String, f64>,
    /// The named terms, in the order of the file.
    pub terms: Vec<(String, String)>,
    /// When to open a long position.
    pub entry: Option<String>,
    /// When to close a long position.
    pub exit: Option<String>,
    /// When to open a short position.
    pub short_entry: Option<String>,
    /// When to close a short position.
    pub short_exit: Option<String>,
    /// What is known of the bars; without it the rules can name no slower timeframe.
    pub frame: Option<Frame>,
}

/// The compiled rules of a strategy; cheap to clone, to be started as often as needed.
#[derive(Clone, Debug)]
pub struct Program {
    plan: Arc<plan::Plan>,
    wishes: Arc<wishes::Wishes>,
    /// Set if the rules do nothing but compare prices and their averages.
    means: Option<Arc<means::Means>>,
    terms: Vec<String>,
    warnings: Vec<Warning>,
}

impl Program {
    /// How many bars pass before the first that can have a signal.
    pub fn warmup(&self) -> usize {
        self.wishes.warmup
    }

    /// Whether a column of the symbol's own bars is read; one that is not may be left empty.
    pub fn reads(&self, column: Column) -> bool {
        self.plan.reads(column)
    }

    /// The columns of other symbols that are needed, in the order of `Columns::foreign`.
    pub fn foreign(&self) -> &[(Column, String)] {
        &self.plan.foreign
    }

    /// The first of these bars that reaches from one bar of a slower timeframe into the next, and
    /// where that begins: the rules cannot be used on them.
    pub fn reaches_over(&self, times: &[Timestamp]) -> Option<(Timestamp, Timestamp)> {
        self.plan.reaches_over(times)
    }

    /// The names of the terms, in the order of the file.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// What is allowed but hardly meant.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Starts before the first bar.
    pub fn start(&self) -> Evaluator {
        Evaluator::new(&self.plan, &self.wishes)
    }

    /// Fills `out` with the signals of all `bars` if that is possible in whole numbers, and answers
    /// whether it was. There are none in `out` before.
    pub(crate) fn compare_means(&self, bars: &Bars, out: &mut [Signal]) -> bool {
        self.means.as_ref().is_some_and(|means| means.mark(bars, self.warmup(), out))
    }
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    plan: Arc<plan::Plan>,
    outputs: Vec<String>,
}

impl Expression {
    /// How many bars pass before all outputs can be known.
    pub fn warmup(&self) -> usize {
        self.plan.warmup
    }

    /// The columns of other symbols that are needed, in the order of `Columns::foreign`.
    pub fn foreign(&self) -> &[(Column, String)] {
        &self.plan.foreign
    }

    /// The outputs of the bare call of an indicator that has several, else one called `value`.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// Whether a column of the symbol's own bars is read; one that is not may be left empty.
    pub fn reads(&self, column: Column) -> bool {
        self.plan.reads(column)
    }

    /// Starts before the first bar.
    pub fn start(&self) -> ExpressionEvaluator {
        ExpressionEvaluator::new(&self.plan)
    }
}
