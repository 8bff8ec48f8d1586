//! Inheritance: a new point from two parents.
//!
//! Source: Deb and Agrawal, "Simulated binary crossover for continuous search space", 1995; Deb and
//! Goyal, "A combined genetic adaptive search (GeneAS) for engineering design", 1996.

use dirigent_core::seed::Stream;

use super::searcher::{At, Proposal};
use super::space::{Space, place};

/// How close to their parents children stay: larger is closer.
const CROSSOVER_INDEX: f64 = 15.0;
/// How close to the original mutants stay.
const MUTATION_INDEX: f64 = 20.0;
/// Children drawn in search of one that was not tried before.
const CHILDREN: usize = 16;

/// A child of two parents that `select` draws; a new one, if a few draws find one.
pub(super) fn child<'p>(
    at: &At<'_>,
    stream: &mut Stream,
    crossover: f64,
    mut select: impl FnMut(&mut Stream) -> &'p [f64],
) -> Proposal {
    for _ in 0..CHILDREN {
        let (one, other) = (select(stream), select(stream));
        let mut unit = one.to_vec();
        if stream.uniform() < crossover {
            cross(at.space, &mut unit, other, stream);
        }
        mutate(at.space, &mut unit, stream);
        let child = Proposal::new(at.space, at.space.repair(unit, stream));
        if at.is_new(&child.point) {
            return child;
        }
    }
    at.random(stream)
}

/// Mixes the coordinates of another parent in: numbers by simulated binary crossover, names by
/// taking one or the other.
fn cross(space: &Space, unit: &mut [f64], other: &[f64], stream: &mut Stream) {
    for (dimension, (mine, theirs)) in unit.iter_mut().zip(other).enumerate() {
        let (choice, spread) = (stream.uniform(), stream.uniform());
        if space.domain(dimension).is_unordered() {
            if choice < 0.5 {
                *mine = *theirs;
            }
        } else if choice < 0.5 {
            let power = 1.0 / (CROSSOVER_INDEX + 1.0);
            let beta = if spread <= 0.5 {
                libm::pow(2.0 * spread, power)
            } else {
                libm::pow(1.0 / (2.0 * (1.0 - spread)), power)
            };
            let toward = if choice < 0.25 { 1.0 } else { -1.0 };
            *mine = 0.5 * ((1.0 + toward * beta) * *mine + (1.0 - toward * beta) * theirs);
            *mine = mine.clamp(0.0, 1.0);
        }
    }
}

/// Changes each coordinate with a chance of one in their number: numbers by polynomial mutation and
/// by at least one level, names to any other.
fn mutate(space: &Space, unit: &mut [f64], stream: &mut Stream) {
    let chance = 1.0 / unit.len() as f64;
    for (dimension, coordinate) in unit.iter_mut().enumerate() {
        let (chosen, draw) = (stream.uniform() < chance, stream.uniform());
        if !chosen {
            continue;
        }
        let domain = space.domain(dimension);
        let before = *coordinate;
        let levels = domain.levels();
        *coordinate = if domain.is_unordered() { draw } else { polynomial(before, draw) };
        if let Some(count) = levels.filter(|count| *count > 1)
            && domain.level_at(*coordinate, count) == domain.level_at(before, count)
        {
            let level =
                neighbor(domain.level_at(before, count), count, domain.is_unordered(), draw);
            let (low, high) = domain.cell(level);
            *coordinate = (low + high) / 2.0;
        }
    }
}

/// Another level: the next one up or down, or any other.
fn neighbor(level: usize, count: usize, unordered: bool, draw: f64) -> usize {
    if unordered {
        return (level + 1 + place(draw * (count - 1) as f64, count - 1)) % count;
    }
    if (draw < 0.5 && level > 0) || level + 1 == count { level - 1 } else { level + 1 }
}

fn polynomial(x: f64, draw: f64) -> f64 {
    let power = 1.0 / (MUTATION_INDEX + 1.0);
    let delta = if draw < 0.5 {
        let rest = libm::pow(1.0 - x, MUTATION_INDEX + 1.0);
        libm::pow(2.0 * draw + (1.0 - 2.0 * draw) * rest, power) - 1.0
    } else {
        let rest = libm::pow(x, MUTATION_INDEX + 1.0);
        1.0 - libm::pow(2.0 * (1.0 - draw) + 2.0 * (draw - 0.5) * rest, power)
    };
    (x + delta).clamp(0.0, 1.0)
}
