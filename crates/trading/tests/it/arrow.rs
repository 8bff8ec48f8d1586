//! Arrow: every form of the same prices gives the same bars, and damage is an error.
//!
//! The files of `tests/data/arrow` hold the first 60 days of IBM; `make.py` beside them says how they
//! were made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use dirigent_core::seed::Seed;
use dirigent_trading::{
    Bars,
    data::{
        Adjust, ColumnsRequest, Error, InspectRequest, Kind, Loaded, OnError, Outcome, Request,
        Source, TapeRequest, inspect, load, read_columns, read_tape,
    },
};

use crate::parquet::expected;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/arrow").join(name)
}

fn request(path: &Path) -> Request {
    let source = Source::Arrow { path: path.to_str().unwrap().to_owned() };
    let mut request = Request::new(source, &["IBM"]);
    request.adjust = Adjust::None;
    request
}

fn arrow(path: &Path, zone: Option<&str>) -> Result<Loaded, Error> {
    let mut request = request(path);
    request.timezone = zone.map(str::to_owned);
    load(&request)
}

#[test]
fn every_form_gives_the_bars_of_the_csv() {
    let expected = expected();
    assert_eq!(expected.len(), 60);
    for (name, zone) in [
        ("pandas.feather", None),
        ("polars.arrow", None),
        ("timestamp_s.arrow", None),
        ("timestamp_ms.arrow", Some("Asia/Tokyo")),
        ("timestamp_us.arrow", None),
        ("timestamp_ns.arrow", None),
        ("new_york.arrow", Some("America/New_York")),
        ("date32.arrow", Some("Asia/Tokyo")),
        ("date64.arrow", None),
        ("text.arrow", None),
        ("large_text.arrow", None),
        ("seconds.arrow", None),
        ("stream.arrows", None),
        ("stream_lz4.arrows", None),
    ] {
        let loaded = arrow(&path(name), zone).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(loaded.bars[0], expected, "{name}");
        assert_eq!((loaded.files[0].rows, loaded.report.rows_kept), (60, 60), "{name}");
    }
}

/// A time with a zone is a moment, whatever zone the workflow names for times without one.
#[test]
fn a_zone_of_the_file_is_kept() {
    let loaded = arrow(&path("new_york.arrow"), None).unwrap();
    assert_eq!(loaded.bars[0].time[0].to_string(), "2000-03-01T05:00:00Z");
    let last = loaded.bars[0].time.last().unwrap();
    assert_eq!(last.to_string(), "2000-05-24T04:00:00Z", "the clocks were changed in between");
    let local = arrow(&path("timestamp_us.arrow"), Some("America/New_York")).unwrap();
    let moved = local.bars[0].time == expected().time;
    assert!(moved, "midnights without a zone are dates in any zone");
}

#[test]
fn dictionaries_of_symbols_may_grow_and_be_replaced() {
    let closes = expected().close;
    for name in ["grows.arrow", "grows.arrows", "replaced.arrows"] {
        let source = Source::Arrow { path: path(name).to_str().unwrap().to_owned() };
        let mut request = Request::new(source, &["XYZ", "IBM"]);
        request.adjust = Adjust::None;
        let loaded = load(&request).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(loaded.bars[0].symbol, "XYZ");
        assert!(loaded.bars.iter().all(|bars| bars.close == closes), "{name}");
        assert_eq!(loaded.files[0].rows, 120);
    }
}

#[test]
fn whole_numbers_are_prices() {
    let loaded = arrow(&path("whole.arrow"), None).unwrap();
    let cents = |bars: &Bars, by: i64| -> Vec<i64> {
        bars.close.iter().map(|price| price.raw() / by).collect()
    };
    assert_eq!(cents(&loaded.bars[0], 1_000_000_000), cents(&expected(), 10_000_000));
}

#[track_caller]
fn refused(name: &str, says: &str, hint: &str) {
    let error = arrow(&path(name), None).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(says) && text.contains(name), "{name}: {text}");
    assert!(error.hint().contains(hint), "{name}: {}", error.hint());
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    refused("zstd.arrow", "compressed with zstd", "compression=\"lz4\"");
    refused("nested.arrow", "type List(Float64) in column `close`", "one number");
    refused("bool.arrow", "type Boolean in column `close`", "one number");
    refused("no_close.arrow", "has no column `close`", "data.columns");
    refused("clock.arrow", "time of day in a column of its own, `time`", "one column");
    refused("empty.arrow", "columns but no rows", "export");
    refused("hole.arrow", "row 4, column `close`: has no value", "on_error: drop");
    refused("nan.arrow", "row 4, column `close`: `NaN` is not a number", "on_error: drop");
    refused("untimed.arrow", "row 28, column `timestamp`: has no value", "on_error: drop");
    refused("unsorted.arrow", "row 32", "on_error: repair");
    refused("infinite.arrow", "row 41, column `close`", "on_error: drop");
    refused("wide.arrow", "row 41, column `close`", "on_error: drop");
}

#[test]
fn a_wrong_cell_removes_its_row_only() {
    let close = expected().close;
    for (name, row) in [("hole.arrow", 3), ("untimed.arrow", 27)] {
        let mut request = request(&path(name));
        request.on_error = OnError::Drop;
        let loaded = load(&request).unwrap();
        assert_eq!((loaded.report.rows_read, loaded.report.rows_kept), (60, 59));
        assert_eq!(loaded.report.counts[&Kind::Missing][&Outcome::Dropped], 1);
        let mut expected = close.clone();
        expected.remove(row);
        assert_eq!(loaded.bars[0].close, expected, "{name}");
    }
    let mut request = request(&path("unsorted.arrow"));
    request.on_error = OnError::Repair;
    assert_eq!(load(&request).unwrap().bars[0].close, close);
}

