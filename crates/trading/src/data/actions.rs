//! Actions: a CSV file of what companies did to their units.
//!
//! Columns `symbol`, `date`, `action` and `value`, in any order, others are passed over. Promises:
//! every row is read or refused with its line; symbols that are not asked for are passed over only
//! once their row was read.

use std::path::Path;

use super::{
    Bars,
    error::Error,
    load::{no_zone, parse_date},
    problem::shown,
    source::{FileFact, Source},
    stamp::Zone,
};
use crate::corporate::{Action, Event};
use crate::price::Price;

/// The largest file of actions that is read, in bytes.
pub const ACTIONS_BYTES_MAX: u64 = 64 << 20;

const COLUMNS: [&str; 4] = ["symbol", "date", "action", "value"];
const HINT: &str = "write lines such as `AAPL,2005-02-28,split,2`, `AAPL,2012-08-09,dividend,2.65` \
                    or `LEH,2008-09-17,delisting,0.13`";

/// Reads the actions on the symbols of `bars`. A day begins at midnight of `timezone`, the IANA
/// zone of the bars; of bars that have dates only, at midnight UTC as they do.
///
/// # Errors
/// The file cannot be read, or a row is no action.
pub fn read_actions(
    path: &Path,
    bars: &[&Bars],
    timezone: Option<&str>,
) -> Result<(Vec<Action>, FileFact), Error> {
    let name = timezone.unwrap_or("UTC");
    let zone = Zone::named(name).ok_or_else(|| no_zone(name))?;
    let mut source = Source::open(path, ACTIONS_BYTES_MAX)?;
    let mut bytes = vec![0; usize::try_from(source.bytes()).unwrap_or(usize::MAX)];
    let read = source.fill(&mut bytes)?;
    bytes.truncate(read);
    let text =
        std::str::from_utf8(&bytes).map_err(|_| wrong(path, "is not text in UTF-8".to_owned()))?;
    let (mut actions, rows) = parse(path, text)?;
    let fact = source.finish(rows)?;
    actions.retain(|action| bars.iter().any(|bars| bars.symbol == action.symbol));
    let is_dated = |bars: &&Bars| bars.time.iter().all(|time| time.nanos_of_day() == 0);
    if !bars.iter().all(is_dated) {
        actions.iter_mut().for_each(|action| action.date = zone.start_of_day(action.date));
    }
    Ok((actions, fact))
}

fn wrong(path: &Path, what: String) -> Error {
    Error::Format { path: path.to_owned(), what, hint: HINT.to_owned() }
}

/// All actions of a text, and how many rows it has.
fn parse(path: &Path, text: &str) -> Result<(Vec<Action>, u64), Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let header: Vec<String> = match lines.next() {
        Some((_, line)) => line.split(',').map(|name| name.trim().to_ascii_lowercase()).collect(),
        None => return Err(wrong(path, "has no header".to_owned())),
    };
    let place = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.ok_or_else(|| wrong(path, format!("has no column `{name}`")))
    };
    let [symbol, date, action, value] = COLUMNS;
    let places = [place(symbol)?, place(date)?, place(action)?, place(value)?];
    let mut actions = Vec::new();
    for (line, row) in lines {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        let cell = |at: usize| cells.get(places[at]).copied().unwrap_or_default();
        let read = read_row(cell(0), cell(1), cell(2), cell(3));
        actions.push(read.map_err(|what| wrong(path, format!("line {line}: {what}")))?);
    }
    let rows = actions.len() as u64;
    Ok((actions, rows))
}

fn read_row(symbol: &str, date: &str, action: &str, value: &str) -> Result<Action, String> {
    let quoted = |text: &str| format!("`{}`", shown(text.as_bytes()));
    if symbol.is_empty() {
        return Err("has no symbol".to_owned());
    }
    let date = parse_date(date)
        .ok_or_else(|| format!("{} is no date such as `2005-02-28`", quoted(date)))?;
    let price = |what: &str| {
        let price: Option<Price> = value.parse().ok().filter(|price: &Price| !price.is_negative());
        price.ok_or_else(|| format!("{} is no {what}", quoted(value)))
    };
    let event = match action.to_ascii_lowercase().as_str() {
        "split" => {
            Event::Split(value.parse().map_err(|error| format!("{} {error}", quoted(value)))?)
        }
        "dividend" => match price("dividend per unit")? {
            none if none.is_zero() => return Err("a dividend of zero".to_owned()),
            amount => Event::Dividend(amount),
        },
        "delisting" if value.is_empty() => Event::Delisting(None),
        "delisting" => Event::Delisting(Some(price("last price")?)),
        other => {
            return Err(format!("{} is none of split, dividend, delisting", quoted(other)));
        }
    };
    Ok(Action { symbol: symbol.to_owned(), date, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(text: &str, says: &str) {
        let error = parse(Path::new("x.csv"), text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn rows_that_are_no_action_are_refused_with_their_line() {
        refuse("", "has no header");
        refuse("symbol,date,value\n", "has no column `action`");
        let row = |row: &str| format!("symbol,date,action,value\n\n{row}\n");
        refuse(&row("A,2005-02-28,split,0"), "line 3: `0` is no ratio");
        refuse(&row("A,2005-02-28,split"), "line 3: `` is no ratio");
        refuse(&row("A,2005-02-30,split,2"), "`2005-02-30` is no date");
        refuse(&row("A,2005-02-28,dividend,-1"), "`-1` is no dividend per unit");
        refuse(&row("A,2005-02-28,dividend,0"), "a dividend of zero");
        refuse(&row("A,2005-02-28,delisting,x"), "`x` is no last price");
        refuse(&row("A,2005-02-28,rename,META"), "`rename` is none of split");
        refuse(&row(",2005-02-28,split,2"), "has no symbol");
    }

    #[test]
    fn actions_are_read_in_any_order_of_columns() {
        let text = "\u{feff}Date,Action,Value,Note,Symbol\r\n2005-02-28,Split,3:2,x,A\r\n\
                    2006-01-02,delisting,,,B\r\n2006-01-03,dividend,0.25,,C";
        let (actions, rows) = parse(Path::new("x.csv"), text).unwrap();
        let shown: Vec<String> = actions
            .iter()
            .map(|action| format!("{} {} {:?}", action.symbol, action.date, action.event))
            .collect();
        assert_eq!(rows, 3);
        assert!(shown[0].starts_with("A 2005-02-28T00:00:00Z Split("), "{shown:?}");
        assert_eq!(shown[1], "B 2006-01-02T00:00:00Z Delisting(None)");
        assert!(shown[2].starts_with("C 2006-01-03T00:00:00Z Dividend("), "{shown:?}");
    }
}
