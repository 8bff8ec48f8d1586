//! Guided searches: what is tried next depends on what came of the trials before.
//!
//! Invariant: trials are told in the order of their numbers, a whole batch at a time, and the batches
//! depend on the method alone; so the same trials are made whatever the machine, and however often
//! the run was killed: what was told is kept, and what was not is tried again with the same result.

use std::io::Write;

use dirigent_research::optimize::{Asked, Direction, Error, Outcome, Study, Trial as Point};
use dirigent_workflow::{
    artifact::ArtifactRef,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Map, Value, json};

use super::{
    bench::Trying,
    blocks::Ledger,
    found::{Tried, values},
    search_of,
};
use crate::{
    config::search::{Guided, Objective, Trials},
    setup::failure,
    tasks::backtest::{Bench, file_name},
};

/// The most trials that are asked for before one of them is told.
const BATCH: usize = 256;

/// Searches with a method that learns.
pub(super) struct Guide(pub(super) Bench);

impl TaskKind for Guide {
    fn name(&self) -> &'static str {
        "optimization.guided"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let search = search_of(&self.0, context)?;
        // One task for each of several strategies.
        let number = context.task.rsplit_once('/').and_then(|(_, number)| number.parse().ok());
        let place = number.unwrap_or(0);
        let trying = Trying::of(&self.0, context, &search, place)?;
        let mut ledger = Ledger::of(&search);
        ledger.open(place, &trying);
        let mut add = |index, tried| ledger.add(index, tried);
        match &trying.member.trials {
            Trials::Guided(guided) if guided.is_adaptive() => {
                let objectives = &search.objectives;
                let hunt = Hunt { trying: &trying, guided, objectives, is_kept: true };
                let told = hunt.run()?;
                told.into_iter().enumerate().for_each(|(index, tried)| add(index, tried));
            }
            // As it is written.
            _ => trying.part(0..trying.member.count(), &mut add)?,
        }
        ledger.close(context)
    }
}

/// A search under way.
pub(super) struct Hunt<'a> {
    pub(super) trying: &'a Trying<'a>,
    pub(super) guided: &'a Guided,
    pub(super) objectives: &'a [Objective],
    /// Whether what was told outlives the process.
    pub(super) is_kept: bool,
}

impl Hunt<'_> {
    pub(super) fn run(&self) -> Result<Vec<Tried>, TaskError> {
        let Guided { space, method, count } = self.guided;
        let context = self.trying.context;
        let seed = self.trying.seed();
        let start = || {
            let directions = vec![Direction::Maximize; self.objectives.len()];
            Study::new(space.clone(), directions, method, seed).map_err(hopeless)
        };
        let mut told = if self.is_kept { self.kept() } else { Vec::new() };
        let mut study = start()?;
        if self.restore(&mut study, &told).is_err() {
            // Kept by another version, or of another space: it is searched anew.
            (study, told) = (start()?, Vec::new());
        }
        let few = if self.trying.is_fast() { BATCH } else { 1 };
        let mut kept = told.len();
        while told.len() < *count {
            if context.watch.stopped() {
                return Err(TaskError::Stopped);
            }
            let batch = ask(&mut study, (count - told.len()).min(BATCH));
            if batch.is_empty() {
                break;
            }
            context.watch.report(told.len() as u64, *count as u64);
            for (trial, tried) in batch.iter().zip(self.tried(&batch, told.len())?) {
                study.tell(trial.number, self.outcome(&tried)).map_err(hopeless)?;
                told.push(tried);
            }
            // All that was told is kept each time, so ever more is tried in between.
            if self.is_kept && told.len() - kept >= few + kept / 16 {
                self.keep(&told);
                kept = told.len();
            }
        }
        Ok(told)
    }

    fn params(&self, trial: &Point) -> Map<String, Value> {
        match self.guided.space.to_json(&trial.point) {
            Value::Object(params) => params,
            _ => Map::new(),
        }
    }

    fn outcome(&self, tried: &Tried) -> Outcome {
        let came = tried.came.as_ref().ok();
        let values = came.and_then(|ranked| values(ranked, self.objectives));
        values.map_or(Outcome::Failed, Outcome::Values)
    }

    /// What came of a batch, the first trial of which is number `first`.
    fn tried(&self, batch: &[Point], first: usize) -> Result<Vec<Tried>, TaskError> {
        let mut tried = Vec::with_capacity(batch.len());
        for rung in batch.chunk_by(|one, next| one.fraction.total_cmp(&next.fraction).is_eq()) {
            let from = first + tried.len();
            let params = rung.iter().map(|trial| self.params(trial)).collect();
            self.trying.points(from, params, rung[0].fraction, &mut |_, came| tried.push(came))?;
        }
        Ok(tried)
    }

    fn restore(&self, study: &mut Study, told: &[Tried]) -> Result<(), Error> {
        let trials = (0..).zip(told).map(|(number, tried)| {
            let point = self.guided.space.parse(&Value::Object(tried.params.clone()))?;
            Ok((number, point, self.outcome(tried)))
        });
        study.restore(trials.collect::<Result<_, Error>>()?)
    }

    /// What an earlier attempt kept.
    fn kept(&self) -> Vec<Tried> {
        let context = self.trying.context;
        let kept = || {
            let state = context.container.restored()?;
            let file: ArtifactRef = serde_json::from_value(state["trials"].clone()).ok()?;
            serde_json::from_slice(&context.artifacts.get(&file).ok()?).ok()
        };
        kept().unwrap_or_default()
    }

    fn keep(&self, told: &[Tried]) {
        let context = self.trying.context;
        let name = file_name(context, "trials.kept");
        let write = |out: &mut dyn Write| Ok(serde_json::to_writer(out, told)?);
        // A search that could not be kept goes on, and would begin anew after a crash.
        if let Ok(file) = context.artifacts.put(&name, false, write) {
            context.checkpoint(&json!({"trials": file}));
        }
    }
}

/// The trials that can be made without knowing what comes of one of them.
pub(super) fn ask(study: &mut Study, most: usize) -> Vec<Point> {
    let mut batch = Vec::new();
    while batch.len() < most {
        match study.ask() {
            Asked::Trial(trial) => batch.push(trial),
            Asked::Wait | Asked::Done => break,
        }
    }
    batch
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
pub(super) fn hopeless(error: Error) -> TaskError {
    TaskError::Hopeless(failure("search_failed", error.to_string()))
}
