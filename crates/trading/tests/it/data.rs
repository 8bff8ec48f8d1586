//! Loading: real files come out as they should, whatever their form.

use std::{fs, path::PathBuf};

use dirigent_core::{Seed, Sha256Hex, Timestamp};
use dirigent_trading::data::{
    Adjust, Adjusted, Error, Kind, Loaded, OnError, Outcome, Request, Source, Synthetic, Timeframe,
    load, parse_date,
};

/// A file of the bundled examples.
pub(crate) fn example(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
    root.join(name).to_str().unwrap().to_owned()
}

fn csv(path: &str, symbols: &[&str]) -> Request {
    Request::new(Source::Csv { path: path.to_owned() }, symbols)
}

fn day(text: &str) -> Timestamp {
    parse_date(text).unwrap()
}

#[test]
fn dates_of_a_range_are_plain_dates() {
    assert_eq!(parse_date("2005-01-31").unwrap().to_string(), "2005-01-31T00:00:00Z");
    for text in ["", "2005-02-30", "31/01/2005", "2005-01-31T00:00", "2005-01-31 ", "20050131"] {
        assert_eq!(parse_date(text), None, "{text}");
    }
}

/// Loads `text` as a file of symbol `A`.
fn text(text: &str, change: impl Fn(&mut Request)) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.csv");
    fs::write(&path, text).unwrap();
    let mut request = csv(path.to_str().unwrap(), &["A"]);
    change(&mut request);
    load(&request)
}

#[track_caller]
fn closes(found: Result<Loaded, Error>, expected: &[(&str, &str)]) -> Loaded {
    let loaded = found.unwrap_or_else(|e| panic!("{e}\nhint: {}", e.hint()));
    let bars = &loaded.bars[0];
    let found: Vec<(String, String)> =
        (0..bars.len()).map(|t| (bars.time[t].to_string(), bars.close[t].to_string())).collect();
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(time, close)| {
            let time = if time.len() == 10 { format!("{time}T00:00:00Z") } else { (*time).into() };
            (time, (*close).into())
        })
        .collect();
    assert_eq!(found, expected);
    loaded
}

#[test]
fn the_bundled_stocks_load_with_hash_and_adjustment() {
    let symbols = ["AAPL", "FB", "GOOG", "IBM", "MSFT"];
    let loaded = load(&csv(&example("daily/{symbol}.csv"), &symbols)).unwrap();
    let counts: Vec<usize> = loaded.bars.iter().map(|b| b.len()).collect();
    assert_eq!(counts, [3270, 196, 2148, 3270, 3270]);
    assert_eq!(loaded.timeframe, Timeframe::DAILY);
    let bytes = fs::read(example("daily/AAPL.csv")).unwrap();
    assert_eq!(loaded.files[0].sha256, Sha256Hex::of(&bytes));
    assert_eq!((loaded.files[0].bytes, loaded.files[0].rows), (bytes.len() as u64, 3270));
    let note = "`AAPL`: prices are back-adjusted by `adj_close` (splits and dividends), volume for \
                2:1 on 2000-06-21, 2:1 on 2005-02-28";
    assert!(loaded.notes.iter().any(|n| n == note), "{:?}", loaded.notes);
    assert_eq!(loaded.report.total(Outcome::Refused), 0);
    assert!(!loaded.report.counts.contains_key(&Kind::SplitJump), "{}", loaded.report);
}

/// The columns `close` and `adj_close` of a bundled stock, read without this crate.
fn raw_closes(name: &str) -> Vec<(f64, f64)> {
    let text = fs::read_to_string(example(name)).unwrap();
    let cell = |line: &str, column: usize| line.split(',').nth(column).unwrap().parse().unwrap();
    text.lines().skip(1).map(|line| (cell(line, 4), cell(line, 6))).collect()
}

#[test]
fn total_adjustment_has_the_returns_of_the_adjusted_closes() {
    for symbol in ["AAPL", "FB", "GOOG", "IBM", "MSFT"] {
        let mut request = csv(&example("daily/{symbol}.csv"), &[symbol]);
        request.adjust = Adjust::Total;
        let bars = load(&request).unwrap().bars.remove(0);
        let raw = raw_closes(&format!("daily/{symbol}.csv"));
        for t in 1..bars.len() {
            let found = bars.close[t].to_f64() / bars.close[t - 1].to_f64();
            assert!((found - raw[t].1 / raw[t - 1].1).abs() < 1e-9, "{symbol} {}", bars.time[t]);
            let inside = bars.close[t].to_f64() / bars.open[t].to_f64();
            assert!(bars.high[t] >= bars.open[t].max(bars.close[t]), "{symbol} {inside}");
            assert!(bars.low[t] <= bars.open[t].min(bars.close[t]), "{symbol} {inside}");
        }
    }
}

