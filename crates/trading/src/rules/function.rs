//! The functions, names and operators of the rules language: the tables that the compiler reads
//! and the reference is generated from.
//!
//! Invariant: no name stands in two places of the language; a test holds it against the
//! catalogue of indicators too.
//! Not here: indicators; every one of `indicator::CATALOGUE` is a function as well.

use std::{cmp::Ordering, fmt};

use crate::indicator::{Column, Definition, Input, Kernel};

use super::{
    arithmetic::{Binary, Unary},
    calendar::Part,
    window,
};

/// What an argument may be, and what a function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A series of numbers.
    Number,
    /// A series of conditions.
    Condition,
    /// Either; all arguments of this sort, and the answer, are of the same one.
    Either,
    /// A whole constant, at least this many bars.
    Bars(u32),
}

/// An argument of a function.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Name in the documentation.
    pub name: &'static str,
    /// What is accepted.
    pub takes: Takes,
    /// Used when the call leaves it out.
    pub default: Option<f64>,
}

/// A function of the language.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Name, lower case.
    pub name: &'static str,
    /// Its arguments, in order.
    pub arguments: &'static [Argument],
    /// What it answers.
    pub result: Takes,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// How many more bars than its arguments it needs before its first answer.
    pub warmup: &'static str,
    /// How it is computed.
    pub(super) form: Form,
}

impl Function {
    /// The call with the names of its arguments: `change(x, n = 1)`.
    pub fn signature(&self) -> String {
        signature(self.name, self.arguments.iter().map(|a| (a.name, a.default)))
    }
}

/// How a function is computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Unary(Unary),
    Binary(Binary),
    Choose,
    Shift,
    /// `x - x[n]`.
    Change,
    Stateful(Stateful),
}

/// The functions that tell of a moment. They look at the bars of the data, whatever they compare, so
/// that what crosses on a slower timeframe has crossed once and not until its next bar.
const MOMENTS: [&str; 2] = ["cross_above", "cross_below"];

/// A function that remembers earlier bars; equal to another by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stateful {
    pub(super) name: &'static str,
    pub(super) outputs: usize,
    pub(super) warmup: fn(&[f64]) -> usize,
    pub(super) build: fn(&[f64]) -> Box<dyn Kernel>,
}

impl Stateful {
    pub(super) fn indicator(definition: &Definition) -> Self {
        let Definition { name, outputs, warmup, build, .. } = *definition;
        Self { name, outputs: outputs.len(), warmup, build }
    }

    /// Whether it tells of a moment.
    pub(super) fn is_moment(&self) -> bool {
        MOMENTS.contains(&self.name)
    }
}

