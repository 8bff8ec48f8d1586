//! Layout: how a file holds bars: one symbol, one column per symbol, or one row per symbol.
//!
//! Promises: the choice depends on the header, the path and the symbols asked for, never on rows;
//! a file that fits no layout is refused with the names of its columns.

use std::collections::BTreeMap;

use super::{
    Request,
    error::Error,
    header::{Header, Role, plain},
    table::{Cell, Plan},
};

/// How a file holds bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Open, high, low, close of one symbol.
    Single(Slots),
    /// The same, with a column that says which symbol a row belongs to.
    Long(Slots),
    /// One column of closes per requested symbol, in the order of the request.
    Panel,
}

/// In which slot of the table a column is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    /// Open, high, low; `None` for a file with closes only.
    pub(crate) ohl: Option<[usize; 3]>,
    pub(crate) close: usize,
    pub(crate) adj_close: Option<usize>,
    pub(crate) has_volume: bool,
}

/// The layout of a file and which of its columns are read.
///
/// # Errors
/// A column that is needed is missing or ambiguous.
pub(crate) fn of(
    header: &Header,
    request: &Request,
    is_template: bool,
) -> Result<(Layout, Plan), Error> {
    let roles = header.roles(&request.columns)?;
    let Some(time) = roles.get(&Role::Time) else {
        return Err(header.error(
            "has no column for the time",
            "name it `timestamp`, `date` or `time`, or set `data.columns: {timestamp: NAME}`",
        ));
    };
    let mut cells = vec![Cell::Skip; header.names.len()];
    cells[*time] = Cell::Time;
    if let Some(clock) = roles.get(&Role::Clock) {
        cells[*clock] = Cell::Clock;
    }
    let mut plan = Plan { cells };
    if let Some(columns) = panel(header, request, &roles, is_template) {
        for (slot, column) in columns.into_iter().enumerate() {
            let name = &header.names[column];
            if plan.cells[column] != Cell::Skip
                || header.names.iter().filter(|n| *n == name).count() > 1
            {
                return Err(header.error(
                    format!("has no column of its own for `{}`", request.symbols[slot]),
                    "give each symbol one column with its name",
                ));
            }
            plan.cells[column] = Cell::MaybePrice(slot);
        }
        return Ok((Layout::Panel, plan));
    }
    let slots = slots(header, &roles, &mut plan)?;
    let layout = match roles.get(&Role::Symbol) {
        Some(column) if !is_template => {
            plan.cells[*column] = Cell::Symbol;
            Layout::Long(slots)
        }
        _ if is_template || request.symbols.len() == 1 => Layout::Single(slots),
        _ => {
            return Err(header.error(
                format!("cannot tell {} symbols apart", request.symbols.len()),
                "put `{symbol}` into `data.path`, or add a `symbol` column, or a column per symbol",
            ));
        }
    };
    Ok((layout, plan))
}

/// The column of each requested symbol, if the file has one for every one of them.
///
/// A single symbol counts only where no column is called close: `V` or `C` may be volume or close.
fn panel(
    header: &Header,
    request: &Request,
    roles: &BTreeMap<Role, usize>,
    is_template: bool,
) -> Option<Vec<usize>> {
    if request.columns.contains_key(Role::Close.key()) {
        return None;
    }
    let time = roles[&Role::Time];
    let named = |symbol: &String| {
        let exact = header.names.iter().position(|name| name == symbol);
        let loose = || header.names.iter().position(|name| name.eq_ignore_ascii_case(symbol));
        exact.or_else(loose).filter(|column| *column != time)
    };
    let columns: Option<Vec<usize>> = request.symbols.iter().map(named).collect();
    let spelled_out = |c: &usize| plain(&header.names[*c]).len() > 1;
    let has_close = roles.get(&Role::Close).is_some_and(spelled_out);
    if let Some(columns) = columns.filter(|_| !has_close) {
        return Some(columns);
    }
    // Time and one series: whatever it is called, it is the close of the one symbol.
    let others = header.names.len() == 2 && !roles.contains_key(&Role::Close);
    let alone = is_template || request.symbols.len() == 1;
    let is_price = !roles.contains_key(&Role::Volume) && !roles.contains_key(&Role::AdjClose);
    (others && alone && is_price).then(|| vec![1 - time])
}

fn slots(header: &Header, roles: &BTreeMap<Role, usize>, plan: &mut Plan) -> Result<Slots, Error> {
    let mut slots = Slots::default();
    let mut next = 0;
    let mut take = |role: Role, required: bool| {
        let column = roles.get(&role)?;
        plan.cells[*column] = if required { Cell::Price(next) } else { Cell::MaybePrice(next) };
        next += 1;
        Some(next - 1)
    };
    let ohl = [Role::Open, Role::High, Role::Low].map(|role| take(role, true));
    let close = take(Role::Close, true);
    let adj_close = match close {
        Some(_) => take(Role::AdjClose, false),
        None => None,
    };
    slots.close = match close.or_else(|| take(Role::AdjClose, true)) {
        Some(slot) => slot,
        None => return Err(no_close(header)),
    };
    slots.adj_close = adj_close;
    slots.ohl = match ohl {
        [Some(open), Some(high), Some(low)] => Some([open, high, low]),
        [None, None, None] => None,
        _ => return Err(part_of_bar(header, roles)),
    };
    if let Some(volume) = roles.get(&Role::Volume) {
        plan.cells[*volume] = Cell::Number(0);
        slots.has_volume = true;
    }
    Ok(slots)
}

fn no_close(header: &Header) -> Error {
    header.error(
        "has no column `close`",
        "name the columns open, high, low, close, volume, or map them: \
         `data.columns: {close: NAME}`; a file with one column per symbol needs every symbol of \
         `data.symbols` among them",
    )
}

fn part_of_bar(header: &Header, roles: &BTreeMap<Role, usize>) -> Error {
    let missing: Vec<String> = [Role::Open, Role::High, Role::Low]
        .iter()
        .filter(|role| !roles.contains_key(role))
        .map(|role| format!("`{}`", role.key()))
        .collect();
    header.error(
        format!("has no column {}", missing.join(" and ")),
        "a bar needs open, high, low and close, or only close; map other names with \
         `data.columns: {open: NAME}`",
    )
}
