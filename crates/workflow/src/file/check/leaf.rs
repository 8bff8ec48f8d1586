//! Single values: text, numbers, days, sizes, names, paths, secrets.

use serde_json::{Number, Value};

use super::{Checker, Subject};
use crate::file::{
    problem::Problem,
    resolved::Checked,
    scalar::Atom,
    spec::{Kind, Range},
    tree::{Content, Node, Scalar},
};

/// The most decimals of an exact number.
const DECIMALS_MAX: i64 = 9;

impl Checker<'_> {
    pub(super) fn leaf(&mut self, kind: &Kind, subject: Subject<'_>) -> Checked {
        let Content::Scalar(scalar) = &subject.node.content else {
            return self.mismatch(kind, subject);
        };
        if matches!(kind, Kind::Secret) {
            return self.secret(scalar, subject);
        }
        if !matches!(kind, Kind::Path) {
            self.variables_inside(subject.node, subject.path);
        }
        match (kind, scalar.atom()) {
            (Kind::Text | Kind::Expression, Atom::Text("")) | (Kind::Path, Atom::Text("")) => {
                self.mismatch(kind, subject)
            }
            (Kind::Text | Kind::Expression, Atom::Text(text)) => text_leaf(text),
            (Kind::Text, Atom::Whole(_) | Atom::Number(_) | Atom::TooLarge)
            | (Kind::Expression, Atom::Whole(_) | Atom::Number(_) | Atom::Boolean(_)) => {
                text_leaf(&scalar.text)
            }
            (Kind::Text, Atom::Boolean(_)) => {
                let message = format!("`{}` cannot be {}", subject.path, subject.node.describe());
                self.refuse(subject, message, format!("quote it: \"{}\"", scalar.text))
            }
            (Kind::Path, Atom::Text(text)) => self.path(text, subject),
            (Kind::Boolean, Atom::Boolean(flag)) => Checked::Leaf(Value::Bool(flag)),
            (Kind::Whole { min, max }, Atom::Whole(number)) if (min..=max).contains(&&number) => {
                Checked::Leaf(Value::from(number))
            }
            (Kind::Number(range), Atom::Whole(_) | Atom::Number(_)) => {
                self.number(*range, scalar, subject)
            }
            (Kind::Decimal(range), Atom::Whole(_) | Atom::Number(_)) => {
                self.decimal(*range, scalar, subject)
            }
            // As a decimal is recorded, so that a recorded configuration is a file again.
            (Kind::Decimal(range), Atom::Text(text)) if is_plain_decimal(text) => {
                self.decimal(*range, scalar, subject)
            }
            (Kind::Date, Atom::Text(text)) if is_date(text) => text_leaf(text),
            (Kind::Time, Atom::Text(text)) if is_time(text) => text_leaf(text),
            (Kind::Bytes, Atom::Whole(bytes)) if bytes > 0 => Checked::Leaf(Value::from(bytes)),
            (Kind::Bytes, Atom::Text(text)) if size(text).is_some() => {
                Checked::Leaf(size(text).map_or(Value::Null, Value::from))
            }
            (Kind::Choice(names), _) if names.contains(&scalar.text.as_str()) => {
                text_leaf(&scalar.text)
            }
            (Kind::Registered(_), Atom::Text(text)) if !text.is_empty() => text_leaf(text),
            (Kind::Choice(names) | Kind::Registered(names), _) => self.unknown_name(subject, names),
            (kind, atom) => self.wrong_number(kind, atom, subject),
        }
    }

    /// The mistake of a value that is a number of the wrong size, or no number at all.
    fn wrong_number(&mut self, kind: &Kind, atom: Atom<'_>, subject: Subject<'_>) -> Checked {
        let is_numeric = matches!(kind, Kind::Whole { .. } | Kind::Number(_) | Kind::Decimal(_));
        let what = match atom {
            Atom::NotFinite => "must be finite",
            Atom::TooLarge => "is too large",
            Atom::Whole(_) => "is out of range",
            Atom::Number(_) => "must be a whole number",
            Atom::Null | Atom::Boolean(_) | Atom::Text(_) => return self.mismatch(kind, subject),
        };
        if !is_numeric {
            return self.mismatch(kind, subject);
        }
        let message = format!("`{}` {what}: {}", subject.path, subject.node.describe());
        self.refuse(subject, message, format!("give {}", kind.describe()))
    }

    fn number(&mut self, range: Range, scalar: &Scalar, subject: Subject<'_>) -> Checked {
        match number_of(scalar).filter(|&x| range.contains(x)) {
            Some(x) => Number::from_f64(x)
                .map_or(Checked::Broken, |number| Checked::Leaf(Value::Number(number))),
            None => self.wrong_number(&Kind::Number(range), Atom::Whole(0), subject),
        }
    }

    fn decimal(&mut self, range: Range, scalar: &Scalar, subject: Subject<'_>) -> Checked {
        let text = scalar.text.trim_start_matches('+');
        if !number_of(scalar).is_some_and(|x| range.contains(x)) {
            return self.wrong_number(&Kind::Decimal(range), Atom::Whole(0), subject);
        }
        if decimals(text) > DECIMALS_MAX {
            let message = format!("`{}` has more than nine decimals: `{text}`", subject.path);
            return self.refuse(subject, message, "round it to nine decimals".to_owned());
        }
        match scalar.atom() {
            Atom::Whole(number) => Checked::Leaf(Value::String(number.to_string())),
            _ => text_leaf(text),
        }
    }

    fn path(&mut self, text: &str, subject: Subject<'_>) -> Checked {
        match self.expand(text, subject) {
            Some(path) if path.contains('\0') => {
                let message = format!("`{}` is no path: it holds a NUL", subject.path);
                self.refuse(subject, message, "remove the NUL".to_owned())
            }
            Some(path) => Checked::Leaf(Value::String(path)),
            None => Checked::Broken,
        }
    }

    fn secret(&mut self, scalar: &Scalar, subject: Subject<'_>) -> Checked {
        let span = subject.node.span;
        self.secret_lines.extend((span.start.line..=span.end.line).map(|line| (span.source, line)));
        let is_known = self.expand(&scalar.text, subject).is_some();
        if scalar.is_null() {
            self.refuse(subject, format!("`{}` is empty", subject.path), "give a secret".into());
        } else if !scalar.text.contains("${") && !self.is_default {
            let message = format!("the secret `{}` is written out", subject.path);
            let hint = "write `${NAME}` and set NAME in the environment; a run that is resumed \
                        needs it there";
            self.problems.push(Problem::warning(span, subject.path, message).hint(hint));
        }
        if is_known { Checked::Secret(scalar.text.clone()) } else { Checked::Broken }
    }
}

