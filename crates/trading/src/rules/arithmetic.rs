//! Arithmetic and logic on columns, one value at a time.
//!
//! Invariant: whatever comes out is finite or the one unknown value `UNKNOWN`, bit for bit the
//! same whether a column is computed whole or in pieces, on any machine: sums and products are
//! IEEE 754, logarithms and powers come from `libm` and not from the operating system.
//! Not here: anything that remembers earlier bars; see `window`.

use libm::{exp, log, pow};

/// A number or a truth that is not known: warm-up, division by zero, logarithm of a negative.
pub(super) const UNKNOWN: f64 = f64::NAN;

/// An operation on one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unary {
    Negate,
    Not,
    Abs,
    Sqrt,
    Log,
    Exp,
    Round,
    Floor,
    Ceil,
}

/// An operation on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Min,
    Max,
    Power,
}

impl Unary {
    /// Fills `out` with the operation on each value of `x`.
    pub(super) fn run(self, x: &[f64], out: &mut [f64]) {
        match self {
            Self::Negate => map(x, out, |x| -x),
            Self::Not => map(x, out, |x| 1.0 - x),
            Self::Abs => map(x, out, f64::abs),
            Self::Sqrt => map(x, out, f64::sqrt),
            Self::Log => map(x, out, log),
            Self::Exp => map(x, out, exp),
            Self::Round => map(x, out, f64::round),
            Self::Floor => map(x, out, f64::floor),
            Self::Ceil => map(x, out, f64::ceil),
        }
    }
}

impl Binary {
    /// Fills `out` with the operation on each pair of values.
    #[expect(clippy::float_cmp, reason = "`==` of the language is exact, and says so")]
    pub(super) fn run(self, a: &[f64], b: &[f64], out: &mut [f64]) {
        match self {
            Self::Add => map2(a, b, out, |a, b| a + b),
            Self::Subtract => map2(a, b, out, |a, b| a - b),
            Self::Multiply => map2(a, b, out, |a, b| a * b),
            Self::Divide => map2(a, b, out, |a, b| a / b),
            Self::Remainder => map2(a, b, out, |a, b| a % b),
            Self::Less => map2(a, b, out, |a, b| compared(a, b, a < b)),
            Self::LessOrEqual => map2(a, b, out, |a, b| compared(a, b, a <= b)),
            Self::Greater => map2(a, b, out, |a, b| compared(a, b, a > b)),
            Self::GreaterOrEqual => map2(a, b, out, |a, b| compared(a, b, a >= b)),
            Self::Equal => map2(a, b, out, |a, b| compared(a, b, a == b)),
            Self::NotEqual => map2(a, b, out, |a, b| compared(a, b, a != b)),
            Self::And => map2(a, b, out, and),
            Self::Or => map2(a, b, out, |a, b| 1.0 - and(1.0 - a, 1.0 - b)),
            Self::Min => map2(a, b, out, lesser),
            Self::Max => map2(a, b, out, |a, b| -lesser(-a, -b)),
            Self::Power => map2(a, b, out, power),
        }
    }
}

/// Fills `out` with `a` where the condition is true, with `b` where it is false.
pub(super) fn choose(condition: &[f64], a: &[f64], b: &[f64], out: &mut [f64]) {
    for (((out, &condition), &a), &b) in out.iter_mut().zip(condition).zip(a).zip(b) {
        *out = match condition {
            truth if truth.is_nan() => UNKNOWN,
            truth if is_true(truth) => known(a),
            _ => known(b),
        };
    }
}

/// Whether a truth value is known and true.
pub(super) fn is_true(truth: f64) -> bool {
    truth > 0.0
}

/// Makes unknown what is no finite number.
pub(super) fn forget_infinities(column: &mut [f64]) {
    for value in column {
        *value = known(*value);
    }
}

/// `value`, or `UNKNOWN` where it is no finite number.
fn known(value: f64) -> f64 {
    if value.is_finite() { value } else { UNKNOWN }
}

fn map(x: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = known(f(x));
    }
}

