//! Columns of numbers: equity curves and series for expressions.

use std::{fs, path::Path};

use dirigent_trading::data::{Columns, ColumnsRequest, Error, read_columns};

use crate::data::example;

fn read(path: &Path) -> Result<Columns, Error> {
    read_columns(&ColumnsRequest { path: path.to_owned(), ..ColumnsRequest::default() })
}

fn text(text: &str) -> Result<Columns, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("equity.csv");
    fs::write(&path, text).unwrap();
    read(&path)
}

#[track_caller]
fn refused(file: &str, says: &str) {
    let error = text(file).unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn wrong_rows_are_refused_with_their_place() {
    refused("time,equity\n2024-03-01,1\n2024-03-02,x\n", "row 3, column `equity`: `x`");
    refused("time,equity\n2024-03-01,1\n2024-03-01,2\n", "row 3, column `time`");
    refused("time,equity\n2024-03-01,1\n2024-03-04,2\n2024-03-02,2\n", "row 4, column `time`");
    refused("equity\n1\n", "no column for the time");
    refused("time,name\n2024-03-01,x\n", "no column of numbers");
    refused("time,equity\n2024-03-01,1e999\n2024-03-02,1\n", "row 2, column `equity`");
}

#[test]
fn numbers_are_read_and_texts_left_out() {
    let found = text("time,equity,note,cash\n2024-03-02,-1.5,a,\n2024-03-01,1e5,b,nan\n").unwrap();
    assert_eq!(found.time[0].to_string(), "2024-03-01T00:00:00Z");
    let names: Vec<&str> = found.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["equity", "cash"]);
    let bits: Vec<u64> = found.columns[0].1.iter().map(|v| v.to_bits()).collect();
    assert_eq!(bits, [1e5_f64.to_bits(), (-1.5_f64).to_bits()]);
    assert!(found.columns[1].1.iter().all(|v| v.is_nan()));
    assert!(found.notes.iter().any(|n| n.contains("`note`")), "{:?}", found.notes);
}

#[test]
fn the_bundled_series_and_parquet_files_are_read() {
    let oil = read(Path::new(&example("macro/wti_daily.csv"))).unwrap();
    assert_eq!((oil.time.len(), oil.file.rows), (8611, 8611));
    assert!(oil.columns[0].1.iter().any(|v| v.is_nan()), "holidays have no price");
    let economy = read(Path::new(&example("macro/us_macro_quarterly.csv"))).unwrap();
    assert_eq!(economy.columns.len(), 12);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    let daily = read(&root.join("pandas_index.parquet")).unwrap();
    assert_eq!((daily.columns.len(), daily.time.len()), (6, 60));
    assert_eq!(daily.columns[3].0, "close");
    let nested = read(&root.join("nested.parquet")).unwrap_err();
    assert!(nested.to_string().contains("no column of numbers"), "{nested}");
}