#[test]
fn split_adjustment_removes_splits_and_keeps_dividends() {
    let mut request = csv(&example("daily/{symbol}.csv"), &["AAPL"]);
    request.adjust = Adjust::Splits;
    let adjusted = load(&request).unwrap().bars.remove(0);
    request.adjust = Adjust::None;
    let loaded = load(&request).unwrap();
    let raw = &loaded.bars[0];
    // 130.31 before two splits of 2:1; the volume the other way round.
    assert_eq!(adjusted.close[0].to_string(), "32.5775");
    assert_eq!(adjusted.volume[0].to_bits(), (raw.volume[0] * 4.0).to_bits());
    let last = raw.len() - 1;
    assert_eq!((adjusted.close[last], adjusted.volume[last]), (raw.close[last], raw.volume[last]));
    let worst = |bars: &dirigent_trading::Bars| {
        let ratio = |p: &[dirigent_trading::Price]| p[1].to_f64() / p[0].to_f64();
        bars.close.windows(2).map(ratio).fold(f64::INFINITY, f64::min)
    };
    assert!(worst(&adjusted) > 0.47 && worst(raw) < 0.5, "{} {}", worst(&adjusted), worst(raw));
    // Unadjusted, the jumps are pointed out with their lines.
    let rows: Vec<u64> = loaded
        .report
        .examples
        .iter()
        .filter(|p| p.kind == Kind::SplitJump)
        .map(|p| p.row)
        .collect();
    assert_eq!(rows, [80, 1256]);
}

#[test]
fn a_range_includes_its_last_day() {
    let mut request = csv(&example("daily/{symbol}.csv"), &["IBM"]);
    (request.start_date, request.end_date) = (Some(day("2005-01-01")), Some(day("2012-12-31")));
    let bars = load(&request).unwrap().bars.remove(0);
    assert_eq!(bars.time[0], day("2005-01-03"));
    assert_eq!(*bars.time.last().unwrap(), day("2012-12-31"));
    let hours = "time,close\n2024-03-01 18:00,1\n2024-03-01 19:00,2\n2024-03-01 23:30,3\n\
                 2024-03-02 00:30,4\n";
    let new_york = |request: &mut Request| {
        request.timezone = Some("America/New_York".into());
        request.end_date = Some(day("2024-03-01"));
    };
    let loaded = text(hours, new_york).unwrap();
    assert_eq!(loaded.bars[0].time.last().unwrap().to_string(), "2024-03-02T04:30:00Z");
}

#[test]
fn separators_quotes_line_ends_and_marks_are_understood() {
    let expected = [("2024-03-01", "1.5"), ("2024-03-04", "1.75")];
    for form in [
        "date,open,high,low,close,volume\n2024-03-01,1,2,1,1.5,10\n2024-03-04,1,2,1,1.75,20\n",
        "\u{feff}Date;Open;High;Low;Close\r\n2024-03-01;1;2;1;1.5\r\n2024-03-04;1;2;1;1.75",
        "TS\tO\tH\tL\tC\n2024-03-01\t1\t2\t1\t1.5\n\n2024-03-04\t1\t2\t1\t1.75\n\n\n",
        "\"date\",\"open\",\"high\",\"low\",\"close\"\n\"2024-03-01\",\"1\",\"2\",\"1\",\"1.5\"\n\
         2024-03-04,1,2,1,\"1.75\"\n",
        " Date , Open,High,Low,Close\n2024-03-01, 1,2,1, 1.5\n2024-03-04,+1,2e0,1,1.75\n",
        "date,note,close\n2024-03-01,\"a, \"\"b\"\"\nc\",1.5\n2024-03-04,,1.75\n",
        "date,close,\n2024-03-01,1.5,\n2024-03-04,1.75,\n,,\n",
        "close,date\n1.5,20240301\n1.75,20240304\n",
        "<DATE>,<TIME>,<CLOSE>\n2024.03.01,00:00,1.5\n2024.03.04,00:00,1.75\n",
    ] {
        closes(text(form, |_| {}), &expected);
    }
}

/// Quotes and blanks send every row down the careful path: it must agree with the fast one.
#[test]
fn both_ways_through_a_file_give_the_same_bars() {
    let plain = fs::read_to_string(example("daily/AAPL.csv")).unwrap();
    let quoted: String = plain
        .lines()
        .map(|line| {
            let cells: Vec<String> = line.split(',').map(|c| format!("\"{c}\"")).collect();
            cells.join(",") + "\r\n"
        })
        .collect();
    let same = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("A.csv");
        fs::write(&path, text).unwrap();
        load(&csv(path.to_str().unwrap(), &["A"])).unwrap().bars
    };
    assert_eq!(same(&plain), same(&quoted));
}

