//! From the returns of all trials to evidence.

use dirigent_core::Seed;

use super::Evidence;
use crate::validate::bootstrap::Resample;
use crate::validate::forward::{Period, WalkForward, forward_splits};
use crate::validate::monte_carlo::resampled;
use crate::validate::number::{deviation, float, is_constant, mean, sharpe, whole};
use crate::validate::overfit::overfit;
use crate::validate::select::select_forward;
use crate::validate::sharpe::{Estimate, Track, Trials};
use crate::validate::superior::{Test, superior_ability};
use crate::validate::{Error, block_length, check_columns};

/// How the returns of trials are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assess {
    /// Periods in a year.
    pub periods_per_year: f64,
    /// Blocks of the cross-validation.
    pub blocks: usize,
    /// Parts into which the bars are cut; the first ones train, each other is tested once.
    pub parts: usize,
    /// How many parts train before the first test.
    pub parts_train: usize,
    /// Draws of each bootstrap.
    pub draws: usize,
    /// Confidence that the length of the record is asked for.
    pub confidence: f64,
}

impl Default for Assess {
    fn default() -> Self {
        Self {
            periods_per_year: 252.0,
            blocks: 12,
            parts: 10,
            parts_train: 3,
            draws: 1000,
            confidence: 0.95,
        }
    }
}

impl Assess {
    /// Evidence on the choice of trial `chosen` among `columns`, which are the returns of all
    /// trials over the same bars.
    ///
    /// What the trials cannot tell (neighbors, costs, delays) stays open for the caller.
    ///
    /// # Errors
    /// Columns that do not fit each other, a choice that is none of them or that never moves, or
    /// too few bars for the cuts.
    pub fn evidence(
        &self,
        columns: &[Vec<f64>],
        chosen: usize,
        seed: &Seed,
    ) -> Result<Evidence, Error> {
        check_columns(columns)?;
        let Some(returns) = columns.get(chosen) else {
            let rule = "the place of one of the trials";
            return Err(Error::Setting { what: "chosen trial", value: float(chosen), rule });
        };
        let track = Track::of(returns, Estimate::Population)?;
        let mut evidence = Evidence {
            trials: columns.len(),
            periods: Some(track.periods),
            sharpe: Some(track.sharpe * self.periods_per_year.sqrt()),
            length_min: Some(track.length_min(0.0, self.confidence).unwrap_or(f64::INFINITY)),
            ..Evidence::default()
        };
        evidence.deflated = track.deflated(&trials_beside(columns, chosen)?);
        evidence.trials_effective = Some(effective_trials(columns, columns.len()));
        self.choice(&mut evidence, columns, seed)?;
        self.forward(&mut evidence, columns)?;
        let mean_block = block_length(returns)?.stationary.max(1.0);
        let way = Resample::Stationary { mean_block };
        let drawn = resampled(returns, way, self.draws, self.periods_per_year, seed)?;
        evidence.resampled_low = drawn.total_return.quantile(1.0 - self.confidence);
        Ok(evidence)
    }

    /// What the number and the spread of trials say.
    fn choice(
        &self,
        evidence: &mut Evidence,
        columns: &[Vec<f64>],
        seed: &Seed,
    ) -> Result<(), Error> {
        let mean_block = 10.0_f64.min(float(columns[0].len()).sqrt());
        let test = Test { mean_block, draws: self.draws, studentized: true };
        evidence.superiority = Some(superior_ability(columns, &test, seed)?.consistent);
        if columns.len() > 1 {
            let found = overfit(columns, self.blocks)?;
            evidence.overfit = Some(found.probability);
            evidence.overfit_loss = Some(found.loss_probability);
        }
        Ok(())
    }

    /// What choosing anew on each past would have earned.
    fn forward(&self, evidence: &mut Evidence, columns: &[Vec<f64>]) -> Result<(), Error> {
        let part = columns[0].len() / self.parts.max(1);
        let walk = WalkForward {
            train: part * self.parts_train,
            test: part,
            step: part,
            gap: 0,
            period: Period::Anchored,
            partial: true,
        };
        let found = select_forward(columns, &forward_splits(columns[0].len(), &walk)?)?;
        evidence.forward_is_chosen = true;
        evidence.forward_efficiency = found.efficiency();
        // Choices that never traded afterwards earned nothing, for certain.
        let track = Track::of(&found.returns, Estimate::Population).ok();
        let annual = |track: Track| track.sharpe * self.periods_per_year.sqrt();
        evidence.forward_sharpe = Some(track.map_or(0.0, annual));
        evidence.forward_probability =
            Some(track.and_then(|t| t.probabilistic(0.0)).unwrap_or(0.0));
        Ok(())
    }
}

