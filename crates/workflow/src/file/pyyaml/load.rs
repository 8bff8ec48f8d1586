//! What PyYAML's `safe_load` makes of a plain scalar: the types of YAML 1.1.
//!
//! The patterns are those of `yaml/resolver.py`, the values those of `yaml/constructor.py`.

/// A Python value, spelled as `yaml.dump` spells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Boolean(bool),
    /// The decimal text of a Python int.
    Whole(String),
    Number(f64),
    /// `2005-01-31`
    Date(String),
    /// `2005-01-31 09:30:00+00:00`
    Moment(String),
    Text(String),
}

impl Scalar {
    /// The plain text that stands for it in a dump; `None` for text, which may need quotes.
    pub(super) fn plain(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Boolean(flag) => Some(flag.to_string()),
            Self::Whole(text) | Self::Date(text) | Self::Moment(text) => Some(text.clone()),
            Self::Number(number) => Some(float(*number)),
            Self::Text(_) => None,
        }
    }
}

/// The value of a plain scalar.
pub(super) fn load(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Boolean(true);
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Boolean(false);
        }
        _ => {}
    }
    number(text)
        .or_else(|| whole(text).map(Scalar::Whole))
        .or_else(|| timestamp(text))
        .unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

/// Whether a text would be read as something else than text when written without quotes.
pub(super) fn is_ambiguous(text: &str) -> bool {
    !matches!(load(text), Scalar::Text(_)) || text == "<<" || text == "="
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn all(text: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn digit_or_line(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// `[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?`, `\.[0-9][0-9_]*([eE][-+][0-9]+)?`, base 60,
/// `.inf` and `.nan`.
fn number(text: &str) -> Option<Scalar> {
    let (is_negative, body) = signed(text);
    match body {
        ".inf" | ".Inf" | ".INF" => {
            return Some(Scalar::Number(if is_negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }));
        }
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => {
            return Some(Scalar::Number(f64::NAN));
        }
        _ => {}
    }
    if body.contains(':') {
        return base_60_float(body).map(|x| Scalar::Number(if is_negative { -x } else { x }));
    }
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['-', '+'])?;
            all(digits, |b| b.is_ascii_digit()).then_some((mantissa, Some(exponent)))?
        }
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let is_number = if whole.is_empty() {
        text.len() == body.len() && starts_with_digit(fraction) && all(fraction, digit_or_line)
    } else {
        starts_with_digit(whole)
            && all(whole, digit_or_line)
            && (fraction.is_empty() || all(fraction, digit_or_line))
    };
    if !is_number {
        return None;
    }
    let exponent = exponent.map_or_else(String::new, |exponent| format!("e{exponent}"));
    let number: f64 = format!("0{mantissa}{exponent}").replace('_', "").parse().ok()?;
    Some(Scalar::Number(if is_negative { -number } else { number }))
}

/// `[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*`
fn base_60_float(body: &str) -> Option<f64> {
    let (front, fraction) = body.rsplit_once('.')?;
    let parts = base_60_parts(front)?;
    if !fraction.is_empty() && !all(fraction, digit_or_line) {
        return None;
    }
    let seconds = format!("{}.{}", parts.last()?, fraction.replace('_', ""));
    let mut value: f64 = seconds.parse().ok()?;
    let mut base = 60.0;
    for part in parts.iter().rev().skip(1) {
        value += part.parse::<f64>().ok()? * base;
        base *= 60.0;
    }
    Some(value)
}

/// The parts of `1_0:30:05`, without underscores.
fn base_60_parts(text: &str) -> Option<Vec<String>> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|p| starts_with_digit(p) && all(p, digit_or_line))?;
    let mut found = vec![first.replace('_', "")];
    for part in parts {
        let is_part = all(part, |b| b.is_ascii_digit())
            && (part.len() == 1 || (part.len() == 2 && part.as_bytes()[0] <= b'5'));
        found.push(is_part.then(|| part.to_owned())?);
    }
    (found.len() > 1).then_some(found)
}

/// A Python int: binary, octal, decimal, hexadecimal or base 60, as decimal text.
fn whole(text: &str) -> Option<String> {
    let (is_negative, body) = signed(text);
    let magnitude = magnitude(body)?;
    let is_zero = magnitude == "0";
    Some(if is_negative && !is_zero { format!("-{magnitude}") } else { magnitude })
}

fn magnitude(body: &str) -> Option<String> {
    let radix = |digits: &str, radix: u32| {
        // Of no digits Python makes an error, and no type of ours holds more than 38: what matters
        // then is only that the text is not plain.
        let number = u128::from_str_radix(&digits.replace('_', ""), radix);
        Some(number.map_or_else(|_| digits.to_owned(), |number| number.to_string()))
    };
    if let Some(digits) = body.strip_prefix("0b") {
        return all(digits, |b| matches!(b, b'0' | b'1' | b'_')).then(|| radix(digits, 2))?;
    }
    if let Some(digits) = body.strip_prefix("0x") {
        return all(digits, |b| b.is_ascii_hexdigit() || b == b'_').then(|| radix(digits, 16))?;
    }
    if body == "0" {
        return Some("0".to_owned());
    }
    if let Some(digits) = body.strip_prefix('0') {
        return all(digits, |b| matches!(b, b'0'..=b'7' | b'_')).then(|| radix(body, 8))?;
    }
    if !starts_with_digit(body) {
        return None;
    }
    if all(body, digit_or_line) {
        return Some(body.replace('_', ""));
    }
    let mut value: u128 = 0;
    for part in base_60_parts(body)? {
        value = value.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    Some(value.to_string())
}

/// Digits of `text` from the front, `least` to `most` of them, and the rest.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (count >= least).then(|| Some((text[..count].parse().ok()?, &text[count..])))?
}

/// `YYYY-MM-DD`, or with a time of day, fraction and zone.
fn timestamp(text: &str) -> Option<Scalar> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return (text.len() == 10).then_some(Scalar::Date(date));
    }
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => rest.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']),
    };
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest.split_at(count)
        }
        None => ("", rest),
    };
    let zone = zone(rest.trim_start_matches([' ', '\t']))?;
    let micros: u32 = format!("{fraction:0<6}")[..6].parse().ok()?;
    let micros = if micros > 0 { format!(".{micros:06}") } else { String::new() };
    Some(Scalar::Moment(format!("{date} {hour:02}:{minute:02}:{second:02}{micros}{zone}")))
}

/// `Z`, `+HH`, `-HH:MM` or nothing, as Python's `isoformat` spells it.
fn zone(text: &str) -> Option<String> {
    match text {
        "" => return Some(String::new()),
        "Z" => return Some("+00:00".to_owned()),
        _ => {}
    }
    let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'))?;
    let (hours, rest) = digits(&text[1..], 1, 2)?;
    let minutes = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2, 2).filter(|(_, rest)| rest.is_empty())?.0,
        None => rest.is_empty().then_some(0)?,
    };
    let sign = if hours == 0 && minutes == 0 { '+' } else { sign };
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

/// A float as PyYAML spells it: Python's `repr`, with `.0` before a bare exponent.
fn float(x: f64) -> String {
    if x.is_nan() {
        return ".nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let text = format!("{x}");
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{dot}e{sign}{:02}", exponent.abs())
}
