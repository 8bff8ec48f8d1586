//! The search of a file made anew on a part of its data, at once and without a record, and points of
//! its space that look at no data.

use std::sync::Arc;

use dirigent_core::{Seed, Timestamp};
use dirigent_research::optimize::{Error, Method};
use dirigent_workflow::port::{TaskContext, TaskError};
use serde_json::{Map, Value, json};

use super::{
    bench::Trying,
    found::Found,
    guided::Hunt,
    rank::{ranking, worth_something},
    search_of,
    sequence::Sequence,
};
use crate::{
    config::search::{Guided, Member, Trials, params_of},
    setup::failure,
    tasks::backtest::Bench,
};

/// A part of the data.
#[derive(Clone, Copy, Debug)]
pub(in crate::tasks) struct Period {
    /// The time of its first bar.
    pub(in crate::tasks) first: Timestamp,
    /// What comes after its last bar; none is the end of the data.
    pub(in crate::tasks) end: Option<Timestamp>,
}

/// What a search found.
#[derive(Clone, Debug)]
pub(in crate::tasks) struct Anew {
    /// How many trials it made.
    pub(in crate::tasks) trials: usize,
    /// The best of them, as `best_params` has it.
    pub(in crate::tasks) params: Value,
}

/// The context of a search by itself: with the parameters of the file, not those that it found.
fn plain(context: &TaskContext) -> TaskContext {
    let mut context = context.clone();
    if let Some(input) = context.input.as_object_mut() {
        input.shift_remove("params_of");
    }
    context
}

/// What the search of `context` finds within `period`; no trial sees a bar from its end on.
pub(in crate::tasks) fn anew(
    bench: &Bench,
    context: &TaskContext,
    period: Period,
) -> Result<Anew, TaskError> {
    let context = &plain(context);
    let search = &*search_of(bench, context)?;
    let objectives = &search.objectives;
    let one = |place| {
        let trying = Trying::of(bench, context, search, place)?.within(period)?;
        let mut found = Found::of(place, trying.periods_per_year());
        match &trying.member.trials {
            Trials::Guided(guided) if guided.is_adaptive() => {
                let told = Hunt { trying: &trying, guided, objectives }.run()?;
                told.iter().for_each(|tried| found.add(tried, true, objectives));
            }
            _ => {
                let all = 0..trying.member.count();
                trying.part(all, &mut |_, tried| found.add(&tried, true, objectives))?;
            }
        }
        worth_something(&found, trying.member.name.as_deref(), objectives)?;
        Ok(found)
    };
    let all = (0..search.members.len()).map(one).collect::<Result<Vec<_>, TaskError>>()?;
    let mut ranked = ranking(search, &all);
    let trials = all.iter().map(|found| found.trials).sum();
    Ok(Anew { trials, params: ranked["best_params"].take() })
}

/// At most `most` points of the space that the search of `context` tries, spread over it without a look
/// at what comes of them: all of a grid or of a list, or evenly many; of a search that learns, those
/// of a Sobol sequence. Of several strategies their points side by side.
pub(in crate::tasks) fn candidates(
    bench: &Bench,
    context: &TaskContext,
    most: usize,
    seed: Seed,
) -> Result<Vec<Value>, TaskError> {
    let context = &plain(context);
    let search = &*search_of(bench, context)?;
    let of = |place: usize| {
        let trying = Trying::of(bench, context, search, place)?;
        of_member(&trying, &search.members[place], most, seed)
    };
    let all = (0..search.members.len()).map(of).collect::<Result<Vec<_>, TaskError>>()?;
    if !search.is_several() {
        return Ok(all.into_iter().flatten().map(Value::Object).collect());
    }
    let row = |at: usize| {
        let own = search.members.iter().zip(&all).filter(|(_, points)| !points.is_empty());
        let own = own.map(|(member, points)| {
            (member.name.clone().unwrap_or_default(), json!(points[at % points.len()]))
        });
        Value::Object(own.collect())
    };
    Ok((0..all.iter().map(Vec::len).max().unwrap_or(0)).map(row).collect())
}

fn of_member(
    trying: &Trying<'_>,
    member: &Member,
    most: usize,
    seed: Seed,
) -> Result<Vec<Map<String, Value>>, TaskError> {
    let count = member.count();
    let kept = count.min(most);
    match &member.trials {
        // The product is below 10^3 · 10^7.
        Trials::Grid(axes) => Ok((0..kept).map(|at| params_of(axes, at * count / kept)).collect()),
        Trials::Guided(guided) if guided.is_adaptive() => {
            let space = Arc::clone(&guided.space);
            let even = Guided { space, method: Method::Sobol, count: kept };
            Ok(Sequence::of(&even, seed).map_err(hopeless)?.params(0..kept))
        }
        Trials::Guided(_) => Ok(trying.known(kept)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn hopeless(error: Error) -> TaskError {
    TaskError::Hopeless(failure("search_failed", format!("points to compare: {error}")))
}
