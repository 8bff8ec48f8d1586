//! A hunt: trials are made one after the other, each told before those that learn from it are asked for.

use dirigent_core::Seed;
use dirigent_research::optimize::{Direction, Outcome, Study};
use dirigent_workflow::port::{TaskError, Watch};
use serde_json::{Map, Value};

use super::{
    found::Tried,
    guided::{ask, hopeless},
};
use crate::config::search::{Guided, Trials, params_of};

/// The most trials that are asked for before one of them is told.
const BATCH: usize = 256;

/// Tries the values of trial number so and so: what they stand for, and what came of them, ranked; the
/// inner error says why nothing did.
pub(super) type Score<'a> = dyn FnMut(usize, Map<String, Value>) -> Result<Tried, TaskError> + 'a;

/// Is handed each trial in order, once it is known.
pub(super) type Take<'a> = dyn FnMut(usize, Tried) -> Result<(), TaskError> + 'a;

/// Makes all `trials`, and hands them to `take`.
pub(super) fn hunt(
    trials: &Trials,
    seed: Seed,
    watch: &Watch,
    (score, take): (&mut Score<'_>, &mut Take<'_>),
) -> Result<(), TaskError> {
    match trials {
        Trials::Guided(guided) => guided_by(guided, seed, watch, (score, take)),
        Trials::Grid(axes) => {
            let count = axes.iter().map(|axis| axis.values.len()).product();
            for index in 0..count {
                look(watch, index, count)?;
                take(index, score(index, params_of(axes, index))?)?;
            }
            Ok(())
        }
    }
}

fn guided_by(
    guided: &Guided,
    seed: Seed,
    watch: &Watch,
    (score, take): (&mut Score<'_>, &mut Take<'_>),
) -> Result<(), TaskError> {
    let directions = vec![Direction::Maximize];
    let study = Study::new(guided.space.clone(), directions, &guided.method, seed);
    let mut study = study.map_err(hopeless)?;
    let mut done = 0;
    while done < guided.count {
        let batch = ask(&mut study, (guided.count - done).min(BATCH));
        if batch.is_empty() {
            break;
        }
        for trial in batch {
            look(watch, done, guided.count)?;
            let params = match guided.space.to_json(&trial.point) {
                Value::Object(params) => params,
                _ => Map::new(),
            };
            let one = score(done, params)?;
            let value = one.came.as_ref().ok().and_then(|ranked| ranked.objective);
            let outcome = value.map_or(Outcome::Failed, Outcome::value);
            study.tell(trial.number, outcome).map_err(hopeless)?;
            take(done, one)?;
            done += 1;
        }
    }
    Ok(())
}

fn look(watch: &Watch, done: usize, total: usize) -> Result<(), TaskError> {
    if watch.stopped() {
        return Err(TaskError::Stopped);
    }
    watch.report(done as u64, total as u64);
    Ok(())
}
