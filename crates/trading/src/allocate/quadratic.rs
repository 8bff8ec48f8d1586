//! Least x' C x / 2 - l' x under linear constraints, by the dual active set method.
//!
//! Promises: the optimum up to rounding, or that there is none; the same bits every time.
//! Source: Goldfarb and Idnani, "A numerically stable dual method for solving strictly convex
//! quadratic programs", 1983. Letters are theirs: z is the step of x, r that of the multipliers.

use super::{Covariance, Error, dot, matrix::Factor};

/// Steps per constraint before the solver gives up; it takes about one.
const STEPS_PER_CONSTRAINT_MAX: usize = 20;
/// How far a constraint may be missed, relative to the sizes in it.
const SLACK_TOLERANCE: f64 = 1e-13;
/// Below this share of its own size, a step lies in the space of the active constraints.
const DEPENDENCE_TOLERANCE: f64 = 1e-12;

/// `normal . x` equals `bound` or is at least it.
#[derive(Clone, Debug)]
pub(super) struct Constraint {
    pub(super) normal: Vec<f64>,
    pub(super) bound: f64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Equal,
    AtLeast,
}

/// Why there is no minimum.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// The matrix is not one, or rounding won.
    Covariance(Error),
    /// No x meets all constraints.
    Infeasible,
}

/// The x of least x' C x that meets all constraints.
pub(super) fn minimize(
    covariance: &Covariance,
    constraints: &[Constraint],
) -> Result<Vec<f64>, Failure> {
    minimize_from(covariance, &vec![0.0; covariance.len()], constraints)
}

/// The x of least x' C x / 2 - `linear`' x that meets all constraints.
pub(super) fn minimize_from(
    covariance: &Covariance,
    linear: &[f64],
    constraints: &[Constraint],
) -> Result<Vec<f64>, Failure> {
    let factor = covariance.factor().map_err(Failure::Covariance)?;
    let free = factor.solve(linear);
    let mut solver = Solver {
        constraints,
        x: free.clone(),
        free,
        active: Vec::new(),
        reduced: Factor::default(),
        factor,
    };
    let equalities = (0..constraints.len()).filter(|i| constraints[*i].kind == Kind::Equal);
    for index in equalities {
        solver.enforce(index)?;
    }
    let steps = STEPS_PER_CONSTRAINT_MAX * constraints.len();
    for _ in 0..steps {
        match solver.most_violated() {
            None => return Ok(solver.x),
            Some(index) => solver.enforce(index)?,
        }
    }
    Err(Failure::Covariance(Error::NoConvergence { steps }))
}

/// A constraint that holds with equality, and its price.
#[derive(Clone, Debug)]
struct Active {
    index: usize,
    /// The normal, turned so that the constraint pushes along it.
    normal: Vec<f64>,
    /// The bound, turned with it.
    bound: f64,
    /// C^-1 normal.
    direction: Vec<f64>,
    multiplier: f64,
}

struct Solver<'a> {
    constraints: &'a [Constraint],
    factor: Factor,
    /// The minimum without constraints.
    free: Vec<f64>,
    x: Vec<f64>,
    active: Vec<Active>,
    /// N' C^-1 N for the normals N of the active constraints.
    reduced: Factor,
}

/// What ends a step.
enum Block {
    /// The constraint is met.
    Met,
    /// The active constraint at this place has no price left.
    Dropped(usize),
}

