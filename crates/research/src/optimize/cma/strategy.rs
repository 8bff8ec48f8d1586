//! The evolution strategy: a normal distribution that moves and bends toward what is good.
//!
//! Source: Hansen, "The CMA evolution strategy: a tutorial", 2016, with active update.

use dirigent_core::seed::Stream;

use super::eigen::{Matrix, decompose, identity};

/// Constants that follow from dimensions and population.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    pub(super) population: usize,
    /// By rank; the sum of the positive ones is 1.
    weights: Vec<f64>,
    parents: usize,
    mass: f64,
    path_sigma: f64,
    damping: f64,
    path: f64,
    one: f64,
    many: f64,
    /// Expected length of a standard normal vector.
    length: f64,
}

impl Rates {
    pub(super) fn new(dimensions: usize, population: usize) -> Self {
        let n = dimensions as f64;
        let half = (population as f64 + 1.0) / 2.0;
        let raw: Vec<f64> =
            (1..=population).map(|rank| libm::log(half) - libm::log(rank as f64)).collect();
        let parents = population / 2;
        let mass_of = |weights: &[f64]| {
            let (sum, squares) =
                weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
            sum * sum / squares
        };
        let (mass, mass_bad) = (mass_of(&raw[..parents]), mass_of(&raw[parents..]));
        let one = 2.0 / ((n + 1.3) * (n + 1.3) + mass);
        let many = (1.0 - one)
            .min(2.0 * (mass - 2.0 + 1.0 / mass) / ((n + 2.0) * (n + 2.0) + mass))
            .max(0.0);
        let bad_max = (1.0 + one / many)
            .min(1.0 + 2.0 * mass_bad / (mass + 2.0))
            .min((1.0 - one - many) / (n * many));
        let good: f64 = raw[..parents].iter().sum();
        let bad: f64 = raw[parents..].iter().map(|w| w.abs()).sum();
        let weights = raw
            .iter()
            .map(|w| if *w >= 0.0 { w / good } else { w * bad_max.max(0.0) / bad })
            .collect();
        let path_sigma = (mass + 2.0) / (n + mass + 5.0);
        let damping =
            1.0 + 2.0 * (libm::sqrt((mass - 1.0) / (n + 1.0)) - 1.0).max(0.0) + path_sigma;
        let path = (4.0 + mass / n) / (n + 4.0 + 2.0 * mass / n);
        let length = libm::sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));
        Self { population, weights, parents, mass, path_sigma, damping, path, one, many, length }
    }

    /// The weight of each of the better half, by rank.
    pub(super) fn good(&self) -> &[f64] {
        &self.weights[..self.parents]
    }
}

/// A normal distribution with its memory.
#[derive(Clone, Debug)]
pub(super) struct Strategy {
    pub(super) rates: Rates,
    pub(super) mean: Vec<f64>,
    pub(super) sigma: f64,
    pub(super) covariance: Matrix,
    /// Eigenvectors as columns, and the square roots of the eigenvalues.
    vectors: Matrix,
    pub(super) axes: Vec<f64>,
    path_sigma: Vec<f64>,
    path: Vec<f64>,
    pub(super) generation: i32,
}

impl Strategy {
    pub(super) fn new(mean: Vec<f64>, spreads: &[f64], sigma: f64, population: usize) -> Self {
        let size = mean.len();
        let mut covariance = identity(size);
        for (place, spread) in spreads.iter().enumerate() {
            covariance[place][place] = spread * spread;
        }
        Self {
            rates: Rates::new(size, population),
            sigma,
            covariance,
            vectors: identity(size),
            axes: spreads.to_vec(),
            path_sigma: vec![0.0; size],
            path: vec![0.0; size],
            generation: 0,
            mean,
        }
    }

