//! Bad data files: each is refused with its place and a next step, quickly and without a panic.
//!
//! Small files lie in `tests/data/bad_data`; large and special ones are made here.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use dirigent_core::{Clock as _, SystemClock, seed::Seed};
use dirigent_trading::data::{Error, LINE_BYTES_MAX, OnError, Request, SHOWN_MAX, Source, load};

/// No file may take longer than this to refuse, on a machine that does other things as well.
const REFUSAL_MAX: Duration = Duration::from_secs(1);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/bad_data")
}

fn request(path: &Path) -> Request {
    let is_parquet = path.extension().is_some_and(|e| e == "parquet");
    let path = path.to_str().unwrap().to_owned();
    let source = if is_parquet { Source::Parquet { path } } else { Source::Csv { path } };
    let mut request = Request::new(source, &["AAPL"]);
    request.now = Some("2025-01-01T00:00:00Z".parse().unwrap());
    request.timezone = Some("America/New_York".into());
    request
}

/// Loads a bad file under every policy; returns the error under `fail`.
fn refusal(path: &Path) -> Error {
    let mut request = request(path);
    if path.ends_with("hours_in_90m.csv") {
        request.timeframe = Some("90m".parse().unwrap());
    }
    for policy in [OnError::Drop, OnError::Repair] {
        request.on_error = policy;
        let _ = load(&request); // must not panic; what it does is tested elsewhere
    }
    request.on_error = OnError::Fail;
    let start = SystemClock.now();
    let error = load(&request).expect_err(path.to_str().unwrap());
    assert!(SystemClock.now().since(start) < REFUSAL_MAX, "{}: too slow", path.display());
    assert!(!error.hint().is_empty(), "{error}");
    error
}

#[track_caller]
fn check(name: &str, says: &str, hint: &str) {
    let path = folder().join(name);
    let error = refusal(&path);
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let text = format!("{error} {source}");
    assert!(text.contains(says), "{name}: {text}");
    assert!(error.hint().contains(hint), "{name}: {}", error.hint());
    let named = matches!(error, Error::Timeframe { .. }) || text.contains(name);
    assert!(named, "{name} is not named: {text}");
}

