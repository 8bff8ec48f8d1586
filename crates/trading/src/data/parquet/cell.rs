//! Cells: what a stored value means as a time, a price or a number.

use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    data_type::Int96,
    schema::types::ColumnDescriptor,
};

use crate::{
    data::{
        csv::{cell_number, cell_price},
        problem::Kind,
        stamp::{self, Refusal},
        table::MISSING,
        timeframe::DAY,
    },
    price::Price,
};

/// A value as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Int(i64),
    Float(f32),
    Double(f64),
    Text(Vec<u8>),
}

impl Scalar {
    /// The nanoseconds of an INT96 time; out of range becomes the end of time, which is refused.
    pub(super) fn of_int96(value: Int96) -> Self {
        const JULIAN_DAY_OF_1970: i64 = 2_440_588;
        let [low, high, day] = *value.data() else { return Self::Int(i64::MAX) };
        let of_day = i64::from(high) << 32 | i64::from(low);
        let days = i64::from(day) - JULIAN_DAY_OF_1970;
        Self::Int(days.checked_mul(DAY).and_then(|d| d.checked_add(of_day)).unwrap_or(i64::MAX))
    }

    /// The value as a message shows it.
    pub(super) fn text(&self) -> String {
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
pub(super) enum Meaning {
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
    pub(super) fn of(descriptor: &ColumnDescriptor) -> Self {
        let decimals = |scale: i32| Self::Decimal(u32::try_from(scale).unwrap_or(0));
        if descriptor.physical_type() == Type::INT96 {
            return Self::Local(1);
        }
        match descriptor.logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => {
                let step = match time.unit {
                    TimeUnit::MILLIS => 1_000_000,
                    TimeUnit::MICROS => 1_000,
                    TimeUnit::NANOS => 1,
                };
                if time.is_adjusted_to_u_t_c { Self::Moment(step) } else { Self::Local(step) }
            }
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Decimal(decimal)) => decimals(decimal.scale),
            _ => match descriptor.converted_type() {
                ConvertedType::TIMESTAMP_MILLIS => Self::Moment(1_000_000),
                ConvertedType::TIMESTAMP_MICROS => Self::Moment(1_000),
                ConvertedType::DATE => Self::Date,
                ConvertedType::DECIMAL => decimals(descriptor.type_scale()),
                _ => Self::Plain,
            },
        }
    }

    /// The moment of a stored value.
    pub(super) fn moment(
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
    pub(super) fn price(self, value: Option<&Scalar>) -> Result<i64, Refusal> {
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
    pub(super) fn number(self, value: Option<&Scalar>) -> Result<f64, Refusal> {
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

/// Whether a column holds one number, text or time per row.
pub(super) fn is_readable(descriptor: &ColumnDescriptor) -> bool {
    descriptor.physical_type() != Type::BOOLEAN
}

/// What a column holds, for a message.
pub(super) fn describe(descriptor: &ColumnDescriptor) -> String {
    if descriptor.max_rep_level() > 0 {
        return "lists".into();
    }
    format!("values of type {}", descriptor.physical_type())
}
