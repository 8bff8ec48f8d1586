//! Differential evolution that adapts its own settings: success-history based adaptation (SHADE).
//!
//! Source: Tanabe and Fukunaga, "Success-history based parameter adaptation for differential
//! evolution", 2013; mutation "current to p-best" with archive of JADE (Zhang and Sanderson, 2009).

use dirigent_core::seed::Stream;

use super::method::Evolution;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::{Space, place};

/// Settings that were good lately.
const MEMORY: usize = 6;
/// Share of the population that counts as best.
const BEST: f64 = 0.15;

/// A population, each point of which is replaced by better ones only.
#[derive(Debug)]
pub(super) struct EvolutionSearch {
    size: usize,
    population: Vec<Member>,
    /// Points that were replaced.
    archive: Vec<Vec<f64>>,
    memory: [(f64, f64); MEMORY],
    oldest: usize,
    /// What the open trials were made with: amplification and crossover.
    settings: Vec<(f64, f64)>,
}

#[derive(Clone, Debug)]
struct Member {
    unit: Vec<f64>,
    cost: f64,
}

impl EvolutionSearch {
    pub(super) fn new(settings: Evolution) -> Self {
        Self {
            size: settings.population,
            population: Vec::new(),
            archive: Vec::new(),
            memory: [(0.5, 0.5); MEMORY],
            oldest: 0,
            settings: Vec::new(),
        }
    }

    /// Amplification and crossover, drawn around what was good.
    fn draw_settings(&self, stream: &mut Stream) -> (f64, f64) {
        let (amplify, cross) = self.memory[place(stream.uniform() * MEMORY as f64, MEMORY)];
        let cross = (cross + 0.1 * stream.normal()).clamp(0.0, 1.0);
        let mut drawn = 0.0;
        while drawn <= 0.0 {
            // Cauchy, by the inverse of its distribution.
            let angle = std::f64::consts::PI * (stream.uniform() - 0.5);
            drawn = amplify + 0.1 * libm::tan(angle);
        }
        (drawn.min(1.0), cross)
    }

    fn mutant(&self, target: usize, (amplify, cross): (f64, f64), stream: &mut Stream) -> Vec<f64> {
        let count = self.population.len();
        let mut ranks: Vec<usize> = (0..count).collect();
        ranks.sort_by(|a, b| self.population[*a].cost.total_cmp(&self.population[*b].cost));
        let elite = place(BEST * count as f64, count).max(2).min(count);
        let best = &self.population[ranks[place(stream.uniform() * elite as f64, elite)]].unit;
        let mut one = target;
        while one == target {
            one = place(stream.uniform() * count as f64, count);
        }
        let all = count + self.archive.len();
        let mut two = target;
        while two == target || two == one {
            two = place(stream.uniform() * all as f64, all);
        }
        let mine = &self.population[target].unit;
        let one = &self.population[one].unit;
        let two = self.population.get(two).map_or_else(|| &self.archive[two - count], |m| &m.unit);
        let forced = place(stream.uniform() * mine.len() as f64, mine.len());
        let coordinate = |dimension: usize| {
            let x = mine[dimension];
            if stream.uniform() >= cross && dimension != forced {
                return x;
            }
            let toward = best[dimension] - x + one[dimension] - two[dimension];
            let moved = x + amplify * toward;
            // Half way to the border, as JADE does, so that the border itself is not a trap.
            if moved < 0.0 {
                x / 2.0
            } else if moved > 1.0 {
                f64::midpoint(1.0, x)
            } else {
                moved
            }
        };
        (0..mine.len()).map(coordinate).collect()
    }

    /// Keeps settings that brought improvements, weighted by how large these were.
    fn remember(&mut self, successes: &[(f64, f64, f64)]) {
        let total: f64 = successes.iter().map(|(_, _, gain)| gain).sum();
        if total <= 0.0 {
            return;
        }
        let sum = |term: fn(&(f64, f64, f64)) -> f64| -> f64 {
            successes.iter().map(|success| term(success) * success.2 / total).sum()
        };
        let amplify = sum(|(f, _, _)| f * f) / sum(|(f, _, _)| *f);
        self.memory[self.oldest] = (amplify, sum(|(_, cross, _)| *cross));
        self.oldest = (self.oldest + 1) % MEMORY;
    }
}

impl Searcher for EvolutionSearch {
    fn generation(&self) -> Generation {
        let missing = self.size - self.population.len();
        Generation::Of(if missing > 0 { missing } else { self.size })
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        const MUTANTS: usize = 16;
        let mut stream = at.stream();
        if self.population.len() < self.size {
            return Some(at.random(&mut stream));
        }
        let settings = self.draw_settings(&mut stream);
        self.settings.push(settings);
        for _ in 0..MUTANTS {
            let unit = self.mutant(at.open.len(), settings, &mut stream);
            let proposal = Proposal::new(at.space, at.space.repair(unit, &mut stream));
            if at.is_new(&proposal.point) {
                return Some(proposal);
            }
        }
        Some(at.random(&mut stream))
    }

    fn learn(&mut self, _space: &Space, told: &[Told]) {
        let settings = std::mem::take(&mut self.settings);
        let member = |told: &Told| Member { unit: told.proposal.unit.clone(), cost: told.cost() };
        if self.population.len() < self.size {
            self.population.extend(told.iter().map(member));
            return;
        }
        let mut successes = Vec::new();
        for (place, (told, (amplify, cross))) in told.iter().zip(settings).enumerate() {
            let child = member(told);
            let target = &mut self.population[place];
            if child.cost > target.cost {
                continue;
            }
            if child.cost < target.cost {
                // A first success after failures is worth something, but not everything.
                let gain = (target.cost - child.cost).min(f64::MAX / 1e3);
                let gain = if target.cost.is_finite() { gain } else { 1.0 };
                successes.push((amplify, cross, gain));
                self.archive.push(target.unit.clone());
            }
            *target = child;
        }
        // The oldest leave; SHADE lets chance decide, which here would need a seed of its own.
        let surplus = self.archive.len().saturating_sub(self.size);
        self.archive.drain(..surplus);
        self.remember(&successes);
    }

    fn warm(&mut self, _space: &Space, told: &[Told]) {
        let mut known: Vec<&Told> = told.iter().filter(|told| told.costs.is_some()).collect();
        known.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        let best = known.into_iter().take(self.size);
        self.population =
            best.map(|t| Member { unit: t.proposal.unit.clone(), cost: t.cost() }).collect();
    }
}