fn map2(a: &[f64], b: &[f64], out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = known(f(a, b));
    }
}

fn compared(a: f64, b: f64, truth: bool) -> f64 {
    if a.is_nan() || b.is_nan() { UNKNOWN } else { f64::from(truth) }
}

/// False where one side is false, unknown where one is unknown, true otherwise.
/// Source: the strong three-valued logic of Kleene (1938).
fn and(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

/// `pow` alone would answer 1 for an unknown number to the power of 0.
fn power(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { UNKNOWN } else { pow(a, b) }
}

/// The lesser of two; `f64::min` would ignore the unknown one, and may pick either of two zeros.
fn lesser(a: f64, b: f64) -> f64 {
    if a <= b {
        a
    } else if b < a {
        b
    } else {
        UNKNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: f64 = UNKNOWN;

    #[track_caller]
    fn check(binary: Binary, a: f64, b: f64, expected: f64) {
        let mut out = [0.0];
        binary.run(&[a], &[b], &mut out);
        assert_eq!(out[0].to_bits(), expected.to_bits(), "{binary:?} {a} {b}: {}", out[0]);
    }

    #[track_caller]
    fn check_one(unary: Unary, x: f64, expected: f64) {
        let mut out = [0.0];
        unary.run(&[x], &mut out);
        assert_eq!(out[0].to_bits(), expected.to_bits(), "{unary:?} {x}: {}", out[0]);
    }

    #[test]
    fn what_has_no_finite_answer_is_unknown() {
        check(Binary::Divide, 1.0, 0.0, U);
        check(Binary::Divide, 0.0, 0.0, U);
        check(Binary::Remainder, 1.0, 0.0, U);
        check(Binary::Multiply, 1e300, 1e300, U);
        check(Binary::Power, -1.0, 0.5, U);
        check_one(Unary::Log, 0.0, U);
        check_one(Unary::Sqrt, -1.0, U);
        check_one(Unary::Exp, 1e4, U);
    }

    #[test]
    fn the_unknown_makes_every_operation_unknown() {
        use Binary as B;
        let all = [B::Add, B::Less, B::Equal, B::NotEqual, B::Min, B::Max, B::Remainder, B::Power];
        for binary in all {
            check(binary, U, 2.0, U);
            check(binary, 1.0, U, U);
            check(binary, U, 0.0, U);
        }
    }

    #[test]
    fn logic_is_three_valued() {
        for (a, b, and, or) in [
            (0.0, 0.0, 0.0, 0.0),
            (0.0, 1.0, 0.0, 1.0),
            (1.0, 1.0, 1.0, 1.0),
            (0.0, U, 0.0, U),
            (1.0, U, U, 1.0),
            (U, U, U, U),
        ] {
            check(Binary::And, a, b, and);
            check(Binary::And, b, a, and);
            check(Binary::Or, a, b, or);
            check(Binary::Or, b, a, or);
        }
        check_one(Unary::Not, 1.0, 0.0);
        check_one(Unary::Not, U, U);
    }

    #[test]
    fn least_and_greatest_do_not_depend_on_the_order() {
        check(Binary::Min, 1.0, 2.0, 1.0);
        check(Binary::Min, 2.0, 1.0, 1.0);
        check(Binary::Max, 1.0, 2.0, 2.0);
        check(Binary::Max, 2.0, 1.0, 2.0);
    }

    #[test]
    fn a_choice_needs_its_condition_and_the_chosen_side_only() {
        let mut out = [0.0; 3];
        choose(&[1.0, 0.0, U], &[5.0, U, 5.0], &[U, 6.0, 6.0], &mut out);
        assert_eq!(out.map(f64::to_bits), [5.0, 6.0, U].map(f64::to_bits));
    }

    #[test]
    fn rounding_takes_halves_away_from_zero() {
        check_one(Unary::Round, 2.5, 3.0);
        check_one(Unary::Round, -2.5, -3.0);
        check_one(Unary::Floor, -0.5, -1.0);
        check(Binary::Remainder, -7.0, 3.0, -1.0);
    }
}
