//! Slower: longer bars, made of the bars that rules are fed while they are fed.
//!
//! The bars are those of `data::resample`: they begin and end with the session, their open is the
//! first, their volume the sum. One is known from the bar on with which it closes; where rows are
//! missing at its end, from the first bar after it on.
//!
//! A day is over at the close of its session, at midnight UTC where there is none; a week or a month
//! with its last day. Whether that is a Friday or a Sunday is not known in advance: the last weekday
//! ends them for a symbol that has rested a weekend and never traded on one so far.
//!
//! Invariant: what is known at a bar depends on bars up to it alone, however they are cut into
//! calls; a bar that is known never changes.
//! Not here: what is computed from these bars; see `evaluate`.

use dirigent_core::Timestamp;

use super::arithmetic::UNKNOWN;
use crate::data::{
    Error, Session, Timeframe,
    session::{Grid, Slot, period},
    timeframe::{DAY, Unit},
    weekdays_between,
};
use crate::indicator::Column;

/// What rules have to know of the bars they are fed to make longer ones of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How long the bars are.
    pub timeframe: Timeframe,
    /// The trading day; a day in UTC where absent. Bars that are days or longer have none.
    pub session: Option<Session>,
}

impl Frame {
    /// The bars of `slower`.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(super) fn grid(&self, slower: Timeframe) -> Result<Grid, (String, String)> {
        let own = self.timeframe;
        if slower.nanos() <= own.nanos() {
            return Err((
                format!("`{slower}` is not slower than the bars of the data, `{own}`"),
                "leave it out, or set a shorter `data.timeframe`".to_owned(),
            ));
        }
        if !is_made_of(slower, own) {
            return Err((
                format!("`{slower}` is not made of whole bars of the data, `{own}`"),
                "name a multiple of `data.timeframe`".to_owned(),
            ));
        }
        let session = self.session.as_ref().filter(|_| !own.is_dated());
        Grid::new(slower, session).map_err(|error| match error {
            Error::Setting { what, .. } => (what, "name `1d`, or a shorter timeframe".to_owned()),
            other => (other.to_string(), other.hint()),
        })
    }
}

/// Whether bars of `slower` begin and end where bars of `own` do.
fn is_made_of(slower: Timeframe, own: Timeframe) -> bool {
    let multiple = slower.count().is_multiple_of(own.count());
    match (own.unit(), slower.unit()) {
        (Unit::Second | Unit::Minute | Unit::Hour, unit) => {
            unit >= Unit::Day || slower.nanos() % own.nanos() == 0
        }
        (Unit::Day, Unit::Week | Unit::Month) => own.count() == 1,
        (unit, other) => unit == other && multiple,
    }
}

/// Makes the bars of one slower timeframe.
#[derive(Clone, Debug)]
pub(super) struct Slower {
    grid: Grid,
    own: Timeframe,
    weekends: Weekends,
    forming: Option<Forming>,
    /// The bars that became known with the bars taken last, column by column.
    columns: [Vec<f64>; 5],
    /// How many of them were known at each of these.
    known: Vec<usize>,
}

/// The bar that is being made, or was known last.
#[derive(Clone, Copy, Debug)]
struct Forming {
    stamp: i64,
    values: [f64; 5],
    is_known: bool,
}

impl Slower {
    pub(super) fn new(frame: &Frame, slower: Timeframe) -> Self {
        let grid = frame.grid(slower).expect("the checker has refused every other timeframe");
        let (weekends, forming, columns, known) = Default::default();
        Self { grid, own: frame.timeframe, weekends, forming, columns, known }
    }