#[test]
fn gaps_are_pointed_out() {
    let days = "date,close\n2024-03-01,1\n2024-03-04,1\n2024-03-15,1\n2024-03-18,1\n";
    let minutes = "time,close\n2024-03-01 09:30,1\n2024-03-01 09:31,1\n2024-03-01 09:34,1\n\
                   2024-03-04 09:30,1\n2024-03-04 09:31,1\n";
    for (file, says) in [(days, "8 weekdays missing"), (minutes, "2 bars missing")] {
        let report = text(file, |_| {}).unwrap().report;
        assert_eq!(report.counts[&Kind::Gap][&Outcome::Warning], 1);
        let words = report.examples[0].to_string();
        assert!(words.contains("row 4") && words.contains(says), "{words}");
    }
}

#[test]
fn mapped_columns_and_patterns_are_used() {
    let loaded = closes(
        text("when,px_last\n01/03/2024,1.5\n04/03/2024,1.75\n", |request| {
            request.columns.insert("timestamp".into(), "when".into());
            request.columns.insert("close".into(), "PX_LAST".into());
            request.date_format = Some("%d/%m/%Y".into());
        }),
        &[("2024-03-01", "1.5"), ("2024-03-04", "1.75")],
    );
    assert!(loaded.notes.iter().any(|n| n.contains("closes only")), "{:?}", loaded.notes);
}

#[test]
fn a_time_that_misses_its_pattern_names_the_key_of_the_pattern() {
    let error = text("date,close\n2024-03-01,1\n", |request| {
        request.date_format = Some("%d/%m/%Y".into());
    });
    let error = error.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("does not match `data.format: \"%d/%m/%Y\"`"), "{words}");
    assert!(error.hint().contains("`data.format`"), "{}", error.hint());
}

#[test]
fn local_times_follow_daylight_saving() {
    let file = "time,close\n2024-11-03 00:30,1\n2024-11-03 01:30,2\n2024-11-03 01:30,3\n\
                2024-11-03 02:30,4\n";
    let loaded = closes(
        text(file, |request| request.timezone = Some("America/New_York".into())),
        &[
            ("2024-11-03T04:30:00Z", "1"),
            ("2024-11-03T05:30:00Z", "2"),
            ("2024-11-03T06:30:00Z", "3"),
            ("2024-11-03T07:30:00Z", "4"),
        ],
    );
    assert!(loaded.notes.iter().any(|n| n.contains("daylight saving")), "{:?}", loaded.notes);
}

#[test]
fn notes_are_the_same_wherever_the_file_lies() {
    let zoned = "date,close\n2024-11-03 00:30,1\n2024-11-03 01:30,2\n,\n\
                 2024-11-03 01:30,3\n2024-11-03 02:30,4\n";
    let panel = "date,A\n2024-03-01,1\n,\n2024-03-04,2\n";
    let check = |file: &str, name: &str, expected: &[&str]| {
        let notes = [(); 2].map(|()| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("A.csv"), file).unwrap();
            let mut request = csv(folder.path().join(name).to_str().unwrap(), &["A"]);
            request.timezone = Some("America/New_York".into());
            load(&request).unwrap().notes
        });
        assert_eq!(notes[0], notes[1]);
        for note in expected {
            assert!(notes[0].iter().any(|n| n.starts_with(note)), "{note}: {:?}", notes[0]);
        }
    };
    check(zoned, "{symbol}.csv", &["`A`: 1 empty rows were skipped", "`A`: 2 local times"]);
    check(panel, "A.csv", &["`A.csv`: 1 empty rows were skipped"]);
}

#[test]
fn what_was_adjusted_is_told_by_symbol() {
    let check = |file: &str, adjust: Adjust, expected: Adjusted| {
        let loaded = text(file, |request| request.adjust = adjust).unwrap();
        assert_eq!(loaded.adjusted, [expected]);
    };
    let plain = "date,close\n2024-03-01,10\n2024-03-04,11\n";
    let adjusted = "date,close,adj_close\n2024-03-01,10,9\n2024-03-04,11,11\n";
    check(plain, Adjust::Auto, Adjusted::No);
    check(adjusted, Adjust::None, Adjusted::No);
    check(adjusted, Adjust::Splits, Adjusted::Splits);
    check(adjusted, Adjust::Auto, Adjusted::Total);
    check(adjusted, Adjust::Total, Adjusted::Total);
}

