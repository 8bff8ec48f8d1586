//! Columnar files of more rows than are taken apart at once: rows and holes are where a CSV has them.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_ipc::writer::FileWriter;
use dirigent_core::Seed;
use dirigent_trading::data::{Error, Loaded, OnError, Outcome, Problem, Request, Source, load};
use parquet::{
    data_type::{DoubleType, Int64Type},
    file::writer::SerializedFileWriter,
    schema::parser::parse_message_type,
};

/// More than two parts, the last of them not full.
const ROWS: i64 = 5_000;

/// Times in seconds and closes, some of which are missing.
type Columns = (Vec<i64>, Vec<Option<f64>>);
/// Writes columns as a file of some format.
type Write = fn(&Path, &Columns);

fn columns(holes: &[usize]) -> Columns {
    let mut stream = Seed::master(3).child("closes").stream();
    let mut close = || 100.0 + f64::from(u32::try_from(stream.next_u64() % 400).unwrap()) / 8.0;
    let mut closes: Vec<Option<f64>> = (0..ROWS).map(|_| Some(close())).collect();
    holes.iter().for_each(|row| closes[*row] = None);
    ((0..ROWS).map(|minute| 1_700_000_040 + 60 * minute).collect(), closes)
}

fn write_csv(path: &Path, (times, closes): &Columns) {
    let cell = |close: &Option<f64>| close.map_or(String::new(), |close| close.to_string());
    let rows = times.iter().zip(closes).map(|(time, close)| format!("{time},{}\n", cell(close)));
    std::fs::write(path, "time,close\n".to_owned() + &rows.collect::<String>()).unwrap();
}

fn write_arrow(path: &Path, (times, closes): &Columns) {
    let times: ArrayRef = Arc::new(Int64Array::from(times.clone()));
    let closes: ArrayRef = Arc::new(Float64Array::from(closes.clone()));
    let batch = RecordBatch::try_from_iter([("time", times), ("close", closes)]).unwrap();
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}

fn write_parquet(path: &Path, (times, closes): &Columns) {
    let schema = "message bars { required int64 time; optional double close; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(times, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let levels: Vec<i16> = closes.iter().map(|close| i16::from(close.is_some())).collect();
    let values: Vec<f64> = closes.iter().copied().flatten().collect();
    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

/// What becomes of the columns as CSV, Arrow and Parquet.
fn loaded(columns: &Columns, on_error: OnError) -> [Result<Loaded, Error>; 3] {
    let folder = tempfile::tempdir().unwrap();
    let writers: [(&str, Write); 3] =
        [("x.csv", write_csv), ("x.arrow", write_arrow), ("x.parquet", write_parquet)];
    writers.map(|(name, write)| {
        let path = folder.path().join(name);
        write(&path, columns);
        let source = Source::of_file(path.to_str().unwrap().to_owned());
        load(&Request { on_error, ..Request::new(source, &["X"]) })
    })
}

#[test]
fn long_columns_give_the_bars_of_the_csv() {
    for holes in [&[][..], &[0, 2_047, 2_048, 2_049, 4_095, 4_096, 4_999]] {
        let [csv, arrow, parquet] =
            loaded(&columns(holes), OnError::Drop).map(|loaded| loaded.unwrap());
        let rows = usize::try_from(ROWS).unwrap() - holes.len();
        assert_eq!((csv.bars[0].len(), csv.files[0].rows), (rows, 5_000));
        for other in [arrow, parquet] {
            assert_eq!(other.bars, csv.bars);
            assert_eq!((other.files[0].rows, &other.notes), (5_000, &csv.notes));
        }
    }
}

#[test]
fn holes_are_named_by_their_row_in_any_part() {
    let rows = |loaded: Result<Loaded, Error>| -> Vec<(u64, String)> {
        let Err(Error::Refused(report)) = loaded else { panic!("{loaded:?}") };
        let place = |problem: &Problem| (problem.row, problem.column.clone());
        report.examples.iter().filter(|p| p.outcome == Outcome::Refused).map(place).collect()
    };
    let [csv, arrow, parquet] =
        loaded(&columns(&[1, 2_047, 2_048, 4_999]), OnError::Fail).map(rows);
    let expected = [2, 2_048, 2_049, 5_000].map(|row| (row, "close".to_owned()));
    assert_eq!((&arrow[..], &parquet[..]), (&expected[..], &expected[..]));
    // A text counts its header as the first line.
    assert_eq!(csv, expected.map(|(row, column)| (row + 1, column)));
}
