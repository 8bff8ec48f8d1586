//! The table of trials as a Parquet file, for programs that read columns.
//!
//! Memory holds one part of the table and one stretch of columns.

use std::io;

use dirigent_trading::data::{Cells, write_parquet};
use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};

use super::{
    rows::{Columns, Rows},
    table::cells,
};
use crate::tasks::backtest::file_name;

/// Rows of a stretch, at least.
const STRETCH: usize = 1 << 16;
/// Columns that are whole numbers.
const WHOLE: [&str; 2] = ["trial", "trades"];
/// Columns that are texts.
const TEXTS: [&str; 3] = ["strategy", "regime", "refused"];

/// Writes `trials.parquet`; a picture of the table, so outside of the digest.
pub(super) fn write(
    context: &TaskContext,
    columns: &Columns<'_>,
    parts: &[Rows],
) -> io::Result<ArtifactRef> {
    let header = columns.header().join(",");
    let names: Vec<&str> = header.split(',').collect();
    let mut kinds: Vec<Cells> = names.iter().map(|name| kind(name)).collect();
    for part in parts {
        for line in part.text(context)?.lines() {
            settle(&mut kinds, &names, &cells(line));
        }
    }
    let named: Vec<(String, Cells)> =
        names.iter().map(|name| (*name).to_owned()).zip(kinds.iter().map(empty)).collect();
    let mut left = parts.iter();
    let next = || {
        let mut stretch: Vec<Cells> = kinds.iter().map(empty).collect();
        let mut rows = 0;
        while let Some(part) = if rows < STRETCH { left.next() } else { None } {
            for line in part.text(context)?.lines() {
                stretch.iter_mut().zip(cells(line)).for_each(|(column, cell)| push(column, cell));
                rows += 1;
            }
        }
        Ok((rows > 0).then_some(stretch))
    };
    context
        .artifacts
        .put(&file_name(context, "trials.parquet"), false, |out| write_parquet(out, &named, next))
}

/// What a column holds as far as its name tells; numbers, unless a cell says otherwise.
fn kind(name: &str) -> Cells {
    match name {
        _ if WHOLE.contains(&name) => Cells::Whole(Vec::new()),
        _ if TEXTS.contains(&name) => Cells::Text(Vec::new()),
        _ => Cells::Number(Vec::new()),
    }
}

/// Makes texts of columns with cells that are no numbers.
fn settle(kinds: &mut [Cells], names: &[&str], row: &[String]) {
    for ((kind, name), cell) in kinds.iter_mut().zip(names).zip(row) {
        let is_number = cell.is_empty() || cell.parse::<f64>().is_ok();
        if !is_number && !WHOLE.contains(name) {
            *kind = Cells::Text(Vec::new());
        }
    }
}

fn empty(kind: &Cells) -> Cells {
    match kind {
        Cells::Whole(_) => Cells::Whole(Vec::new()),
        Cells::Number(_) => Cells::Number(Vec::new()),
        Cells::Text(_) => Cells::Text(Vec::new()),
    }
}

fn push(column: &mut Cells, cell: String) {
    match column {
        Cells::Whole(all) => all.push(cell.parse().ok()),
        Cells::Number(all) => all.push(cell.parse().ok()),
        Cells::Text(all) => all.push(Some(cell).filter(|cell| !cell.is_empty())),
    }
}
