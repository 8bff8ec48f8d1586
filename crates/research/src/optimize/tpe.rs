//! Tree-structured Parzen estimator: where good points are dense and bad ones are not.
//!
//! Source: Bergstra, Bardenet, Bengio and Kégl, 2011; Watanabe, "Tree-structured Parzen estimator:
//! understanding its algorithm components", 2023, for one estimate over all parameters.

mod density;

use super::method::Tpe;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::Space;
use density::{Density, Kernel, Narrowing, NormalTable};

/// The best tenth is good, but no more than this.
const GOOD_MAX: usize = 25;
/// Kernels of the estimate of bad points; of the worst, every so manyth stands for its neighbors.
const BAD_MAX: usize = 256;

/// What was seen, and how to estimate from it.
#[derive(Debug)]
pub(super) struct TpeSearch {
    settings: Tpe,
    seen: Vec<Seen>,
    /// Places in `seen`, the best first; of equals, the earlier.
    order: Vec<usize>,
    table: NormalTable,
}

#[derive(Debug)]
struct Seen {
    /// The middle of the cell of each value; `NaN` where a parameter is not active.
    unit: Vec<f64>,
    /// Infinite for failures.
    cost: f64,
}

impl TpeSearch {
    pub(super) fn new(_space: &Space, settings: Tpe) -> Self {
        Self { settings, seen: Vec::new(), order: Vec::new(), table: NormalTable::new() }
    }

    fn add(&mut self, space: &Space, told: &Told) {
        let cost = told.cost();
        self.seen.push(Seen { unit: space.encode(&told.proposal.point), cost });
        let seen = &self.seen;
        let place = self.order.partition_point(|other| seen[*other].cost <= cost);
        self.order.insert(place, seen.len() - 1);
    }

    /// The good and the bad, with weights; trials in progress count as bad, so that the next goes
    /// elsewhere.
    fn split<'a>(&'a self, open: &'a [Vec<f64>]) -> (Vec<Kernel<'a>>, Vec<Kernel<'a>>) {
        let good = self.order.len().div_ceil(10).min(GOOD_MAX);
        let (good, bad) = self.order.split_at(good);
        let kernel = |place: &usize, weight: f64| Kernel { unit: &self.seen[*place].unit, weight };
        let alive = good.iter().filter(|place| self.seen[**place].cost.is_finite());
        let good: Vec<Kernel<'_>> = alive.map(|place| kernel(place, 1.0)).collect();
        let near = bad.len().min(BAD_MAX / 2);
        let (near, far) = bad.split_at(near);
        let stride = far.len().div_ceil(BAD_MAX / 2).max(1);
        let mut bad: Vec<Kernel<'_>> = near.iter().map(|place| kernel(place, 1.0)).collect();
        bad.extend(far.chunks(stride).map(|c| kernel(&c[c.len() / 2], c.len() as f64)));
        bad.extend(open.iter().map(|unit| Kernel { unit, weight: 1.0 }));
        (good, bad)
    }
}

impl Searcher for TpeSearch {
    fn generation(&self) -> Generation {
        Generation::Of(self.settings.batch)
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        let mut stream = at.stream();
        if self.seen.len() < self.settings.startup {
            return Some(at.random(&mut stream));
        }
        let open: Vec<Vec<f64>> =
            at.open.iter().map(|proposal| at.space.encode(&proposal.point)).collect();
        let (good, bad) = self.split(&open);
        let good = Density::new(at.space, &good, &self.table, Narrowing::GOOD);
        let bad = Density::new(at.space, &bad, &self.table, Narrowing::BAD);
        let mut best: Option<(f64, Proposal)> = None;
        let (mut left, mut room) = (self.settings.candidates, self.settings.candidates * 8);
        let mut scratch = Vec::new();
        while left > 0 && room > 0 {
            room -= 1;
            let proposal = Proposal::new(at.space, good.draw(at.space, &mut stream));
            if !at.space.allows(&proposal.point) || !at.is_new(&proposal.point) {
                continue;
            }
            left -= 1;
            let unit = at.space.encode(&proposal.point);
            let score = good.log(&unit, &mut scratch) - bad.log(&unit, &mut scratch);
            if best.as_ref().is_none_or(|(least, _)| score > *least) {
                best = Some((score, proposal));
            }
        }
        Some(best.map_or_else(|| at.random(&mut stream), |(_, proposal)| proposal))
    }

    fn learn(&mut self, space: &Space, told: &[Told]) {
        for told in told {
            self.add(space, told);
        }
    }

    fn warm(&mut self, space: &Space, told: &[Told]) {
        self.learn(space, told);
    }

    fn is_memoryless(&self) -> bool {
        true
    }
}
