//! Small grids: spaces of so few points that a narrow distribution soon draws what it knows.
//!
//! Each point is tried once, so a distribution that has shrunk onto known points learns nothing.
//! It is then given up for one around the best points known, those of different regions in turns.
//! Of some new points the one whose neighbors are best is tried.
//!
//! The constants were chosen on eight surfaces of moving-average crosses (40 by 58 points, 200
//! trials), the one of the quality figures among them.

use std::collections::VecDeque;

use dirigent_core::seed::Stream;

use super::super::method::Cma;
use super::super::searcher::{At, Proposal, Told};
use super::super::space::Space;

/// Above so many points a space is no small grid.
const POINTS_MAX: usize = 100_000;
/// The neighbors of a point are sought among so many of the latest.
const LATEST_MAX: usize = 512;
/// The centers of regions are sought among so many of the best.
const BEST_MAX: usize = 40;
/// So many regions take turns.
const REGIONS: u64 = 8;
/// After so many rounds through the regions comes a start in the open.
const ROUNDS: u64 = 3;
/// Regions are apart by more than this share of some range.
const APART: f64 = 0.1;
/// The share of draws that may repeat what is known.
const REPEATED_MAX: f64 = 0.4;
/// The width of a distribution around a known point, in usual ones.
const NARROW: f64 = 0.5;

/// The population of a start in the open, in usual ones, if none is set: a grid is rough.
const POPULATIONS: usize = 2;
/// The width of a start in the open, in usual ones.
const WIDER: f64 = 2.5;

/// New points that are compared for each trial, in the open and around a known point.
const CANDIDATES: [usize; 2] = [2, 6];

/// A point by its coordinates, and its cost.
#[derive(Clone, Debug)]
struct Known {
    unit: Vec<f64>,
    cost: f64,
}

/// What is known of a small grid.
#[derive(Debug)]
pub(super) struct Grid {
    latest: VecDeque<Known>,
    /// The best first.
    best: Vec<Known>,
    /// Draws of this generation that were new, and that were known.
    drawn: [u32; 2],
    is_around_known: bool,
}

impl Grid {
    /// Nothing known of `space`; `None` if it is no small grid.
    pub(super) fn new(space: &Space) -> Option<Self> {
        let points = (0..space.dimensions()).try_fold(1_usize, |points, place| {
            points.checked_mul(space.domain(place).levels()?).filter(|all| *all <= POINTS_MAX)
        });
        points.map(|_| Self {
            latest: VecDeque::new(),
            best: Vec::new(),
            drawn: [0, 0],
            is_around_known: false,
        })
    }

    /// Notes that a point was drawn.
    pub(super) fn draw(&mut self, is_new: bool) {
        self.drawn[usize::from(!is_new)] += 1;
    }

    /// How many new points are compared for a trial.
    pub(super) fn candidates(&self) -> usize {
        CANDIDATES[usize::from(self.is_around_known)]
    }

    /// The candidate whose neighbors are best, or any point that is new.
    pub(super) fn choose(
        &self,
        at: &At<'_>,
        candidates: Vec<Proposal>,
        stream: &mut Stream,
    ) -> Proposal {
        let cost = |proposal: &Proposal| {
            let unit = at.space.complete(at.space.encode(&proposal.point));
            self.guess(at.space, &unit)
        };
        let best = candidates.into_iter().map(|proposal| (cost(&proposal), proposal));
        let best = best.reduce(|best, next| if next.0 < best.0 { next } else { best });
        best.map_or_else(|| at.random(stream), |(_, proposal)| proposal)
    }

    /// What a point may cost, by its neighbors: their mean, weighted by the sixth power of nearness.
    fn guess(&self, space: &Space, unit: &[f64]) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for known in &self.latest {
            let square: f64 = (0..unit.len())
                .map(|place| distance(space, place, unit, &known.unit))
                .map(|d| d * d)
                .sum();
            let weight = 1.0 / (square * square * square).max(1e-100);
            sum += weight * known.cost;
            weights += weight;
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }

    /// Takes a generation.
    pub(super) fn learn(&mut self, space: &Space, told: &[Told]) {
        for told in told.iter().filter(|told| told.costs.is_some()) {
            let unit = space.complete(space.encode(&told.proposal.point));
            let known = Known { unit, cost: told.cost() };
            let place = self.best.partition_point(|better| better.cost <= known.cost);
            if place < BEST_MAX && self.best.iter().all(|other| other.unit != known.unit) {
                self.best.insert(place, known.clone());
                self.best.truncate(BEST_MAX);
            }
            self.latest.push_back(known);
            if self.latest.len() > LATEST_MAX {
                self.latest.pop_front();
            }
        }
    }

    /// Whether the last generation mostly drew what is known; the next one begins.
    pub(super) fn take_exhausted(&mut self) -> bool {
        let [new, known] = std::mem::take(&mut self.drawn).map(f64::from);
        known > REPEATED_MAX * (new + known)
    }

    /// Where restart number `restart` begins and how wide in usual widths; `None` for a start in the
    /// open.
    pub(super) fn start(&mut self, space: &Space, restart: u64) -> Option<(Vec<f64>, f64)> {
        let mut centers: Vec<&Known> = Vec::new();
        for known in &self.best {
            let is_apart = |center: &&Known| {
                (0..known.unit.len())
                    .any(|place| distance(space, place, &center.unit, &known.unit) > APART)
            };
            if (centers.len() as u64) < REGIONS && centers.iter().all(is_apart) {
                centers.push(known);
            }
        }
        // The turn after some rounds through the regions is a start in the open.
        let turn = restart.saturating_sub(1) % (ROUNDS * REGIONS + 1);
        let in_open = turn == ROUNDS * REGIONS;
        let center = centers.iter().cycle().nth(usize::try_from(turn).unwrap_or(0));
        let center = center.filter(|_| !in_open).map(|center| (center.unit.clone(), NARROW));
        self.is_around_known = center.is_some();
        center
    }
}

/// Population and width of a start in the open.
pub(super) fn in_open(settings: &Cma, usual: usize) -> (usize, f64) {
    (settings.population.unwrap_or(POPULATIONS * usual), WIDER * settings.sigma)
}

/// How far two points are from each other along one parameter; names are far from each other.
fn distance(space: &Space, place: usize, one: &[f64], other: &[f64]) -> f64 {
    let apart = f64::abs(one[place] - other[place]);
    if space.domain(place).is_unordered() && apart > 0.0 { 1.0 } else { apart }
}
