//! Decimals as text: read exactly or refused, written plain.

use std::fmt;

use super::{InvalidDecimal, SCALE_I128};

const DECIMALS: usize = 9;

/// Appends `raw` steps of 10^-9 as a plain decimal without needless zeros.
pub fn write_decimal(out: &mut String, raw: i128) {
    use fmt::Write as _;
    if raw < 0 {
        out.push('-');
    }
    let raw = raw.unsigned_abs();
    let scale = SCALE_I128.unsigned_abs();
    write!(out, "{}", raw / scale).expect("a string takes any text");
    let fraction = raw % scale;
    if fraction > 0 {
        let start = out.len();
        write!(out, ".{fraction:09}").expect("a string takes any text");
        let kept = out[start..].trim_end_matches('0').len();
        out.truncate(start + kept);
    }
}

/// Reads `[+-]digits[.digits][e[+-]digits]` as steps of 10^-9.
///
/// More than nine decimals are rounded half to even, as long as that changes the value by at most
/// one part in a million: doubles written out in full pass, prices too fine to hold are refused.
pub(super) fn parse_decimal(text: &str) -> Result<i128, InvalidDecimal> {
    let bad = || InvalidDecimal::NotANumber(text.chars().take(40).collect());
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], body[at + 1..].parse::<i32>().map_err(|_| bad())?),
        None => (body, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.len() + fraction.len();
    if digits == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let point = i64::try_from(whole.len()).map_err(|_| bad())? + i64::from(exponent);
    let keep = point + i64::try_from(DECIMALS).map_err(|_| bad())?;
    let (mut raw, mut dropped, mut tie, mut lost) = (0_i128, false, false, false);
    for (index, byte) in (0_i64..).zip(whole.bytes().chain(fraction.bytes())) {
        let digit = i128::from(byte - b'0');
        if index < keep {
            raw = raw
                .checked_mul(10)
                .and_then(|r| r.checked_add(digit))
                .ok_or_else(|| InvalidDecimal::TooLarge(text.to_owned()))?;
        } else if index == keep {
            (dropped, tie) = (digit >= 5, digit == 5);
            lost |= digit > 0;
        } else if digit > 0 {
            (tie, lost) = (false, true);
        }
    }
    for _ in i64::try_from(digits).map_err(|_| bad())?..keep {
        raw = raw.checked_mul(10).ok_or_else(|| InvalidDecimal::TooLarge(text.to_owned()))?;
        if raw == 0 {
            break;
        }
    }
    if dropped && !(tie && raw & 1 == 0) {
        raw += 1;
    }
    if lost && raw < 1_000_000 {
        return Err(InvalidDecimal::TooFine(text.chars().take(40).collect()));
    }
    Ok(if negative { -raw } else { raw })
}
