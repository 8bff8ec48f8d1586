//! Constraints: which points are allowed, and the allowed point near one that is not.
//!
//! The anchor is one point known to be allowed. Repair goes from a forbidden point towards an
//! allowed one and stops soon after the border; with the anchor as the last resort it always ends.

use std::sync::Arc;

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::super::error::Error;
use super::super::point::Point;
use super::grid::GridShape;
use super::{Assignment, Space};

/// Points drawn in search of a first allowed one.
const PROBES: usize = 20_000;
/// Spaces up to this size are searched to the last point.
const EXHAUSTIVE: u64 = 200_000;
/// Draws before `draw` repairs instead.
const DRAWS: usize = 200;
/// Halvings of the way to an allowed point.
const HALVINGS: usize = 10;

type Predicate = Arc<dyn Fn(&Assignment<'_>) -> bool + Send + Sync>;

/// A condition on a whole point.
pub(super) struct Constraint {
    text: String,
    predicate: Predicate,
}

impl Space {
    /// The same space without the points at which `predicate` is false; `text` names the
    /// constraint in messages, such as `fast < slow`. The predicate must be a pure function.
    ///
    /// # Errors
    /// If no point of the space satisfies all constraints so far.
    pub fn constrain(
        mut self,
        text: impl Into<String>,
        predicate: impl Fn(&Assignment<'_>) -> bool + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let predicate: Predicate = Arc::new(predicate);
        self.constraints.push(Constraint { text: text.into(), predicate });
        self.anchor = self.find_allowed()?;
        Ok(self)
    }

    pub(super) fn constraint_texts(&self) -> Vec<&str> {
        self.constraints.iter().map(|constraint| constraint.text.as_str()).collect()
    }

    /// Whether a point satisfies all constraints.
    pub fn allows(&self, point: &Point) -> bool {
        let assignment = Assignment { space: self, point };
        self.constraints.iter().all(|constraint| (constraint.predicate)(&assignment))
    }

    fn allows_unit(&self, unit: &[f64]) -> bool {
        self.constraints.is_empty() || self.allows(&self.decode(unit))
    }

    fn find_allowed(&self) -> Result<Vec<f64>, Error> {
        if self.allows_unit(&self.anchor) {
            return Ok(self.anchor.clone());
        }
        let mut stream = Seed::master(0).child("constraints").stream();
        for _ in 0..PROBES {
            let unit = self.draw_any(&mut stream);
            if self.allows_unit(&unit) {
                return Ok(unit);
            }
        }
        let mut tried = format!("none of {PROBES} points drawn from it does");
        if self.is_finite()
            && let Some(shape) = GridShape::new(self, 1)
            && shape.count() <= EXHAUSTIVE
        {
            let mut points = (0..shape.count()).map(|index| shape.point(self, index));
            if let Some(point) = points.find(|point| self.allows(point)) {
                return Ok(self.complete(self.encode(&point)));
            }
            tried = format!("none of its {} points does", shape.count());
        }
        let constraints: Vec<String> =
            self.constraint_texts().iter().map(|text| format!("`{text}`")).collect();
        Err(Error::Unsatisfiable { constraints: constraints.join(" and "), tried })
    }

    /// Coordinates with something where a parameter is not active.
    pub(in super::super) fn complete(&self, mut unit: Vec<f64>) -> Vec<f64> {
        for coordinate in unit.iter_mut().filter(|coordinate| coordinate.is_nan()) {
            *coordinate = 0.5;
        }
        unit
    }

    fn draw_any(&self, stream: &mut Stream) -> Vec<f64> {
        (0..self.dimensions()).map(|_| stream.uniform()).collect()
    }

    /// The coordinates of an allowed point, drawn evenly.
    pub(in super::super) fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let mut unit = self.draw_any(stream);
        for _ in 1..DRAWS {
            if self.allows_unit(&unit) {
                return unit;
            }
            unit = self.draw_any(stream);
        }
        self.repair(unit, stream)
    }

    /// The same coordinates if they are allowed, otherwise allowed ones in their direction.
    pub(in super::super) fn repair(&self, unit: Vec<f64>, stream: &mut Stream) -> Vec<f64> {
        const TARGETS: usize = 32;
        if self.allows_unit(&unit) {
            return unit;
        }
        let mut inside = self.anchor.clone();
        for _ in 0..TARGETS {
            let drawn = self.draw_any(stream);
            if self.allows_unit(&drawn) {
                inside = drawn;
                break;
            }
        }
        let mut outside = unit;
        for _ in 0..HALVINGS {
            let middle: Vec<f64> =
                inside.iter().zip(&outside).map(|(a, b)| (a + b) / 2.0).collect();
            if self.allows_unit(&middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    }
}
