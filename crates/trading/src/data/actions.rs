//! Actions: a CSV file of what companies did to their units.
//!
//! Columns `symbol`, `date`, `action` and `value`, in any order, others are passed over. Promises:
//! every row is read or refused with its line; symbols that are not asked for are passed over only
//! once their row was read.

use std::path::Path;

use dirigent_core::Timestamp;

use super::{
    Bars,
    check::Splits,
    error::Error,
    load::{no_zone, parse_date},
    problem::shown,
    rename::{Rename, named},
    source::{FileFact, Source, check_symbol},
    stamp::{Reader, Zone},
};
use crate::corporate::{Action, Event};
use crate::price::{Price, Rate};

/// The largest file of actions that is read, in bytes.
pub const ACTIONS_BYTES_MAX: u64 = 64 << 20;

const COLUMNS: [&str; 4] = ["symbol", "date", "action", "value"];
const HINT: &str = "write lines such as `AAPL,2005-02-28,split,2`, `AAPL,2012-08-09,dividend,2.65`, \
                    `LEH,2008-09-17,delisting,0.13`, `FB,2022-06-09,rename,META` or \
                    `BTCUSDT,2024-01-01T08:00:00Z,funding,0.0001`";

/// A file of actions that was read.
#[derive(Clone, Debug)]
pub struct ActionsFile {
    /// Each with whether only its day is known.
    actions: Vec<(Action, bool)>,
    /// Which symbols were called otherwise before, in the order it happened.
    pub renames: Vec<Rename>,
    /// The file.
    pub fact: FileFact,
}

impl ActionsFile {
    /// The actions on the symbols of `bars`, by the names these have now. A day begins at midnight
    /// of `timezone`, the IANA zone of the bars; of bars that have dates only, at midnight UTC as
    /// they do.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn on(&self, bars: &[&Bars], timezone: Option<&str>) -> Result<Vec<Action>, Error> {
        let name = timezone.unwrap_or("UTC");
        let zone = Zone::named(name).ok_or_else(|| no_zone(name))?;
        let is_dated = |bars: &&Bars| bars.time.iter().all(|time| time.nanos_of_day() == 0);
        let are_dated = bars.iter().all(is_dated);
        let of_one = |(action, is_day): &(Action, bool)| {
            let symbol = named(&self.renames, &action.symbol, action.date);
            let date = match *is_day && !are_dated {
                true => zone.start_of_day(action.date),
                false => action.date,
            };
            Action { symbol, date, event: action.event }
        };
        let is_traded = |action: &Action| bars.iter().any(|bars| bars.symbol == action.symbol);
        Ok(self.actions.iter().map(of_one).filter(is_traded).collect())
    }

    /// The splits of `symbol` by any of its names; a day begins at midnight UTC, or of `zone`.
    pub(crate) fn splits(&self, symbol: &str, zone: Option<&Zone>) -> Splits {
        let split = |(action, is_day): &(Action, bool)| {
            let Event::Split(ratio) = action.event else { return None };
            let name_now = |name: &str| named(&self.renames, name, action.date);
            if action.symbol != symbol && name_now(&action.symbol) != name_now(symbol) {
                return None;
            }
            let day = zone.filter(|_| *is_day).map(|zone| zone.start_of_day(action.date));
            Some((day.unwrap_or(action.date).as_nanos(), ratio.to_f64()))
        };
        Splits::of(self.actions.iter().filter_map(split).collect())
    }
}

/// Reads a file of actions.
///
/// # Errors
/// The file cannot be read, or a row is no action.
pub fn read_actions(path: &Path) -> Result<ActionsFile, Error> {
    let mut source = Source::open(path, ACTIONS_BYTES_MAX)?;
    let mut bytes = vec![0; usize::try_from(source.bytes()).unwrap_or(usize::MAX)];
    let read = source.fill(&mut bytes)?;
    bytes.truncate(read);
    let text =
        std::str::from_utf8(&bytes).map_err(|_| wrong(path, "is not text in UTF-8".to_owned()))?;
    let (rows, count) = parse(path, text)?;
    let fact = source.finish(count)?;
    let (mut actions, mut renames) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Action(action, is_day) => actions.push((action, is_day)),
            Row::Rename(rename) => renames.push(rename),
        }
    }
    renames.sort_by_key(|rename: &Rename| rename.date);
    Ok(ActionsFile { actions, renames, fact })
}