impl Solver<'_> {
    fn slack(&self, index: usize) -> f64 {
        dot(&self.constraints[index].normal, &self.x) - self.constraints[index].bound
    }

    /// The inequality that is missed most, beyond rounding.
    fn most_violated(&self) -> Option<usize> {
        let scale = self.x.iter().fold(1.0_f64, |scale, x| scale.max(x.abs()));
        let is_active = |index| self.active.iter().any(|active| active.index == index);
        (0..self.constraints.len())
            .filter(|index| self.constraints[*index].kind == Kind::AtLeast)
            .map(|index| (index, self.slack(index)))
            .filter(|(index, slack)| *slack < -SLACK_TOLERANCE * scale && !is_active(*index))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(index, _)| index)
    }

    /// Moves until constraint `index` holds with equality, dropping those that lose their price.
    fn enforce(&mut self, index: usize) -> Result<(), Failure> {
        let mut new = self.candidate(index);
        let steps = STEPS_PER_CONSTRAINT_MAX * self.constraints.len();
        for _ in 0..steps {
            match self.step(&mut new)? {
                Block::Met => return self.activate(new),
                Block::Dropped(place) => self.deactivate(place)?,
            }
        }
        Err(Failure::Covariance(Error::NoConvergence { steps }))
    }

    fn candidate(&self, index: usize) -> Active {
        let constraint = &self.constraints[index];
        // An equality that is exceeded pushes the other way.
        let turn = constraint.kind == Kind::Equal && self.slack(index) > 0.0;
        let sign = if turn { -1.0 } else { 1.0 };
        let normal: Vec<f64> = constraint.normal.iter().map(|x| sign * x).collect();
        let (direction, bound) = (self.factor.solve(&normal), sign * constraint.bound);
        Active { index, normal, bound, direction, multiplier: 0.0 }
    }

    /// One step in the primal and the dual space towards the new constraint.
    fn step(&mut self, new: &mut Active) -> Result<Block, Failure> {
        let products: Vec<f64> =
            self.active.iter().map(|active| dot(&active.normal, &new.direction)).collect();
        let r = self.reduced.solve(&products);
        let mut z = new.direction.clone();
        for (active, r) in self.active.iter().zip(&r) {
            z.iter_mut().zip(&active.direction).for_each(|(z, d)| *z -= r * d);
        }
        let (gain, whole) = (dot(&z, &new.normal), dot(&new.direction, &new.normal));
        let missing = self.slack(new.index).abs();
        let full = if gain > DEPENDENCE_TOLERANCE * whole { missing / gain } else { f64::INFINITY };
        let block = self.first_without_price(&r);
        let length = block.map_or(full, |(_, length)| length.min(full));
        if length.is_infinite() {
            return Err(Failure::Infeasible);
        }
        if full.is_finite() {
            self.x.iter_mut().zip(&z).for_each(|(x, z)| *x += length * z);
        }
        self.active.iter_mut().zip(&r).for_each(|(active, r)| active.multiplier -= length * r);
        new.multiplier += length;
        Ok(match block {
            Some((place, length)) if length < full => Block::Dropped(place),
            _ => Block::Met,
        })
    }

    /// The active inequality whose price reaches zero first, and after which length.
    fn first_without_price(&self, r: &[f64]) -> Option<(usize, f64)> {
        let lengths = self.active.iter().zip(r).enumerate();
        lengths
            .filter(|(_, (active, r))| {
                **r > 0.0 && self.constraints[active.index].kind == Kind::AtLeast
            })
            .map(|(place, (active, r))| (place, active.multiplier.max(0.0) / r))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn activate(&mut self, new: Active) -> Result<(), Failure> {
        let mut row: Vec<f64> =
            self.active.iter().map(|active| dot(&active.normal, &new.direction)).collect();
        row.push(dot(&new.normal, &new.direction));
        if !self.reduced.push(row) {
            return Err(Failure::Infeasible);
        }
        self.active.push(new);
        self.settle();
        Ok(())
    }

    /// Computes the point and the prices anew from the active constraints alone, with one round
    /// of refinement: rounding of the steps would pile up where the covariance is near singular.
    fn settle(&mut self) {
        self.active.iter_mut().for_each(|active| active.multiplier = 0.0);
        self.x.copy_from_slice(&self.free);
        for _ in 0..2 {
            let missing: Vec<f64> =
                self.active.iter().map(|a| a.bound - dot(&a.normal, &self.x)).collect();
            for (active, change) in self.active.iter_mut().zip(self.reduced.solve(&missing)) {
                active.multiplier += change;
                let moves = self.x.iter_mut().zip(&active.direction);
                moves.for_each(|(x, direction)| *x += change * direction);
            }
        }
    }

    fn deactivate(&mut self, place: usize) -> Result<(), Failure> {
        self.active.remove(place);
        let element = |row: usize, column: usize| {
            dot(&self.active[row].normal, &self.active[column].direction)
        };
        self.reduced = Factor::of(self.active.len(), element)
            .map_err(|_| Failure::Covariance(Error::NoConvergence { steps: self.active.len() }))?;
        Ok(())
    }
}
