//! What labels say: how long regimes last, what follows them, and what was earned in them.

use dirigent_trading::metrics::{Returns, growth_path, max_drawdown};

use super::{Error, float, markov};

/// How regimes follow each other. Bars without a label part what is before from what is after.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Bars of each regime.
    pub bars: Vec<usize>,
    /// How often one regime (row) was followed by another or itself (column).
    pub steps: Vec<Vec<usize>>,
    /// The same as probabilities; `None` for a regime that nothing followed.
    pub transition: Vec<Option<Vec<f64>>>,
    /// The share of time in each regime in the long run; `None` if one is never left.
    pub stationary: Option<Vec<f64>>,
    /// How long each regime lasted.
    pub durations: Vec<Durations>,
}

/// How long a regime lasted, in bars; the first and the last run may have been cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Durations {
    /// Number of runs.
    pub runs: usize,
    /// Mean length; `None` without a run.
    pub mean: Option<f64>,
    /// Length that half of the runs reach.
    pub median: Option<usize>,
    /// The longest.
    pub max: Option<usize>,
}

/// Counts labels from 0 to `count` - 1.
///
/// # Errors
/// A label that is not below `count`.
pub fn summary(labels: &[Option<usize>], count: usize) -> Result<Summary, Error> {
    check_labels(labels, count)?;
    let mut steps = vec![vec![0; count]; count];
    let mut bars = vec![0; count];
    let mut runs: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut before = None;
    for label in labels {
        if let Some(now) = *label {
            bars[now] += 1;
            match runs[now].last_mut() {
                Some(run) if before == Some(now) => *run += 1,
                _ => runs[now].push(1),
            }
            if let Some(before) = before {
                let row: &mut Vec<usize> = &mut steps[before];
                row[now] += 1;
            }
        }
        before = *label;
    }
    let shares = |row: &Vec<usize>| {
        let total: usize = row.iter().sum();
        (total > 0).then(|| row.iter().map(|n| float(*n) / float(total)).collect())
    };
    let transition: Vec<Option<Vec<f64>>> = steps.iter().map(shares).collect();
    let whole: Option<Vec<Vec<f64>>> = transition.iter().cloned().collect();
    Ok(Summary {
        bars,
        stationary: whole.and_then(|whole| markov::stationary(&whole)),
        steps,
        transition,
        durations: runs.into_iter().map(Durations::of).collect(),
    })
}

impl Durations {
    fn of(mut runs: Vec<usize>) -> Self {
        runs.sort_unstable();
        let mean = float(runs.iter().sum()) / float(runs.len().max(1));
        Self {
            runs: runs.len(),
            mean: (!runs.is_empty()).then_some(mean),
            median: runs.get(runs.len() / 2).copied(),
            max: runs.last().copied(),
        }
    }
}

/// What was earned while a regime was known; see `docs/concepts/metrics.md` for each number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegimeReturns {
    /// Bars of which a return is counted.
    pub bars: usize,
    /// Growth over these bars alone, less one.
    pub total_return: Option<f64>,
    /// Annualized mean return.
    pub mean_annual: Option<f64>,
    /// Annualized deviation.
    pub volatility: Option<f64>,
    /// Annualized Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annualized Sortino ratio.
    pub sortino: Option<f64>,
    /// Share of gains among returns that are not zero.
    pub win_rate: Option<f64>,
    /// Deepest fall over these bars joined together, zero or negative.
    pub max_drawdown: Option<f64>,
}

/// The returns by the regime that was known when they began: the return of bar t counts for the
/// label of bar t - 1.
///
/// # Errors
/// Labels and returns of different lengths, a label that is not below `count`, a return that is
/// not finite, or a number of periods that is not above zero.
pub fn returns_by_regime(
    labels: &[Option<usize>],
    returns: &[f64],
    count: usize,
    periods_per_year: f64,
) -> Result<Vec<RegimeReturns>, Error> {
    check_labels(labels, count)?;
    if labels.len() != returns.len() {
        let (found, expected) = (labels.len(), returns.len());
        return Err(Error::Length { what: "the list of labels", found, expected });
    }
    let mut parts: Vec<Vec<f64>> = vec![Vec::new(); count];
    for (label, x) in labels.iter().zip(returns.iter().skip(1)) {
        if let Some(label) = label {
            parts[*label].push(*x);
        }
    }
    let measure = |part: &Vec<f64>| -> Result<RegimeReturns, Error> {
        let measured = Returns::new(part, periods_per_year)?;
        Ok(RegimeReturns {
            bars: part.len(),
            total_return: measured.total_return(),
            mean_annual: measured.mean().map(|mean| mean * periods_per_year),
            volatility: measured.volatility(),
            sharpe: measured.sharpe(0.0),
            sortino: measured.sortino(0.0),
            win_rate: measured.win_rate(),
            max_drawdown: (!part.is_empty()).then(|| max_drawdown(&growth_path(part))).flatten(),
        })
    };
    parts.iter().map(measure).collect()
}

pub(super) fn check_labels(labels: &[Option<usize>], count: usize) -> Result<(), Error> {
    match labels.iter().flatten().find(|label| **label >= count) {
        None => Ok(()),
        Some(label) => {
            let (what, rule) = ("label of a regime", "below the number of regimes");
            Err(Error::Setting { what, value: float(*label), rule })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [Option<usize>; 9] =
        [None, Some(0), Some(0), Some(1), None, Some(1), Some(1), Some(0), Some(1)];

    #[test]
    fn runs_and_steps_are_counted_and_gaps_part_them() {
        let found = summary(&LABELS, 3).unwrap();
        assert_eq!(found.bars, [3, 4, 0]);
        assert_eq!(found.steps, [[1, 2, 0], [1, 1, 0], [0, 0, 0]]);
        assert_eq!(found.transition[1], Some(vec![0.5, 0.5, 0.0]));
        assert_eq!((&found.transition[2], &found.stationary), (&None, &None));
        let ones = Durations { runs: 3, mean: Some(4.0 / 3.0), median: Some(1), max: Some(2) };
        assert_eq!(
            found.durations,
            [
                Durations { runs: 2, mean: Some(1.5), median: Some(2), max: Some(2) },
                ones,
                Durations::default()
            ]
        );
        assert!(summary(&LABELS, 1).is_err());
    }

    #[test]
    fn a_return_counts_for_the_regime_known_before_it() {
        let returns = [9.0, 9.0, 0.01, 0.02, -0.03, 9.0, 0.05, 0.06, -0.07];
        let found = returns_by_regime(&LABELS, &returns, 2, 252.0).unwrap();
        // Regime 0 was known at bars 1, 2 and 7.
        assert_eq!(found[0].bars, 3);
        let total = 1.01 * 1.02 * 0.93 - 1.0;
        assert!((found[0].total_return.unwrap() - total).abs() < 1e-15);
        assert!((found[0].max_drawdown.unwrap() + 0.07).abs() < 1e-15);
        assert_eq!((found[1].bars, found[1].win_rate), (3, Some(2.0 / 3.0)));
        assert!(returns_by_regime(&LABELS, &returns[1..], 2, 252.0).is_err());
    }

    #[test]
    fn a_regime_that_never_was_has_no_metrics() {
        let found = returns_by_regime(&[None, Some(0)], &[0.1, 0.2], 1, 252.0).unwrap();
        assert_eq!((found[0].bars, found[0].sharpe, found[0].max_drawdown), (0, None, None));
    }
}
