//! Zone: which moment a local time names, daylight saving included.
//!
//! Invariant: rules come from the database in this binary, never from the machine, so the same
//! file gives the same moments everywhere.

use dirigent_core::Timestamp;
use jiff::{
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use super::{Refusal, refusal};
use crate::data::{problem::Kind, timeframe::DAY};

const SECOND: i64 = 1_000_000_000;

/// A time zone with the stretch of local time that was looked up last.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    zone: TimeZone,
    /// Local times from..to that have this one offset, in nanoseconds.
    known: (i64, i64, i64),
}

impl Zone {
    /// The zone of an IANA name; `None` if there is none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let utc = name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("z");
        let zone = if utc { TimeZone::UTC } else { TimeZone::get(name).ok()? };
        let known = if zone == TimeZone::UTC { (i64::MIN, i64::MAX, 0) } else { (0, 0, 0) };
        Some(Self { zone, known })
    }

    /// How far local time is ahead of UTC at a moment, in nanoseconds.
    pub(crate) fn offset(&self, moment: i64) -> i64 {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(moment));
        moment.map_or(0, |moment| nanos(self.zone.to_offset(moment)))
    }

    /// Midnight of a date, given as midnight UTC of that date; the first moment of the day where
    /// daylight saving skips midnight.
    pub(crate) fn start_of_day(&self, date: Timestamp) -> Timestamp {
        let (year, month, day) = date.date();
        let civil = || {
            Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
                .ok()
        };
        let moment = civil().and_then(|d| d.to_zoned(self.zone.clone()).ok());
        let nanos = moment.and_then(|z| i64::try_from(z.timestamp().as_nanosecond()).ok());
        nanos.map_or(date, Timestamp::from_nanos)
    }

    /// The moment of a local time; of two the first, and of none the one as far from the change.
    pub(crate) fn moment_of(&self, local: i64) -> i64 {
        let found = civil(local)
            .and_then(|civil| self.zone.to_ambiguous_timestamp(civil).compatible().ok())
            .and_then(|moment| i64::try_from(moment.as_nanosecond()).ok());
        found.unwrap_or(local)
    }

    /// The moment of a local time. Of two possible ones the row before decides.
    #[inline]
    pub(crate) fn moment(
        &mut self,
        local: i64,
        previous: Option<i64>,
        folds: &mut u64,
    ) -> Result<i64, Refusal> {
        let (from, to, offset) = self.known;
        if (from..to).contains(&local) {
            return Ok(local.saturating_sub(offset));
        }
        self.look_up(local, previous, folds)
    }

    fn look_up(
        &mut self,
        local: i64,
        previous: Option<i64>,
        folds: &mut u64,
    ) -> Result<i64, Refusal> {
        let Some(civil) = civil(local) else {
            return refusal(Kind::BadTime, "is outside the years 1678 to 2261");
        };
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                let offset = nanos(offset);
                self.remember(local, offset);
                Ok(local - offset)
            }
            AmbiguousOffset::Gap { .. } => refusal(
                Kind::NonexistentTime,
                format!("does not exist in zone `{}`: clocks skip it", self.name()),
            ),
            AmbiguousOffset::Fold { before, after } => {
                let (first, second) = (local - nanos(before), local - nanos(after));
                *folds += 1;
                match previous {
                    Some(row) if row >= first && row < second => Ok(second),
                    // The row before may be centuries away.
                    Some(row) if row < first && first.saturating_sub(row) < DAY => Ok(first),
                    _ => {
                        *folds -= 1;
                        refusal(
                            Kind::AmbiguousTime,
                            format!("occurs twice in zone `{}`", self.name()),
                        )
                    }
                }
            }
        }
    }

    /// Remembers that the offset holds up to a day before the next change, and a day after the
    /// one before.
    fn remember(&mut self, local: i64, offset: i64) {
        let moment = jiff::Timestamp::from_nanosecond(i128::from(local) - i128::from(offset));
        let Ok(moment) = moment else { return };
        let at = |t: jiff::Timestamp| i64::try_from(t.as_nanosecond()).ok();
        let from = self.zone.preceding(moment).next().and_then(|t| at(t.timestamp()));
        let to = self.zone.following(moment).next().and_then(|t| at(t.timestamp()));
        self.known = (
            from.map_or(i64::MIN, |t| t.saturating_add(offset).saturating_add(DAY)),
            to.map_or(i64::MAX, |t| t.saturating_add(offset).saturating_sub(DAY)),
            offset,
        );
    }

    fn name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }
}

fn nanos(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// The calendar time of nanoseconds since 1970 on the wall clock.
fn civil(local: i64) -> Option<DateTime> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(local)).ok()?;
    Some(TimeZone::UTC.to_datetime(moment))
}
