//! Writing: a table of cells as a Parquet file, a stretch of rows at a time.
//!
//! Memory holds one stretch; what is packed goes out before the next is taken.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

/// The cells of one column; `None` is an empty one.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Numbers.
    Number(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<Option<String>>),
}

/// Writes a table to `out`: `names` with an empty column each say what the columns are, `next` delivers
/// stretches of rows until there are none.
///
/// # Errors
/// If `out` or `next` fails, or a stretch has other columns.
pub fn write_parquet(
    out: &mut dyn Write,
    names: &[(String, Cells)],
    mut next: impl FnMut() -> io::Result<Option<Vec<Cells>>>,
) -> io::Result<()> {
    let packed = Packed::default();
    let fields = names.iter().map(|(name, cells)| cells.field(name));
    let fields = fields.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let schema = Type::group_type_builder("table").with_fields(fields).build();
    let schema = Arc::new(schema.map_err(io::Error::other)?);
    let settings = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = SerializedFileWriter::new(packed.clone(), schema, Arc::new(settings));
    let mut file = file.map_err(io::Error::other)?;
    while let Some(columns) = next()? {
        let mut group = file.next_row_group().map_err(io::Error::other)?;
        for cells in &columns {
            let column = group.next_column().map_err(io::Error::other)?;
            let column = column.ok_or_else(|| io::Error::other("more columns than names"))?;
            cells.write(column).map_err(io::Error::other)?;
        }
        group.close().map_err(io::Error::other)?;
        packed.drain(out)?;
    }
    file.close().map_err(io::Error::other)?;
    packed.drain(out)
}

impl Cells {
    fn field(&self, name: &str) -> Result<Arc<Type>, ParquetError> {
        let (physical, logical) = match self {
            Self::Whole(_) => (Physical::INT64, None),
            Self::Number(_) => (Physical::DOUBLE, None),
            Self::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    }

    fn write(&self, column: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Whole(cells) => {
                let values: Vec<i64> = cells.iter().flatten().copied().collect();
                put::<Int64Type>(column, &levels(cells), &values)
            }
            Self::Number(cells) => {
                let values: Vec<f64> = cells.iter().flatten().copied().collect();
                put::<DoubleType>(column, &levels(cells), &values)
            }
            Self::Text(cells) => {
                let values = cells.iter().flatten().map(|text| ByteArray::from(text.as_str()));
                let values: Vec<ByteArray> = values.collect();
                put::<ByteArrayType>(column, &levels(cells), &values)
            }
        }
    }
}

fn put<T: DataType>(
    mut column: SerializedColumnWriter<'_>,
    levels: &[i16],
    values: &[T::T],
) -> Result<(), ParquetError> {
    column.typed::<T>().write_batch(values, Some(levels), None)?;
    column.close()
}

/// One for a cell, zero for an empty one.
fn levels<T>(cells: &[Option<T>]) -> Vec<i16> {
    cells.iter().map(|cell| i16::from(cell.is_some())).collect()
}

/// What is packed and not yet handed on.
#[derive(Clone, Debug, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn drain(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&bytes)?;
        bytes.clear();
        Ok(())
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::{reader::FileReader as _, serialized_reader::SerializedFileReader};

    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was_written() {
        let columns = |from: i64, count: i64| {
            let rows = from..from + count;
            vec![
                Cells::Whole(rows.clone().map(Some).collect()),
                Cells::Number(
                    rows.clone().map(|n| (n % 3 > 0).then_some(n as f64 / 8.0)).collect(),
                ),
                Cells::Text(rows.map(|n| (n % 2 > 0).then(|| format!("é{n}"))).collect()),
            ]
        };
        let names = [("n", 0), ("x", 1), ("t", 2)];
        let names = names.map(|(name, at)| (name.to_owned(), columns(0, 0).swap_remove(at)));
        let mut left = vec![columns(70, 30), columns(0, 70)];
        let mut bytes = Vec::new();
        write_parquet(&mut bytes, &names, || Ok(left.pop())).unwrap();
        let file = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        assert_eq!(file.num_row_groups(), 2);
        let rows: Vec<String> =
            file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 100);
        assert_eq!(rows[6], "{n: 6, x: null, t: null}");
        assert_eq!(rows[71], "{n: 71, x: 8.875, t: \"é71\"}");
    }

    #[test]
    fn a_stretch_of_other_columns_is_refused() {
        let names = [("n".to_owned(), Cells::Whole(Vec::new()))];
        let mut left = vec![vec![Cells::Whole(vec![Some(1)]), Cells::Whole(vec![Some(1)])]];
        assert!(write_parquet(&mut Vec::new(), &names, || Ok(left.pop())).is_err());
        let mut left = vec![vec![]];
        assert!(write_parquet(&mut Vec::new(), &names, || Ok(left.pop())).is_err());
    }
}