impl PartialEq for Stateful {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Stateful {}

impl PartialOrd for Stateful {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stateful {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

const fn number(name: &'static str) -> Argument {
    Argument { name, takes: Takes::Number, default: None }
}

const fn condition(name: &'static str) -> Argument {
    Argument { name, takes: Takes::Condition, default: None }
}

const fn either(name: &'static str) -> Argument {
    Argument { name, takes: Takes::Either, default: None }
}

const fn window_of(bars_min: u32) -> Argument {
    Argument { name: "n", takes: Takes::Bars(bars_min), default: None }
}

const X: &[Argument] = &[number("x")];
const A_B: &[Argument] = &[number("a"), number("b")];

const fn unary(name: &'static str, unary: Unary, meaning: &'static str) -> Function {
    let form = Form::Unary(unary);
    Function { name, arguments: X, result: Takes::Number, meaning, warmup: "0", form }
}

const fn binary(name: &'static str, binary: Binary, meaning: &'static str) -> Function {
    let form = Form::Binary(binary);
    Function { name, arguments: A_B, result: Takes::Number, meaning, warmup: "0", form }
}

/// A condition that remembers earlier bars.
const fn stateful(
    name: &'static str,
    arguments: &'static [Argument],
    meaning: &'static str,
    warmup: (&'static str, fn(&[f64]) -> usize),
    build: fn(&[f64]) -> Box<dyn Kernel>,
) -> Function {
    let form = Form::Stateful(Stateful { name, outputs: 1, warmup: warmup.1, build });
    Function { name, arguments, result: Takes::Condition, meaning, warmup: warmup.0, form }
}

const NOW: (&str, fn(&[f64]) -> usize) = ("0", |_| 0);
const BAR_BEFORE: (&str, fn(&[f64]) -> usize) = ("1", |_| 1);
const BARS_BEFORE: (&str, fn(&[f64]) -> usize) = ("n", |p| crate::indicator::bars(p[0]));
const WINDOW: (&str, fn(&[f64]) -> usize) = ("n - 1", |p| crate::indicator::bars(p[0]) - 1);

/// All functions of the language but the indicators, sorted by name.
pub const FUNCTIONS: &[Function] = &[
    unary("abs", Unary::Abs, "The size of `x` without its sign."),
    Function {
        result: Takes::Number,
        ..stateful(
            "barssince",
            &[condition("condition")],
            "How many bars ago the condition was last true, 0 if it is; unknown before that.",
            NOW,
            window::bars_since,
        )
    },
    unary("ceil", Unary::Ceil, "The next whole number up."),
    Function {
        name: "change",
        arguments: &[
            number("x"),
            Argument { name: "n", takes: Takes::Bars(0), default: Some(1.0) },
        ],
        result: Takes::Number,
        meaning: "`x - x[n]`.",
        warmup: "n",
        form: Form::Change,
    },
    Function {
        result: Takes::Number,
        ..stateful(
            "count",
            &[condition("condition"), window_of(1)],
            "On how many of the last `n` bars the condition was true.",
            WINDOW,
            window::sum,
        )
    },
    stateful(
        "cross_above",
        A_B,
        "Whether `a` is above `b` and was not on the bar before: `a > b and a[1] <= b[1]`.",
        BAR_BEFORE,
        window::cross_above,
    ),
    stateful(
        "cross_below",
        A_B,
        "Whether `a` is below `b` and was not on the bar before: `a < b and a[1] >= b[1]`.",
        BAR_BEFORE,
        window::cross_below,
    ),
    unary("exp", Unary::Exp, "e to the power of `x`."),
    stateful(
        "falling",
        &[number("x"), window_of(1)],
        "Whether each of the last `n` values is below the one before it.",
        BARS_BEFORE,
        window::falling,
    ),
    unary("floor", Unary::Floor, "The next whole number down."),
    Function {
        name: "if",
        arguments: &[condition("condition"), either("a"), either("b")],
        result: Takes::Either,
        meaning: "`a` where the condition is true, `b` where it is false.",
        warmup: "0",
        form: Form::Choose,
    },
    unary("log", Unary::Log, "The natural logarithm; unknown unless `x` is above 0."),
    binary("max", Binary::Max, "The greater of two."),
    binary("min", Binary::Min, "The lesser of two."),
    binary("pow", Binary::Power, "`a` to the power of `b`; unknown where that is not real."),
    stateful(
        "rising",
        &[number("x"), window_of(1)],
        "Whether each of the last `n` values is above the one before it.",
        BARS_BEFORE,
        window::rising,
    ),
    unary("round", Unary::Round, "The nearest whole number; halves go away from 0."),
    Function {
        name: "shift",
        arguments: &[either("x"), window_of(0)],
        result: Takes::Either,
        meaning: "`x` as it was `n` bars ago; the same as `x[n]`.",
        warmup: "n",
        form: Form::Shift,
    },
    unary("sqrt", Unary::Sqrt, "The square root; unknown where `x` is negative."),
    Function {
        result: Takes::Number,
        ..stateful(
            "sum",
            &[number("x"), window_of(1)],
            "The sum of the last `n` values.",
            WINDOW,
            window::sum,
        )
    },
];

/// A series that a name alone means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Series {
    Column(Column),
    /// The mean of these columns.
    Mean(&'static [Column]),
    Part(Part),
}

/// The names of series, with what they mean.
pub(super) const SERIES: &[(&str, Series, &str)] = &[
    ("open", Series::Column(Column::Open), "First price of the bar."),
    ("high", Series::Column(Column::High), "Highest price of the bar."),
    ("low", Series::Column(Column::Low), "Lowest price of the bar."),
    ("close", Series::Column(Column::Close), "Last price of the bar."),
    ("volume", Series::Column(Column::Volume), "Units traded; 0 where the source has none."),
    ("hl2", Series::Mean(&[Column::High, Column::Low]), "`(high + low) / 2`."),
    (
        "hlc3",
        Series::Mean(&[Column::High, Column::Low, Column::Close]),
        "`(high + low + close) / 3`.",
    ),
    (
        "ohlc4",
        Series::Mean(&[Column::Open, Column::High, Column::Low, Column::Close]),
        "`(open + high + low + close) / 4`.",
    ),
    ("minute", Series::Part(Part::Minute), "Minute of the bar's start in UTC, 0 to 59."),
    ("hour", Series::Part(Part::Hour), "Hour of the bar's start in UTC, 0 to 23."),
    (
        "weekday",
        Series::Part(Part::Weekday),
        "Day of the week of the bar's start in UTC, 1 (Monday) to 7 (Sunday).",
    ),
    ("day", Series::Part(Part::Day), "Day of the month of the bar's start in UTC, 1 to 31."),
    ("month", Series::Part(Part::Month), "Month of the bar's start in UTC, 1 to 12."),
];

/// The operators from loosest to tightest, with what they mean.
pub(super) const OPERATORS: &[(&str, &str)] = &[
    ("a or b", "True where one side is true, false where both are false."),
    ("a and b", "True where both sides are true, false where one is false."),
    ("not a", "True where `a` is false."),
    ("a < b, a <= b, a > b, a >= b", "Comparison of numbers; write `a < b and b < c`."),
    ("a == b, a != b", "Exact equality, of numbers or of conditions."),
    ("a + b, a - b", "Sum and difference."),
    (
        "a * b, a / b, a % b",
        "Product, quotient (unknown for `b == 0`), remainder with the sign of `a`.",
    ),
    ("-a", "Negation."),
    ("close@1d", "A series of a slower timeframe; `atr(14)@1d` for what names no series."),
    ("x[n]", "`x` as it was `n` bars ago; `n` is constant, whole and not negative."),
    ("x.output", "An output of an indicator that has several; without it the first is meant."),
];

/// The function called `name`.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The series called `name`.
pub(super) fn series(name: &str) -> Option<Series> {
    SERIES.iter().find(|(known, ..)| *known == name).map(|(_, series, _)| *series)
}

/// The call of an indicator with the names of its arguments: `macd(x, fast = 12, …)`.
pub(super) fn indicator_signature(definition: &Definition) -> String {
    let inputs = definition.inputs.iter().filter_map(|input| match input {
        Input::Argument(name) => Some((*name, None)),
        Input::Column(_) => None,
    });
    let params = definition.params.iter().map(|param| (param.name, param.default));
    signature(definition.name, inputs.chain(params))
}

fn signature(name: &str, arguments: impl Iterator<Item = (&'static str, Option<f64>)>) -> String {
    let arguments: Vec<String> = arguments
        .map(|(name, default)| match default {
            Some(default) => format!("{name} = {default}"),
            None => name.to_owned(),
        })
        .collect();
    format!("{name}({})", arguments.join(", "))
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("a number"),
            Self::Condition => f.write_str("a condition"),
            Self::Either => f.write_str("a number or a condition"),
            Self::Bars(min) => write!(f, "a whole constant, at least {min}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{indicator::find, rules::parse::KEYWORDS};

    #[test]
    fn no_name_has_two_meanings() {
        let names = FUNCTIONS.iter().map(|function| function.name);
        let mut seen = BTreeSet::new();
        for name in names.chain(SERIES.iter().map(|(name, ..)| *name)).chain(KEYWORDS) {
            assert!(seen.insert(name), "`{name}` has two meanings");
            assert!(find(name).is_none(), "`{name}` is an indicator too");
        }
    }

    #[test]
    fn functions_are_sorted_by_name() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| function.name));
    }
}
