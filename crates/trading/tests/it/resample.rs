//! Resampling: longer bars from shorter ones, within sessions, without a look ahead.

use std::{fmt::Write as _, fs};

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    data::{Error, Loaded, PartialBar, Request, Session, Source, load},
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000_000;

fn new_york() -> Session {
    Session { open: 9 * HOUR + HOUR / 2, close: 16 * HOUR, timezone: "America/New_York".into() }
}

/// Loads `text` as a file of symbol `A` in bars of `timeframe`.
fn text(text: &str, timeframe: &str, change: impl Fn(&mut Request)) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.csv");
    fs::write(&path, text).unwrap();
    let mut request = Request::new(Source::Csv { path: path.to_str().unwrap().into() }, &["A"]);
    request.timeframe = Some(timeframe.parse().unwrap());
    change(&mut request);
    load(&request)
}

/// Time, open, high, low, close and volume of each bar.
#[track_caller]
fn check(loaded: Result<Loaded, Error>, expected: &[&str]) -> Loaded {
    let loaded = loaded.unwrap_or_else(|e| panic!("{e}\nhint: {}", e.hint()));
    let found: Vec<String> = (0..loaded.bars[0].len()).map(|t| row(&loaded.bars[0], t)).collect();
    assert_eq!(found, expected);
    loaded
}

fn row(bars: &Bars, t: usize) -> String {
    let time = bars.time[t].to_string();
    let time = time.trim_end_matches("T00:00:00Z");
    let [open, high, low, close] = [&bars.open, &bars.high, &bars.low, &bars.close].map(|c| c[t]);
    format!("{time} {open} {high} {low} {close} {}", bars.volume[t])
}

/// Minutes of New York on 2024-03-08, as minutes from midnight with a price each.
fn minutes(rows: &[(u32, u32)]) -> String {
    let mut text = String::from("time,open,high,low,close,volume\n");
    for (minute, price) in rows {
        let (h, m) = (minute / 60, minute % 60);
        writeln!(text, "2024-03-08 {h:02}:{m:02},{price},{},{},{price},10", price + 1, price - 1)
            .unwrap();
    }
    text
}

#[test]
fn minutes_become_hours_of_the_session() {
    let rows: Vec<(u32, u32)> =
        [568, 569, 570, 571, 629, 630, 631, 632, 958, 959, 960, 961].map(|m| (m, m)).into();
    let file = minutes(&rows);
    let change = |request: &mut Request| {
        request.timezone = Some("America/New_York".into());
        request.session = Some(new_york());
    };
    let loaded = check(
        text(&file, "1h", change),
        &[
            "2024-03-08T14:30:00Z 570 630 569 629 30",
            "2024-03-08T15:30:00Z 630 633 629 632 30",
            "2024-03-08T20:30:00Z 958 960 957 959 20",
        ],
    );
    let notes = loaded.notes.join("\n");
    assert!(notes.contains("3 bars of 1h were made of 8 of 1m"), "{notes}");
    assert!(notes.contains("4 rows outside of the session were left out"), "{notes}");
    assert!(!notes.contains("ends early"), "{notes}");
    // A day is a day of the exchange: UTC would have put all of it into one bar as well, with the
    // rows before the open.
    check(text(&file, "1d", change), &["2024-03-08 570 960 569 959 80"]);
    let utc = |request: &mut Request| request.timezone = Some("America/New_York".into());
    check(text(&file, "1d", utc), &["2024-03-08 568 962 567 961 120"]);
    // With the timeframe of the file the session only leaves rows out.
    let same = text(&file, "1m", change).unwrap();
    assert_eq!(same.bars[0].len(), 8);
}

#[test]
fn a_last_bar_that_is_not_complete_is_kept_or_dropped() {
    let rows: Vec<(u32, u32)> = (570..=640).map(|m| (m, m)).collect();
    let change = |partial: PartialBar| {
        move |request: &mut Request| {
            request.timezone = Some("America/New_York".into());
            request.session = Some(new_york());
            request.partial_bar = partial;
        }
    };
    let first = "2024-03-08T14:30:00Z 570 630 569 629 600";
    let second = "2024-03-08T15:30:00Z 630 641 629 640 110";
    let kept = check(text(&minutes(&rows), "1h", change(PartialBar::Keep)), &[first, second]);
    assert!(kept.notes.iter().any(|n| n.contains("ends early") && n.contains("kept")));
    let left = check(text(&minutes(&rows), "1h", change(PartialBar::Drop)), &[first]);
    assert!(left.notes.iter().any(|n| n.contains("ends early") && n.contains("left out")));
    // One row less than an hour makes no complete hour, and there is nothing else.
    let error = text(&minutes(&rows[..59]), "1h", change(PartialBar::Drop)).unwrap_err();
    assert!(error.to_string().contains("not complete"), "{error}");
    check(text(&minutes(&rows[..60]), "1h", change(PartialBar::Drop)), &[first]);
}

