//! Columns of a row group: values with their gaps.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::{ParquetError, Result},
    schema::types::ColumnDescriptor,
};

use super::cell::int96;
use crate::data::{groups::VALUES_AT_ONCE, scalar::Scalar};

/// Takes some values of a column, `None` where there is no value.
pub(super) type Take<'a> = dyn FnMut(Vec<Option<Scalar>>) + 'a;

/// Hands over the values of one column of a row group in turn; answers how many there were.
pub(super) fn values(
    reader: ColumnReader,
    descriptor: &ColumnDescriptor,
    rows_max: u64,
    take: &mut Take<'_>,
) -> Result<u64> {
    use ColumnReader as R;
    let level = descriptor.max_def_level();
    match reader {
        R::Int32ColumnReader(r) => typed(r, level, rows_max, |v| Scalar::Int(i64::from(v)), take),
        R::Int64ColumnReader(r) => typed(r, level, rows_max, Scalar::Int, take),
        R::Int96ColumnReader(r) => typed(r, level, rows_max, int96, take),
        R::FloatColumnReader(r) => typed(r, level, rows_max, Scalar::Float, take),
        R::DoubleColumnReader(r) => typed(r, level, rows_max, Scalar::Double, take),
        R::ByteArrayColumnReader(r) => {
            typed(r, level, rows_max, |v| Scalar::Text(v.data().to_vec()), take)
        }
        R::FixedLenByteArrayColumnReader(r) => {
            typed(r, level, rows_max, |v| Scalar::Text(v.data().to_vec()), take)
        }
        R::BoolColumnReader(_) => Err(ParquetError::NYI("booleans".into())),
    }
}

fn typed<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    level_max: i16,
    rows_max: u64,
    scalar: impl Fn(T::T) -> Scalar,
    take: &mut Take<'_>,
) -> Result<u64> {
    let mut count = 0;
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while count < rows_max {
        levels.clear();
        values.clear();
        let wanted = level_max > 0;
        let (rows, _, _) = reader.read_records(
            VALUES_AT_ONCE,
            wanted.then_some(&mut levels),
            None,
            &mut values,
        )?;
        if rows == 0 {
            break;
        }
        let some: Vec<_> = if wanted {
            let mut values = values.drain(..);
            let cell = |level: &i16| {
                if *level == level_max { values.next().map(&scalar) } else { None }
            };
            levels.iter().map(cell).collect()
        } else {
            values.drain(..).map(|value| Some(scalar(value))).collect()
        };
        count += some.len() as u64;
        if count > rows_max {
            break;
        }
        take(some);
    }
    Ok(count)
}
