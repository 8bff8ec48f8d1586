//! The judge: how much of the best of many trials may be luck.
//!
//! The deflated Sharpe ratio of Bailey and López de Prado ("The deflated Sharpe ratio", 2014) is the
//! probability that the true Sharpe ratio of the best is above the one that the best of as many trials
//! would show if none had an edge. Trials of one strategy resemble each other, so that fewer of them
//! count than there are, and the figure errs on the side of doubt.

use dirigent_research::validate::{Track, Trials};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Sharpe ratios are summed in whole parts of this size, so that the sums do not depend on how the
/// trials were shared out.
const PARTS: f64 = 16_777_216.0; // 2^24
/// Ratios beyond are no ratios of anything that trades.
const SHARPE_MAX: f64 = 1024.0;

/// Sums over the Sharpe ratios of trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sharpes {
    count: u64,
    sum: i64,
    /// The sum of squares, the upper half and the lower.
    squares: (u64, u64),
}

impl Sharpes {
    #[expect(clippy::cast_possible_truncation, reason = "below 2^34")]
    pub(super) fn add(&mut self, sharpe: f64) {
        let parts = (sharpe.clamp(-SHARPE_MAX, SHARPE_MAX) * PARTS).round() as i64;
        let square = u128::from(parts.unsigned_abs()).pow(2);
        self.join(&Self { count: 1, sum: parts, squares: halves(square) });
    }

    /// Takes those of others.
    pub(super) fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares = halves(whole(self.squares) + whole(other.squares));
    }

    /// What the trials are as those a result was chosen from, with ratios of one period.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double will do")]
    fn trials(&self, periods_per_year: f64) -> Option<Trials> {
        let count = usize::try_from(self.count).ok().filter(|count| *count > 1)?;
        let n = u128::from(self.count);
        let spread = n * whole(self.squares) - u128::from(self.sum.unsigned_abs()).pow(2);
        let variance = spread as f64 / (n * (n - 1)) as f64 / (PARTS * PARTS);
        Some(Trials { count, deviation: (variance / periods_per_year).sqrt() })
    }
}

fn whole((upper, lower): (u64, u64)) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}

#[expect(clippy::cast_possible_truncation, reason = "cut in two")]
fn halves(whole: u128) -> (u64, u64) {
    ((whole >> 64) as u64, whole as u64)
}

/// Sets the best beside what luck alone would show.
pub(super) struct Judge;

impl TaskKind for Judge {
    fn name(&self) -> &'static str {
        "optimization.judge"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let of = |name: &str| context.outputs.get(name).cloned().unwrap_or_default();
        let (mut value, run) = (of("rank"), of("execute_strategy"));
        let bars = bars_of_account(&of("load_data"), &run);
        let luck = luck(&value["sharpes"], &value["periods_per_year"], (&run, bars));
        if let Some(result) = value.as_object_mut() {
            result.shift_remove("sharpes");
            result.shift_remove("periods_per_year");
            result.insert("luck".into(), luck.unwrap_or(Value::Null));
        }
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}

/// How many closes the account has: those of the symbol with the most, as symbols trade side by side.
fn bars_of_account(loaded: &Value, run: &Value) -> Option<usize> {
    let symbols = loaded["symbols"].as_array().into_iter().flatten();
    let most = symbols.filter_map(|own| own["bars"].as_u64()).max();
    most.or_else(|| run["bars"].as_u64()).and_then(|bars| usize::try_from(bars).ok())
}

/// None where the best has too few returns, or none that vary, to be judged.
fn luck(
    sharpes: &Value,
    periods_per_year: &Value,
    (run, bars): (&Value, Option<usize>),
) -> Option<Value> {
    let sharpes: Sharpes = serde_json::from_value(sharpes.clone()).ok()?;
    let periods_per_year = periods_per_year.as_f64()?;
    let metric = |name: &str| run["metrics"][name].as_f64();
    let track = Track {
        periods: bars?.checked_sub(1)?,
        sharpe: metric("sharpe")? / periods_per_year.sqrt(),
        skew: metric("skew")?,
        kurtosis: metric("kurtosis")? + 3.0,
    };
    let trials = sharpes.trials(periods_per_year)?;
    Some(json!({
        "trials": trials.count,
        "sharpe_of_luck": trials.hurdle() * periods_per_year.sqrt(),
        "deflated_sharpe": track.deflated(&trials)?,
        "probabilistic_sharpe": track.probabilistic(0.0)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(all: &[f64]) -> Sharpes {
        let mut sums = Sharpes::default();
        all.iter().for_each(|sharpe| sums.add(*sharpe));
        sums
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let all = [0.3, -0.2, 1.1, 0.7, 0.7, -1.4];
        let (mut some, whole) = (sums(&all[..2]), sums(&all));
        some.join(&Sharpes::default());
        some.join(&sums(&all[2..]));
        assert_eq!(some, whole);
        let found = whole.trials(1.0).unwrap();
        let mean = all.iter().sum::<f64>() / 6.0;
        let squares: f64 = all.iter().map(|x| (x - mean) * (x - mean)).sum();
        assert!((found.deviation - (squares / 5.0).sqrt()).abs() < 1e-7, "{found:?}");
        let wild = sums(&[1e300, -1e300, f64::MAX]);
        assert!(wild.trials(1.0).unwrap().deviation.is_finite());
    }

    /// The worked example of the paper: 100 trials, a Sharpe ratio of 2.5 over five years of days.
    #[test]
    fn the_example_of_the_paper_holds() {
        let year = 250.0_f64;
        // Ratios whose sample variance is a half, as in the paper.
        let spread = 0.5_f64.sqrt() * (99.0_f64 / 100.0).sqrt();
        let ratios: Vec<f64> =
            (0..100).map(|n| if n % 2 == 0 { spread } else { -spread }).collect();
        let run = json!({"bars": 1251, "metrics": {"sharpe": 2.5, "skew": -3.0, "kurtosis": 7.0}});
        let found =
            luck(&json!(sums(&ratios)), &json!(year), (&run, bars_of_account(&Value::Null, &run)))
                .unwrap();
        let of = |name: &str| found[name].as_f64().unwrap();
        assert!((of("sharpe_of_luck") / year.sqrt() - 0.1132).abs() < 5e-5, "{found}");
        assert!((of("deflated_sharpe") - 0.9004).abs() < 5e-5, "{found}");
    }
}
