//! Successive halving and Hyperband: many points on a part of the resource, the better on more.
//!
//! A generation is a rung: points at one fraction. The best of a rung make the next one, until the
//! whole resource is spent on few.
//!
//! Source: Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, "Hyperband", 2018; Falkner, Klein and
//! Hutter, "BOHB", 2018, for the points by estimates.

use std::collections::BTreeMap;

use dirigent_core::Seed;

use super::error::Error;
use super::method::{Halving, Inner, Tpe, Unguided};
use super::random::RandomSearch;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::sobol::SobolSearch;
use super::space::Space;
use super::tpe::TpeSearch;

/// Brackets with their rungs.
#[derive(Debug)]
pub(super) struct HalvingSearch {
    settings: Halving,
    /// How often the resource of the least fraction can be multiplied.
    steps_max: u32,
    /// Multiplications that this bracket begins below the whole.
    steps: u32,
    rung: u32,
    /// What goes on in this rung; empty in the first.
    survivors: Vec<Proposal>,
    inner: Box<dyn Searcher>,
    /// Results by multiplications below the whole.
    results: BTreeMap<u32, Vec<Told>>,
}

impl HalvingSearch {
    pub(super) fn new(space: &Space, settings: Halving, seed: &Seed) -> Result<Self, Error> {
        let inner: Box<dyn Searcher> = match settings.inner {
            Inner::Unguided(Unguided::Sobol) => Box::new(SobolSearch::new(space, seed)?),
            Inner::Unguided(Unguided::Random) => Box::new(RandomSearch),
            Inner::Tpe => Box::new(TpeSearch::new(space, Tpe::default())),
        };
        let mut steps_max = 0;
        let mut product = settings.reduction as f64;
        // A least fraction of 1/27 is three steps of 3, whatever its rounding.
        while product * settings.fraction_min <= 1.0 + 1e-9 {
            steps_max += 1;
            product *= settings.reduction as f64;
        }
        let results = BTreeMap::new();
        let survivors = Vec::new();
        Ok(Self { settings, steps_max, steps: steps_max, rung: 0, survivors, inner, results })
    }

    /// How many multiplications this rung is below the whole.
    fn below(&self) -> u32 {
        self.steps - self.rung
    }

    fn fraction(&self) -> f64 {
        (0..self.below()).fold(1.0, |fraction, _| fraction / self.settings.reduction as f64)
    }

    /// How many points begin this bracket: brackets spend about the same.
    fn starters(&self) -> usize {
        let product = self.settings.reduction.saturating_pow(self.steps);
        let rungs = (self.steps_max + 1) as usize;
        (rungs * product).div_ceil((self.steps + 1) as usize)
    }

    fn next_bracket(&mut self, space: &Space) {
        self.rung = 0;
        self.survivors.clear();
        self.steps = match (self.settings.hyperband, self.steps) {
            (true, 0) | (false, _) => self.steps_max,
            (true, steps) => steps - 1,
        };
        if self.settings.inner == Inner::Tpe {
            self.estimate(space);
        }
    }

    /// Lets the estimates rest on the largest fraction with enough results.
    fn estimate(&mut self, space: &Space) {
        let settings = Tpe::default();
        let enough = self.results.values().find(|told| told.len() >= settings.startup);
        if let Some(told) = enough {
            let mut inner = TpeSearch::new(space, settings);
            inner.learn(space, told);
            self.inner = Box::new(inner);
        }
    }
}

impl Searcher for HalvingSearch {
    fn generation(&self) -> Generation {
        let size = if self.rung == 0 { self.starters() } else { self.survivors.len() };
        Generation::Of(size)
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        let proposal = match self.rung {
            0 => self.inner.propose(at)?,
            _ => self.survivors.get(at.open.len())?.clone(),
        };
        Some(Proposal { fraction: self.fraction(), ..proposal })
    }

    fn learn(&mut self, space: &Space, told: &[Told]) {
        self.results.entry(self.below()).or_default().extend_from_slice(told);
        let mut alive: Vec<&Told> = told.iter().filter(|told| told.costs.is_some()).collect();
        alive.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        let promoted = (told.len() / self.settings.reduction).max(1);
        let survivors: Vec<Proposal> =
            alive.into_iter().take(promoted).map(|told| told.proposal.clone()).collect();
        if self.below() == 0 || survivors.is_empty() {
            self.next_bracket(space);
        } else {
            self.rung += 1;
            self.survivors = survivors;
        }
    }

    fn warm(&mut self, space: &Space, told: &[Told]) {
        self.results.entry(0).or_default().extend_from_slice(told);
        if self.settings.inner == Inner::Tpe {
            self.estimate(space);
        }
    }
}
