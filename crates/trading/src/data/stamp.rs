//! Stamp: the text of a time becomes a moment in UTC.
//!
//! Read are `2024-03-01`, `2024-03-01 09:30[:15[.25]]` (also with `T`, `/` or `.`), the same with
//! `Z` or `+05:30`, `20240301`, and epoch numbers in s, ms, us or ns; others through a strptime
//! pattern. Texts such as `03/04/2024` are refused: they name two dates.
//! A date is midnight UTC of that date; a local time is read in the zone that is given.
//! Invariant: one reader serves one file; a moment depends on its text, the first row's form, and
//! (where daylight saving repeats an hour) on the row before.

mod civil;
mod epoch;
mod stored;
mod zone;

use std::ops::Range;

pub(crate) use civil::read_civil;
use civil::{Civil, Suffix};
use epoch::{Number, epoch_number, unit_of};
pub(crate) use zone::Zone;

use super::{problem::Kind, timeframe::DAY};

const SECOND: i64 = 1_000_000_000;

/// How the times of a file are written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Year first, with or without time of day and offset.
    Civil,
    /// Eight digits: a date; fourteen: a date and a time.
    Compact,
    /// A number; one step is so many nanoseconds.
    Epoch(i64),
    /// A strptime pattern.
    Pattern(String),
}

/// Why one time was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
}

fn refusal<T>(kind: Kind, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { kind, detail: detail.into() })
}

/// Reads the times of one file.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    zone: Zone,
    form: Option<Form>,
    zoned: Option<bool>,
    previous: Option<i64>,
    /// The first row's distance from UTC in nanoseconds.
    first_offset: Option<i64>,
    all_local_midnight: bool,
    /// Repeated local times that the neighboring row told apart.
    pub(crate) folds_resolved: u64,
}

impl Reader {
    /// A reader for local times of `zone`; `pattern` is a strptime pattern or an epoch unit.
    pub(crate) fn new(zone: Zone, pattern: Option<&str>) -> Self {
        let form = pattern.map(|text| match text {
            "s" => Form::Epoch(SECOND),
            "ms" => Form::Epoch(1_000_000),
            "us" => Form::Epoch(1_000),
            "ns" => Form::Epoch(1),
            other => Form::Pattern(other.to_owned()),
        });
        Self {
            zone,
            form,
            zoned: None,
            previous: None,
            first_offset: None,
            all_local_midnight: true,
            folds_resolved: 0,
        }
    }

    /// Reads a time at the start of `bytes` in the plainest forms; returns it and its length.
    /// `None` means that `read` must look, not that the time is wrong.
    #[inline]
    pub(crate) fn fast(&mut self, bytes: &[u8]) -> Option<(i64, usize)> {
        match self.form {
            Some(Form::Civil) => {
                let (civil, used) = read_civil(bytes)?;
                match self.settle(&civil) {
                    Ok(nanos) => Some((nanos, used)),
                    Err(_) => None,
                }
            }
            Some(Form::Epoch(step)) => {
                let digits = bytes.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
                if digits == 0 || digits > 18 {
                    return None;
                }
                let value = bytes[..digits].iter().fold(0_i64, |v, b| v * 10 + i64::from(b - b'0'));
                self.epoch(value, step).ok().map(|nanos| (nanos, digits))
            }
            _ => None,
        }
    }

