//! NSGA-II: a population that moves to the front of several objectives and spreads along it.
//!
//! Source: Deb, Pratap, Agarwal and Meyarivan, 2002.

use dirigent_core::seed::Stream;

use super::inherit;
use super::method::Nsga;
use super::pareto::{Ranked, ranked};
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::{Space, place};

/// A population with its standing: front by front, the loneliest first.
#[derive(Debug)]
pub(super) struct NsgaSearch {
    settings: Nsga,
    survivors: Vec<Told>,
}

impl NsgaSearch {
    pub(super) fn new(settings: Nsga) -> Self {
        Self { settings, survivors: Vec::new() }
    }

    /// The better of two: survivors are sorted by rank, then by distance.
    fn parent(&self, stream: &mut Stream) -> &[f64] {
        let count = self.survivors.len();
        let mut draw = || place(stream.uniform() * count as f64, count);
        &self.survivors[draw().min(draw())].proposal.unit
    }
}

impl Searcher for NsgaSearch {
    fn generation(&self) -> Generation {
        Generation::Of(self.settings.population)
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        let mut stream = at.stream();
        if self.survivors.len() < 2 {
            return Some(at.random(&mut stream));
        }
        let crossover = self.settings.crossover;
        Some(inherit::child(at, &mut stream, crossover, |stream| self.parent(stream)))
    }

    fn learn(&mut self, _space: &Space, told: &[Told]) {
        self.survivors.extend(told.iter().filter(|told| told.costs.is_some()).cloned());
        let costs: Vec<Vec<f64>> =
            self.survivors.iter().map(|told| told.costs.clone().unwrap_or_default()).collect();
        let best = ranked(&costs).into_iter().take(self.settings.population);
        self.survivors = best.map(|Ranked { place, .. }| self.survivors[place].clone()).collect();
    }

    fn warm(&mut self, space: &Space, told: &[Told]) {
        self.learn(space, told);
    }
}
