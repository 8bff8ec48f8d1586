//! Rows of the table of trials, and the table.

use std::io;

use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::found::Tried;
use crate::{
    config::search::{Objective, Search},
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
}

/// The columns of a table of trials.
pub(super) struct Columns<'a> {
    names: Vec<&'a str>,
    is_several: bool,
    has_fractions: bool,
    /// What is searched in place of a strategy.
    function: Option<&'a Objective>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(search: &'a Search) -> Self {
        Self {
            names: search.names(),
            is_several: search.is_several(),
            has_fractions: search.has_fractions(),
            function: search.objectives.first().filter(|_| search.is_test()),
        }
    }

    /// Those of a search of `names` alone.
    pub(super) fn plain(names: Vec<&'a str>) -> Self {
        Self { names, is_several: false, has_fractions: false, function: None }
    }

    fn header(&self) -> Vec<&str> {
        let mut names = vec!["trial"];
        names.extend(self.is_several.then_some("strategy"));
        names.extend(&self.names);
        names.extend(self.has_fractions.then_some("fraction"));
        names.push(if self.function.is_some() { "value" } else { METRICS });
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
    match &tried.came {
        Ok(ranked) if columns.function.is_some() => {
            let value = columns.function.and_then(|function| function.of(ranked));
            cells.push(cell(value.map(|value| -value)));
        }
        Ok(ranked) => {
            let scores = [ranked.sharpe, ranked.total_return, ranked.cagr, ranked.max_drawdown];
            cells.extend(scores.map(cell));
            cells.extend([ranked.trades.to_string(), ranked.final_equity.to_string()]);
            cells.push(String::new());
        }
        Err(why) => {
            cells.extend([const { String::new() }; 6]);
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
    context.artifacts.put(&file_name(context, "trials.csv"), true, |out| {
        writeln!(out, "{}", columns.header().join(","))?;
        for part in parts {
            match part {
                Rows::Text(text) => out.write_all(text.as_bytes())?,
                Rows::File(file) => out.write_all(&context.artifacts.get(file)?)?,
            }
        }
        Ok(())
    })
}
