//! Session: the trading day, and the bars that it is cut into.
//!
//! A session runs from its open to its close on the clock of its zone; one that closes at or before
//! its open began the evening before and is named by the date on which it closes. Without a session
//! a day is a day in UTC. Bars shorter than a day are counted from the open, and the last of a
//! session ends with it; weeks begin on Monday, months on the first, several days, weeks or months
//! are counted from 1970-01-01, 1969-12-29 and January of year 0.
//! Promises: a bar lies in one session; bars of all symbols with one session begin together.

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::Error,
    load::no_zone,
    stamp::Zone,
    timeframe::{DAY, Timeframe, Unit},
};

/// When trading opens and closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Nanoseconds from midnight to the open.
    pub open: i64,
    /// Nanoseconds from midnight to the close; at or before the open for a session over midnight.
    pub close: i64,
    /// The IANA zone of both.
    pub timezone: String,
}

/// One session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// Its date, as midnight UTC.
    pub(crate) date: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// When the next one begins.
    pub(crate) next: i64,
}

/// The place of one bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The time of the bar: its start, or the first date of its days.
    pub(crate) stamp: i64,
    /// When it is complete.
    pub(crate) end: i64,
    /// What begins before this and ends after it would reach into the next bar.
    pub(crate) limit: i64,
    /// Dates on which it begins and before which it ends, where it is made of days.
    pub(crate) dates: Option<(i64, i64)>,
    pub(crate) day: Day,
}

/// The bars of a timeframe.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    timeframe: Timeframe,
    session: Option<(i64, i64, Zone)>,
    known: Option<Day>,
}

impl Grid {
    /// The bars of `timeframe` in `session`.
    ///
    /// # Errors
    /// The zone is unknown, or a bar is longer than the session without being made of days.
    pub(crate) fn new(timeframe: Timeframe, session: Option<&Session>) -> Result<Self, Error> {
        let zoned = |session: &Session| {
            let zone = Zone::named(&session.timezone).ok_or_else(|| no_zone(&session.timezone))?;
            Ok((session.open, session.close, zone))
        };
        let session = session.map(zoned).transpose()?;
        let length = session.as_ref().map_or(DAY, |(open, close, _)| match close - open {
            length if length > 0 => length,
            length => length + DAY,
        });
        if !timeframe.is_dated() && timeframe.nanos() > length {
            return Err(Error::Setting {
                what: format!("bars of `{timeframe}` are longer than the trading day"),
                hint: "set `data.timeframe: 1d`, or a shorter one".into(),
            });
        }
        Ok(Self { timeframe, session, known: None })
    }

    /// The session that a moment lies in.
    pub(crate) fn day(&mut self, moment: i64) -> Option<Day> {
        let inside = |day: &Day| (day.start..day.end).contains(&moment);
        if let Some(day) = self.known.filter(inside) {
            return Some(day);
        }
        let offset = self.session.as_ref().map_or(0, |(_, _, zone)| zone.offset(moment));
        let date = moment.saturating_add(offset).div_euclid(DAY).saturating_mul(DAY);
        let found = [date, date.saturating_add(DAY)].map(|date| self.of_date(date));
        let found = found.into_iter().find(inside);
        self.known = found.or(self.known);
        found
    }

    /// The session of a date, given as midnight UTC of it.
    fn of_date(&self, date: i64) -> Day {
        let Some((open, close, zone)) = &self.session else {
            let end = date.saturating_add(DAY);
            return Day { date, start: date, end, next: end };
        };
        let eve = if close <= open { DAY } else { 0 };
        let opens = |date: i64| zone.moment_of((date - eve).saturating_add(*open));
        Day {
            date,
            start: opens(date),
            end: zone.moment_of(date.saturating_add(*close)),
            next: opens(date.saturating_add(DAY)),
        }
    }

    /// The bar that a moment lies in; `None` outside of every session.
    pub(crate) fn slot(&mut self, moment: i64) -> Option<Slot> {
        let day = self.day(moment)?;
        if self.timeframe.is_dated() {
            return Some(self.slot_of_day(day));
        }
        let length = self.timeframe.nanos();
        let start = day.start + (moment - day.start) / length * length;
        let end = start.saturating_add(length).min(day.end);
        let limit = if end < day.end { end } else { day.next };
        Some(Slot { stamp: start, end, limit, dates: None, day })
    }

    /// The bar that a date lies in, for rows that have no time of day.
    pub(crate) fn slot_of_date(&self, date: i64) -> Slot {
        let end = date.saturating_add(DAY);
        self.slot_of_day(Day { date, start: date, end, next: end })
    }

    fn slot_of_day(&self, day: Day) -> Slot {
        let (first, after) = period(day.date, self.timeframe);
        Slot { stamp: first, end: day.end, limit: day.next, dates: Some((first, after)), day }
    }
}