#[test]
fn one_file_may_hold_many_symbols() {
    let panel = "timestamp,MSFT,AAPL\n2024-03-01,10,1.5\n2024-03-04,,1.75\n2024-03-05,12,\n";
    let long = "date,symbol,close\n2024-03-01,AAPL,1.5\n2024-03-01,MSFT,10\n\
                2024-03-04,AAPL,1.75\n2024-03-05,MSFT,12\n";
    for file in [panel, long] {
        let both = |request: &mut Request| request.symbols = vec!["AAPL".into(), "MSFT".into()];
        let loaded = closes(text(file, both), &[("2024-03-01", "1.5"), ("2024-03-04", "1.75")]);
        assert_eq!(loaded.files.len(), 1);
        let other = &loaded.bars[1];
        assert_eq!((other.symbol.as_str(), other.len()), ("MSFT", 2));
        assert_eq!(other.close[1].to_string(), "12");
    }
    let macro_series = load(&csv(&example("macro/us_unemployment_monthly.csv"), &["JOBLESS"]));
    let loaded = macro_series.unwrap();
    assert_eq!(loaded.timeframe.to_string(), "1M");
    assert_eq!(loaded.bars[0].len(), 828);
}

#[test]
fn newest_first_is_turned_around() {
    let file = "date,close\n2024-03-05,3\n2024-03-04,2\n2024-03-01,1\n";
    let loaded = closes(
        text(file, |_| {}),
        &[("2024-03-01", "1"), ("2024-03-04", "2"), ("2024-03-05", "3")],
    );
    assert!(loaded.notes.iter().any(|n| n.contains("newest first")));
}

const MESSY: &str = "date,open,high,low,close,volume\n\
                     2024-03-01,10,11,9,10,1\n\
                     2024-03-05,10,11,9,10,1\n\
                     2024-03-04,10,10.5,9,10.7,1\n\
                     2024-03-05,10,11,9,10,1\n\
                     2024-03-06,10,9,11,10,1\n";

#[test]
fn repair_does_what_has_one_right_answer() {
    let loaded = text(MESSY, |request| request.on_error = OnError::Repair).unwrap();
    let bars = &loaded.bars[0];
    let times: Vec<i64> = bars.time.iter().map(|t| t.date().2).collect();
    assert_eq!(times, [1, 4, 5, 6]);
    assert_eq!(bars.high[1].to_string(), "10.7");
    assert_eq!((bars.high[3].to_string(), bars.low[3].to_string()), ("11".into(), "9".into()));
    let done: Vec<(u64, Kind)> = loaded.report.examples.iter().map(|p| (p.row, p.kind)).collect();
    assert_eq!(
        done,
        [(4, Kind::Crossed), (6, Kind::Crossed), (4, Kind::OutOfOrder), (5, Kind::Repeated)]
    );
    assert_eq!(loaded.report.total(Outcome::Repaired), 4);
}

#[test]
fn drop_leaves_wrong_rows_out_and_counts_them() {
    let loaded = text(MESSY, |request| request.on_error = OnError::Drop).unwrap();
    let times: Vec<i64> = loaded.bars[0].time.iter().map(|t| t.date().2).collect();
    assert_eq!(times, [1, 5]);
    assert_eq!((loaded.report.rows_read, loaded.report.rows_kept), (5, 2));
    assert_eq!(loaded.report.total(Outcome::Dropped), 3);
    let blanks = load(&Request {
        on_error: OnError::Drop,
        ..csv(&example("macro/wti_daily.csv"), &["WTI"])
    });
    let report = blanks.unwrap().report;
    assert!(report.rows_kept < report.rows_read, "{report}");
}

#[test]
fn rounding_of_the_source_is_no_problem() {
    let file = "date,open,high,low,close\n2024-03-01,100,100.5,99,100.50005\n\
                2024-03-04,100,101,99,100\n";
    let loaded = text(file, |_| {}).unwrap();
    assert_eq!(loaded.bars[0].high[0].to_string(), "100.50005");
    assert!(loaded.report.counts.is_empty());
}

#[test]
fn synthetic_bars_are_the_same_every_time() {
    let settings = Synthetic {
        bars: 100,
        start: day("2020-01-01"),
        drift: 0.05,
        volatility: 0.2,
        start_price: 50.0,
        seed: Seed::master(7),
    };
    let request = Request::new(Source::Synthetic(settings), &["A", "B"]);
    let (first, second) = (load(&request).unwrap(), load(&request).unwrap());
    assert_eq!(first, second);
    assert_ne!(first.bars[0].close, first.bars[1].close);
}

#[test]
fn a_lone_price_far_from_its_neighbors_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("X.csv");
    let row = |day: u32, low: f64| format!("2024-01-{day:02},100,101,{low},100,1000\n");
    let rows: String = (2..6).map(|day| row(day, if day == 4 { 0.06 } else { 99.0 })).collect();
    std::fs::write(&path, format!("date,open,high,low,close,volume\n{rows}")).unwrap();
    let source = Source::Csv { path: path.to_str().unwrap().into() };
    let loaded = dirigent_trading::data::load(&Request::new(source, &["X"])).unwrap();
    let text = loaded.report.to_string();
    assert!(text.contains("1 × price far from its neighbors"), "{text}");
    assert!(text.contains("X.csv") && text.contains("0.06") || text.contains("line 4"), "{text}");
}
