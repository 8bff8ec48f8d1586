//! Perturbation: what the score does when parameters are a little off.
//!
//! The caller evaluates; this lays out the grid around the chosen point and reads the surface.
//! A score that falls off at once around its top was fitted to noise.

use super::number::float;
use super::{Error, check_count};

/// The most points of a surface.
pub const POINTS_MAX: usize = 10_000;

/// One parameter and the values it is tried at.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: String,
    values: Vec<f64>,
    center: usize,
}

impl Axis {
    /// Values from `center * (1 - spread)` to `center * (1 + spread)`, `steps` on each side.
    ///
    /// # Errors
    /// A center that is zero or not finite, a spread that is not above zero, or no step.
    pub fn relative(name: &str, center: f64, spread: f64, steps: usize) -> Result<Self, Error> {
        check_count("steps on each side", steps, 1)?;
        if !center.is_finite() || center == 0.0 {
            let rule = "a finite number other than zero";
            return Err(Error::Setting { what: "center of an axis", value: center, rule });
        }
        if !(spread.is_finite() && spread > 0.0) {
            let rule = "a finite number above zero";
            return Err(Error::Setting { what: "spread of an axis", value: spread, rule });
        }
        let value = |step: usize| {
            let away = float(step) / float(steps) - 1.0;
            if step == steps { center } else { center * (1.0 + away * spread) }
        };
        let values = (0..=2 * steps).map(value).collect();
        Ok(Self { name: name.to_owned(), values, center: steps })
    }

    /// As [`Axis::relative`] in whole numbers: rounded, each once, and none below `min`.
    ///
    /// # Errors
    /// As [`Axis::relative`], or a center that is no whole number of at least `min`.
    pub fn whole(
        name: &str,
        center: f64,
        spread: f64,
        steps: usize,
        min: f64,
    ) -> Result<Self, Error> {
        let wide = Self::relative(name, center, spread, steps)?;
        if center.fract() != 0.0 || center < min {
            let rule = "a whole number, not below the smallest allowed";
            return Err(Error::Setting { what: "center of an axis", value: center, rule });
        }
        let mut values: Vec<f64> = wide.values.iter().map(|x| x.round()).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values.retain(|value| *value >= min);
        let center = values.partition_point(|value| *value < center);
        Ok(Self { name: name.to_owned(), values, center })
    }

    /// The name of the parameter.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values, in rising order if the center is positive.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Where the chosen value stands among them.
    pub fn center(&self) -> usize {
        self.center
    }
}

/// Scores around a chosen point.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    axes: Vec<Axis>,
    /// The last axis runs fastest.
    scores: Vec<Option<f64>>,
    center: usize,
}

/// Evaluates every point of the grid; `None` is a point that could not be evaluated.
///
/// # Errors
/// No axis, or more than 10,000 points.
pub fn perturb(
    axes: &[Axis],
    mut evaluate: impl FnMut(&[f64]) -> Option<f64>,
) -> Result<Surface, Error> {
    check_count("axes", axes.len(), 1)?;
    let points = axes.iter().try_fold(1_usize, |n, axis| n.checked_mul(axis.values.len()));
    let found = points.unwrap_or(usize::MAX);
    if found > POINTS_MAX {
        return Err(Error::TooMany { what: "points", found, limit: POINTS_MAX });
    }
    let score = |point: usize| evaluate(&point_of(axes, point)).filter(|score| score.is_finite());
    let center = axes.iter().fold(0, |at, axis| at * axis.values.len() + axis.center);
    Ok(Surface { axes: axes.to_vec(), scores: (0..found).map(score).collect(), center })
}

fn point_of(axes: &[Axis], mut point: usize) -> Vec<f64> {
    let mut values = vec![0.0; axes.len()];
    for (value, axis) in values.iter_mut().zip(axes).rev() {
        *value = axis.values[point % axis.values.len()];
        point /= axis.values.len();
    }
    values
}

impl Surface {
    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// All scores; the last axis runs fastest.
    pub fn scores(&self) -> &[Option<f64>] {
        &self.scores
    }

    /// The parameters of a point.
    pub fn point(&self, index: usize) -> Vec<f64> {
        point_of(&self.axes, index)
    }

    /// The score of the chosen point.
    pub fn center(&self) -> Option<f64> {
        self.scores[self.center]
    }

    /// The scores of all other points, from the worst; those without a score are not among them.
    pub fn neighbors(&self) -> Vec<f64> {
        let others = self.scores.iter().enumerate().filter(|(index, _)| *index != self.center);
        let mut found: Vec<f64> = others.filter_map(|(_, score)| *score).collect();
        found.sort_by(f64::total_cmp);
        found
    }