    /// Takes the next bars; a column that is never read may be empty.
    pub(super) fn take(&mut self, time: &[Timestamp], bars: [&[f64]; 5]) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.known.clear();
        for (at, time) in time.iter().enumerate() {
            let values = bars.map(|column| column.get(at).copied().unwrap_or(UNKNOWN));
            self.bar(time.as_nanos(), values);
            self.known.push(self.len());
        }
    }

    /// How many bars became known with those taken last.
    pub(super) fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// A column of these.
    pub(super) fn column(&self, column: Column) -> &[f64] {
        &self.columns[place(column)]
    }

    /// At each bar taken last, how many of these were known.
    pub(super) fn known(&self) -> &[usize] {
        &self.known
    }

    /// The first of `times` whose bar reaches past the slower bar it begins in, and where that ends.
    pub(super) fn reaches_over(&mut self, times: &[Timestamp]) -> Option<(Timestamp, Timestamp)> {
        if self.own.is_dated() {
            return None;
        }
        let over = |time: &Timestamp| {
            let slot = self.grid.slot(time.as_nanos())?;
            let end = time.as_nanos().saturating_add(self.own.nanos());
            (end > slot.limit).then(|| (*time, Timestamp::from_nanos(slot.limit)))
        };
        times.iter().find_map(over)
    }

    fn bar(&mut self, time: i64, values: [f64; 5]) {
        let slot = match self.own.is_dated() {
            true => Some(self.grid.slot_of_date(time.div_euclid(DAY) * DAY)),
            false => self.grid.slot(time),
        };
        let Some(slot) = slot else { return };
        self.weekends.see(slot.day.date);
        match &mut self.forming {
            Some(forming) if forming.stamp == slot.stamp => forming.add(values),
            _ => {
                self.make_known();
                self.forming = Some(Forming { stamp: slot.stamp, values, is_known: false });
            }
        }
        if self.is_over(&slot, time) {
            self.make_known();
        }
    }

    /// Whether the bar that began at `time` closes the slower one it lies in.
    fn is_over(&self, slot: &Slot, time: i64) -> bool {
        let own = self.own;
        let closes_day = own.is_dated() || time.saturating_add(own.nanos()) >= slot.end;
        let closes_dates = slot.dates.is_none_or(|(_, after)| {
            let until = match own.is_dated() {
                true => period(slot.day.date, own).1,
                false => slot.day.date.saturating_add(DAY),
            };
            let is_last_weekday = own.nanos() <= DAY
                && self.weekends.are_free()
                && weekdays_between(slot.day.date, after) == 0;
            until >= after || is_last_weekday
        });
        closes_day && closes_dates
    }

    fn make_known(&mut self) {
        if let Some(forming) = self.forming.as_mut().filter(|forming| !forming.is_known) {
            forming.is_known = true;
            let columns = self.columns.iter_mut().zip(forming.values);
            columns.for_each(|(column, value)| column.push(value));
        }
    }
}

impl Forming {
    /// A bar that is known stays what it is: on the first Saturday that a symbol trades on, its week
    /// was thought to be over.
    fn add(&mut self, [_, high, low, close, volume]: [f64; 5]) {
        if !self.is_known {
            let [open, highest, lowest, _, sum] = self.values;
            self.values = [open, highest.max(high), lowest.min(low), close, sum + volume];
        }
    }
}

fn place(column: Column) -> usize {
    match column {
        Column::Open => 0,
        Column::High => 1,
        Column::Low => 2,
        Column::Close => 3,
        Column::Volume => 4,
    }
}

/// Whether a symbol has been seen to rest on weekends.
#[derive(Clone, Copy, Debug, Default)]
struct Weekends {
    last: Option<i64>,
    rested: bool,
    traded: bool,
}

impl Weekends {
    fn see(&mut self, date: i64) {
        // 1970-01-01 was a Thursday; days are counted from Monday 1969-12-29.
        let week = |date: i64| (date.div_euclid(DAY) + 3).div_euclid(7);
        let day = (date.div_euclid(DAY) + 3).rem_euclid(7);
        self.traded |= day >= 5;
        self.rested |= self.last.is_some_and(|last| week(last) < week(date));
        self.last = Some(date);
    }

    fn are_free(self) -> bool {
        self.rested && !self.traded
    }
}
