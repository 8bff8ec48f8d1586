//! Guided searches: what is tried next depends on what came of the trials before.
//!
//! Invariant: trials are told in the order of their numbers, a whole batch at a time, and the batches
//! depend on the method alone; so the same trials are made whatever the machine, and however often
//! the run was killed: what was told is kept, and what was not is tried again with the same result.

use dirigent_research::optimize::{
    Asked, Direction, Error, Outcome, Point as Place, Study, Trial as Point,
};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value};

use super::{
    bench::Trying,
    blocks::{Ledger, tell},
    found::{Tried, values},
    kept::Kept,
    search_of, warm,
};
use crate::{
    config::search::{Guided, Objective, Trials},
    setup::failure,
    tasks::backtest::Bench,
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
        let trying = Trying::of(&self.0, context, &search, place)?.among(search.members.len());
        let mut ledger = Ledger::of(&search);
        ledger.open(place, &trying);
        let mut add = |index, tried| ledger.add(index, tried);
        match &trying.member.trials {
            Trials::Guided(guided) if guided.is_adaptive() => {
                let (mut kept, told) = Kept::of(context);
                let objectives = &search.objectives;
                let hunt = Hunt { trying: &trying, guided, objectives };
                let known = hunt.known(search.warm_start.as_deref())?;
                let told = hunt.go_on(&known.0, told, Some(&mut kept))?;
                told.into_iter().enumerate().for_each(|(index, tried)| add(index, tried));
                let output = ledger.close(context, known.1)?;
                kept.discard(context);
                return Ok(output);
            }
            // As it is written.
            _ => trying.part(0..trying.member.count(), &mut add)?,
        }
        ledger.close(context, None)
    }
}

/// Points and what came of them, and the table they are from.
type Known = (Vec<(Place, Outcome)>, Option<warm::Told>);

/// A search under way.
pub(super) struct Hunt<'a> {
    pub(super) trying: &'a Trying<'a>,
    pub(super) guided: &'a Guided,
    pub(super) objectives: &'a [Objective],
}

impl Hunt<'_> {
    /// What the trials of an earlier run tell.
    fn known(&self, written: Option<&str>) -> Result<Known, TaskError> {
        let Some(written) = written else { return Ok((Vec::new(), None)) };
        let of = (&*self.guided.space, self.trying.member.name.as_deref());
        let read = warm::read(self.trying.context, written, of, self.objectives);
        let (known, told) = read.map_err(TaskError::Hopeless)?;
        Ok((known, Some(told)))
    }

    /// All trials from the first on, of which nothing is kept.
    pub(super) fn run(&self) -> Result<Vec<Tried>, TaskError> {
        self.go_on(&[], Vec::new(), None)
    }

    /// The trials after those that were `told`; what was `known` before them is no trial.
    fn go_on(
        &self,
        known: &[(Place, Outcome)],
        mut told: Vec<Tried>,
        mut kept: Option<&mut Kept>,
    ) -> Result<Vec<Tried>, TaskError> {
        let Guided { space, method, count } = self.guided;
        let context = self.trying.context;
        let seed = self.trying.seed();
        let start = || -> Result<Study, TaskError> {
            let directions = vec![Direction::Maximize; self.objectives.len()];
            let mut study =
                Study::new(space.clone(), directions, method, seed).map_err(hopeless)?;
            study.warm(known.to_vec()).map_err(hopeless)?;
            Ok(study)
        };
        let mut study = start()?;
        if self.restore(&mut study, &told).is_err() {
            // Kept by another version, or of another space: it is searched anew.
            (study, told) = (start()?, Vec::new());
            if let Some(kept) = &mut kept {
                kept.discard(context);
                **kept = Kept::default();
            }
        }
        let few = if self.trying.is_fast() { BATCH } else { 1 };
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
                tell(context, self.objectives, &tried);
                told.push(tried);
            }
            // Ever more is tried in between, so that there are few parts.
            if let Some(kept) = &mut kept
                && told.len() - kept.count >= few + kept.count / 16
            {
                kept.keep(context, &told);
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