    /// Reads the whole of `text`.
    ///
    /// # Errors
    /// A time that cannot be read, does not exist, or differs in kind from the rows before.
    pub(crate) fn read(&mut self, text: &str) -> Result<i64, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return refusal(Kind::Missing, "is empty");
        }
        let form = match self.form.take() {
            Some(form) => form,
            None => match sniff(text) {
                Some(form) => form,
                None => return self.unreadable(text),
            },
        };
        let result = self.read_as(&form, text);
        self.form = Some(form);
        result
    }

    fn read_as(&mut self, form: &Form, text: &str) -> Result<i64, Refusal> {
        match form {
            Form::Civil => match read_civil(text.as_bytes()) {
                Some((civil, used)) if used == text.len() => self.settle(&civil),
                _ => self.unreadable(text),
            },
            Form::Compact => match civil::read_compact(text) {
                Some(civil) => self.settle(&civil),
                None => self.unreadable(text),
            },
            Form::Epoch(step) => match epoch_number(text, *step) {
                Some(Number::Whole(value)) => self.epoch(value, *step),
                Some(Number::Nanos(nanos)) => self.read_utc(nanos),
                None => self.unreadable(text),
            },
            Form::Pattern(pattern) => match civil::read_pattern(pattern, text) {
                Ok(civil) => self.settle(&civil),
                Err(why) => refusal(
                    Kind::BadTime,
                    format!("does not match `data.format: \"{pattern}\"` ({why})"),
                ),
            },
        }
    }

    fn unreadable<T>(&self, text: &str) -> Result<T, Refusal> {
        refusal(Kind::BadTime, civil::why_unreadable(text))
    }

    /// The moment of a time as written; the file's rows must agree whether they carry a zone.
    fn settle(&mut self, civil: &Civil) -> Result<i64, Refusal> {
        let local = match civil.local_nanos() {
            Some(local) if in_years(local) => local,
            _ => return refusal(Kind::BadTime, "is outside the years 1678 to 2261"),
        };
        match civil.suffix {
            // Among local times a bare date is midnight there; elsewhere it is a session date.
            Suffix::Date if self.zoned == Some(false) => self.settle_local(local),
            Suffix::Date => Ok(self.accept(local, 0, true)),
            Suffix::Offset(seconds) => {
                self.agree(true)?;
                if seconds == 0 {
                    return self.read_utc(local);
                }
                let offset = i64::from(seconds) * SECOND;
                Ok(self.accept(local - offset, offset, local.rem_euclid(DAY) == 0))
            }
            Suffix::Local => {
                self.agree(false)?;
                self.settle_local(local)
            }
        }
    }

    #[inline]
    fn settle_local(&mut self, local: i64) -> Result<i64, Refusal> {
        let nanos = self.zone.moment(local, self.previous, &mut self.folds_resolved)?;
        Ok(self.accept(nanos, local - nanos, local.rem_euclid(DAY) == 0))
    }

    /// The row before, to go back to when the row that was begun is read again.
    pub(crate) fn mark(&self) -> Option<i64> {
        self.previous
    }

    /// Goes back to a mark.
    pub(crate) fn rewind(&mut self, mark: Option<i64>) {
        self.previous = mark;
    }

    fn agree(&mut self, zoned: bool) -> Result<(), Refusal> {
        match *self.zoned.get_or_insert(zoned) {
            first if first == zoned => Ok(()),
            true => refusal(Kind::MixedZones, "has no zone, but the rows before have one"),
            false => refusal(Kind::MixedZones, "has a zone, but the rows before have none"),
        }
    }

    #[inline]
    fn accept(&mut self, nanos: i64, offset: i64, midnight: bool) -> i64 {
        self.first_offset.get_or_insert(offset);
        self.all_local_midnight &= midnight;
        self.previous = Some(nanos);
        nanos
    }

    /// Takes a moment whose local time is that of the zone of the request.
    #[inline]
    fn accept_utc(&mut self, nanos: i64) -> i64 {
        if !self.all_local_midnight || nanos.rem_euclid(DAY) == 0 {
            return self.accept(nanos, 0, true);
        }
        let offset = self.zone.offset(nanos);
        self.accept(nanos, offset, (nanos + offset).rem_euclid(DAY) == 0)
    }

    /// Whether no time so far was anything but a local midnight.
    fn may_be_dates(&self) -> bool {
        self.all_local_midnight
    }

    /// Whether every time was midnight where it was written: session dates in disguise.
    pub(crate) fn are_dates(&self) -> bool {
        self.all_local_midnight && self.first_offset.is_some()
    }

    /// Midnight UTC of the local date of a moment that was local midnight.
    pub(crate) fn as_date(&self, nanos: i64) -> i64 {
        let local = nanos.saturating_add(self.first_offset.unwrap_or(0));
        // Daylight saving moves the offset by an hour at most: the nearest midnight is the date.
        local.saturating_add(DAY / 2).div_euclid(DAY) * DAY
    }
}

/// The years that files may use, 1678 to 2261: months away from what nanoseconds can count, so that
/// no zone reaches beyond.
const YEARS: Range<i64> = -106_650 * DAY..106_651 * DAY;

fn in_years(nanos: i64) -> bool {
    YEARS.contains(&nanos)
}

fn sniff(text: &str) -> Option<Form> {
    if read_civil(text.as_bytes()).is_some_and(|(_, used)| used == text.len()) {
        return Some(Form::Civil);
    }
    if civil::read_compact(text).is_some() {
        return Some(Form::Compact);
    }
    match epoch_number(text, 1)? {
        Number::Whole(value) => Some(Form::Epoch(unit_of(value))),
        Number::Nanos(_) => Some(Form::Epoch(SECOND)),
    }
}

#[cfg(test)]
mod tests;