#[test]
fn days_become_weeks_and_months() {
    let days = "date,close,volume\n2024-02-26,1,1\n2024-02-27,2,1\n2024-02-29,3,1\n2024-03-01,4,1\n\
                2024-03-04,5,1\n2024-03-07,6,1\n";
    let drop = |request: &mut Request| request.partial_bar = PartialBar::Drop;
    let weeks = ["2024-02-26 1 4 1 4 4", "2024-03-04 5 6 5 6 2"];
    check(text(days, "1w", |_| ()), &weeks);
    check(text(days, "1w", drop), &weeks[..1]);
    check(text(days, "1M", drop), &["2024-02-01 1 3 1 3 3"]);
    // A week is complete with its Friday.
    let friday = format!("{days}2024-03-08,7,1\n");
    check(text(&friday, "1w", drop), &[weeks[0], "2024-03-04 5 7 5 7 3"]);
}

#[test]
fn a_row_that_reaches_into_the_next_bar_is_refused() {
    let hours = "time,close\n2024-03-08T13:00:00Z,1\n2024-03-08T14:00:00Z,1\n\
                 2024-03-08T15:00:00Z,1\n2024-03-08T16:00:00Z,1\n2024-03-08T17:00:00Z,1\n";
    let session = |request: &mut Request| request.session = Some(new_york());
    // The row of 15:00 lies in the bar of 14:30 and in that of 16:30.
    let error = text(hours, "2h", session).unwrap_err();
    assert!(error.to_string().contains("row 5: the 1h from `2024-03-08T16:00:00Z`"), "{error}");
    check(
        text(hours, "2h", |_| ()),
        &[
            "2024-03-08T12:00:00Z 1 1 1 1 0",
            "2024-03-08T14:00:00Z 1 1 1 1 0",
            "2024-03-08T16:00:00Z 1 1 1 1 0",
        ],
    );
    let coarser = text("date,close\n2024-03-07,1\n2024-03-08,1\n", "1h", session);
    assert_eq!(coarser.unwrap().bars[0].len(), 2, "two rows prove nothing");
    let night = |request: &mut Request| {
        request.session = Some(Session { open: 0, close: HOUR, timezone: "UTC".into() });
    };
    let error = text(hours, "1h", night).unwrap_err();
    assert!(error.to_string().contains("no row of `A` lies in a session"), "{error}");
}

/// Minutes with gaps over three days, each with a price.
fn walk() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let step = (1_u32..40, 5_u32..50);
    prop::collection::vec(step, 40..200).prop_map(|steps| {
        let mut minute = 0;
        steps
            .into_iter()
            .flat_map(|(pause, price)| {
                minute += pause;
                let first = minute;
                minute += 3;
                (first..first + 3).map(move |m| (m, price + m % 3))
            })
            .collect()
    })
}

fn bars_of(rows: &[(u32, u32)], timeframe: &str, session: Option<Session>) -> Option<Bars> {
    let mut file = String::from("time,open,high,low,close,volume\n");
    for (minute, price) in rows {
        let time =
            Timestamp::from_nanos(1_709_510_400_000_000_000 + i64::from(*minute) * HOUR / 60);
        writeln!(file, "{time},{price},{},{},{price},1", price + 1, price - 1).unwrap();
    }
    let loaded = text(&file, timeframe, |request| request.session.clone_from(&session));
    loaded.ok().map(|mut loaded| loaded.bars.remove(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The future of the rows never changes a bar that is over.
    #[test]
    fn rows_that_come_later_change_no_bar_that_is_over(
        rows in walk(), cut in 20_usize..100, hours in 0..4_usize, has_session: bool,
    ) {
        let timeframe = ["5m", "1h", "3h", "1d"][hours];
        let session = has_session.then(new_york);
        let (Some(all), Some(part)) =
            (bars_of(&rows, timeframe, session.clone()), bars_of(&rows[..cut], timeframe, session))
        else { return Ok(()) };
        let over = part.len() - 1;
        prop_assert!(all.len() > over);
        for t in 0..over {
            prop_assert_eq!(row(&all, t), row(&part, t));
        }
        // The bar under way has what had come of it.
        prop_assert_eq!((all.time[over], all.open[over]), (part.time[over], part.open[over]));
        prop_assert!(all.high[over] >= part.high[over] && all.low[over] <= part.low[over]);
    }

    /// Nothing is lost and nothing counted twice.
    #[test]
    fn volume_and_extremes_are_those_of_the_rows(rows in walk(), hours in 0..4_usize) {
        let bars = bars_of(&rows, ["5m", "1h", "3h", "1d"][hours], None).unwrap();
        let volume: f64 = bars.volume.iter().sum();
        prop_assert!((volume - rows.len() as f64).abs() < 1e-9);
        let high = bars.high.iter().max().unwrap().to_string();
        prop_assert_eq!(high, (rows.iter().map(|r| r.1).max().unwrap() + 1).to_string());
        prop_assert!(bars.time.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