/// File, what the error says (row and column where there is one), what the hint says.
const FILES: &[(&str, &str, &str)] = &[
    ("empty.csv", "no bytes", "export"),
    ("header_only.csv", "a header but no rows", "export"),
    ("no_header.csv", "no header", "timestamp,open,high"),
    ("no_time.csv", "no column for the time", "data.columns"),
    ("no_close.csv", "no column `close`", "data.columns"),
    ("no_high.csv", "no column `high`", "data.columns"),
    ("two_closes.csv", "two columns for close: `close` and `Close`", "columns: {close: close}"),
    ("price_nan.csv", "row 3, column `close`: `NaN` is not a number", "on_error: drop"),
    ("price_infinite.csv", "row 3, column `high`: `inf` is not a number", "on_error: drop"),
    ("price_empty.csv", "row 3, column `open`: has no value", "on_error: drop"),
    ("price_zero.csv", "row 3, column `low`: `0` is not above zero", "on_error: drop"),
    ("price_minus_zero.csv", "row 3, column `low`: `0` is not above zero", "on_error: drop"),
    ("price_negative.csv", "row 3, column `low`: `-10` is not above zero", "on_error: drop"),
    ("price_text.csv", "row 3, column `high`: `twelve` is not a number", "on_error: drop"),
    ("price_huge.csv", "row 3, column `high`: `1e30` is too large", "on_error: drop"),
    ("price_tiny.csv", "row 3, column `low`: `1e-320` is too small", "on_error: drop"),
    ("price_decimal_comma.csv", "row 2, column `close`: `10,5` is not a number: write", "drop"),
    ("crossed_high_low.csv", "row 4, column `high`: `10` is below low `11.5`", "repair"),
    ("crossed_high_close.csv", "row 4, column `high`: `11.5` is below close `11.7`", "repair"),
    ("crossed_low_open.csv", "row 4, column `low`: `10` is above open `9.9`", "repair"),
    ("volume_negative.csv", "row 4, column `volume`: `-1` is below zero", "on_error: drop"),
    ("volume_infinite.csv", "row 4, column `volume`: `1e999` is not a number", "on_error: drop"),
    ("time_repeated.csv", "row 4: `2024-03-04T00:00:00Z` repeats row 3", "repair"),
    ("time_duplicate.csv", "row 4: `2024-03-04T00:00:00Z` has the time of row 3", "drop"),
    ("time_out_of_order.csv", "row 4: `2024-03-04T00:00:00Z` is before", "repair"),
    ("time_future.csv", "row 4: `2124-03-05T00:00:00Z` is after the present", "clock"),
    ("time_empty.csv", "row 3, column `timestamp`: is empty", "on_error: drop"),
    ("time_ambiguous_date.csv", "row 2, column `Date`: `03/04/2024` is ambiguous", "`data.format`"),
    ("time_impossible_date.csv", "row 3, column `timestamp`: `2024-02-30`", "`data.format`"),
    ("time_leap_second.csv", "row 3, column `timestamp`: `2016-12-31T23:59:60Z`", "`data.format`"),
    ("time_year_2300.csv", "row 4, column `timestamp`: `2300-03-05`", "`data.format`"),
    ("time_epoch_beyond.csv", "row 3, column `timestamp`: `99999999999` is outside", ""),
    ("time_mixed_units.csv", "row 3, column `timestamp`: `1709285460000` looks like milli", "unit"),
    (
        "time_mixed_zones.csv",
        "row 3, column `timestamp`: `2024-03-01T09:31:00` has no zone",
        "zone",
    ),
    ("time_spring_gap.csv", "row 3, column `timestamp`: `2024-03-10 02:30` does not exist", "UTC"),
    ("time_autumn_alone.csv", "row 2, column `timestamp`: `2024-11-03 01:30` occurs twice", "UTC"),
    ("row_short.csv", "row 3: the row has 3 fields, the header has 6", "on_error: drop"),
    ("row_long.csv", "row 3: the row has 8 fields, the header has 6", "on_error: drop"),
    ("row_truncated.csv", "row 4: the row has 3 fields, the header has 6", "on_error: drop"),
    ("quote_open.csv", "row 3: a quote is opened and never closed", "on_error: drop"),
    ("wrong_separator.csv", "no column for the time", "data.columns"),
    ("html.csv", "is HTML", "download it again"),
    ("json.csv", "is JSON", "CSV"),
    ("utf16.csv", "UTF-16", "UTF-8"),
    ("binary.csv", "binary", "CSV"),
    ("gzip.csv", "gzip", "gunzip"),
    ("spreadsheet.csv", "spreadsheet", "CSV"),
    ("nul_in_row.csv", "binary", "CSV"),
    ("not_utf8_in_row.csv", "row 3, column `high`", "on_error: drop"),
    ("other_symbol.csv", "no row of symbol `AAPL`", "data.symbols"),
    ("adj_close_hole.csv", "row 3, column `adj_close`: has no value to adjust by", "drop"),
    ("hours_in_90m.csv", "row 4: the 1h from `2024-03-01T16:00:00Z` reach past", "data.timeframe"),
    ("magic_only.parquet", "truncated Parquet", "again"),
    ("text.parquet", "not a Parquet file", "source: csv"),
    ("wrong_footer.parquet", "damaged Parquet", "again"),
    ("absent.csv", "No such file", "data.path"),
];

#[test]
fn bad_files_are_refused_with_place_and_next_step() {
    for (name, says, hint) in FILES {
        check(name, says, hint);
    }
}

#[test]
fn every_bad_file_is_in_the_table() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(FILES.iter().any(|(file, _, _)| *file == name), "{name}");
    }
}

