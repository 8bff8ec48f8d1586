//! Warm starts: what the trials of an earlier run tell a search before its first own trial.
//!
//! Promises: only trials on all of the data whose points are in the space are taken; how many, and the
//! hash of the table, are part of the result.

use std::{fs, path::PathBuf};

use dirigent_core::hash::Sha256Hex;
use dirigent_research::optimize::{Outcome, Point, Space};
use dirigent_workflow::{event::Failure, port::TaskContext};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{found::values, table::cells};
use crate::{config::search::Objective, setup::failure, tasks::backtest::sweep::Ranked};

/// The table that a search was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// How many of its trials were taken.
    pub(super) trials: usize,
    /// The SHA-256 of the table.
    pub(super) sha256: String,
}

/// The trials of the table that `written` names, a file or a run of this home.
pub(super) fn read(
    context: &TaskContext,
    written: &str,
    (space, member): (&Space, Option<&str>),
    objectives: &[Objective],
) -> Result<(Vec<(Point, Outcome)>, Told), Failure> {
    let refuse = |why: String, hint: &str| Failure {
        hint: Some(hint.to_owned()),
        ..failure("config_invalid", format!("`warm_start` `{written}`: {why}"))
    };
    let path = table_of(context, written);
    let bytes = fs::read(&path).map_err(|error| {
        refuse(format!("cannot read the table: {error}"), "name a run, or a file `trials.csv`")
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let header = cells(lines.next().unwrap_or_default());
    let rows = lines.map(|line| Row { header: &header, cells: cells(line) });
    let known: Vec<_> = rows.filter_map(|row| row.read(space, member, objectives)).collect();
    if known.is_empty() {
        let why = "none of its trials is in the space that is searched".to_owned();
        return Err(refuse(why, "name a search of the same parameters, or leave it out"));
    }
    let told = Told { trials: known.len(), sha256: Sha256Hex::of(&bytes).to_string() };
    Ok((known, told))
}

/// `trials.csv` of a run of this home, else a file.
fn table_of(context: &TaskContext, written: &str) -> PathBuf {
    let file = PathBuf::from(&context.start.base).join(written);
    let Some(home) = context.artifacts.root().parent().filter(|_| !file.exists()) else {
        return file;
    };
    let folder = home.join("runs").join(written);
    let names = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut tables: Vec<PathBuf> = names
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with("trials.csv"))
        .collect();
    tables.sort();
    tables.into_iter().next().unwrap_or(file)
}

struct Row<'a> {
    header: &'a [String],
    cells: Vec<String>,
}

impl Row<'_> {
    fn cell(&self, name: &str) -> Option<&str> {
        let place = self.header.iter().position(|own| own == name)?;
        self.cells.get(place).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.cell(name)?.parse().ok()
    }

    fn read(
        &self,
        space: &Space,
        member: Option<&str>,
        objectives: &[Objective],
    ) -> Option<(Point, Outcome)> {
        let is_own = member.is_none_or(|name| self.cell("strategy").is_none_or(|own| own == name));
        let is_whole = self.number("fraction").is_none_or(|fraction| fraction >= 1.0);
        if !is_own || !is_whole {
            return None;
        }
        let value = |name: &str| {
            let cell = self.cell(name)?;
            let value = serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell));
            Some((name.to_owned(), value))
        };
        let names = space.parameters().iter().map(|own| own.name.as_str());
        let params: Map<String, Value> = names.filter_map(value).collect();
        let point = space.parse(&Value::Object(params.clone())).ok()?;
        if self.cell("refused").is_some() {
            return Some((point, Outcome::Failed));
        }
        let ranked = Ranked {
            sharpe: self.number("sharpe"),
            total_return: self.number("total_return"),
            cagr: self.number("cagr"),
            max_drawdown: self.number("max_drawdown"),
            trades: self.cell("trades").and_then(|cell| cell.parse().ok()).unwrap_or(0),
            final_equity: self.number("final_equity").unwrap_or(0.0),
            ..Ranked::untraded(params, 0)
        };
        let values = values(&ranked, objectives);
        Some((point, values.map_or(Outcome::Failed, Outcome::Values)))
    }
}
