//! Rows of the table of trials, and the table.

use std::io;

use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::tasks::backtest::{file_name, sweep::Ranked};

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

/// Adds the row of trial `index` of the strategy called `of`.
pub(super) fn write_row(
    out: &mut String,
    index: usize,
    of: Option<&str>,
    (names, params): (&[&str], &Map<String, Value>),
    tried: &Result<Ranked, String>,
) {
    *out += &index.to_string();
    if let Some(name) = of {
        *out += &format!(",{}", quoted(name));
    }
    for name in names {
        match params.get(*name) {
            Some(Value::String(text)) => *out += &format!(",{}", quoted(text)),
            Some(value) => *out += &format!(",{value}"),
            // It does not matter there.
            None => out.push(','),
        }
    }
    match tried {
        Ok(ranked) => {
            for score in [ranked.sharpe, ranked.total_return, ranked.cagr, ranked.max_drawdown] {
                *out += &score.map_or_else(|| ",".to_owned(), |score| format!(",{score}"));
            }
            *out += &format!(",{},{},\n", ranked.trades, ranked.final_equity);
        }
        Err(why) => *out += &format!(",,,,,,,{}\n", quoted(why)),
    }
}

/// A text as a cell of a table.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'").replace('\n', " "))
}

/// All rows under one header.
pub(super) fn table(
    context: &TaskContext,
    (names, is_several): (&[&str], bool),
    parts: &[Rows],
) -> io::Result<ArtifactRef> {
    let names: String = names.iter().map(|name| format!("{name},")).collect();
    let of = if is_several { "strategy," } else { "" };
    context.artifacts.put(&file_name(context, "trials.csv"), true, |out| {
        writeln!(out, "trial,{of}{names}{METRICS}")?;
        for part in parts {
            match part {
                Rows::Text(text) => out.write_all(text.as_bytes())?,
                Rows::File(file) => out.write_all(&context.artifacts.get(file)?)?,
            }
        }
        Ok(())
    })
}