#[test]
fn an_inspection_quotes_and_columns_take_arrow_too() {
    let found = inspect(&InspectRequest {
        path: path("pandas.feather"),
        sigmas: 10.0,
        ..InspectRequest::default()
    });
    assert_eq!(found.unwrap().symbols[0].rows, 60);
    let request = ColumnsRequest { path: path("polars.arrow"), ..ColumnsRequest::default() };
    let columns = read_columns(&request).unwrap();
    assert_eq!((columns.columns.len(), columns.time.len()), (6, 60));
    let trades = path("stream.arrows").to_str().unwrap().to_owned();
    let request = TapeRequest { trades: Some(trades), ..TapeRequest::default() };
    let found = read_tape(&request, &[expected()]).unwrap();
    let [from, end] = ["1990-01-01T00:00:00Z", "2030-01-01T00:00:00Z"].map(|t| t.parse().unwrap());
    assert_eq!(found.tape.rows_between("IBM", from, end), 60);
}

/// Loads these bytes as a file.
fn bytes(bytes: &[u8]) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    fs::write(&path, bytes).unwrap();
    arrow(&path, None)
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    for name in ["pandas.feather", "timestamp_us.arrow", "stream.arrows"] {
        let whole = fs::read(path(name)).unwrap();
        for length in
            (1..whole.len()).step_by(7).chain([4, 8, 16, whole.len() - 8, whole.len() - 1])
        {
            let error = bytes(&whole[..length]).unwrap_err();
            assert!(matches!(error, Error::Format { .. }), "{name} {length}: {error}");
        }
        let longer = [&whole[..], b"12345678"].concat();
        assert!(matches!(bytes(&longer), Err(Error::Format { .. })), "{name}");
    }
    for (foreign, hint) in [
        (&b"PAR1 and more, and PAR1"[..], "source: parquet"),
        (b"FEA1 and more, and FEA1", "write_feather"),
        (b"date,close\n2024-01-02,1\n", "source: csv"),
    ] {
        let error = bytes(foreign).unwrap_err();
        assert!(error.hint().contains(hint), "{error}: {}", error.hint());
    }
    let folder = tempfile::tempdir().unwrap();
    let disguised = folder.path().join("x.csv").to_str().unwrap().to_owned();
    fs::copy(path("polars.arrow"), &disguised).unwrap();
    for source in
        [Source::Csv { path: disguised.clone() }, Source::Parquet { path: disguised.clone() }]
    {
        let error = load(&Request::new(source, &["IBM"])).unwrap_err();
        assert!(error.hint().contains("data.source: arrow"), "{error}: {}", error.hint());
    }
}

/// Each place of an eight-byte number in `bytes`.
fn places(bytes: &[u8], number: i64) -> Vec<usize> {
    let wanted = number.to_le_bytes();
    (0..bytes.len() - 8).filter(|at| bytes[*at..at + 8] == wanted).collect()
}

/// Counts, offsets and lengths that a file states of itself, made huge or negative one by one: none
/// is taken on its word. What is left of a file that is still readable are the right bars.
#[test]
fn huge_and_negative_lengths_are_refused() {
    let expected = expected();
    let mut refused = 0;
    for name in ["pandas.feather", "date32.arrow", "stream_lz4.arrows"] {
        let whole = fs::read(path(name)).unwrap();
        // The rows, and the bytes of a column of doubles or decimals and of its batch.
        let numbers = [60, 480, 960];
        let all: Vec<usize> = numbers.iter().flat_map(|number| places(&whole, *number)).collect();
        assert!(all.len() > 6, "{name}: {}", all.len());
        for at in all {
            for lie in [i64::MAX, i64::MIN, -2, 1 << 40, 1 << 31, 199_999_999] {
                let mut bad = whole.clone();
                bad[at..at + 8].copy_from_slice(&lie.to_le_bytes());
                match bytes(&bad) {
                    Err(Error::Format { .. } | Error::TooLarge { .. }) => refused += 1,
                    Err(other) => panic!("{name} {at} {lie}: {other}"),
                    Ok(loaded) => assert_eq!(loaded.bars[0], expected, "{name} {at} {lie}"),
                }
            }
        }
        for length in [i32::MAX, -1, 0, 10] {
            let mut bad = whole.clone();
            let ends = if name.ends_with('s') { 4 } else { whole.len() - 10 };
            bad[ends..ends + 4].copy_from_slice(&length.to_le_bytes());
            assert!(matches!(bytes(&bad), Err(Error::Format { .. })), "{name} {length}");
        }
    }
    assert!(refused > 100, "{refused}");
}

/// Any damage gives an answer; which one is the library's business.
#[test]
fn flipped_bytes_never_panic() {
    const ROUNDS: u64 = 150;
    let seed = 7;
    let mut stream = Seed::master(seed).child("flipped bytes").stream();
    let names =
        ["pandas.feather", "date32.arrow", "stream_lz4.arrows", "grows.arrows", "text.arrow"];
    let mut refused = 0;
    for name in names {
        let whole = fs::read(path(name)).unwrap();
        for _ in 0..ROUNDS {
            let mut damaged = whole.clone();
            for _ in 0..1 + stream.next_u64() % 4 {
                let at = usize::try_from(stream.next_u64()).unwrap() % damaged.len();
                damaged[at] = stream.next_u64().to_le_bytes()[0];
            }
            let result = std::panic::catch_unwind(|| bytes(&damaged));
            let result = result.unwrap_or_else(|_| panic!("seed {seed}, {name}"));
            refused += u64::from(result.is_err());
        }
    }
    assert!(refused > ROUNDS, "the damage of seed {seed} went unnoticed: {refused} refused");
}
