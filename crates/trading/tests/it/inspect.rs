//! Inspection: everything wrong or odd in a file is told, with its row.

use std::{fmt::Write as _, fs};

use dirigent_trading::data::{Error, InspectRequest, Inspection, Kind, Outcome, inspect};

fn text(text: &str) -> Result<Inspection, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.csv");
    fs::write(&path, text).unwrap();
    inspect(&InspectRequest { path, sigmas: 10.0, ..InspectRequest::default() })
}

/// The rows of each kind of finding.
#[track_caller]
fn check(found: &Inspection, expected: &[(Kind, Outcome, &[u64])]) {
    for (kind, outcome, rows) in expected {
        let of = |p: &&dirigent_trading::data::Problem| p.kind == *kind && p.outcome == *outcome;
        let found: Vec<u64> = found.report.examples.iter().filter(of).map(|p| p.row).collect();
        assert_eq!(found, *rows, "{kind:?}");
    }
    let all: usize = expected.iter().map(|(_, _, rows)| rows.len()).sum();
    assert_eq!(found.report.examples.len(), all, "{:?}", found.report.examples);
}

/// Days of January 2024 from the second on, with a close and a volume each.
fn days(bars: &[(u32, f64, u32)]) -> String {
    let mut text = String::from("date,open,high,low,close,volume\n");
    for (day, close, volume) in bars {
        writeln!(text, "2024-01-{day:02},{close},{close},{close},{close},{volume}").unwrap();
    }
    text
}

#[test]
fn wrong_rows_are_told_and_the_rest_is_still_looked_at() {
    let found = text(
        "date,open,high,low,close,volume\n\
         2024-01-02,10,11,9,10,100\n\
         2024-01-03,10,9,11,10,100\n\
         2024-01-04,10,11,9,10,100\n\
         2024-01-04,10,11,9,10,100\n\
         2024-01-03,10,11,9,10.5,100\n\
         2024-01-05,10,11,9,x,100\n\
         2024-03-05,10,11,9,10,0\n",
    )
    .unwrap();
    assert!(!found.ok);
    use {Kind as K, Outcome::Refused, Outcome::Warning};
    check(
        &found,
        &[
            (K::Crossed, Refused, &[3]),
            (K::Repeated, Refused, &[5]),
            (K::OutOfOrder, Refused, &[6]),
            (K::NotANumber, Refused, &[7]),
            (K::Gap, Warning, &[8]),
            (K::ZeroVolume, Warning, &[8]),
        ],
    );
    let facts = &found.symbols[0];
    assert_eq!((facts.rows, facts.bars, facts.duplicates, facts.out_of_order), (6, 3, 1, 1));
    assert_eq!((facts.gaps.count, facts.gaps.bars_missing), (1, 42));
    assert_eq!((facts.gaps.largest[0].row, facts.gaps.ends.as_slice()), (8, &[2][..]));
}

#[test]
fn a_return_beyond_so_many_robust_sigmas_is_an_outlier() {
    let wave = |day: u32| 100.0 + 0.1 * f64::from(day * day * 5 % 11);
    let mut bars: Vec<(u32, f64, u32)> = (1..=31).map(|day| (day, wave(day), 5)).collect();
    assert!(text(&days(&bars)).unwrap().symbols[0].outliers.largest.is_empty());
    bars[20].1 = 160.0;
    let found = text(&days(&bars)).unwrap();
    assert!(found.ok, "worth a look is not wrong");
    let outliers = &found.symbols[0].outliers;
    // Up on row 22 and down again on row 23: the larger of the two is the first.
    assert_eq!(outliers.largest.iter().map(|o| o.row).collect::<Vec<_>>(), [22, 23]);
    assert!((outliers.largest[0].change - (160.0 / wave(20) - 1.0)).abs() < 1e-12);
    assert_eq!(outliers.bars, [20, 21]);
}

