//! Methods: their settings, with the defaults that the quality figures were measured with.

use dirigent_core::Seed;

use super::cma::CmaSearch;
use super::error::Error;
use super::evolution::EvolutionSearch;
use super::genetic::GeneticSearch;
use super::grid::GridSearch;
use super::halving::HalvingSearch;
use super::nsga::NsgaSearch;
use super::random::RandomSearch;
use super::searcher::Searcher;
use super::sobol::SobolSearch;
use super::space::Space;
use super::tpe::TpeSearch;

/// How to search.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// Every combination, once.
    Grid(Grid),
    /// Each trial drawn evenly.
    Random,
    /// Points that fill the space more evenly than chance (scrambled Sobol sequence).
    Sobol,
    /// Selection, crossover, mutation.
    Genetic(Genetic),
    /// Differential evolution that adapts its settings (SHADE).
    Evolution(Evolution),
    /// Tree-structured Parzen estimator: Bayesian search by densities of good and bad points.
    Tpe(Tpe),
    /// Covariance matrix adaptation with restarts.
    Cma(Cma),
    /// Many points on a part of the data, the better ones on more.
    Halving(Halving),
    /// Several objectives (NSGA-II).
    Nsga(Nsga),
}

/// Settings of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Values of each continuous parameter.
    pub levels: usize,
}

impl Default for Grid {
    fn default() -> Self {
        Self { levels: 10 }
    }
}

/// Settings of the genetic algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Genetic {
    /// Trials in a generation, and points that survive it.
    pub population: usize,
    /// Points that compete to be a parent.
    pub tournament: usize,
    /// How likely two parents are mixed.
    pub crossover: f64,
}

impl Default for Genetic {
    fn default() -> Self {
        Self { population: 20, tournament: 3, crossover: 0.9 }
    }
}

/// Settings of differential evolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evolution {
    /// Points that are kept, and trials in a generation.
    pub population: usize,
}

impl Default for Evolution {
    fn default() -> Self {
        Self { population: 14 }
    }
}

/// Settings of TPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpe {
    /// Trials at random before the first estimate.
    pub startup: usize,
    /// Points that are compared for each trial.
    pub candidates: usize,
    /// Trials that may run side by side; each knows where the others are.
    pub batch: usize,
}

impl Default for Tpe {
    fn default() -> Self {
        Self { startup: 10, candidates: 40, batch: 1 }
    }
}

/// How CMA-ES starts anew when it has converged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarts {
    /// With twice the population each time.
    Ipop,
    /// In turns with a large and a small population, with equal shares of the trials.
    Bipop,
}

/// Settings of CMA-ES.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cma {
    /// Trials in a generation; `None` takes 4 + 3 ln(dimensions), and at first twice as many on a
    /// grid of up to 100,000 points.
    pub population: Option<usize>,
    /// First standard deviation, as a share of each range; such a grid starts with 2.5 times it, and
    /// goes on with half of it around good points.
    pub sigma: f64,
    /// What happens after convergence.
    pub restarts: Restarts,
}

impl Default for Cma {
    fn default() -> Self {
        Self { population: None, sigma: 0.2, restarts: Restarts::Bipop }
    }
}

/// A method whose trials do not depend on what the others told, or only as far as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unguided {
    /// Evenly at random.
    Random,
    /// Scrambled Sobol sequence.
    Sobol,
}

/// Where successive halving takes new points from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// Without regard to results.
    Unguided(Unguided),
    /// By estimates from the results at the largest fraction that has enough of them (BOHB).
    Tpe,
}

/// Settings of successive halving and Hyperband.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halving {
    /// The least fraction of the resource, above 0 and up to 1.
    pub fraction_min: f64,
    /// One in so many goes on, with so many times the resource.
    pub reduction: usize,
    /// Brackets from cautious to bold in turns (Hyperband), instead of the boldest only.
    pub hyperband: bool,
    /// Where new points come from.
    pub inner: Inner,
}

impl Default for Halving {
    fn default() -> Self {
        Self {
            fraction_min: 1.0 / 27.0,
            reduction: 3,
            hyperband: true,
            inner: Inner::Unguided(Unguided::Random),
        }
    }
}

