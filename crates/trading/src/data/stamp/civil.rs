//! Calendar times as they are written, before a zone makes moments of them.

use dirigent_core::Timestamp;
use jiff::{civil, fmt::strtime};

use crate::data::timeframe::DAY;

const SECOND: i64 = 1_000_000_000;

/// A date and a time of day as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    /// Days since 1970-01-01.
    pub(crate) days: i64,
    /// Nanoseconds since midnight.
    pub(crate) nanos: i64,
    /// What follows the time.
    pub(crate) suffix: Suffix,
}

/// What a time says about its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suffix {
    /// Only a date.
    Date,
    /// A time of day without zone.
    Local,
    /// Seconds east of UTC.
    Offset(i32),
}

impl Civil {
    /// Nanoseconds since 1970 on the wall clock; `None` outside what fits.
    pub(crate) fn local_nanos(&self) -> Option<i64> {
        self.days.checked_mul(DAY)?.checked_add(self.nanos)
    }
}

/// Two digits.
#[inline]
fn two(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => {
            Some(u32::from(a - b'0') * 10 + u32::from(b - b'0'))
        }
        _ => None,
    }
}

fn days_of(year: u32, month: u32, day: u32) -> Option<i64> {
    Timestamp::from_date(i64::from(year), month, day).map(|t| t.as_nanos().div_euclid(DAY))
}

/// Reads `YYYY-MM-DD` with `-`, `/` or `.`, then perhaps a time and an offset; also its length.
#[inline]
pub(crate) fn read_civil(bytes: &[u8]) -> Option<(Civil, usize)> {
    if bytes.len() < 10 {
        return None;
    }
    let mark = bytes[4];
    if !matches!(mark, b'-' | b'/' | b'.') || bytes[7] != mark {
        return None;
    }
    let year = two(bytes)? * 100 + two(&bytes[2..])?;
    let days = days_of(year, two(&bytes[5..])?, two(&bytes[8..])?)?;
    let has_time = matches!(bytes.get(10), Some(b'T' | b't' | b' '))
        && bytes.get(11).is_some_and(u8::is_ascii_digit);
    if !has_time {
        return Some((Civil { days, nanos: 0, suffix: Suffix::Date }, 10));
    }
    let (nanos, mut at) = read_clock(bytes, 11)?;
    let (suffix, used) = read_suffix(&bytes[at..])?;
    at += used;
    Some((Civil { days, nanos, suffix }, at))
}

/// `HH:MM[:SS[.f]]` from `at`: nanoseconds since midnight and where it ends.
fn read_clock(bytes: &[u8], mut at: usize) -> Option<(i64, usize)> {
    let hour = two(&bytes[at..])?;
    if bytes.get(at + 2) != Some(&b':') {
        return None;
    }
    let minute = two(bytes.get(at + 3..)?)?;
    at += 5;
    let mut nanos = (i64::from(hour) * 3_600 + i64::from(minute) * 60) * SECOND;
    if bytes.get(at) == Some(&b':') {
        let second = two(bytes.get(at + 1..)?)?;
        if second > 59 {
            return None;
        }
        nanos += i64::from(second) * SECOND;
        at += 3;
        if bytes.get(at) == Some(&b'.') {
            let (fraction, digits) = read_fraction(bytes.get(at + 1..)?)?;
            nanos += fraction;
            at += 1 + digits;
        }
    }
    (hour < 24 && minute < 60).then_some((nanos, at))
}

/// One to nine decimals of a second as nanoseconds, and how many there are.
fn read_fraction(bytes: &[u8]) -> Option<(i64, usize)> {
    let digits = bytes.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    let value = bytes[..digits].iter().fold(0_i64, |v, b| v * 10 + i64::from(b - b'0'));
    let scale = (digits..9).fold(1_i64, |s, _| s * 10);
    Some((value * scale, digits))
}

/// `Z`, ` UTC`, `+HH:MM`, `-HHMM`, `+HH` or nothing, and its length.
fn read_suffix(bytes: &[u8]) -> Option<(Suffix, usize)> {
    let (sign, start) = match bytes {
        [b'Z' | b'z', ..] => return Some((Suffix::Offset(0), 1)),
        [b' ', b'U', b'T', b'C', ..] => return Some((Suffix::Offset(0), 4)),
        [b'+', ..] => (1, 1),
        [b'-', ..] => (-1, 1),
        [b' ', b'+', ..] => (1, 2),
        [b' ', b'-', ..] => (-1, 2),
        _ => return Some((Suffix::Local, 0)),
    };
    let hours = two(&bytes[start..])?;
    let (minutes, used) = match bytes.get(start + 2..)? {
        [b':', rest @ ..] => (two(rest)?, start + 5),
        rest => two(rest).map_or((0, start + 2), |m| (m, start + 4)),
    };
    if hours > 15 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
    Some((Suffix::Offset(sign * seconds), used))
}

/// `20240301` or `20240301093000`.
pub(crate) fn read_compact(text: &str) -> Option<Civil> {
    let bytes = text.as_bytes();
    if !matches!(bytes.len(), 8 | 14) || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = two(bytes)? * 100 + two(&bytes[2..])?;
    let days = days_of(year, two(&bytes[4..])?, two(&bytes[6..])?)?;
    if bytes.len() == 8 {
        return Some(Civil { days, nanos: 0, suffix: Suffix::Date });
    }
    let (hour, minute, second) = (two(&bytes[8..])?, two(&bytes[10..])?, two(&bytes[12..])?);
    let nanos = (i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)) * SECOND;
    (hour < 24 && minute < 60 && second < 60).then_some(Civil {
        days,
        nanos,
        suffix: Suffix::Local,
    })
}

/// Reads `text` by a strptime pattern.
pub(crate) fn read_pattern(pattern: &str, text: &str) -> Result<Civil, String> {
    let parsed = strtime::parse(pattern, text).map_err(|why| why.to_string())?;
    let date = parsed.to_date().map_err(|why| why.to_string())?;
    let days = days_of_date(date).ok_or("the year is outside 1678 to 2261")?;
    let has_time = parsed.hour().is_some();
    let time = if has_time {
        parsed.to_time().map_err(|why| why.to_string())?
    } else {
        civil::Time::midnight()
    };
    let seconds =
        i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let suffix = match (parsed.offset(), has_time) {
        (Some(offset), _) => Suffix::Offset(offset.seconds()),
        (None, true) => Suffix::Local,
        (None, false) => Suffix::Date,
    };
    let nanos = seconds * SECOND + i64::from(time.subsec_nanosecond());
    Ok(Civil { days, nanos, suffix })
}

fn days_of_date(date: civil::Date) -> Option<i64> {
    let part = |n: i8| u32::try_from(n).ok();
    days_of(u32::try_from(date.year()).ok()?, part(date.month())?, part(date.day())?)
}

/// Says what is wrong with a time that no form fits.
pub(crate) fn why_unreadable(text: &str) -> String {
    let mut parts = text.splitn(4, ['/', '.', '-']);
    let short = |part: Option<&str>| {
        part.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    if short(parts.next()) && short(parts.next()) {
        return "is ambiguous: day and month could be exchanged; set `data.format`, for example \
                `\"%d/%m/%Y\"`"
            .into();
    }
    "is not a time that can be read".into()
}
