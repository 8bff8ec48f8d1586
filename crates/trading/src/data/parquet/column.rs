//! Columns of a row group: values with their gaps.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::{ParquetError, Result},
    schema::types::ColumnDescriptor,
};

use super::cell::int96;
use crate::data::scalar::Scalar;

/// How many values are read at once.
const BATCH: usize = 65_536;

/// The values of one column of a row group; `None` where there is no value.
pub(super) fn values(
    reader: ColumnReader,
    descriptor: &ColumnDescriptor,
    rows_max: u64,
) -> Result<Vec<Option<Scalar>>> {
    use ColumnReader as R;
    let level = descriptor.max_def_level();
    match reader {
        R::Int32ColumnReader(r) => typed(r, level, rows_max, |v| Scalar::Int(i64::from(v))),
        R::Int64ColumnReader(r) => typed(r, level, rows_max, Scalar::Int),
        R::Int96ColumnReader(r) => typed(r, level, rows_max, int96),
        R::FloatColumnReader(r) => typed(r, level, rows_max, Scalar::Float),
        R::DoubleColumnReader(r) => typed(r, level, rows_max, Scalar::Double),
        R::ByteArrayColumnReader(r) => {
            typed(r, level, rows_max, |v| Scalar::Text(v.data().to_vec()))
        }
        R::FixedLenByteArrayColumnReader(r) => {
            typed(r, level, rows_max, |v| Scalar::Text(v.data().to_vec()))
        }
        R::BoolColumnReader(_) => Err(ParquetError::NYI("booleans".into())),
    }
}

fn typed<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    level_max: i16,
    rows_max: u64,
    scalar: impl Fn(T::T) -> Scalar,
) -> Result<Vec<Option<Scalar>>> {
    let mut out = Vec::new();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while (out.len() as u64) < rows_max {
        levels.clear();
        values.clear();
        let wanted = level_max > 0;
        let (rows, _, _) =
            reader.read_records(BATCH, wanted.then_some(&mut levels), None, &mut values)?;
        if rows == 0 {
            break;
        }
        if wanted {
            let mut values = values.drain(..);
            let cell = |level: &i16| {
                if *level == level_max { values.next().map(&scalar) } else { None }
            };
            out.extend(levels.iter().map(cell));
        } else {
            out.extend(values.drain(..).map(|value| Some(scalar(value))));
        }
    }
    Ok(out)
}