/// The trials that the chosen one is held against: as many as all are worth, spread as the others
/// are. With the chosen one among them, a true edge would raise its own hurdle.
fn trials_beside(columns: &[Vec<f64>], chosen: usize) -> Result<Trials, Error> {
    let of = |skipped: Option<usize>| -> Vec<f64> {
        let kept = columns.iter().enumerate().filter(|(place, _)| Some(*place) != skipped);
        kept.filter_map(|(_, column)| sharpe(column)).collect()
    };
    let others = of(Some(chosen));
    let spread = Trials::of(&if others.len() > 1 { others } else { of(None) })?;
    Ok(Trials { count: effective_trials(columns, columns.len()), ..spread })
}

/// How many independent trials `all` of the kind of these columns are worth: r + (1 - r) N with the
/// mean correlation r of all pairs, not below zero, rounded up (Bailey and López de Prado, 2014,
/// appendix 3). Columns that never move count for nothing.
pub fn effective_trials(columns: &[Vec<f64>], all: usize) -> usize {
    let moving: Vec<&Vec<f64>> = columns.iter().filter(|column| !is_constant(column)).collect();
    let count = moving.len();
    if count < 2 {
        // One column tells of no other; those that were not seen count in full.
        return count.max(1).max(if columns.len() == 1 { all } else { 1 });
    }
    // The variance of the sum of standardized columns is N + N (N - 1) r.
    let mut sums = vec![0.0; moving[0].len()];
    for column in &moving {
        let (mean, deviation) = (mean(column), deviation(column));
        sums.iter_mut().zip(*column).for_each(|(sum, x)| *sum += (x - mean) / deviation);
    }
    let spread = deviation(&sums);
    let n = float(count);
    let correlation = ((spread * spread - n) / (n * (n - 1.0))).clamp(0.0, 1.0);
    let still = columns.len() - count;
    let all = all.saturating_sub(still).max(count);
    whole((correlation + (1.0 - correlation) * float(all)).ceil()).clamp(1, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(columns: usize, shared: f64) -> Vec<Vec<f64>> {
        let mut stream = Seed::master(8).stream();
        let common: Vec<f64> = (0..500).map(|_| stream.normal()).collect();
        let own = (1.0 - shared * shared).sqrt();
        (0..columns)
            .map(|_| common.iter().map(|c| shared * c + own * stream.normal()).collect())
            .collect()
    }

    #[test]
    fn related_trials_count_as_fewer() {
        assert!(effective_trials(&noise(40, 0.0), 40) >= 39);
        let half = effective_trials(&noise(40, 0.5_f64.sqrt()), 40);
        assert!((17..=24).contains(&half), "{half}");
        assert!(effective_trials(&noise(40, 0.999), 40) <= 2);
        assert_eq!(effective_trials(&[vec![0.0; 9], vec![0.0; 9]], 2), 1);
        // Of those that were not looked at the same holds; of one nothing is known of others.
        let many = effective_trials(&noise(40, 0.5_f64.sqrt()), 400);
        assert!((170..=240).contains(&many), "{many}");
        assert_eq!(effective_trials(&noise(1, 0.0), 30), 30);
    }

    #[test]
    fn evidence_is_complete_and_seeded() {
        let columns = noise(5, 0.0);
        let assess = Assess { draws: 100, ..Assess::default() };
        let found = assess.evidence(&columns, 2, &Seed::master(1)).unwrap();
        assert_eq!((found.trials, found.periods), (5, Some(500)));
        assert!(found.overfit.is_some() && found.superiority.is_some());
        assert!(found.forward_probability.is_some() && found.resampled_low.is_some());
        assert_eq!(found, assess.evidence(&columns, 2, &Seed::master(1)).unwrap());
        assert!(assess.evidence(&columns, 5, &Seed::master(1)).is_err());
    }

    #[test]
    fn one_trial_has_no_choice_to_judge() {
        let found = Assess { draws: 50, ..Assess::default() }
            .evidence(&noise(1, 0.0), 0, &Seed::master(1))
            .unwrap();
        assert_eq!((found.trials_effective, found.overfit), (Some(1), None));
    }
}
