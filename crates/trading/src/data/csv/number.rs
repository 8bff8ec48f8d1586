//! Numbers in cells: exact decimals to prices, and the nearest double for other columns.

use crate::{
    data::{problem::Kind, stamp::Refusal},
    price::{InvalidDecimal, Price},
};

/// Texts that say "no value".
const NO_VALUE: [&str; 9] = ["", "na", "n/a", "null", "none", "-", ".", "#n/a", "--"];

/// Powers of ten that fit.
const POWERS: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
/// The largest integer below which every integer is a double.
const EXACT_MAX: u64 = 1 << 53;

/// Reads plain digits with an optional point at the start of `bytes`, which must contain another
/// byte after them: the digits as one integer, the count of decimals, and the length.
#[inline]
fn digits(bytes: &[u8]) -> Option<(u64, usize, usize)> {
    let mut value = 0_u64;
    let mut at = 0;
    let mut digit = bytes.first()?.wrapping_sub(b'0');
    while digit < 10 {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
        digit = bytes.get(at)?.wrapping_sub(b'0');
    }
    let whole = at;
    let mut decimals = 0;
    if bytes[at] == b'.' {
        at += 1;
        digit = bytes.get(at)?.wrapping_sub(b'0');
        while digit < 10 {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            at += 1;
            digit = bytes.get(at)?.wrapping_sub(b'0');
        }
        decimals = at - whole - 1;
    }
    // Eighteen digits cannot have wrapped; whatever is longer is read with care elsewhere.
    (1..=18).contains(&(whole + decimals)).then_some((value, decimals, at))
}

/// A price in steps of 10^-9 and its length, in the plainest form only.
#[inline]
pub(super) fn fast_price(bytes: &[u8]) -> Option<(i64, usize)> {
    let (value, decimals, used) = digits(bytes)?;
    let scale = POWERS.get(9_usize.checked_sub(decimals)?)?;
    Some((i64::try_from(value).ok()?.checked_mul(*scale)?, used))
}

/// The nearest double and the length of its text, in the plainest form only.
///
/// An integer and a power of ten that are both doubles divide to the nearest double (Clinger,
/// "How to read floating point numbers accurately", 1990).
#[inline]
#[expect(clippy::cast_precision_loss, reason = "at most 2^53, which a double holds exactly")]
pub(super) fn fast_number(bytes: &[u8]) -> Option<(f64, usize)> {
    let (value, decimals, used) = digits(bytes)?;
    let scale = *POWERS.get(decimals)?;
    (value <= EXACT_MAX).then(|| (value as f64 / scale as f64, used))
}

/// Whether a text says that there is no value.
fn is_no_value(text: &str) -> bool {
    NO_VALUE.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn no_number<T>(text: &str) -> Result<T, Refusal> {
    let detail = if text.contains(',') {
        "is not a number: write a point before the decimals and nothing between thousands"
    } else {
        "is not a number"
    };
    Err(Refusal { kind: Kind::NotANumber, detail: detail.into() })
}

/// Reads a price from the text of a cell; `None` for no value.
pub(crate) fn cell_price(text: &str) -> Result<Option<i64>, Refusal> {
    let text = text.trim();
    if is_no_value(text) {
        return Ok(None);
    }
    match text.parse::<Price>() {
        Ok(price) => Ok(Some(price.raw())),
        Err(InvalidDecimal::NotANumber(_)) => no_number(text),
        Err(InvalidDecimal::TooLarge(_)) => Err(Refusal {
            kind: Kind::OutOfRange,
            detail: "is too large: prices go up to about 9.2 billion".into(),
        }),
        Err(InvalidDecimal::TooFine(_)) => Err(Refusal {
            kind: Kind::OutOfRange,
            detail: "is too small: prices have nine decimals".into(),
        }),
    }
}

/// Reads a number from the text of a cell; NaN for no value.
pub(crate) fn cell_number(text: &str) -> Result<f64, Refusal> {
    let text = text.trim();
    if is_no_value(text) || text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => no_number(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_path_leaves_what_is_unusual() {
        for text in ["-1,", "+1,", ",", ".,", "1e3,", "NaN,", "1.0000000001,", "12"] {
            let read = fast_price(text.as_bytes());
            let plain = read.is_some_and(|(_, used)| text.as_bytes()[used] == b',');
            assert!(!plain, "{text}");
        }
        assert_eq!(fast_price(b"9300000000,"), None);
        assert_eq!(fast_price(b"0000000000000000001,"), None);
    }

    #[test]
    fn the_fast_path_agrees_with_the_exact_one() {
        for text in ["0", "1", "130.31", "0.124975", "9223372036.854775807", "5.", ".5", "007.10"] {
            let line = format!("{text},");
            let (raw, used) = fast_price(line.as_bytes()).unwrap_or_else(|| {
                (text.parse::<Price>().unwrap().raw(), text.len()) // nineteen digits: too long
            });
            assert_eq!((raw, used), (text.parse::<Price>().unwrap().raw(), text.len()), "{text}");
        }
        for text in ["0.1", "9616100", "561.88098307", "9007199254740992", "3.3"] {
            let (number, _) = fast_number(format!("{text}\n").as_bytes()).unwrap();
            assert_eq!(number.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }

    #[test]
    fn cells_are_read_or_refused_by_kind() {
        assert_eq!(cell_price(" 12.5 "), Ok(Some(12_500_000_000)));
        assert_eq!(cell_price("N/A"), Ok(None));
        for (text, kind) in [
            ("NaN", Kind::NotANumber),
            ("inf", Kind::NotANumber),
            ("1,234.5", Kind::NotANumber),
            ("1e30", Kind::OutOfRange),
            ("1e-320", Kind::OutOfRange),
        ] {
            assert_eq!(cell_price(text).unwrap_err().kind, kind, "{text}");
        }
        assert!(cell_number("1e999").is_err());
        assert!(cell_number("nan").unwrap().is_nan());
    }
}