/// Settings of NSGA-II.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nsga {
    /// Trials in a generation, and points that survive it.
    pub population: usize,
    /// How likely two parents are mixed.
    pub crossover: f64,
}

impl Default for Nsga {
    fn default() -> Self {
        Self { population: 40, crossover: 0.9 }
    }
}

impl Method {
    /// The method called `name`, with its defaults.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "grid" => Self::Grid(Grid::default()),
            "random" => Self::Random,
            "sobol" | "quasi_random" => Self::Sobol,
            "genetic" => Self::Genetic(Genetic::default()),
            "differential_evolution" => Self::Evolution(Evolution::default()),
            "tpe" | "bayesian" => Self::Tpe(Tpe::default()),
            "cma_es" => Self::Cma(Cma::default()),
            "successive_halving" => {
                Self::Halving(Halving { hyperband: false, ..Halving::default() })
            }
            "hyperband" => Self::Halving(Halving::default()),
            "nsga2" => Self::Nsga(Nsga::default()),
            _ => return None,
        })
    }

    /// The first of its names.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Grid(_) => "grid",
            Self::Random => "random",
            Self::Sobol => "sobol",
            Self::Genetic(_) => "genetic",
            Self::Evolution(_) => "differential_evolution",
            Self::Tpe(_) => "tpe",
            Self::Cma(_) => "cma_es",
            Self::Halving(Halving { hyperband: true, .. }) => "hyperband",
            Self::Halving(_) => "successive_halving",
            Self::Nsga(_) => "nsga2",
        }
    }

    pub(super) fn start(
        &self,
        space: &Space,
        objectives: usize,
        seed: &Seed,
    ) -> Result<Box<dyn Searcher>, Error> {
        self.check(objectives)?;
        Ok(match *self {
            Self::Grid(settings) => Box::new(GridSearch::new(space, settings)?),
            Self::Random => Box::new(RandomSearch),
            Self::Sobol => Box::new(SobolSearch::new(space, seed)?),
            Self::Genetic(settings) => Box::new(GeneticSearch::new(settings)),
            Self::Evolution(settings) => Box::new(EvolutionSearch::new(settings)),
            Self::Tpe(settings) => Box::new(TpeSearch::new(space, settings)),
            Self::Cma(settings) => Box::new(CmaSearch::new(space, settings, seed)),
            Self::Halving(settings) => Box::new(HalvingSearch::new(space, settings, seed)?),
            Self::Nsga(settings) => Box::new(NsgaSearch::new(settings)),
        })
    }

    fn check(&self, objectives: usize) -> Result<(), Error> {
        let problem = match *self {
            _ if objectives == 0 => "needs an objective",
            Self::Genetic(_)
            | Self::Evolution(_)
            | Self::Tpe(_)
            | Self::Cma(_)
            | Self::Halving(_)
                if objectives > 1 =>
            {
                "works for one objective; use `nsga2` for several"
            }
            Self::Genetic(Genetic { population, tournament, crossover })
                if population < 2 || tournament < 1 || !(0.0..=1.0).contains(&crossover) =>
            {
                "needs a population of 2 or more, a tournament of 1 or more and a crossover \
                 from 0 to 1"
            }
            Self::Nsga(Nsga { population, crossover })
                if population < 2 || !(0.0..=1.0).contains(&crossover) =>
            {
                "needs a population of 2 or more and a crossover from 0 to 1"
            }
            Self::Evolution(Evolution { population }) if population < 4 => {
                "needs a population of 4 or more"
            }
            Self::Tpe(Tpe { startup, candidates, batch })
                if startup < 2 || candidates < 1 || batch < 1 =>
            {
                "needs 2 startup trials or more, a candidate and a batch of 1 or more"
            }
            Self::Cma(Cma { population, sigma, .. })
                if population.is_some_and(|size| size < 4) || !(sigma > 0.0 && sigma <= 1.0) =>
            {
                "needs a population of 4 or more and a sigma above 0 and up to 1"
            }
            Self::Halving(Halving { fraction_min, reduction, .. })
                if !(fraction_min > 0.0 && fraction_min <= 1.0) || reduction < 2 =>
            {
                "needs a least fraction above 0 and up to 1, and a reduction of 2 or more"
            }
            _ => return Ok(()),
        };
        Err(Error::Method { method: self.name(), problem: problem.to_owned() })
    }
}