    /// The share of neighbors that keep at least `share` of the chosen score; one without a score is
    /// no neighbor. `None` without neighbors, or if the chosen score is not above zero.
    pub fn kept(&self, share: f64) -> Option<f64> {
        let limit = self.center().filter(|center| *center > 0.0)? * share;
        let neighbors = self.neighbors();
        let kept = neighbors.iter().filter(|score| **score >= limit).count();
        (!neighbors.is_empty()).then(|| float(kept) / float(neighbors.len()))
    }

    /// The scores over two axes, all others at their center: rows are `first`, columns `second`.
    pub fn slice(&self, first: usize, second: usize) -> Option<Vec<Vec<Option<f64>>>> {
        let (rows, columns) = (self.axes.get(first)?, self.axes.get(second)?);
        let score = |row: usize, column: usize| {
            let place = |(at, axis): (usize, &Axis)| match at {
                at if at == first => row,
                at if at == second => column,
                _ => axis.center,
            };
            let sizes = self.axes.iter().map(|axis| axis.values.len());
            let places = self.axes.iter().enumerate().map(place);
            self.scores[sizes.zip(places).fold(0, |at, (size, place)| at * size + place)]
        };
        let row = |row| (0..columns.values.len()).map(|column| score(row, column)).collect();
        (first != second).then(|| (0..rows.values.len()).map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Vec<Axis> {
        vec![
            Axis::whole("fast", 10.0, 0.3, 3, 2.0).unwrap(),
            Axis::relative("stop", 0.05, 0.2, 2).unwrap(),
        ]
    }

    #[test]
    fn a_flat_top_keeps_its_neighbors_and_a_spike_does_not() {
        let flat = perturb(&axes(), |p| Some(2.0 - (p[0] - 10.0).abs() * 0.1)).unwrap();
        assert_eq!((flat.center(), flat.kept(0.5)), (Some(2.0), Some(1.0)));
        let is_top = |p: &[f64]| (p[0] - 10.0).abs() < 0.5 && (p[1] - 0.05).abs() < 1e-9;
        let spike = perturb(&axes(), |p| Some(if is_top(p) { 2.0 } else { 0.1 })).unwrap();
        assert_eq!(spike.kept(0.5), Some(0.0));
        let bad = perturb(&axes(), |_| Some(-1.0)).unwrap();
        assert_eq!(bad.kept(0.5), None);
    }

    #[test]
    fn points_without_a_score_are_no_neighbors() {
        let half = perturb(&axes(), |p| (p[0] <= 10.0).then_some(1.0)).unwrap();
        assert_eq!((half.neighbors().len(), half.kept(0.5)), (19, Some(1.0)));
        let alone = perturb(&axes(), |p| ((p[0] - 10.0).abs() < 0.5).then_some(1.0)).unwrap();
        assert_eq!((alone.neighbors().len(), alone.kept(0.5)), (4, Some(1.0)));
        assert!(perturb(&axes(), |_| Some(f64::NAN)).unwrap().center().is_none());
    }

    #[test]
    fn a_slice_holds_the_other_axes_at_their_center() {
        let mut all = axes();
        all.push(Axis::relative("size", 1.0, 0.5, 1).unwrap());
        let found = perturb(&all, |p| Some(p[0] + 100.0 * p[2] + 1000.0 * p[1])).unwrap();
        let slice = found.slice(2, 0).unwrap();
        assert_eq!((slice.len(), slice[0].len()), (3, 7));
        assert_eq!(slice[0][0], Some(7.0 + 50.0 + 50.0));
        assert_eq!(found.slice(1, 1), None);
    }

    #[test]
    fn whole_axes_have_no_doubles_and_no_value_below_their_smallest() {
        let axis = Axis::whole("n", 3.0, 0.9, 6, 2.0).unwrap();
        assert_eq!((axis.values(), axis.center()), (&[2.0, 3.0, 4.0, 5.0, 6.0][..], 1));
    }

    #[test]
    fn axes_without_sense_are_refused() {
        assert!(Axis::relative("x", 0.0, 0.1, 1).is_err());
        assert!(Axis::relative("x", 1.0, 0.0, 1).is_err());
        assert!(Axis::relative("x", 1.0, 0.1, 0).is_err());
        assert!(Axis::whole("x", 1.5, 0.1, 1, 1.0).is_err());
        let many = vec![Axis::relative("x", 1.0, 0.1, 50).unwrap(); 3];
        assert!(matches!(perturb(&many, |_| None), Err(Error::TooMany { .. })));
    }
}