/// One row.
#[derive(Debug)]
enum Row {
    /// An action, and whether only its day is given.
    Action(Action, bool),
    Rename(Rename),
}

fn wrong(path: &Path, what: String) -> Error {
    Error::Format { path: path.to_owned(), what, hint: HINT.to_owned() }
}

/// All rows of a text, and how many there are.
fn parse(path: &Path, text: &str) -> Result<(Vec<Row>, u64), Error> {
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

fn read_row(symbol: &str, date: &str, action: &str, value: &str) -> Result<Row, String> {
    let quoted = |text: &str| format!("`{}`", shown(text.as_bytes()));
    if symbol.is_empty() {
        return Err("has no symbol".to_owned());
    }
    let (date, is_day) = match parse_date(date) {
        Some(day) => (day, true),
        None => (
            moment(date).ok_or_else(|| {
                format!("{} is no date such as `2005-02-28` or moment with its zone", quoted(date))
            })?,
            false,
        ),
    };
    let symbol = symbol.to_owned();
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
        "funding" => {
            let rate: Option<Rate> =
                value.parse().ok().filter(|rate: &Rate| rate.abs() <= Rate::ONE);
            Event::Funding(rate.ok_or_else(|| {
                format!("{} is no share of a position from -1 to 1 such as `0.0001`", quoted(value))
            })?)
        }
        "rename" => {
            if let Err(error) = check_symbol(value) {
                return Err(format!("is renamed to no symbol: {error}"));
            }
            return Ok(Row::Rename(Rename { from: symbol, to: value.to_owned(), date }));
        }
        other => {
            return Err(format!(
                "{} is none of split, dividend, delisting, rename, funding",
                quoted(other)
            ));
        }
    };
    Ok(Row::Action(Action { symbol, date, event }, is_day))
}

/// A moment with a zone of its own, such as `2024-01-01T08:00:00Z`.
fn moment(text: &str) -> Option<Timestamp> {
    let has_zone = text.ends_with('Z') || text.get(10..)?.contains(['+', '-']);
    let mut reader = Reader::new(Zone::named("UTC")?, None);
    has_zone.then(|| reader.read(text).ok().map(Timestamp::from_nanos)).flatten()
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
        refuse(&row("A,2005-02-28,renamed,META"), "`renamed` is none of split");
        refuse(&row("A,2005-02-28,rename,"), "is renamed to no symbol");
        refuse(&row("A,2005-02-28,funding,1.5"), "`1.5` is no share of a position");
        refuse(&row("A,2005-02-28T08:00:00,funding,0.1"), "no date such as `2005-02-28` or moment");
        refuse(&row(",2005-02-28,split,2"), "has no symbol");
    }

    #[test]
    fn actions_are_read_in_any_order_of_columns() {
        let text = "\u{feff}Date,Action,Value,Note,Symbol\r\n2005-02-28,Split,3:2,x,A\r\n\
                    2006-01-02,delisting,,,B\r\n2006-01-03,dividend,0.25,,C\r\n\
                    2024-01-01T10:00:00+02:00,funding,-0.0001,,P\n2022-06-09,rename,META,,FB";
        let (actions, rows) = parse(Path::new("x.csv"), text).unwrap();
        let shown: Vec<String> = actions
            .iter()
            .map(|row| match row {
                Row::Action(Action { symbol, date, event }, is_day) => {
                    format!("{symbol} {date} {event:?} {is_day}")
                }
                Row::Rename(Rename { from, to, date }) => format!("{from} {to} {date}"),
            })
            .collect();
        assert_eq!(rows, 5);
        assert!(shown[0].starts_with("A 2005-02-28T00:00:00Z Split("), "{shown:?}");
        assert_eq!(shown[1], "B 2006-01-02T00:00:00Z Delisting(None) true");
        assert!(shown[2].starts_with("C 2006-01-03T00:00:00Z Dividend("), "{shown:?}");
        assert!(shown[3].starts_with("P 2024-01-01T08:00:00Z Funding("), "{shown:?}");
        assert!(shown[3].ends_with("false"), "{shown:?}");
        assert_eq!(shown[4], "FB META 2022-06-09T00:00:00Z");
    }
}
