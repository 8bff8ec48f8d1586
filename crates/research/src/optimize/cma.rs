//! CMA-ES: covariance matrix adaptation, with margins for discrete parameters, chances for names,
//! and restarts.
//!
//! Source of the restarts: Hansen, "Benchmarking a BI-population CMA-ES", 2009. The chances of
//! names move to those of the better half, as in Hamano et al., "CatCMA", 2024, at a fixed rate.
//! What is different where there are few points is in `grid`.

mod eigen;
mod grid;
mod margin;
mod strategy;

use std::collections::VecDeque;

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::method::{Cma, Restarts};
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::{Space, place};
use grid::Grid;
use margin::Margin;
use strategy::Strategy;

/// A distribution of trials, and what comes after it.
#[derive(Debug)]
pub(super) struct CmaSearch {
    settings: Cma,
    seed: Seed,
    /// Where in the space the numbers are.
    places: Vec<usize>,
    strategy: Strategy,
    margin: Margin,
    /// If there are few points.
    grid: Option<Grid>,
    names: Vec<Names>,
    /// The best cost of each of the last generations.
    history: VecDeque<f64>,
    restarts: RestartPlan,
}

/// The chances of a parameter's names.
#[derive(Debug)]
struct Names {
    place: usize,
    chances: Vec<f64>,
}

/// Which population comes next.
#[derive(Debug)]
struct RestartPlan {
    usual: usize,
    done: u64,
    doublings: u32,
    small: bool,
    /// Trials that large and small populations have spent.
    spent: [u64; 2],
}

impl CmaSearch {
    pub(super) fn new(space: &Space, settings: Cma, seed: &Seed) -> Self {
        let (names, places): (Vec<usize>, Vec<usize>) =
            (0..space.dimensions()).partition(|place| space.domain(*place).is_unordered());
        let usual = settings
            .population
            .unwrap_or_else(|| 4 + place(3.0 * libm::log(space.dimensions() as f64), usize::MAX));
        let grid = Grid::new(space);
        let (population, sigma) = match &grid {
            Some(_) => grid::in_open(&settings, usual),
            None => (usual, settings.sigma),
        };
        let even = |place: usize| {
            let count = space.domain(place).levels().unwrap_or(1);
            Names { place, chances: vec![1.0 / count as f64; count] }
        };
        let names = names.into_iter().map(even).collect();
        let middle = vec![0.5; places.len()];
        let ones = vec![1.0; places.len()];
        let strategy = Strategy::new(middle, &ones, sigma, population);
        Self {
            settings,
            seed: *seed,
            margin: Margin::new(places.len(), population),
            grid,
            places,
            strategy,
            names,
            history: VecDeque::new(),
            restarts: RestartPlan { usual, done: 0, doublings: 0, small: false, spent: [0, 0] },
        }
    }

    /// Coordinates as the strategy drew them, and as they are evaluated.
    fn draw(&self, space: &Space, stream: &mut Stream) -> (Vec<f64>, Vec<f64>) {
        let mut raw = vec![0.5; space.dimensions()];
        let drawn = self.strategy.draw(stream);
        for (place, x) in self.places.iter().zip(&drawn) {
            raw[*place] = *x;
        }
        for names in &self.names {
            let chosen = stream.uniform();
            let mut sum = 0.0;
            let name = names.chances.iter().position(|chance| {
                sum += chance;
                chosen < sum
            });
            let name = name.unwrap_or(names.chances.len() - 1);
            let (low, high) = space.domain(names.place).cell(name);
            raw[names.place] = f64::midpoint(low, high);
        }
        let mut shown = raw.clone();
        for (dimension, place) in self.places.iter().enumerate() {
            if space.domain(*place).levels().is_some() {
                let mean = self.strategy.mean[dimension];
                shown[*place] = self.margin.stretch(dimension, mean, raw[*place]);
            }
        }
        (raw, shown)
    }

