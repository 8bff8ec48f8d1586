//! Cells: what the columns of a Parquet file say of their values.

use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    data_type::Int96,
    schema::types::ColumnDescriptor,
};

use crate::data::{
    scalar::{Meaning, Scalar},
    timeframe::DAY,
};

/// The nanoseconds of an INT96 time; out of range becomes the end of time, which is refused.
pub(super) fn int96(value: Int96) -> Scalar {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, day] = *value.data() else { return Scalar::Int(i64::MAX) };
    let of_day = i64::from(high) << 32 | i64::from(low);
    let days = i64::from(day) - JULIAN_DAY_OF_1970;
    Scalar::Int(days.checked_mul(DAY).and_then(|d| d.checked_add(of_day)).unwrap_or(i64::MAX))
}

/// What the values of a column mean.
pub(super) fn meaning(descriptor: &ColumnDescriptor) -> Meaning {
    let decimals = |scale: i32| Meaning::Decimal(u32::try_from(scale).unwrap_or(0));
    if descriptor.physical_type() == Type::INT96 {
        return Meaning::Local(1);
    }
    match descriptor.logical_type_ref() {
        Some(LogicalType::Timestamp(time)) => {
            let step = match time.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1_000,
                TimeUnit::NANOS => 1,
            };
            if time.is_adjusted_to_u_t_c { Meaning::Moment(step) } else { Meaning::Local(step) }
        }
        Some(LogicalType::Date) => Meaning::Date,
        Some(LogicalType::Decimal(decimal)) => decimals(decimal.scale),
        _ => match descriptor.converted_type() {
            ConvertedType::TIMESTAMP_MILLIS => Meaning::Moment(1_000_000),
            ConvertedType::TIMESTAMP_MICROS => Meaning::Moment(1_000),
            ConvertedType::DATE => Meaning::Date,
            ConvertedType::DECIMAL => decimals(descriptor.type_scale()),
            _ => Meaning::Plain,
        },
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