#[test]
fn repeats_and_bars_without_volume_are_told_as_stretches() {
    let mut bars: Vec<(u32, f64, u32)> = (1..=12).map(|day| (day, f64::from(day), 5)).collect();
    bars[3..9].iter_mut().for_each(|bar| bar.1 = 3.0);
    bars[10].2 = 0;
    bars[11].2 = 0;
    let found = text(&days(&bars)).unwrap();
    let facts = &found.symbols[0];
    assert_eq!((facts.stale.count, facts.stale.bars, facts.stale.longest[0].row), (1, 6, 5));
    let zero = facts.zero_volume.as_ref().unwrap();
    assert_eq!((zero.count, zero.bars, zero.longest[0].row), (1, 2, 12));
    // Four repeats are a quiet day.
    bars[8].1 = 4.0;
    bars[7].1 = 5.0;
    assert_eq!(text(&days(&bars)).unwrap().symbols[0].stale.count, 0);
}

#[test]
fn symbols_are_those_of_the_file() {
    let names = |of: &str| {
        let found = text(of).unwrap();
        found.symbols.iter().map(|facts| facts.symbol.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("date,close\n2024-01-02,1\n"), ["A"]);
    assert_eq!(names("date,X,Y\n2024-01-02,1,2\n"), ["X", "Y"]);
    assert_eq!(names("date,symbol,close\n2024-01-02,Q,1\n2024-01-02,P,2\n"), ["Q", "P"]);
    assert_eq!(names("date,close,volume\n2024-01-02,1,2\n"), ["A"]);
}

#[test]
fn a_file_without_a_right_row_is_refused_with_all_its_rows() {
    let found = text("date,close\n2024-01-02,x\n2024-01-03,-1\n").unwrap();
    check(
        &found,
        &[(Kind::NotANumber, Outcome::Refused, &[2]), (Kind::NotPositive, Outcome::Refused, &[3])],
    );
    assert!(found.symbols.is_empty() && !found.ok);
    assert!(text("").is_err());
    assert!(text("a,b\n1,2\n").is_err());
}

#[test]
fn more_is_told_than_in_the_message_of_a_run() {
    let mut file = String::from("date,close\n");
    for row in 0..500 {
        writeln!(file, "2024-01-02T00:{:02}:{:02}Z,x", row / 60, row % 60).unwrap();
    }
    assert_eq!(text(&file).unwrap().report.examples.len(), 500);
}

#[test]
fn a_jump_that_the_actions_file_explains_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let wave = |day: u32| 100.0 + 0.1 * f64::from(day * day * 5 % 11);
    let halved = |day: u32| (day, if day >= 16 { wave(day) / 2.0 } else { wave(day) }, 5);
    let file = folder.path().join("A.csv");
    fs::write(&file, days(&(1..=31).map(halved).collect::<Vec<_>>())).unwrap();
    let actions = folder.path().join("actions.csv");
    let inspected = |rows: &str| {
        fs::write(&actions, format!("symbol,date,action,value\n{rows}")).unwrap();
        let actions = Some(actions.clone()).filter(|_| !rows.is_empty());
        let path = file.clone();
        inspect(&InspectRequest { path, actions, sigmas: 10.0, ..Default::default() }).unwrap()
    };
    use {Kind as K, Outcome::Warning};
    let unknown = inspected("");
    check(&unknown, &[(K::SplitJump, Warning, &[17]), (K::Outlier, Warning, &[17])]);
    let known = inspected("B,2024-01-10,split,2\nA,2024-01-16,split,2\n");
    check(&known, &[]);
    assert_eq!((known.symbols[0].suspected_splits, known.symbols[0].outliers.count), (0, 0));
    // On another day it explains nothing, and is not seen in the prices of its own.
    let wrong = inspected("A,2024-01-10,split,2\n");
    check(&wrong, &[(K::SplitJump, Warning, &[11, 17]), (K::Outlier, Warning, &[11, 17])]);
    let text = wrong.report.to_string();
    assert!(text.contains("prices may be adjusted for it already"), "{text}");
    // Twice two for one is a jump to a quarter, which a half does not explain.
    let more = inspected("A,2024-01-16,split,2\nA,2024-01-16,split,2\n");
    check(&more, &[(K::SplitJump, Warning, &[17]), (K::Outlier, Warning, &[17])]);
}
