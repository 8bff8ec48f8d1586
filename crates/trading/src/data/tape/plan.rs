//! Which columns of a file of quotes or trades are read.

use super::Wanted;
use crate::data::{
    error::Error,
    header::{Header, Role, plain},
    table::{Cell, Plan},
    trades::SYMBOLS,
};

/// Which columns of a file are read.
pub(super) fn plan(
    header: &Header,
    wanted: &'static [Wanted],
    symbols: usize,
) -> Result<Plan, Error> {
    let names: Vec<String> = header.names.iter().map(|name| plain(name)).collect();
    let find = |known: &[&str]| {
        known.iter().find_map(|name| names.iter().position(|column| column == name))
    };
    let Some(time) = header.time_roles().get(&Role::Time).copied() else {
        let hint = "name it `timestamp` or `time`";
        return Err(header.error("has no column for the time", hint));
    };
    let mut cells = vec![Cell::Skip; header.names.len()];
    cells[time] = Cell::Time;
    let columns: Vec<Option<usize>> = wanted.iter().map(|wanted| find(wanted.names)).collect();
    // Of what may be absent either all is there or nothing.
    let is_any = wanted.iter().zip(&columns).any(|(w, column)| !w.is_needed && column.is_some());
    for (slot, (Wanted { key, is_needed, .. }, column)) in wanted.iter().zip(columns).enumerate() {
        match column {
            Some(column) => cells[column] = Cell::Price(slot),
            None if *is_needed || is_any => {
                let (what, hint) = (format!("has no column `{key}`"), format!("name it `{key}`"));
                return Err(header.error(what, hint));
            }
            None => {}
        }
    }
    match find(SYMBOLS) {
        Some(column) if symbols > 1 => cells[column] = Cell::Symbol,
        None if symbols > 1 => {
            let hint = "put `{symbol}` into the path, or add a `symbol` column";
            return Err(header.error(format!("cannot tell {symbols} symbols apart"), hint));
        }
        _ => {}
    }
    Ok(Plan { cells })
}
