//! Comparing many numbers and facts of one item, keeping the worst.

use std::fmt::{Debug, Display};

use super::line::{Line, Outcome};

/// What an error is measured against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    /// The larger of the two numbers.
    Relative,
    /// This number.
    Of(f64),
}

/// How far a number may be off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerance {
    pub(crate) limit: f64,
    pub(crate) scale: Scale,
    /// Differences up to this are none, whatever the scale: numbers that are zero but for rounding.
    pub(crate) floor: f64,
}

impl Tolerance {
    pub(crate) const fn relative(limit: f64) -> Self {
        Self { limit, scale: Scale::Relative, floor: 1e-14 }
    }

    pub(crate) const fn absolute(limit: f64) -> Self {
        Self { limit, scale: Scale::Of(1.0), floor: 0.0 }
    }
}

/// The checks of one item.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Largest error in relation to its limit, with the error itself and its place.
    worst: Option<(f64, f64, String)>,
    failure: Option<String>,
}

impl Comparison {
    /// Holds a number against its reference.
    pub(crate) fn number(
        &mut self,
        place: impl Display,
        found: f64,
        expected: f64,
        tolerance: Tolerance,
    ) {
        let scale = match tolerance.scale {
            Scale::Relative => found.abs().max(expected.abs()),
            Scale::Of(scale) => scale,
        };
        let difference = (found - expected).abs();
        let none = difference <= tolerance.floor;
        let error = if none || difference == 0.0 { 0.0 } else { difference / scale };
        let share = error / tolerance.limit;
        if self.worst.as_ref().is_none_or(|(worst, _, _)| share > *worst) {
            self.worst = Some((share, error, place.to_string()));
        }
        if error.is_nan() || error > tolerance.limit {
            let limit = tolerance.limit;
            self.fail(format!(
                "{place}: {found}, not {expected}: error {error:.1e}, allowed {limit:.0e}"
            ));
        }
    }

    /// Holds a number, or that there is none, against the reference.
    pub(crate) fn maybe(
        &mut self,
        place: impl Display,
        found: Option<f64>,
        expected: Option<f64>,
        tolerance: Tolerance,
    ) {
        match (found, expected) {
            (Some(found), Some(expected)) => self.number(place, found, expected, tolerance),
            (found, expected) => self.fact(place, found, expected),
        }
    }

    /// Holds lists of numbers against each other, one by one.
    pub(crate) fn numbers(&mut self, found: &[f64], expected: &[f64], tolerance: Tolerance) {
        self.fact("length", found.len(), expected.len());
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            self.number(format!("[{index}]"), *found, *expected, tolerance);
        }
    }

    /// Holds what must be equal against the reference.
    pub(crate) fn fact<T: PartialEq + Debug>(
        &mut self,
        place: impl Display,
        found: T,
        expected: T,
    ) {
        if found != expected {
            self.fail(format!("{place}: {found:?}, not {expected:?}"));
        }
    }

    /// Notes a failure; the first one is reported.
    pub(crate) fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// The verdict.
    pub(crate) fn line(self, item: impl Into<String>) -> Line {
        let outcome = match (self.failure, self.worst) {
            (Some(why), None) => Outcome::Fail(why),
            (Some(why), Some((share, error, place))) if share > 1.0 && !why.starts_with(&place) => {
                Outcome::Fail(format!("{why}; largest error {error:.1e} at {place}"))
            }
            (Some(why), Some(_)) => Outcome::Fail(why),
            (None, Some((_, error, place))) if place.is_empty() => {
                Outcome::Ok(format!("error {error:.1e}"))
            }
            (None, Some((_, error, place))) => Outcome::Ok(format!("error {error:.1e} at {place}")),
            (None, None) => Outcome::Ok("equal".to_owned()),
        };
        Line::new(item, outcome)
    }
}
