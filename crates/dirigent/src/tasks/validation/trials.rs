//! The trials that are held against each other: points of the space that was searched, spread over
//! it without looking at what comes of them, and the returns of each over all bars.
//!
//! Those that a search which learns has made crowd where all of the data is good, tests included;
//! these do not.

use dirigent_workflow::{
    artifact::ArtifactRef,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Doubt, Unmade, output};
use crate::{
    setup::failure,
    tasks::{
        backtest::{Bench, file_name, write_failed},
        optimization::candidates,
    },
};

/// The most trials that are held against each other.
const TRIALS_MAX: usize = 500;

/// The returns of a share of them.
pub(super) struct Returns(pub(super) Bench);

/// What a share keeps for those that compare.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The parameters of each trial; of several strategies by name.
    params: Vec<Value>,
    /// How many make no strategy.
    refused: usize,
    /// Returns in a row, trial after trial.
    returns: ArtifactRef,
}

impl TaskKind for Returns {
    fn name(&self) -> &'static str {
        "validation.trial_returns"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        let seed = doubt.setup.master_seed().child("validation").child("trials");
        let points = candidates(&self.0, context, TRIALS_MAX, seed)?;
        let mut kept = Vec::new();
        let mut bytes = Vec::new();
        let share = doubt.share(points.len());
        let count = share.len();
        for (done, params) in points[share].iter().enumerate() {
            context.watch.report(done as u64, count as u64);
            match doubt.simulated(&doubt.with(params)?, doubt.base.stock(), 0) {
                Ok(run) => {
                    run.returns().iter().for_each(|x| bytes.extend(x.to_le_bytes()));
                    kept.push(params.clone());
                }
                // It makes no strategy.
                Err(Unmade::Open(_)) => {}
                Err(Unmade::Ends(error)) => return Err(error),
            }
        }
        let number = context.task.rsplit_once('/').map_or("0", |(_, number)| number);
        let name = file_name(context, &format!("trial-returns-{number}.part"));
        let returns = context.artifacts.put(&name, false, |out| out.write_all(&bytes));
        let returns = returns.map_err(write_failed)?;
        let refused = count - kept.len();
        output("luck", Ok(json!(Kept { params: kept, refused, returns })))
    }
}

/// The trials that were compared, the doubted one first.
pub(super) struct Compared {
    /// The parameters of each; those of the first as it was chosen.
    pub(super) params: Vec<Value>,
    /// The returns of each, bar by bar.
    pub(super) columns: Vec<Vec<f64>>,
    /// How many points make no strategy.
    pub(super) refused: usize,
}

impl Compared {
    /// The doubted run, and what the shares kept.
    pub(super) fn of(doubt: &Doubt<'_>) -> Result<Self, TaskError> {
        let context = doubt.context;
        let own = doubt.base.returns();
        let bars = own.len();
        let chosen = context.outputs.get("rank").map(|rank| rank["best_params"].clone());
        let chosen = chosen.unwrap_or_else(|| json!({}));
        let mut all = Self { params: vec![chosen], columns: vec![own], refused: 0 };
        let shares = context.outputs.get("trial_returns").and_then(Value::as_array);
        for share in shares.into_iter().flatten() {
            let unreadable = |why: String| {
                let message = format!("the returns of trials cannot be read: {why}");
                TaskError::Failed(failure("record_invalid", message))
            };
            let kept: Kept = serde_json::from_value(share.clone())
                .map_err(|error| unreadable(error.to_string()))?;
            let bytes = context.artifacts.get(&kept.returns);
            let bytes = bytes.map_err(|error| unreadable(error.to_string()))?;
            if bytes.len() != kept.params.len() * bars * size_of::<f64>() {
                return Err(unreadable("they are not as many as the bars".to_owned()));
            }
            all.refused += kept.refused;
            let columns = bytes.chunks_exact((bars * size_of::<f64>()).max(1));
            for (params, column) in kept.params.into_iter().zip(columns) {
                // The doubted one stands there already.
                if params != all.params[0] {
                    all.params.push(params);
                    all.columns.push(doubles(column));
                }
            }
        }
        Ok(all)
    }
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| f64::from_le_bytes(*word)).collect()
}
