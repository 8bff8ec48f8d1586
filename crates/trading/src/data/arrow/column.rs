//! Columns of a batch: values with their gaps, and what they mean.

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType,
    cast::AsArray,
    types::{
        Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
        UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};

use crate::data::{
    groups::VALUES_AT_ONCE,
    scalar::{Meaning, Scalar},
};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// What the values of a type mean.
pub(super) fn meaning(of: &DataType) -> Meaning {
    match of {
        DataType::Timestamp(unit, zone) => {
            let step = match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1_000,
                TimeUnit::Nanosecond => 1,
            };
            // A zone without a name is none.
            let has_zone = zone.as_deref().is_some_and(|zone| !zone.is_empty());
            if has_zone { Meaning::Moment(step) } else { Meaning::Local(step) }
        }
        DataType::Date32 | DataType::Date64 => Meaning::Date,
        DataType::Decimal128(_, decimals) => Meaning::Decimal(u32::from(decimals.unsigned_abs())),
        _ => Meaning::Plain,
    }
}

/// Whether a type holds one number, text or time per row, in a way that is read.
pub(super) fn is_readable(of: &DataType) -> bool {
    use DataType as T;
    match of {
        T::Dictionary(_, values) => is_text(values),
        T::Decimal128(_, decimals) => *decimals >= 0,
        T::Timestamp(..) | T::Date32 | T::Date64 | T::Float32 | T::Float64 => true,
        other => other.is_integer() || is_text(other),
    }
}

fn is_text(of: &DataType) -> bool {
    matches!(of, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// A column in parts, each with the row that it begins at. A dictionary stays whole, so that it is
/// looked up once.
pub(super) fn parts(array: &ArrayRef) -> impl Iterator<Item = (usize, ArrayRef)> {
    let step = match array.data_type() {
        DataType::Dictionary(..) => array.len().max(1),
        _ => VALUES_AT_ONCE,
    };
    let part = move |from| (from, array.slice(from, step.min(array.len() - from)));
    (0..array.len()).step_by(step).map(part)
}

/// The values of a column of a readable type; `None` where there is no value.
pub(super) fn values(array: &ArrayRef) -> Vec<Option<Scalar>> {
    use DataType as T;
    match array.data_type() {
        T::Int8 => typed::<Int8Type>(array, |x| Scalar::Int(x.into())),
        T::Int16 => typed::<Int16Type>(array, |x| Scalar::Int(x.into())),
        T::Int32 => typed::<Int32Type>(array, |x| Scalar::Int(x.into())),
        T::Int64 => typed::<Int64Type>(array, Scalar::Int),
        T::UInt8 => typed::<UInt8Type>(array, |x| Scalar::Int(x.into())),
        T::UInt16 => typed::<UInt16Type>(array, |x| Scalar::Int(x.into())),
        T::UInt32 => typed::<UInt32Type>(array, |x| Scalar::Int(x.into())),
        T::UInt64 => typed::<UInt64Type>(array, |x| {
            i64::try_from(x).map_or_else(|_| text(&x.to_string()), Scalar::Int)
        }),
        T::Float32 => typed::<Float32Type>(array, Scalar::Float),
        T::Float64 => typed::<Float64Type>(array, Scalar::Double),
        T::Decimal128(..) => typed::<Decimal128Type>(array, |x| {
            i64::try_from(x).map_or_else(|_| Scalar::Text(x.to_be_bytes().to_vec()), Scalar::Int)
        }),
        T::Date32 => typed::<Date32Type>(array, |x| Scalar::Int(x.into())),
        T::Date64 => typed::<Date64Type>(array, |x| Scalar::Int(x.div_euclid(MILLIS_PER_DAY))),
        T::Timestamp(TimeUnit::Second, _) => typed::<TimestampSecondType>(array, Scalar::Int),
        T::Timestamp(TimeUnit::Millisecond, _) => {
            typed::<TimestampMillisecondType>(array, Scalar::Int)
        }
        T::Timestamp(TimeUnit::Microsecond, _) => {
            typed::<TimestampMicrosecondType>(array, Scalar::Int)
        }
        T::Timestamp(TimeUnit::Nanosecond, _) => {
            typed::<TimestampNanosecondType>(array, Scalar::Int)
        }
        T::Utf8 => array.as_string::<i32>().iter().map(|cell| cell.map(text)).collect(),
        T::LargeUtf8 => array.as_string::<i64>().iter().map(|cell| cell.map(text)).collect(),
        T::Utf8View => array.as_string_view().iter().map(|cell| cell.map(text)).collect(),
        T::Dictionary(..) => of_dictionary(array),
        _ => vec![None; array.len()], // refused before
    }
}

fn text(cell: &str) -> Scalar {
    Scalar::Text(cell.as_bytes().to_vec())
}

fn typed<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    scalar: impl Fn(T::Native) -> Scalar,
) -> Vec<Option<Scalar>> {
    array.as_primitive::<T>().iter().map(|cell| cell.map(&scalar)).collect()
}

fn of_dictionary(array: &ArrayRef) -> Vec<Option<Scalar>> {
    let dictionary = array.as_any_dictionary();
    let texts = values(dictionary.values());
    if texts.is_empty() {
        return vec![None; array.len()];
    }
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    keys.map(|(row, key)| texts[key].clone().filter(|_| !array.is_null(row))).collect()
}
