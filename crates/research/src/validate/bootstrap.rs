//! Bootstrap: what else could have happened, drawn from what did.
//!
//! Sources: Efron (1979) for independent draws; Politis and Romano, "A circular
//! block-resampling procedure" (1992) and "The stationary bootstrap" (1994).
//! Promises: draw number i of a seed is the same however many are drawn.

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::number::{deviation, float, mean, whole};
use super::{Error, check_count, check_finite};

/// How new series are drawn from a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resample {
    /// Each value on its own: forgets every relation of neighbors.
    Independent,
    /// Blocks of this length, from anywhere, around the end.
    Circular {
        /// Values in a block.
        block: usize,
    },
    /// Blocks of random length, geometric with this mean, around the end.
    Stationary {
        /// Mean number of values in a block, at least 1.
        mean_block: f64,
    },
}

impl Resample {
    /// # Errors
    /// A block without length.
    pub(super) fn check(self) -> Result<(), Error> {
        let (value, what) = match self {
            Self::Independent => return Ok(()),
            Self::Circular { block } => (float(block), "length of blocks"),
            Self::Stationary { mean_block } => (mean_block, "mean length of blocks"),
        };
        let is_length = value.is_finite() && value >= 1.0;
        let rule = "a finite number, at least 1";
        if is_length { Ok(()) } else { Err(Error::Setting { what, value, rule }) }
    }

    /// Fills `places` with positions to draw from a series as long as it is.
    pub(super) fn draw(self, stream: &mut Stream, places: &mut [usize]) {
        let count = places.len();
        let mut last = 0;
        for (at, place) in places.iter_mut().enumerate() {
            let is_new = match self {
                Self::Independent => true,
                Self::Circular { block } => at.is_multiple_of(block),
                // One draw for each value, used or not, keeps the stream in step.
                Self::Stationary { mean_block } => stream.uniform() * mean_block < 1.0 || at == 0,
            };
            last = if is_new { below(stream, count) } else { (last + 1) % count };
            *place = last;
        }
    }
}

/// A position below `count`.
pub(super) fn below(stream: &mut Stream, count: usize) -> usize {
    whole(stream.uniform() * float(count)).min(count - 1)
}

/// A range with a share of a distribution in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Outcomes of many draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    sorted: Vec<f64>,
    undefined: usize,
}

impl Distribution {
    /// Of outcomes, some of which may be undefined.
    pub(super) fn of(outcomes: impl Iterator<Item = Option<f64>>) -> Self {
        let mut undefined = 0;
        let mut sorted: Vec<f64> = outcomes
            .filter_map(|outcome| {
                undefined += usize::from(outcome.is_none());
                outcome
            })
            .collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted, undefined }
    }

    /// The outcomes that are defined, from the smallest.
    pub fn values(&self) -> &[f64] {
        &self.sorted
    }

    /// How many draws had no defined outcome.
    pub fn undefined(&self) -> usize {
        self.undefined
    }

    /// The mean outcome.
    pub fn mean(&self) -> Option<f64> {
        (!self.sorted.is_empty()).then(|| mean(&self.sorted))
    }

    /// The sample deviation of outcomes: of a bootstrap, the standard error.
    pub fn deviation(&self) -> Option<f64> {
        (self.sorted.len() > 1).then(|| deviation(&self.sorted))
    }

    /// The value below which a share `p` of outcomes lies, linear between outcomes.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let at = p.clamp(0.0, 1.0) * float(last);
        let low = whole(at).min(last);
        let high = (low + 1).min(last);
        Some(self.sorted[low] + (at - float(low)) * (self.sorted[high] - self.sorted[low]))
    }

    /// The middle range with a share `confidence` of outcomes.
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let tail = (1.0 - confidence) / 2.0;
        Some(Interval { low: self.quantile(tail)?, high: self.quantile(1.0 - tail)? })
    }

    /// The share of outcomes below `limit`.
    pub fn share_below(&self, limit: f64) -> Option<f64> {
        let below = self.sorted.partition_point(|x| *x < limit);
        (!self.sorted.is_empty()).then(|| float(below) / float(self.sorted.len()))
    }
}