/// Writes a file and returns the words with which it is refused.
fn refused(write: impl Fn(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.csv");
    write(&path);
    refusal(&path).to_string()
}

#[test]
fn a_long_line_is_refused_with_its_number() {
    let long = "7".repeat(LINE_BYTES_MAX + 2);
    let row = format!("time,close\n2024-03-01,1\n2024-03-04,{long}\n");
    assert!(refused(|p| fs::write(p, &row).unwrap()).contains("too many bytes in line 3"));
    let header = refused(|p| fs::write(p, &long).unwrap());
    assert!(header.contains("too many bytes in line 1"), "{header}");
    // Just short enough: a wrong number, not a wrong line.
    let row = format!("time,close\n2024-03-01,{}\n", "7".repeat(LINE_BYTES_MAX - 20));
    assert!(refused(|p| fs::write(p, &row).unwrap()).contains("row 2, column `close`"));
}

#[test]
fn a_file_of_holes_is_refused_without_reading_it_whole() {
    let sparse = |path: &Path| File::create(path).unwrap().set_len(8 << 30).unwrap();
    assert!(refused(sparse).contains("binary"));
    let sparse_row = |path: &Path| {
        let mut file = File::create(path).unwrap();
        file.write_all(b"time,close\n2024-03-01,1\n").unwrap();
        file.write_all(&[b' '; 4_096]).unwrap();
        file.set_len(8 << 30).unwrap();
    };
    assert!(refused(sparse_row).contains("too many bytes in line 3"));
    let huge = |path: &Path| File::create(path).unwrap().set_len(1 << 40).unwrap();
    assert!(refused(huge).contains("too many bytes"));
}

#[test]
fn too_many_columns_are_refused() {
    let header = format!("time,{}\n", "c,".repeat(5_000));
    assert!(refused(|p| fs::write(p, &header).unwrap()).contains("too many columns: 5002"));
}

#[test]
fn of_many_problems_the_first_are_shown_and_all_are_counted() {
    let mut text = "time,open,high,low,close\n".to_owned();
    for minute in 0..20_000 {
        text += &format!("{},1,1,x,1\n", 1_709_280_000 + minute * 60);
    }
    let words = refused(|p| fs::write(p, &text).unwrap());
    assert!(words.contains("the data has 20000 problems (20000 × not a number)"), "{words}");
    assert_eq!(words.lines().count(), 2 + SHOWN_MAX, "{words}");
    assert!(words.ends_with("… and 19980 more"), "{words}");
}

#[test]
fn folders_pipes_and_devices_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    let made = Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(refusal(&pipe).to_string().contains("a named pipe"));
    }
    assert!(refusal(folder.path()).to_string().contains("a directory"));
    assert!(refusal(Path::new("/dev/zero")).to_string().contains("a device"));
    let link = folder.path().join("link.csv");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
    assert!(matches!(refusal(&link), Error::Open { .. }));
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let path = folder().join("header_only.csv");
    type Change = fn(&mut Request);
    let changes: [(&str, Change); 6] = [
        ("no symbols", |r| r.symbols.clear()),
        ("given twice", |r| r.symbols = vec!["A".into(), "A".into()]),
        ("not a name", |r| r.symbols = vec!["A\0".into()]),
        ("not a time zone", |r| r.timezone = Some("Mars/Olympus".into())),
        ("before the start", |r| {
            r.start_date = r.now;
            r.end_date = Some("1999-01-01T00:00:00Z".parse().unwrap());
        }),
        ("no meaning for `settle`", |r| {
            r.columns.insert("settle".into(), "close".into());
        }),
    ];
    for (says, change) in changes {
        let mut request = request(&path);
        change(&mut request);
        let error = load(&request).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(!error.hint().is_empty());
    }
}

/// Bytes that look like a CSV here and there find more than bytes that never do.
#[test]
fn arbitrary_bytes_never_panic() {
    const PIECES: [&str; 24] = [
        "time,open,high,low,close,volume\n",
        "date;close\n",
        "2024-03-01",
        "20240301",
        ",",
        ";",
        "\n",
        "\r\n",
        "\"",
        "1709285400",
        "-",
        "1e999",
        ".",
        "0.1",
        "NaN",
        "\u{feff}",
        "\0",
        "03/04/2024",
        "99999999999999999999",
        "T09:30:00Z",
        "+05:30",
        " ",
        "é",
        "symbol",
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("any.csv");
    let seed = 11;
    let mut stream = Seed::master(seed).child("arbitrary bytes").stream();
    let mut below = |limit: usize| usize::try_from(stream.next_u64() >> 1).unwrap() % limit;
    for round in 0..1_500 {
        let mut bytes = Vec::new();
        for _ in 0..below(40) {
            match below(8) {
                0 => bytes.push(below(256).to_le_bytes()[0]),
                _ => bytes.extend_from_slice(PIECES[below(PIECES.len())].as_bytes()),
            }
        }
        fs::write(&path, &bytes).unwrap();
        let result = std::panic::catch_unwind(|| refuse_or_load(&path));
        assert!(result.is_ok(), "seed {seed}, round {round}: {bytes:?}");
    }
}

fn refuse_or_load(path: &Path) {
    for on_error in [OnError::Fail, OnError::Drop, OnError::Repair] {
        let mut request = request(path);
        request.on_error = on_error;
        if let Ok(loaded) = load(&request) {
            let bars = &loaded.bars[0];
            assert!(bars.time.windows(2).all(|pair| pair[0] < pair[1]));
            assert!((0..bars.len()).all(|t| bars.low[t].is_positive()
                && bars.high[t] >= bars.open[t].max(bars.close[t])
                && bars.low[t] <= bars.open[t].min(bars.close[t])));
        }
    }
}
