//! Genetic algorithm: the better points are more often parents, and the best survive.

use dirigent_core::seed::Stream;

use super::inherit;
use super::method::Genetic;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::{Space, place};

/// A population, best first.
#[derive(Debug)]
pub(super) struct GeneticSearch {
    settings: Genetic,
    survivors: Vec<(Vec<f64>, f64)>,
}

impl GeneticSearch {
    pub(super) fn new(settings: Genetic) -> Self {
        Self { settings, survivors: Vec::new() }
    }

    /// The best of a few points drawn from the population.
    fn parent(&self, stream: &mut Stream) -> &[f64] {
        let count = self.survivors.len();
        let draws =
            (0..self.settings.tournament).map(|_| place(stream.uniform() * count as f64, count));
        &self.survivors[draws.min().unwrap_or(0)].0
    }
}

impl Searcher for GeneticSearch {
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
        let alive = told.iter().filter(|told| told.costs.is_some());
        self.survivors.extend(alive.map(|told| (told.proposal.unit.clone(), told.cost())));
        // Stable: of equals, the earlier stays.
        self.survivors.sort_by(|a, b| a.1.total_cmp(&b.1));
        self.survivors.truncate(self.settings.population);
    }

    fn warm(&mut self, space: &Space, told: &[Told]) {
        self.learn(space, told);
    }
}
