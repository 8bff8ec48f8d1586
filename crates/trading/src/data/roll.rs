//! Rolling: one series of several contracts, each traded until the next takes over.
//!
//! A contract is left at the first bar of a day, and whether it is follows from the days before: from
//! what both traded on the last of them, or from dates that were known. Once left it is not returned to.
//! The days before the last roll are moved to the level of the last contract, by differences (`back`)
//! or by quotients (`ratio`) of the two prices at which a position changes hands.
//!
//! Invariant: which contract a bar is of depends on days before it alone. Adjusted prices do not: they
//! tell of rolls to come, as all back-adjusted prices do.
//! Not here: what a roll costs; see `backtest`.

use std::{collections::BTreeMap, ops::Range};

use dirigent_core::Timestamp;

use super::{
    bars::Bars,
    error::Error,
    session::{Grid, Session},
    timeframe::{DAY, Timeframe},
};
use crate::price::Price;

/// The most contracts of one series.
pub const CONTRACTS_MAX: usize = 1_000;

/// When a contract is left for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollBy {
    /// On the day after the first on which the next traded more units.
    Volume,
    /// On the day after the first on which the next had more units open.
    OpenInterest,
    /// So many calendar days before it expires, or on the first day of trading after that.
    BeforeExpiry {
        /// How many days.
        days: u32,
        /// The day on which each contract expires, as midnight UTC of it.
        expiries: Vec<Timestamp>,
    },
    /// On these days, one for each contract but the last, as midnight UTC of them.
    Dates(Vec<Timestamp>),
}

/// What becomes of the prices before a roll.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RollAdjust {
    /// They are moved by the difference of the contracts.
    #[default]
    Back,
    /// They are multiplied by the quotient of the contracts.
    Ratio,
    /// They stay, and the series jumps.
    None,
}

/// How contracts become one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollRule {
    /// When a contract is left.
    pub by: RollBy,
    /// What becomes of the prices before.
    pub adjust: RollAdjust,
}

/// A change of contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The first bar of the new contract.
    pub time: Timestamp,
    /// The contract that is left.
    pub from: String,
    /// The contract that is entered.
    pub to: String,
    /// The open of the old one at that bar; its last close if it has none there.
    pub sold: Price,
    /// The open of the new one.
    pub bought: Price,
}

/// Contracts as one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Rolled {
    /// The series.
    pub bars: Bars,
    /// Every change of contract, in order.
    pub rolls: Vec<Roll>,
}

/// Makes the series `symbol` of `contracts`, which are in the order of their expiries. For
/// `RollBy::OpenInterest` the volumes of `interest` are the open units of each contract at its bars.
///
/// # Errors
/// The rule does not fit the contracts, they leave a gap, or an adjusted price is not above zero.
pub fn roll(
    symbol: &str,
    contracts: &[Bars],
    interest: Option<&[Bars]>,
    rule: &RollRule,
    (timeframe, session): (Timeframe, Option<&Session>),
) -> Result<Rolled, Error> {
    check(symbol, contracts, interest, rule)?;
    let session = session.filter(|_| !timeframe.is_dated());
    let mut grid = Grid::new(Timeframe::DAILY, session)?;
    let mut days = |bars: &Bars| days_of(bars, &mut grid);
    let traded: Vec<Days> = contracts.iter().map(&mut days).collect();
    let weighed: Vec<Days> = interest.unwrap_or_default().iter().map(&mut days).collect();
    let roller = Roller { contracts, rule, traded: &traded, weighed: &weighed };
    let mut rolled = roller.run(symbol)?;
    adjust(&mut rolled, rule.adjust)?;
    Ok(rolled)
}

impl RollRule {
    /// The rule for a part of its contracts.
    #[must_use]
    pub fn of_part(&self, part: Range<usize>) -> Self {
        let by = match &self.by {
            RollBy::BeforeExpiry { days, expiries } => RollBy::BeforeExpiry {
                days: *days,
                expiries: expiries.get(part).unwrap_or_default().to_vec(),
            },
            RollBy::Dates(dates) => {
                let part = part.start..part.end.saturating_sub(1);
                RollBy::Dates(dates.get(part).unwrap_or_default().to_vec())
            }
            by @ (RollBy::Volume | RollBy::OpenInterest) => by.clone(),
        };
        Self { by, adjust: self.adjust }
    }
}