    /// Whether all continuous coordinates are inside.
    fn is_inside(&self, space: &Space, raw: &[f64]) -> bool {
        let continuous = self.places.iter().filter(|p| space.domain(**p).levels().is_none());
        continuous.into_iter().all(|place| (0.0..=1.0).contains(&raw[*place]))
    }

    fn move_names(&mut self, space: &Space, ranked: &[&Told]) {
        let parameters: usize = self.names.iter().map(|names| names.chances.len() - 1).sum();
        let population = ranked.len() as f64;
        for names in &mut self.names {
            let count = names.chances.len();
            let mut wanted = vec![0.0; count];
            for (weight, told) in self.strategy.rates.good().iter().zip(ranked) {
                let unit = told.proposal.unit[names.place];
                wanted[space.domain(names.place).level_at(unit, count)] += weight;
            }
            let rate = 1.0 / (1.0 + (parameters + self.places.len()) as f64).sqrt();
            // No name dies: each is drawn about once in five generations.
            let least = (0.2 / (population * (count.max(2) - 1) as f64)).min(0.5 / count as f64);
            for (chance, wanted) in names.chances.iter_mut().zip(&wanted) {
                *chance = (*chance + rate * (wanted - *chance)).max(least);
            }
            let sum: f64 = names.chances.iter().sum();
            names.chances.iter_mut().for_each(|chance| *chance /= sum);
        }
    }

    /// Whether nothing more is to be expected of this distribution.
    fn has_converged(&mut self, space: &Space, ranked: &[&Told]) -> bool {
        let n = self.places.len() as f64;
        let population = self.strategy.rates.population;
        let length = 10 + place(30.0 * n / population as f64, usize::MAX);
        let best = ranked.first().map_or(f64::INFINITY, |told| told.cost());
        self.history.push_back(best);
        if self.history.len() > length {
            self.history.pop_front();
        }
        let worst = ranked.last().map_or(f64::INFINITY, |told| told.cost());
        let spread = |low: f64, high: f64| (high - low).is_nan() || high - low <= 1e-12;
        let (low, high) = self
            .history
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
        let flat = spread(best, worst) && spread(low, high) && self.history.len() == length;
        let (thin, thick) = self
            .strategy
            .axes
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
        let tiny = (0..self.places.len()).all(|dimension| {
            let deviation = self.strategy.deviation(dimension);
            let levels = space.domain(self.places[dimension]).levels();
            deviation < levels.map_or(1e-12, |count| 0.2 / count as f64)
        });
        let broken = !self.strategy.sigma.is_finite() || thick > 1e7 * thin;
        flat || broken || (tiny && !self.places.is_empty())
    }

    fn restart(&mut self, space: &Space) {
        let plan = &mut self.restarts;
        plan.done += 1;
        let mut stream = self.seed.child(&format!("restart {}", plan.done)).stream();
        let [large, small] = plan.spent;
        plan.small =
            self.settings.restarts == Restarts::Bipop && plan.doublings > 0 && small < large;
        let (mut population, mut sigma) = (plan.usual, self.settings.sigma);
        if plan.small {
            let (size, width) = (stream.uniform(), stream.uniform());
            let half = (plan.usual << plan.doublings.min(20)) as f64 / (2.0 * plan.usual as f64);
            let factor = libm::pow(half, size * size).max(1.0);
            population = place(plan.usual as f64 * factor, usize::MAX);
            sigma *= libm::pow(10.0, -2.0 * width);
        } else {
            plan.doublings += 1;
            population <<= plan.doublings.min(20);
        }
        let mut start = space.draw(&mut stream);
        if let Some(grid) = &mut self.grid {
            (population, sigma) = grid::in_open(&self.settings, plan.usual);
            if let Some((center, width)) = grid.start(space, plan.done) {
                (start, population, sigma) = (center, plan.usual, width * self.settings.sigma);
            }
        }
        let mean: Vec<f64> = self.places.iter().map(|place| start[*place]).collect();
        self.strategy = Strategy::new(mean, &vec![1.0; self.places.len()], sigma, population);
        self.margin = Margin::new(self.places.len(), population);
        for names in &mut self.names {
            let even = 1.0 / names.chances.len() as f64;
            names.chances.fill(even);
        }
        self.history.clear();
    }
}