    /// A point of the distribution.
    pub(super) fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let scaled: Vec<f64> = self.axes.iter().map(|axis| axis * stream.normal()).collect();
        let moved = self.mean.iter().zip(&self.vectors);
        moved.map(|(mean, row)| mean + self.sigma * dot(row, &scaled)).collect()
    }

    /// Learns from points, the best first.
    pub(super) fn learn(&mut self, ranked: &[&[f64]]) {
        let rates = self.rates.clone();
        let steps: Vec<Vec<f64>> = ranked
            .iter()
            .map(|x| x.iter().zip(&self.mean).map(|(x, m)| (x - m) / self.sigma).collect())
            .collect();
        let step: Vec<f64> = (0..self.mean.len())
            .map(|d| rates.good().iter().zip(&steps).map(|(w, step)| w * step[d]).sum())
            .collect();
        for (mean, step) in self.mean.iter_mut().zip(&step) {
            *mean += self.sigma * step;
        }
        self.generation += 1;
        let straight = self.walk(&rates, &step);
        self.bend(&rates, &steps, straight);
        let (values, vectors) = decompose(&self.covariance);
        self.vectors = vectors;
        self.axes = values.iter().map(|value| libm::sqrt(value.max(1e-300))).collect();
    }

    /// Moves the paths and the step size; answers whether the path of the covariance may follow.
    fn walk(&mut self, rates: &Rates, step: &[f64]) -> bool {
        let white = self.whiten(step);
        let (keep, take) = fading(rates.path_sigma, rates.mass);
        for (path, white) in self.path_sigma.iter_mut().zip(&white) {
            *path = keep * *path + take * white;
        }
        let length = libm::sqrt(dot(&self.path_sigma, &self.path_sigma));
        let growth = rates.path_sigma / rates.damping * (length / rates.length - 1.0);
        self.sigma *= libm::exp(growth.min(1.0));
        let begun = 1.0 - libm::pow(1.0 - rates.path_sigma, 2.0 * f64::from(self.generation));
        let n = self.mean.len() as f64;
        let straight = length / libm::sqrt(begun) < (1.4 + 2.0 / (n + 1.0)) * rates.length;
        let (keep, take) = fading(rates.path, rates.mass);
        for (path, step) in self.path.iter_mut().zip(step) {
            *path = keep * *path + if straight { take * step } else { 0.0 };
        }
        straight
    }

    fn bend(&mut self, rates: &Rates, steps: &[Vec<f64>], straight: bool) {
        let n = self.mean.len() as f64;
        // What the path lacks when it stalls.
        let lost = if straight { 0.0 } else { rates.path * (2.0 - rates.path) };
        let scaled: Vec<f64> = rates
            .weights
            .iter()
            .zip(steps)
            .map(|(weight, step)| {
                if *weight >= 0.0 {
                    return *weight;
                }
                // A long bad step counts as one of usual length, so that the matrix stays positive.
                let white = self.whiten(step);
                weight * n / (dot(&white, &white) + 1e-8)
            })
            .collect();
        let sum: f64 = rates.weights.iter().sum();
        let keep = 1.0 + rates.one * lost - rates.one - rates.many * sum;
        for row in 0..self.mean.len() {
            for column in 0..=row {
                let many: f64 = scaled.iter().zip(steps).map(|(w, s)| w * s[row] * s[column]).sum();
                let value = keep * self.covariance[row][column]
                    + rates.one * self.path[row] * self.path[column]
                    + rates.many * many;
                self.covariance[row][column] = value;
                self.covariance[column][row] = value;
            }
        }
    }

    /// The step as it would be if the distribution were round.
    fn whiten(&self, step: &[f64]) -> Vec<f64> {
        let size = step.len();
        let along: Vec<f64> = (0..size)
            .map(|axis| {
                let length: f64 = (0..size).map(|d| self.vectors[d][axis] * step[d]).sum();
                length / self.axes[axis]
            })
            .collect();
        self.vectors.iter().map(|row| dot(row, &along)).collect()
    }

    /// The standard deviation along one dimension.
    pub(super) fn deviation(&self, dimension: usize) -> f64 {
        self.sigma * libm::sqrt(self.covariance[dimension][dimension])
    }
}

/// How much of a path stays and how much a new step counts, so that its length keeps its meaning.
fn fading(rate: f64, mass: f64) -> (f64, f64) {
    (1.0 - rate, libm::sqrt(rate * (2.0 - rate) * mass))
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