/// Draws `draws` series from `values` and measures each.
///
/// # Errors
/// A value that is not finite, fewer than two, no draw, or a block without length.
pub fn bootstrap(
    values: &[f64],
    resample: Resample,
    draws: usize,
    seed: &Seed,
    mut statistic: impl FnMut(&[f64]) -> Option<f64>,
) -> Result<Distribution, Error> {
    check_finite("value", values)?;
    check_count("values", values.len(), 2)?;
    check_count("draws", draws, 1)?;
    resample.check()?;
    let mut stream = seed.child("bootstrap").stream();
    let mut places = vec![0; values.len()];
    let mut drawn = vec![0.0; values.len()];
    let outcomes = (0..draws).map(|_| {
        resample.draw(&mut stream, &mut places);
        for (value, place) in drawn.iter_mut().zip(&places) {
            *value = values[*place];
        }
        statistic(&drawn)
    });
    Ok(Distribution::of(outcomes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Resample; 3] = [
        Resample::Independent,
        Resample::Circular { block: 4 },
        Resample::Stationary { mean_block: 4.0 },
    ];

    fn mean_of(values: &[f64]) -> Option<f64> {
        Some(mean(values))
    }

    #[test]
    fn trd_23_draws_are_seeded_and_do_not_depend_on_their_number() {
        let values: Vec<f64> = (0..50).map(f64::from).collect();
        for way in WAYS {
            let collect = |draws: usize, seed: u64| {
                let mut all = Vec::new();
                bootstrap(&values, way, draws, &Seed::master(seed), |drawn| {
                    all.push(drawn.to_vec());
                    None
                })
                .unwrap();
                all
            };
            assert_eq!(collect(5, 1), collect(9, 1)[..5]);
            assert_ne!(collect(5, 1), collect(5, 2));
        }
    }

    #[test]
    fn blocks_follow_each_other() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let share_of_neighbors = |way| {
            let count = |drawn: &[f64]| {
                let follows = |pair: &&[f64]| (pair[1] - pair[0] - 1.0).rem_euclid(100.0) < 0.5;
                Some(float(drawn.windows(2).filter(follows).count()) / 99.0)
            };
            bootstrap(&values, way, 500, &Seed::master(1), count).unwrap().mean().unwrap()
        };
        let [independent, circular, stationary] = WAYS.map(share_of_neighbors);
        assert!(independent < 0.02, "{independent}");
        assert!((circular - 75.0 / 99.0).abs() < 0.01, "{circular}");
        assert!((stationary - 0.75).abs() < 0.02, "{stationary}");
    }

    #[test]
    fn trd_23_an_interval_holds_what_it_says() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let way = Resample::Independent;
        let found = bootstrap(&values, way, 4000, &Seed::master(1), mean_of).unwrap();
        // The deviation of a mean is that of a value over the root of their number.
        let error = deviation(&values) / 20.0;
        assert!((found.deviation().unwrap() / error - 1.0).abs() < 0.05);
        let interval = found.interval(0.95).unwrap();
        assert!((interval.high - 9.5 - 1.96 * error).abs() < 0.05 * error * 3.0);
        assert!((interval.low - 9.5 + 1.96 * error).abs() < 0.05 * error * 3.0);
        assert!((found.share_below(9.5).unwrap() - 0.5).abs() < 0.05);
    }

    #[test]
    fn nothing_defined_is_no_distribution() {
        let found = bootstrap(&[1.0, 2.0], WAYS[0], 3, &Seed::master(1), |_| None).unwrap();
        assert_eq!((found.undefined(), found.quantile(0.5), found.mean()), (3, None, None));
    }

    #[test]
    fn settings_without_sense_are_refused() {
        let draw = |way, draws| bootstrap(&[1.0, 2.0], way, draws, &Seed::master(1), mean_of);
        assert!(draw(Resample::Circular { block: 0 }, 5).is_err());
        assert!(draw(Resample::Stationary { mean_block: 0.5 }, 5).is_err());
        assert!(draw(Resample::Stationary { mean_block: f64::NAN }, 5).is_err());
        assert!(draw(WAYS[0], 0).is_err());
    }
}