fn check(
    symbol: &str,
    contracts: &[Bars],
    interest: Option<&[Bars]>,
    rule: &RollRule,
) -> Result<(), Error> {
    let refuse = |what: String, hint: &str| Err(Error::Setting { what, hint: hint.into() });
    let count = contracts.len();
    if contracts.is_empty() || contracts.iter().any(Bars::is_empty) || count > CONTRACTS_MAX {
        let what =
            format!("`{symbol}` is to be made of {count} contracts, one of them without bars");
        return refuse(what, "name 1 to 1000 contracts that have bars");
    }
    let wrong = |wanted: usize, given: usize, what: &str| {
        let what = format!("`{symbol}` has {count} contracts and {given} {what}, not {wanted}");
        refuse(what, "give one for each, in the order of the contracts")
    };
    match &rule.by {
        RollBy::BeforeExpiry { expiries, .. } if expiries.len() != count => {
            wrong(count, expiries.len(), "expiries")
        }
        RollBy::Dates(dates) if dates.len() + 1 != count => wrong(count - 1, dates.len(), "dates"),
        RollBy::OpenInterest if interest.is_none_or(|interest| interest.len() != count) => {
            refuse(format!("the open interest of `{symbol}` is not known"), "roll by volume")
        }
        RollBy::BeforeExpiry { expiries: days, .. } | RollBy::Dates(days)
            if !days.is_sorted_by(|a, b| a < b) =>
        {
            refuse(format!("the days of `{symbol}` do not rise"), "sort contracts and days")
        }
        _ => Ok(()),
    }
}

/// The bars of a contract by the date of their day.
type Days = BTreeMap<i64, Day>;

/// The bars of one day: the first, the one after the last, and what they say of the contract.
#[derive(Clone, Copy, Debug)]
struct Day {
    first: usize,
    end: usize,
    /// The sum of their volumes.
    units: f64,
    /// The volume of the last.
    units_last: f64,
}

fn days_of(bars: &Bars, grid: &mut Grid) -> Days {
    let mut days = Days::new();
    for (at, (time, units)) in bars.time.iter().zip(&bars.volume).enumerate() {
        let nanos = time.as_nanos();
        let date = grid.day(nanos).map_or(nanos.div_euclid(DAY) * DAY, |day| day.date);
        let new = Day { first: at, end: at, units: 0.0, units_last: 0.0 };
        let day = days.entry(date).or_insert(new);
        *day = Day { end: at + 1, units: day.units + units, units_last: *units, ..*day };
    }
    days
}

struct Roller<'a> {
    contracts: &'a [Bars],
    rule: &'a RollRule,
    traded: &'a [Days],
    /// Open units; empty where they do not matter.
    weighed: &'a [Days],
}

