//! Scalars: what a value of a columnar file means as a time, a price or a number.
//!
//! Not here: how a format stores it.

use super::{
    csv::{cell_number, cell_price},
    problem::Kind,
    stamp::{self, Refusal},
    table::MISSING,
    timeframe::DAY,
};
use crate::price::Price;

/// A value as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Int(i64),
    Float(f32),
    Double(f64),
    Text(Vec<u8>),
}

impl Scalar {
    /// The value as a message shows it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Double(value) => value.to_string(),
            Self::Text(value) => String::from_utf8_lossy(value).into_owned(),
        }
    }
}

/// What the file says about the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Numbers or text.
    Plain,
    /// Days since 1970.
    Date,
    /// Steps of so many nanoseconds since 1970, in UTC.
    Moment(i64),
    /// The same on the wall clock of an unnamed zone.
    Local(i64),
    /// Integers with this many decimals.
    Decimal(u32),
}

impl Meaning {
    /// The moment of a stored value.
    pub(crate) fn moment(
        self,
        value: Option<&Scalar>,
        stamps: &mut stamp::Reader,
    ) -> Result<i64, Refusal> {
        let too_far = || refusal(Kind::BadTime, "is outside the years 1678 to 2261");
        match (self, value) {
            (_, None) => refusal(Kind::Missing, "has no value"),
            (Self::Date, Some(Scalar::Int(days))) => match days.checked_mul(DAY) {
                Some(nanos) => stamps.read_local(nanos),
                None => too_far(),
            },
            (Self::Moment(step), Some(Scalar::Int(value))) => match value.checked_mul(step) {
                Some(nanos) => stamps.read_utc(nanos),
                None => too_far(),
            },
            (Self::Local(step), Some(Scalar::Int(value))) => match value.checked_mul(step) {
                Some(nanos) => stamps.read_local(nanos),
                None => too_far(),
            },
            // Numbers without a meaning, and texts, are read as in a CSV.
            (_, Some(value)) => stamps.read(&value.text()),
        }
    }

    /// The price of a stored value in steps of 10^-9; `MISSING` for none.
    pub(crate) fn price(self, value: Option<&Scalar>) -> Result<i64, Refusal> {
        match (self, value) {
            (_, None) => Ok(MISSING),
            (Self::Decimal(scale), Some(value)) => {
                let Some(integer) = integer(value) else {
                    return refusal(Kind::OutOfRange, "is too large for a price");
                };
                of_text(&format!("{integer}e-{scale}"))
            }
            (_, Some(Scalar::Int(value))) => of_text(&value.to_string()),
            (_, Some(Scalar::Float(value))) => of_text(&value.to_string()),
            (_, Some(Scalar::Double(value))) => match Price::from_f64(*value) {
                Some(price) => Ok(price.raw()),
                None if value.is_finite() => refusal(Kind::OutOfRange, "is too large for a price"),
                None => refusal(Kind::NotANumber, "is not a number"),
            },
            (_, Some(Scalar::Text(text))) => of_text(&String::from_utf8_lossy(text)),
        }
    }

    /// The number of a stored value; NaN for none.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
    pub(crate) fn number(self, value: Option<&Scalar>) -> Result<f64, Refusal> {
        let number = match (self, value) {
            (_, None) => return Ok(f64::NAN),
            (Self::Decimal(scale), Some(value)) => match integer(value) {
                Some(integer) => return cell_number(&format!("{integer}e-{scale}")),
                None => f64::INFINITY,
            },
            (_, Some(Scalar::Int(value))) => *value as f64,
            (_, Some(Scalar::Float(value))) => return cell_number(&value.to_string()),
            (_, Some(Scalar::Double(value))) => *value,
            (_, Some(Scalar::Text(text))) => return cell_number(&String::from_utf8_lossy(text)),
        };
        if number.is_infinite() {
            return refusal(Kind::NotANumber, "is not a finite number");
        }
        Ok(number)
    }
}

fn of_text(text: &str) -> Result<i64, Refusal> {
    Ok(cell_price(text)?.unwrap_or(MISSING))
}

fn refusal<T>(kind: Kind, detail: &str) -> Result<T, Refusal> {
    Err(Refusal { kind, detail: detail.into() })
}

/// The integer of a decimal: stored as such, or as big-endian bytes in two's complement.
fn integer(value: &Scalar) -> Option<i128> {
    match value {
        Scalar::Int(value) => Some(i128::from(*value)),
        Scalar::Text(bytes) if (1..=16).contains(&bytes.len()) => {
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            Some(bytes.iter().fold(sign, |value, byte| value << 8 | i128::from(*byte)))
        }
        Scalar::Text(_) | Scalar::Float(_) | Scalar::Double(_) => None,
    }
}
