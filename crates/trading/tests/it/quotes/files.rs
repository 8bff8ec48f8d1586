//! Files of quotes and trades.

use std::fs;

use dirigent_trading::Bars;
use dirigent_trading::data::{Error, OnError, ReadTape, TapeRequest, read_tape};

use super::tapes::{minutes, read};
use dirigent_trading::venue::{Tape, Trades};

const GOOD: &str = "timestamp,bid,ask,bid_size,ask_size
2024-01-02T10:00:00Z,99,100,5,6
2024-01-02T10:00:01.5Z,99.5,100,7,8
2024-01-02T10:00:01.5Z,99.5,99.5,0,8
";

fn bars(symbols: &[&str]) -> Vec<Bars> {
    symbols.iter().map(|symbol| Bars { symbol: (*symbol).to_owned(), ..minutes(2) }).collect()
}

/// Reads these files as quotes and as trades, where they are not empty.
fn of(quotes: &str, trades: &str, symbols: &[&str], on_error: OnError) -> Result<ReadTape, Error> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        (!text.is_empty()).then(|| fs::write(&path, text).unwrap())?;
        Some(path.to_str().unwrap().to_owned())
    };
    let (quotes, trades) = (write("quotes.csv", quotes), write("trades.csv", trades));
    let request = TapeRequest { quotes, trades, timezone: None, on_error };
    read_tape(&request, &bars(symbols))
}

#[track_caller]
fn refused(quotes: &str, trades: &str, says: &str) {
    let error = of(quotes, trades, &["IT"], OnError::Fail).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn rows_that_cannot_be_are_refused_with_their_place() {
    let with = |row: &str| format!("{GOOD}2024-01-02T10:00:02Z,{row}\n");
    let crossed = "quotes.csv` row 5, column `bid`: `101` is above the ask of its row";
    refused(&with("101,100,1,1"), "", crossed);
    refused(&with("-1,100,1,1"), "", "row 5, column `bid`: `-1` is not above zero");
    refused(&with("99,0,1,1"), "", "row 5, column `ask`: `0` is not above zero");
    refused(&with("99,100,1,-2"), "", "row 5, column `ask_size`: `-2` is below zero");
    refused(&with("99,,1,1"), "", "row 5, column `ask`");
    refused(&with("99,x,1,1"), "", "row 5, column `ask`: `x`");
    let late = format!("{GOOD}2024-01-02T10:00:01Z,99,100,1,1\n");
    refused(&late, "", "row 5: `2024-01-02T10:00:01Z` is before the time of a row above");
    let trades = "time,price,size\n2024-01-02T10:00:00Z,0,1\n";
    refused(GOOD, trades, "trades.csv` row 2, column `price`: `0` is not above zero");
}

#[test]
fn files_that_lack_something_say_what() {
    refused("timestamp,bid\n2024-01-02,9\n", "", "has no column `ask`");
    refused("bid,ask\n9,9\n", "", "has no column for the time");
    let half = "timestamp,bid,ask,ask_size\n2024-01-02T10:00:00Z,9,9,9\n";
    refused(half, "", "has no column `bid_size`");
    let error = of(GOOD, "", &["A", "B"], OnError::Fail).unwrap_err().to_string();
    assert!(error.contains("cannot tell 2 symbols apart"), "{error}");
    let long = "symbol,time,bid,ask\nA,2024-01-02T10:00:00Z,9,9\n";
    let error = of(long, "", &["A", "B"], OnError::Fail).unwrap_err().to_string();
    assert!(error.contains("has no usable row of symbol `B`"), "{error}");
}

#[test]
fn what_is_read_is_what_is_there() {
    let rows = ["10:00:00 99x100 5x6", "10:00:01.5 99.5x100 7x8", "10:00:01.5 99.5x99.5 0x8"];
    let expected = Tape::new([("IT".to_owned(), read(&rows).0, Trades::default())]).unwrap();
    let found = of(GOOD, "", &["IT"], OnError::Fail).unwrap();
    assert_eq!((found.tape, found.files.len(), found.files[0].rows), (expected.clone(), 1, 3));
    let epoch = "ts,Best Bid,Best Ask,Bid Qty,Ask Qty
1704189600000,99,100,5,6
1704189601500,99.5,100,7,8
1704189601500,99.5,99.5,0,8
";
    assert_eq!(of(epoch, "", &["IT"], OnError::Fail).unwrap().tape, expected);
    // Wrong rows are left out, where that is wanted, and are told of.
    let wrong = format!("{GOOD}2024-01-02T10:00:01Z,99,100,1,1\n2024-01-02T10:00:09Z,9,8,1,1\n");
    let dropped = of(&wrong, "", &["IT"], OnError::Drop).unwrap();
    assert_eq!(dropped.tape, expected);
    assert!(dropped.notes[0].starts_with("rows of quotes and trades left out: 2;"), "{dropped:?}");
}

#[test]
fn one_file_may_hold_several_symbols_and_lack_sizes() {
    let quotes = "time,symbol,bid,ask
2024-01-02T10:00:00Z,B,1,2
2024-01-02T10:00:01Z,A,3,4
2024-01-02T10:00:02Z,B,5,6
";
    let trades = "time,symbol,price,size\n2024-01-02T10:00:00Z,A,3,4\n2024-01-02T10:00:03Z,B,1,1\n";
    let found = of(quotes, trades, &["A", "B"], OnError::Fail).unwrap();
    let endless = format!("{0}x{0}", "9223372036.854775807");
    let a = read(&[&format!("10:00:01 3x4 {endless}"), "10:00:00 3 4"]);
    let b = read(&[
        &format!("10:00:00 1x2 {endless}"),
        &format!("10:00:02 5x6 {endless}"),
        "10:00:03 1 1",
    ]);
    let expected = Tape::new([("A".to_owned(), a.0, a.1), ("B".to_owned(), b.0, b.1)]).unwrap();
    assert_eq!(found.tape, expected);
    assert_eq!(found.files.len(), 2);
}

#[test]
fn parquet_is_read_like_csv() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    let path = root.join("pandas_index.parquet").to_str().unwrap().to_owned();
    let request = TapeRequest { trades: Some(path), ..TapeRequest::default() };
    let found = read_tape(&request, &bars(&["IBM"])).unwrap();
    assert!(found.tape.is_of_trades());
    let (from, end) =
        ("1990-01-01T00:00:00Z".parse().unwrap(), "2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(found.tape.rows_between("IBM", from, end), 60);
}
