//! Margin: a chance for the neighbors of the mean's level, so that a discrete parameter is not
//! frozen once the distribution is narrower than a level.
//!
//! Source: Hamano, Saito, Nomura and Shirakawa, "CMA-ES with margin", 2022.

use super::super::space::{Domain, Space};
use super::strategy::Strategy;
use crate::normal;

/// Discrete dimensions, and how much wider each is drawn than the strategy knows.
#[derive(Clone, Debug)]
pub(super) struct Margin {
    stretches: Vec<f64>,
    chance: f64,
}

impl Margin {
    pub(super) fn new(dimensions: usize, population: usize) -> Self {
        let chance = 1.0 / (dimensions as f64 * population as f64);
        Self { stretches: vec![1.0; dimensions], chance }
    }

    /// Where a drawn coordinate is evaluated.
    pub(super) fn stretch(&self, dimension: usize, mean: f64, x: f64) -> f64 {
        mean + (x - mean) * self.stretches[dimension]
    }

    /// How wide a dimension is drawn.
    pub(super) fn width(&self, dimension: usize, strategy: &Strategy) -> f64 {
        self.stretches[dimension] * strategy.deviation(dimension)
    }

    /// Corrects mean and stretch of every discrete dimension; `places` says where they are in the
    /// space.
    pub(super) fn correct(&mut self, space: &Space, places: &[usize], strategy: &mut Strategy) {
        for (dimension, place) in places.iter().enumerate() {
            let domain = space.domain(*place);
            if let Some(count) = domain.levels().filter(|count| *count > 1) {
                self.correct_one(dimension, domain, count, strategy);
            }
        }
    }

    fn correct_one(
        &mut self,
        dimension: usize,
        domain: &Domain,
        count: usize,
        strategy: &mut Strategy,
    ) {
        let mean = strategy.mean[dimension];
        let width = self.width(dimension, strategy);
        let level = domain.level_at(mean, count);
        let low = domain.cell(level.clamp(1, count - 1)).0;
        let high = domain.cell(level.min(count - 2)).1;
        let below = normal::cdf((low - mean) / width);
        let above = normal::cdf((mean - high) / width);
        if below.max(above) > 0.5 {
            // The mean is at an end: keep it near enough to the only border.
            if below.min(above) < self.chance {
                let reach = width * -normal::quantile(self.chance);
                let border = if mean > high { high } else { low };
                let side = if mean > high { 1.0 } else { -1.0 };
                strategy.mean[dimension] = border + side * reach;
            }
            return;
        }
        let inside = 1.0 - below - above;
        let least = self.chance / 2.0;
        let (low_least, high_least) = (below.max(least), above.max(least));
        let surplus = 1.0 - low_least - high_least - inside;
        let room = low_least + inside + high_least - 3.0 * least;
        let chance = |p: f64| (p + surplus * (p - least) / room).clamp(1e-10, 0.5 - 1e-10);
        let reach_low = -normal::quantile(chance(low_least));
        let reach_high = -normal::quantile(chance(high_least));
        let reach = reach_low + reach_high;
        self.stretches[dimension] = (high - low) / (reach * strategy.deviation(dimension));
        strategy.mean[dimension] = (low * reach_high + high * reach_low) / reach;
    }
}