impl Searcher for CmaSearch {
    fn generation(&self) -> Generation {
        Generation::Of(self.strategy.rates.population)
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        const DRAWS: usize = 30;
        let mut stream = at.stream();
        let mut known = None;
        let mut candidates: Vec<Proposal> = Vec::new();
        for _ in 0..DRAWS {
            let (raw, shown) = self.draw(at.space, &mut stream);
            if !self.is_inside(at.space, &raw) {
                continue;
            }
            let point = at.space.decode(&shown);
            if !at.space.allows(&point) {
                continue;
            }
            let proposal = Proposal { unit: raw, point, fraction: 1.0 };
            let is_new = at.is_new(&proposal.point);
            let Some(grid) = &mut self.grid else {
                if is_new {
                    return Some(proposal);
                }
                known = Some(proposal);
                continue;
            };
            grid.draw(is_new);
            if is_new {
                candidates.push(proposal);
            }
            if candidates.len() == grid.candidates() {
                break;
            }
        }
        if let Some(grid) = &self.grid {
            return Some(grid.choose(at, candidates, &mut stream));
        }
        known.or_else(|| {
            let (raw, _) = self.draw(at.space, &mut stream);
            let cut = raw.into_iter().map(|x| x.clamp(0.0, 1.0)).collect();
            Some(Proposal::new(at.space, at.space.repair(cut, &mut stream)))
        })
    }

    fn learn(&mut self, space: &Space, told: &[Told]) {
        self.restarts.spent[usize::from(self.restarts.small)] += told.len() as u64;
        let is_exhausted = self.grid.as_mut().is_some_and(|grid| {
            grid.learn(space, told);
            grid.take_exhausted()
        });
        let mut ranked: Vec<&Told> = told.iter().collect();
        ranked.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        if ranked.iter().all(|told| told.costs.is_none()) {
            self.restart(space);
            return;
        }
        self.move_names(space, &ranked);
        if !self.places.is_empty() {
            let numbers = |told: &&Told| -> Vec<f64> {
                self.places.iter().map(|place| told.proposal.unit[*place]).collect()
            };
            let points: Vec<Vec<f64>> = ranked.iter().map(numbers).collect();
            let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
            self.strategy.learn(&points);
            self.margin.correct(space, &self.places, &mut self.strategy);
        }
        if self.has_converged(space, &ranked) || is_exhausted {
            self.restart(space);
        }
    }

    fn warm(&mut self, space: &Space, told: &[Told]) {
        if let Some(grid) = &mut self.grid {
            grid.learn(space, told);
        }
        let mut known: Vec<&Told> = told.iter().filter(|told| told.costs.is_some()).collect();
        known.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        known.truncate(known.len().div_ceil(10).max(self.places.len().min(3)));
        if known.is_empty() {
            return;
        }
        let count = known.len() as f64;
        let mean_of = |place: usize| -> f64 {
            known.iter().map(|told| told.proposal.unit[place]).sum::<f64>() / count
        };
        let mean: Vec<f64> = self.places.iter().map(|place| mean_of(*place)).collect();
        let spread = |(place, mean): (&usize, &f64)| {
            let apart = |told: &&Told| told.proposal.unit[*place] - mean;
            let variance = known.iter().map(|t| apart(t) * apart(t)).sum::<f64>() / count;
            // Never narrower than a tenth of the usual, never wider than the usual.
            (libm::sqrt(variance) / self.settings.sigma).clamp(0.1, 1.0)
        };
        let spreads: Vec<f64> = self.places.iter().zip(&mean).map(spread).collect();
        let population = self.strategy.rates.population;
        self.strategy = Strategy::new(mean, &spreads, self.settings.sigma, population);
        self.move_names(space, &known);
    }
}