/// The first date of the days, weeks or months that a date lies in, and the first after them.
pub(crate) fn period(date: i64, timeframe: Timeframe) -> (i64, i64) {
    const MONDAY: i64 = -3; // 1969-12-29, in days since 1970-01-01
    let count = i64::from(timeframe.count());
    let day = date.div_euclid(DAY);
    let of_days = |origin: i64, days: i64| {
        let first = origin + (day - origin).div_euclid(days) * days;
        (first.saturating_mul(DAY), (first + days).saturating_mul(DAY))
    };
    match timeframe.unit() {
        Unit::Week => of_days(MONDAY, 7 * count),
        Unit::Month => {
            let (year, month, _) = Timestamp::from_nanos(date).date();
            let first = (12 * year + month - 1).div_euclid(count) * count;
            (month_start(first), month_start(first + count))
        }
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => of_days(0, count),
    }
}

/// Midnight UTC of the first day of a month, counted from January of year 0.
fn month_start(month: i64) -> i64 {
    let of_year = u32::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    let start = Timestamp::from_date(month.div_euclid(12), of_year, 1);
    let outside = if month < 12 * 1970 { i64::MIN } else { i64::MAX };
    start.map_or(outside, Timestamp::as_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = DAY / 24;

    fn nanos(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_nanos()
    }

    fn session(open: i64, close: i64) -> Session {
        Session { open, close, timezone: "America/New_York".into() }
    }

    #[track_caller]
    fn check(timeframe: &str, session: Option<&Session>, moment: &str, bar: Option<(&str, &str)>) {
        let mut grid = Grid::new(timeframe.parse().unwrap(), session).unwrap();
        let slot = grid.slot(nanos(moment));
        let found = slot.map(|slot| {
            [slot.stamp, slot.end].map(|nanos| Timestamp::from_nanos(nanos).to_string())
        });
        assert_eq!(found, bar.map(|(start, end)| [start.to_owned(), end.to_owned()]), "{moment}");
    }

    #[test]
    fn bars_begin_at_the_open_and_end_at_the_close() {
        let day = session(9 * HOUR + HOUR / 2, 16 * HOUR);
        let check = |moment, bar| check("1h", Some(&day), moment, bar);
        check("2024-03-08T14:29:59Z", None);
        check("2024-03-08T14:30:00Z", Some(("2024-03-08T14:30:00Z", "2024-03-08T15:30:00Z")));
        check("2024-03-08T20:45:00Z", Some(("2024-03-08T20:30:00Z", "2024-03-08T21:00:00Z")));
        check("2024-03-08T21:00:00Z", None);
        // Two days later the clocks have gone forward.
        check("2024-03-11T13:30:00Z", Some(("2024-03-11T13:30:00Z", "2024-03-11T14:30:00Z")));
    }

    #[test]
    fn a_session_over_midnight_has_the_date_of_its_close() {
        let night = session(18 * HOUR, 17 * HOUR);
        let check = |timeframe, moment, bar| check(timeframe, Some(&night), moment, bar);
        check("1d", "2024-03-03T22:59:59Z", None); // Sunday, before the open
        check("1d", "2024-03-03T23:00:00Z", Some(("2024-03-04T00:00:00Z", "2024-03-04T22:00:00Z")));
        check("4h", "2024-03-04T20:00:00Z", Some(("2024-03-04T19:00:00Z", "2024-03-04T22:00:00Z")));
        // The night in which clocks go forward is an hour shorter.
        check("4h", "2024-03-10T22:30:00Z", Some(("2024-03-10T22:00:00Z", "2024-03-11T02:00:00Z")));
    }

    #[test]
    fn days_weeks_and_months_are_counted_from_fixed_dates() {
        let check = |timeframe, moment, start| {
            let mut grid = Grid::new(str::parse(timeframe).unwrap(), None).unwrap();
            let slot = grid.slot(nanos(moment)).unwrap();
            assert_eq!(Timestamp::from_nanos(slot.stamp).to_string(), start);
        };
        check("1d", "2024-03-08T21:00:00Z", "2024-03-08T00:00:00Z");
        check("1w", "2024-03-10T21:00:00Z", "2024-03-04T00:00:00Z");
        check("1w", "1969-12-28T00:00:00Z", "1969-12-22T00:00:00Z");
        check("1M", "2024-02-29T21:00:00Z", "2024-02-01T00:00:00Z");
        check("3M", "2024-02-29T21:00:00Z", "2024-01-01T00:00:00Z");
        check("2d", "1970-01-03T21:00:00Z", "1970-01-03T00:00:00Z");
        check("12M", "1900-02-28T21:00:00Z", "1900-01-01T00:00:00Z");
    }

    #[test]
    fn bars_longer_than_the_day_are_refused() {
        let day = session(9 * HOUR, 16 * HOUR);
        assert!(Grid::new("8h".parse().unwrap(), Some(&day)).is_err());
        assert!(Grid::new("48h".parse().unwrap(), None).is_err());
        let nowhere = Session { timezone: "Nowhere".into(), ..day };
        assert!(Grid::new("1h".parse().unwrap(), Some(&nowhere)).is_err());
    }
}