impl Roller<'_> {
    fn run(&self, symbol: &str) -> Result<Rolled, Error> {
        let mut dates: Vec<i64> =
            self.traded.iter().flat_map(|days| days.keys().copied()).collect();
        dates.sort_unstable();
        dates.dedup();
        let mut bars = Bars { symbol: symbol.to_owned(), ..Bars::default() };
        let (mut current, mut rolls) = (0, Vec::new());
        let (mut before, mut held) = (None, None);
        for date in dates {
            while self.leaves(current, date, before) {
                current += 1;
            }
            before = Some(date);
            let Some(day) = self.traded[current].get(&date) else { continue };
            if let Some(old) = held.replace(current).filter(|old| *old != current) {
                rolls.push(self.change(bars.time.last(), old, (current, day.first))?);
            }
            push(&mut bars, &self.contracts[current], day.first..day.end);
        }
        Ok(Rolled { bars, rolls })
    }

    /// Whether contract `current` is left for the next at the open of `date`; `before` is the last
    /// day on which any contract traded.
    fn leaves(&self, current: usize, date: i64, before: Option<i64>) -> bool {
        let next = current + 1;
        if !self.traded.get(next).is_some_and(|days| days.contains_key(&date)) {
            return false; // nobody could enter it
        }
        let Some(before) = before else { return self.is_due(current, date) };
        let traded = |contract: usize| self.traded[contract].contains_key(&before);
        let has_ended = !traded(current) && traded(next);
        has_ended || self.is_due(current, date) || self.is_overtaken(current, before)
    }

    fn is_due(&self, current: usize, date: i64) -> bool {
        match &self.rule.by {
            RollBy::Volume | RollBy::OpenInterest => false,
            RollBy::BeforeExpiry { days, expiries } => {
                expiries[current].as_nanos().saturating_sub(date) <= i64::from(*days) * DAY
            }
            RollBy::Dates(dates) => date >= dates[current].as_nanos(),
        }
    }

    fn is_overtaken(&self, current: usize, before: i64) -> bool {
        let units = |contract: usize| match self.rule.by {
            RollBy::Volume => Some(self.traded[contract].get(&before)?.units),
            RollBy::OpenInterest => Some(self.weighed[contract].get(&before)?.units_last),
            RollBy::BeforeExpiry { .. } | RollBy::Dates(_) => None,
        };
        matches!((units(current), units(current + 1)), (Some(own), Some(next)) if next > own)
    }

    /// The roll from one contract into another at a bar of that, after a bar at `last`.
    fn change(
        &self,
        last: Option<&Timestamp>,
        old: usize,
        (new, at): (usize, usize),
    ) -> Result<Roll, Error> {
        let (old, new) = (&self.contracts[old], &self.contracts[new]);
        let time = new.time[at];
        if last.is_some_and(|last| *last >= time) {
            return Err(Error::Setting {
                what: format!(
                    "`{}` begins at `{time}`, within a day of `{}`",
                    new.symbol, old.symbol
                ),
                hint: "set `data.session` to the session of the contracts".into(),
            });
        }
        let sold = match old.time.binary_search(&time) {
            Ok(same) => old.open[same],
            Err(after) => old.close[after.saturating_sub(1)],
        };
        let (from, to) = (old.symbol.clone(), new.symbol.clone());
        Ok(Roll { time, from, to, sold, bought: new.open[at] })
    }
}

fn push(bars: &mut Bars, of: &Bars, range: Range<usize>) {
    bars.time.extend_from_slice(&of.time[range.clone()]);
    bars.open.extend_from_slice(&of.open[range.clone()]);
    bars.high.extend_from_slice(&of.high[range.clone()]);
    bars.low.extend_from_slice(&of.low[range.clone()]);
    bars.close.extend_from_slice(&of.close[range.clone()]);
    bars.volume.extend_from_slice(&of.volume[range]);
}

/// Moves the bars before each roll to the level of the contract after it.
fn adjust(rolled: &mut Rolled, how: RollAdjust) -> Result<(), Error> {
    let Rolled { bars, rolls } = rolled;
    let (mut until, mut gap, mut factor) = (bars.len(), 0, 1.0);
    for roll in rolls.iter().rev() {
        let from = bars.time.partition_point(|time| *time < roll.time);
        move_prices(bars, from..until, (how, gap, factor))?;
        gap += i128::from(roll.bought.raw()) - i128::from(roll.sold.raw());
        factor *= roll.bought.to_f64() / roll.sold.to_f64();
        until = from;
    }
    move_prices(bars, 0..until, (how, gap, factor))
}

fn move_prices(
    bars: &mut Bars,
    range: Range<usize>,
    (how, gap, factor): (RollAdjust, i128, f64),
) -> Result<(), Error> {
    let is_last = range.end == bars.len();
    let moved = |price: Price| match how {
        _ if is_last => Some(price),
        RollAdjust::None => Some(price),
        RollAdjust::Back => i64::try_from(i128::from(price.raw()) + gap).ok().map(Price::from_raw),
        RollAdjust::Ratio => Price::from_f64(price.to_f64() * factor),
    };
    for at in range.clone() {
        for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
            let Some(price) = moved(column[at]).filter(|price| price.is_positive()) else {
                let what = format!(
                    "`{}` at `{}` is adjusted to a price that is not above zero or too large",
                    bars.symbol, bars.time[at]
                );
                let hint = "set `adjust: ratio` or `none`, or begin later".into();
                return Err(Error::Setting { what, hint });
            };
            column[at] = price;
        }
    }
    Ok(())
}
