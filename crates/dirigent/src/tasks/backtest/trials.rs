//! Trials: the same backtest in many containers, each with its own seed, and what they found
//! together. Where prices are made from the seed, each trial trades another history.

use std::sync::Arc;

use dirigent_workflow::port::{Sees, TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value, json};

use super::{Bench, load};

/// One trial: load, simulate, and the figures of it.
pub(super) struct Trial(pub(super) Bench);

impl TaskKind for Trial {
    fn name(&self) -> &'static str {
        "backtest.trial"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (setup, cast) = self.0.setup(context)?;
        let seed = context.container.seed().as_u32();
        let setup = setup.with_seed(u64::from(seed));
        let stock = Arc::new(load::load(&setup, cast.foreign()).map_err(TaskError::Failed)?);
        let warnings = stock.warnings.clone();
        let finished = self.0.simulate(context, &setup, cast, stock)?;
        let value = json!({
            "container": context.container.path(),
            "seed": seed,
            "final_equity": finished.result["final_equity"],
            "metrics": finished.result["metrics"],
        });
        Ok(TaskOutput { value, warnings, ..TaskOutput::default() })
    }
}

/// The distribution of what the trials found.
pub(super) struct Trials;

/// What is summed up over trials, besides the final equity.
const METRICS: [&str; 5] = ["total_return", "cagr", "sharpe", "max_drawdown", "trades"];

impl TaskKind for Trials {
    fn name(&self) -> &'static str {
        "backtest.trials"
    }

    fn sees(&self) -> Sees {
        Sees::Needs
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let all = context.outputs.get("trial").and_then(Value::as_array);
        let all = all.map_or(&[][..], Vec::as_slice);
        let completed: Vec<&Value> = all.iter().filter(|trial| trial.is_object()).collect();
        let of = |pointer: &str| {
            let found = completed.iter().filter_map(|trial| trial.pointer(pointer)?.as_f64());
            distribution(found.collect())
        };
        let metric = |name: &&str| ((*name).to_owned(), of(&format!("/metrics/{name}")));
        let mut figures: Map<String, Value> = METRICS.iter().map(metric).collect();
        figures.insert("final_equity".into(), of("/final_equity"));
        let value = json!({
            "trials": all.len(),
            "completed": completed.len(),
            "distribution": figures,
        });
        let is_same = |a: &&Value, b: &&Value| a["metrics"] == b["metrics"];
        let alike = completed.len() > 1 && completed.windows(2).all(|w| is_same(&w[0], &w[1]));
        let warning = "all trials found the same: nothing in them depends on the seed; use \
                       `source: synthetic` without `synthetic.seed`, or one container";
        let warnings = alike.then(|| warning.to_owned()).into_iter().collect();
        Ok(TaskOutput { value, warnings, ..TaskOutput::default() })
    }
}

/// Mean, sample standard deviation and order statistics (nearest rank) of `values`.
#[expect(clippy::cast_precision_loss, reason = "there are at most a million")]
fn distribution(mut values: Vec<f64>) -> Value {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let count = values.len();
    if count == 0 {
        return Value::Null;
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
    let rank = |percent: usize| values[(percent * count).div_ceil(100).max(1) - 1];
    json!({
        "mean": mean,
        "std": deviation,
        "min": values[0],
        "p05": rank(5),
        "median": rank(50),
        "p95": rank(95),
        "max": values[count - 1],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_statistics_are_those_of_the_nearest_rank() {
        let found = distribution((1..=20).rev().map(f64::from).collect());
        let of = |key: &str| found[key].as_f64().unwrap();
        let ranks = ["min", "p05", "median", "p95", "max"].map(|key| found[key].clone());
        assert_eq!(ranks, [1.0, 1.0, 10.0, 19.0, 20.0].map(Value::from));
        assert!((of("mean") - 10.5).abs() < 1e-12 && (of("std") - 5.916_079_783).abs() < 1e-9);
        assert_eq!(distribution(vec![f64::NAN]), Value::Null);
    }
}
