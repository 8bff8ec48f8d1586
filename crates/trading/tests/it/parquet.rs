//! Parquet: every form of the same prices gives the same bars, and damage is an error.
//!
//! The files of `tests/data/parquet` hold the first 60 days of IBM; `make.py` beside them says how
//! they were made.

use std::{fs, path::PathBuf};

use dirigent_core::seed::Seed;
use dirigent_trading::{
    Bars,
    data::{Adjust, Error, Kind, Loaded, OnError, Outcome, Request, Source, load},
};

use crate::data::example;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/parquet/{name}.parquet"))
}

fn parquet(path: &std::path::Path, zone: Option<&str>) -> Result<Loaded, Error> {
    let source = Source::Parquet { path: path.to_str().unwrap().to_owned() };
    let mut request = Request::new(source, &["IBM"]);
    request.timezone = zone.map(str::to_owned);
    request.adjust = Adjust::None;
    load(&request)
}

/// The first 60 days of the bundled CSV.
pub(crate) fn expected() -> Bars {
    let source = Source::Csv { path: example("daily/{symbol}.csv") };
    let mut request = Request::new(source, &["IBM"]);
    request.end_date = Some("2000-05-24T00:00:00Z".parse().unwrap());
    request.adjust = Adjust::None;
    load(&request).unwrap().bars.remove(0)
}

#[test]
fn every_form_gives_the_same_bars() {
    let expected = expected();
    assert_eq!(expected.len(), 60);
    for (name, zone) in [
        ("pandas_index", None),
        ("pandas_columns", None),
        ("pandas_zone", Some("America/New_York")),
        ("polars_snappy", None),
        ("date_float", None),
        ("seconds_string", None),
        ("text_decimal", None),
        ("int96", None),
        ("timestamp_ms", None),
        ("timestamp_us", Some("Asia/Tokyo")),
        ("timestamp_ns", None),
    ] {
        let loaded = parquet(&path(name), zone).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(loaded.bars[0], expected, "{name}");
        assert_eq!((loaded.files[0].rows, loaded.report.rows_kept), (60, 60), "{name}");
    }
}

#[track_caller]
fn refused(name: &str, says: &str, hint: &str) {
    let error = parquet(&path(name), None).unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
    assert!(error.hint().contains(hint), "{}", error.hint());
}

#[test]
fn what_is_not_supported_says_what_to_do() {
    refused("polars_zstd", "compressed with zstd", "compression=\"snappy\"");
    refused("gzip", "compressed with gzip", "compression=\"snappy\"");
    refused("nested", "holds lists in column `close.list.element`", "one number");
    refused("clock", "time of day in a column of its own, `time`", "one column");
    refused("hole", "row 4, column `close`: has no value", "on_error: drop");
}

#[test]
fn a_dictionary_cannot_hold_more_values_than_its_bytes() {
    refused("dictionary", "says it has 1744830440 values", "copy or write the file again");
}

#[test]
fn a_wrong_cell_removes_its_row_only() {
    let source = Source::Parquet { path: path("hole").to_str().unwrap().to_owned() };
    let mut request = Request::new(source, &["IBM"]);
    request.on_error = OnError::Drop;
    let loaded = load(&request).unwrap();
    assert_eq!((loaded.report.rows_read, loaded.report.rows_kept), (60, 59));
    assert_eq!(loaded.report.counts[&Kind::Missing][&Outcome::Dropped], 1);
    let mut expected = expected().close;
    expected.remove(3);
    assert_eq!(loaded.bars[0].close, expected);
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(path("polars_snappy")).unwrap();
    let cut = folder.path().join("cut.parquet");
    for length in [1, 4, 8, 11, 12, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&cut, &bytes[..length]).unwrap();
        let error = parquet(&cut, None).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{length}: {error}");
    }
    let error = parquet(&PathBuf::from(example("daily/IBM.csv")), None).unwrap_err();
    assert!(error.hint().contains("csv"), "{}", error.hint());
}

/// Any damage gives an answer; which one is the library's business.
#[test]
fn flipped_bytes_never_panic() {
    const ROUNDS: u64 = 150;
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.parquet");
    let seed = 7;
    let mut stream = Seed::master(seed).child("flipped bytes").stream();
    let names = ["pandas_index", "polars_snappy", "text_decimal", "int96", "timestamp_ns"];
    let mut refused = 0;
    for name in names {
        let bytes = fs::read(path(name)).unwrap();
        for _ in 0..ROUNDS {
            let mut bytes = bytes.clone();
            for _ in 0..1 + stream.next_u64() % 4 {
                let at = usize::try_from(stream.next_u64()).unwrap() % bytes.len();
                bytes[at] = stream.next_u64().to_le_bytes()[0];
            }
            fs::write(&damaged, &bytes).unwrap();
            let result = std::panic::catch_unwind(|| parquet(&damaged, None));
            let result = result.unwrap_or_else(|_| panic!("seed {seed}, {name}"));
            refused += u64::from(result.is_err());
        }
    }
    assert!(refused > ROUNDS, "the damage of seed {seed} went unnoticed: {refused} refused");
}
