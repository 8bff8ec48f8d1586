//! Conditions: whether something holds at each bar, in bytes.
//!
//! What the language computes as three-valued truths is only asked here for what is known: known to
//! be true, or known to be false. `not` turns one into the other, so that no truth is ever stored.

use super::{CHUNK_BARS, arithmetic::Binary};
use crate::signal::Signal;

/// When something is known to be so; columns are given by their place among the wanted ones.
#[derive(Debug)]
pub(super) enum Condition {
    Compare(Comparison, usize, usize),
    /// The column is known to be true, or false.
    Is(bool, usize),
    Both(Box<[Condition; 2]>),
    Either(Box<[Condition; 2]>),
}

/// A comparison that is false where a side is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Different,
}

impl Comparison {
    /// What a comparison of the language comes to when it is known to be `truth`.
    pub(super) fn of(binary: Binary, truth: bool) -> Option<Self> {
        match (binary, truth) {
            (Binary::Less, true) | (Binary::GreaterOrEqual, false) => Some(Self::Less),
            (Binary::LessOrEqual, true) | (Binary::Greater, false) => Some(Self::LessOrEqual),
            (Binary::Greater, true) | (Binary::LessOrEqual, false) => Some(Self::Greater),
            (Binary::GreaterOrEqual, true) | (Binary::Less, false) => Some(Self::GreaterOrEqual),
            (Binary::Equal, true) | (Binary::NotEqual, false) => Some(Self::Equal),
            (Binary::NotEqual, true) | (Binary::Equal, false) => Some(Self::Different),
            _ => None,
        }
    }
}

impl Condition {
    /// Sets `wish` wherever it holds.
    pub(super) fn mark<'a>(
        &self,
        leaf: &impl Fn(usize) -> &'a [f64],
        wish: Signal,
        out: &mut [Signal],
    ) {
        if let Self::Compare(comparison, a, b) = self {
            let (a, b) = (leaf(*a), leaf(*b));
            return comparison.run(a, b, out, |out, truth| out.with(wish.when(truth)));
        }
        let mut truths = [false; CHUNK_BARS];
        self.fill(leaf, &mut truths[..out.len()]);
        for (out, truth) in out.iter_mut().zip(truths) {
            *out = out.with(wish.when(truth));
        }
    }

    /// Fills `out` with whether it holds.
    fn fill<'a>(&self, leaf: &impl Fn(usize) -> &'a [f64], out: &mut [bool]) {
        let (sides, join): (_, fn(bool, bool) -> bool) = match self {
            Self::Compare(comparison, a, b) => {
                return comparison.run(leaf(*a), leaf(*b), out, |_, truth| truth);
            }
            Self::Is(truth, column) => {
                let wanted = f64::from(*truth);
                let column = leaf(*column);
                return out.iter_mut().zip(column).for_each(|(out, x)| *out = is(*x, wanted));
            }
            Self::Both(sides) => (sides, |a, b| a & b),
            Self::Either(sides) => (sides, |a, b| a | b),
        };
        let mut other = [false; CHUNK_BARS];
        sides[0].fill(leaf, out);
        sides[1].fill(leaf, &mut other[..out.len()]);
        out.iter_mut().zip(other).for_each(|(out, other)| *out = join(*out, other));
    }
}

/// Whether a truth, which is 0, 1 or unknown, is the wanted one.
#[expect(clippy::float_cmp, reason = "truths are exactly 0 or 1")]
fn is(truth: f64, wanted: f64) -> bool {
    truth == wanted
}

impl Comparison {
    /// What is true where this one is false and both sides are known.
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::Different,
            Self::Different => Self::Equal,
        }
    }

    /// Whether it is true of a first value that is less, equal and greater.
    pub(super) fn truths(self) -> [bool; 3] {
        match self {
            Self::Less => [true, false, false],
            Self::LessOrEqual => [true, true, false],
            Self::Greater => [false, false, true],
            Self::GreaterOrEqual => [false, true, true],
            Self::Equal => [false, true, false],
            Self::Different => [true, false, true],
        }
    }

    /// Writes `holds` where it is true and `fails` where its opposite is.
    #[expect(clippy::float_cmp, reason = "`==` of the language is exact, and says so")]
    pub(super) fn decide(
        self,
        a: &[f64],
        b: &[f64],
        out: &mut [Signal],
        holds: Signal,
        fails: Signal,
    ) {
        let pick = |one: bool, other: bool| holds.when(one).with(fails.when(other));
        match self {
            Self::Less => zip(a, b, out, |_, a, b| pick(a < b, a >= b)),
            Self::LessOrEqual => zip(a, b, out, |_, a, b| pick(a <= b, a > b)),
            Self::Greater => zip(a, b, out, |_, a, b| pick(a > b, a <= b)),
            Self::GreaterOrEqual => zip(a, b, out, |_, a, b| pick(a >= b, a < b)),
            Self::Equal => zip(a, b, out, |_, a, b| pick(a == b, (a < b) | (a > b))),
            Self::Different => zip(a, b, out, |_, a, b| pick((a < b) | (a > b), a == b)),
        }
    }

    #[expect(clippy::float_cmp, reason = "`==` of the language is exact, and says so")]
    fn run<T: Copy>(self, a: &[f64], b: &[f64], out: &mut [T], set: impl Fn(T, bool) -> T) {
        match self {
            Self::Less => zip(a, b, out, |out, a, b| set(out, a < b)),
            Self::LessOrEqual => zip(a, b, out, |out, a, b| set(out, a <= b)),
            Self::Greater => zip(a, b, out, |out, a, b| set(out, a > b)),
            Self::GreaterOrEqual => zip(a, b, out, |out, a, b| set(out, a >= b)),
            Self::Equal => zip(a, b, out, |out, a, b| set(out, a == b)),
            Self::Different => zip(a, b, out, |out, a, b| set(out, (a < b) | (a > b))),
        }
    }
}

/// In pieces of one size, which the compiler turns into wide instructions.
fn zip<T: Copy>(a: &[f64], b: &[f64], out: &mut [T], f: impl Fn(T, f64, f64) -> T) {
    const PIECE: usize = 16;
    let (whole, out) = out.as_chunks_mut::<PIECE>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<PIECE>(), b.as_chunks::<PIECE>());
    for ((out, a), b) in whole.iter_mut().zip(a).zip(b) {
        for place in 0..PIECE {
            out[place] = f(out[place], a[place], b[place]);
        }
    }
    let (a, b) = (a_rest, b_rest);
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = f(*out, *a, *b);
    }
}
