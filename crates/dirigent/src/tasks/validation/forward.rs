//! The walk forward: search the past, trade what follows with what was found, move on.
//!
//! Invariant: what is chosen for a test is chosen on a stock that ends before it.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_research::validate::Split;
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Doubt, Unmade, figures, output};
use crate::tasks::{
    backtest::Bench,
    optimization::{Anew, Period, anew},
};

/// One window or several.
pub(super) struct Walk(pub(super) Bench);

/// What came of one window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    /// Counted from 0.
    pub(super) window: usize,
    /// Where it was searched.
    pub(super) train: Span,
    /// Where that was traded.
    pub(super) test: Span,
    /// How many variants were tried; none is the parameters as written.
    pub(super) trials: Option<usize>,
    /// What was chosen, among the parameters that are searched; of several strategies by name.
    pub(super) params: Value,
    /// How that did where it was chosen.
    pub(super) in_sample: Value,
    /// How it did in the test.
    pub(super) out_of_sample: Value,
    /// The returns of the bars of the test.
    pub(super) returns: Vec<f64>,
}

/// Bars, by their numbers and times; the last is the first that is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) end: usize,
    /// The time of the first bar.
    pub(super) from: Timestamp,
    /// The time of the last bar.
    pub(super) to: Timestamp,
}

impl TaskKind for Walk {
    fn name(&self) -> &'static str {
        "validation.walk_forward"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        output("walk_forward", windows(&doubt))
    }
}

/// The windows of this task's share.
fn windows(doubt: &Doubt<'_>) -> Result<Value, Unmade> {
    let splits = doubt.settings.walk_forward.splits(doubt.base.times().len())?;
    let share = doubt.share(splits.len());
    let made = share.map(|number| window(doubt, number, &splits[number]));
    let windows = made.collect::<Result<Vec<_>, Unmade>>()?;
    Ok(json!({"windows": windows}))
}

/// The bars of a plain range of a split.
fn span(ranges: &[std::ops::Range<usize>], times: &[Timestamp]) -> Option<Span> {
    let range = ranges.first()?;
    let (from, to) = (*times.get(range.start)?, *times.get(range.end.checked_sub(1)?)?);
    Some(Span { first: range.start, end: range.end, from, to })
}

fn window(doubt: &Doubt<'_>, number: usize, split: &Split) -> Result<Window, Unmade> {
    let times = doubt.base.times();
    let spans = span(&split.train, times).zip(span(&split.test, times));
    let no_bars = || Unmade::Open(format!("window {number} has no bars"));
    let (train, test) = spans.ok_or_else(no_bars)?;
    let period = |span: &Span| Period { first: span.from, end: times.get(span.end).copied() };
    let cut = |span: &Span| {
        let Period { first, end } = period(span);
        let stock = doubt.base.stock().window(first, end);
        stock.map(Arc::new).map_err(|failure| Unmade::Open(failure.message))
    };
    let (past, future) = (cut(&train)?, cut(&test)?);
    let (trials, params) = choose(doubt, period(&train))?;
    let setup = doubt.with(&params)?;
    let inside = figures(&doubt.simulated(&setup, &past, 0)?);
    let outside = doubt.simulated(&setup, &future, 0)?;
    Ok(Window {
        window: number,
        train,
        test,
        trials,
        params,
        in_sample: inside,
        out_of_sample: figures(&outside),
        returns: outside.returns(),
    })
}

/// How many variants were tried, and the parameters of the best; as written, without a search.
fn choose(doubt: &Doubt<'_>, period: Period) -> Result<(Option<usize>, Value), Unmade> {
    if !doubt.is_searched() {
        return Ok((None, json!({})));
    }
    match anew(doubt.bench, doubt.context, period) {
        Ok(Anew { trials, params }) => Ok((Some(trials), params)),
        // Nothing that is tried there makes a strategy.
        Err(TaskError::Hopeless(failure)) => Err(Unmade::Open(failure.message)),
        Err(error) => Err(error.into()),
    }
}
