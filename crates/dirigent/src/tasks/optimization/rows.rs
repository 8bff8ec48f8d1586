//! Rows of the table of trials, and the table.

use std::{borrow::Cow, io};

use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::found::Tried;
use crate::{
    config::search::{Objective, Search, stages::GAIN},
    tasks::backtest::file_name,
};

const METRICS: &str = "sharpe,total_return,cagr,max_drawdown,trades,final_equity,refused";
/// Up to so many bytes, rows are recorded with what a block found; more are a file of their own.
const INLINE_MAX: usize = 2048;

/// The rows of some trials.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rows {
    Text(String),
    File(ArtifactRef),
}

impl Rows {
    /// Puts `text` aside.
    pub(super) fn put(context: &TaskContext, text: String) -> io::Result<Self> {
        if text.len() <= INLINE_MAX {
            return Ok(Self::Text(text));
        }
        let number = context.task.rsplit_once('/').map_or("", |(_, number)| number);
        let name = file_name(context, &format!("trials-{number}.part"));
        context.artifacts.put(&name, true, |out| out.write_all(text.as_bytes())).map(Self::File)
    }

    /// What was put aside.
    pub(super) fn text(&self, context: &TaskContext) -> io::Result<Cow<'_, str>> {
        match self {
            Self::Text(text) => Ok(Cow::Borrowed(text)),
            Self::File(file) => {
                let text = String::from_utf8(context.artifacts.get(file)?);
                text.map(Cow::Owned).map_err(io::Error::other)
            }
        }
    }
}

/// The columns of a table of trials.
pub(super) struct Columns<'a> {
    names: Vec<&'a str>,
    /// What each trial is of.
    of: Option<&'static str>,
    has_fractions: bool,
    figures: Figures<'a>,
}

/// What is told of a trial.
#[derive(Clone, Copy)]
enum Figures<'a> {
    Metrics,
    /// The value of what is searched in place of a strategy.
    Function(&'a Objective),
    /// The figure that a detector of regimes is judged by.
    Gain,
}

impl<'a> Columns<'a> {
    pub(super) fn of(search: &'a Search) -> Self {
        Self {
            names: search.names(),
            of: search.is_several().then_some("strategy"),
            has_fractions: search.has_fractions(),
            figures: match &search.objectives[..] {
                [function, ..] if search.is_test() => Figures::Function(function),
                _ => Figures::Metrics,
            },
        }
    }

    /// Those of a search of `names` alone.
    pub(super) fn plain(names: Vec<&'a str>) -> Self {
        Self { names, of: None, has_fractions: false, figures: Figures::Metrics }
    }

    /// Those of a search in each regime.
    pub(super) fn by_regime(names: Vec<&'a str>) -> Self {
        Self { of: Some("regime"), ..Self::plain(names) }
    }

    /// Those of a search for a detector of regimes.
    pub(super) fn of_detector(names: Vec<&'a str>) -> Self {
        Self { figures: Figures::Gain, ..Self::plain(names) }
    }

    pub(super) fn header(&self) -> Vec<&str> {
        let mut names = vec!["trial"];
        names.extend(self.of);
        names.extend(&self.names);
        names.extend(self.has_fractions.then_some("fraction"));
        names.extend(match self.figures {
            Figures::Metrics => [METRICS].as_slice(),
            Figures::Function(_) => &["value"],
            Figures::Gain => &[GAIN, "refused"],
        });
        names
    }
}

/// Adds the row of trial `index` of the strategy called `of`.
pub(super) fn write_row(
    out: &mut String,
    columns: &Columns<'_>,
    (index, of): (usize, Option<&str>),
    tried: &Tried,
) {
    let mut cells = vec![index.to_string()];
    cells.extend(of.map(quoted));
    cells.extend(columns.names.iter().map(|name| match tried.params.get(*name) {
        Some(Value::String(text)) => quoted(text),
        Some(value) => value.to_string(),
        // It does not matter there.
        None => String::new(),
    }));
    if columns.has_fractions {
        cells.push(tried.fraction.to_string());
    }
    let cell = |score: Option<f64>| score.map_or_else(String::new, |score| score.to_string());
    match (&tried.came, columns.figures) {
        (Ok(ranked), Figures::Function(function)) => {
            cells.push(cell(function.of(ranked).map(|value| -value)));
        }
        (Ok(ranked), Figures::Gain) => cells.extend([cell(ranked.objective), String::new()]),
        (Ok(ranked), Figures::Metrics) => {
            let scores = [ranked.sharpe, ranked.total_return, ranked.cagr, ranked.max_drawdown];
            cells.extend(scores.map(cell));
            cells.extend([ranked.trades.to_string(), ranked.final_equity.to_string()]);
            cells.push(String::new());
        }
        (Err(why), figures) => {
            let empty = if matches!(figures, Figures::Gain) { 1 } else { 6 };
            cells.extend(std::iter::repeat_n(String::new(), empty));
            cells.push(quoted(why));
        }
    }
    *out += &cells.join(",");
    out.push('\n');
}

/// A text as a cell of a table.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'").replace('\n', " "))
}

/// All rows under one header.
pub(super) fn table(
    context: &TaskContext,
    columns: &Columns<'_>,
    parts: &[Rows],
) -> io::Result<ArtifactRef> {
    named_table(context, "trials.csv", columns, parts)
}

/// The same as file `name`.
pub(super) fn named_table(
    context: &TaskContext,
    name: &str,
    columns: &Columns<'_>,
    parts: &[Rows],
) -> io::Result<ArtifactRef> {
    context.artifacts.put(&file_name(context, name), true, |out| {
        writeln!(out, "{}", columns.header().join(","))?;
        for part in parts {
            out.write_all(part.text(context)?.as_bytes())?;
        }
        Ok(())
    })
}