fn text_leaf(text: &str) -> Checked {
    Checked::Leaf(Value::String(text.to_owned()))
}

fn number_of(scalar: &Scalar) -> Option<f64> {
    match scalar.atom() {
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
        Atom::Whole(number) => Some(number as f64),
        Atom::Number(number) => Some(number),
        Atom::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether `text` is digits, with a point within them or not, and a sign before them or not.
fn is_plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// How many decimals `1.25e-3` has when it is written out: 5.
fn decimals(text: &str) -> i64 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let fraction = mantissa.split_once('.').map_or("", |(_, fraction)| fraction);
    let fraction = fraction.trim_end_matches('0');
    let digits = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    digits.saturating_sub(exponent.parse().unwrap_or(0))
}

/// `YYYY-MM-DD`, a day of the Gregorian calendar.
fn is_date(text: &str) -> bool {
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok());
    let mut parts = text.split('-').map(|part| number(part).flatten());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let year: u32 = year;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days: u32 = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => 0,
    };
    text.len() == 10 && year >= 1 && (1..=days).contains(&day)
}

/// `HH:MM`.
fn is_time(text: &str) -> bool {
    let part = |text: &str, max: u8| {
        text.len() == 2
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|n| n <= max)
    };
    text.split_once(':').is_some_and(|(hour, minute)| part(hour, 23) && part(minute, 59))
}

/// `512MB` in bytes; 1 KB is 1024 bytes. `None` if it is no size, or none at all.
pub fn size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let shift = match unit.trim_start().to_ascii_uppercase().as_str() {
        "B" => 0,
        "KB" | "K" | "KIB" => 10,
        "MB" | "M" | "MIB" => 20,
        "GB" | "G" | "GIB" => 30,
        "TB" | "T" | "TIB" => 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 6 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let unit = 1_u64 << shift;
    let whole = format!("0{whole}").parse::<u64>().ok()?.checked_mul(unit)?;
    let parts = format!("0{fraction}").parse::<u64>().ok()?;
    let digits = u32::try_from(fraction.len()).ok()?;
    let bytes = whole.checked_add(parts.checked_mul(unit)? / 10_u64.pow(digits))?;
    (bytes > 0 && i64::try_from(bytes).is_ok()).then_some(bytes)
}

/// Any value as JSON.
pub(super) fn any(node: &Node) -> Value {
    match &node.content {
        Content::Scalar(scalar) => match scalar.atom() {
            Atom::Null => Value::Null,
            Atom::Boolean(flag) => Value::Bool(flag),
            Atom::Whole(number) => Value::from(number),
            Atom::Number(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Atom::TooLarge | Atom::NotFinite => Value::String(scalar.text.clone()),
            Atom::Text(text) => Value::String(text.to_owned()),
        },
        Content::List(items) => items.iter().map(any).collect(),
        Content::Map(map) => {
            map.iter().map(|(name, entry)| (name.clone(), any(&entry.value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_count_in_1024() {
        for text in ["", "MB", ".MB", "12", "512XB", "1.2.3GB", "-1GB", "0MB", "99999999TB"] {
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(size("512MB"), Some(536_870_912));
        assert_eq!(size("2 gb"), Some(2_147_483_648));
        assert_eq!(size("0.5GB"), Some(536_870_912));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for text in ["2005-02-29", "1900-02-29", "2005-13-01", "2005-1-1", "05-01-01", "x", ""] {
            assert!(!is_date(text), "{text}");
        }
        for text in ["2004-02-29", "2000-02-29", "2005-12-31"] {
            assert!(is_date(text), "{text}");
        }
    }

    #[test]
    fn decimals_are_counted_as_written_out() {
        assert_eq!(decimals("1.25e-3"), 5);
        assert_eq!(decimals("1.2500"), 2);
        assert_eq!(decimals("1e3"), -3);
        assert_eq!(decimals("100"), 0);
    }
}
