//! Times as files write them, and those that are refused.

use dirigent_core::Timestamp;

use super::*;

fn reader(zone: &str) -> Reader {
    Reader::new(Zone::named(zone).unwrap(), None)
}

#[track_caller]
fn check(zone: &str, texts: &[&str], expected: &[&str]) {
    let mut reader = reader(zone);
    for (text, expected) in texts.iter().zip(expected) {
        let nanos = reader.read(text).unwrap_or_else(|r| panic!("{text}: {}", r.detail));
        assert_eq!(Timestamp::from_nanos(nanos).to_string(), *expected, "{text}");
    }
}

#[track_caller]
fn refuse(zone: &str, texts: &[&str], kind: Kind) {
    let mut reader = reader(zone);
    let (last, before) = texts.split_last().unwrap();
    for text in before {
        reader.read(text).unwrap();
    }
    assert_eq!(reader.read(last).unwrap_err().kind, kind, "{last}");
}

#[test]
fn what_names_no_moment_is_refused() {
    for text in [
        "03/04/2024",
        "2024-13-01",
        "2024-02-30",
        "2024-03-01T24:00:00",
        "tomorrow",
        "2024-03-01T09:30:00+25:00",
        "1677-12-31",
        "1677-09-21T12:00:00+09:00",
        "2262-01-01",
        "2262-04-11T12:00:00-05:00",
        "24-03-01",
        "2024-3-1x",
        "2024-06-30T23:59:60Z",
        "99999999999999999999",
        "12.5.2024",
        "2024-03-01T09:30:00Zx",
    ] {
        refuse("UTC", &[text], Kind::BadTime);
    }
    refuse("America/New_York", &["1704-03-01 12:00", "2024-11-03 01:30"], Kind::AmbiguousTime);
    for zone in ["America/New_York", "Asia/Tokyo"] {
        refuse(zone, &["2024-03-01 12:00", "1677-09-21 00:30"], Kind::BadTime);
        refuse(zone, &["2024-03-01 12:00", "2262-04-11 23:30"], Kind::BadTime);
    }
    refuse("UTC", &[""], Kind::Missing);
}

#[test]
fn the_usual_forms_are_read() {
    check("UTC", &["2024-03-01"], &["2024-03-01T00:00:00Z"]);
    check("America/New_York", &["2024-03-01"], &["2024-03-01T00:00:00Z"]);
    check("UTC", &["2024/03/01 09:30"], &["2024-03-01T09:30:00Z"]);
    check("UTC", &["2024.03.01 09:30:15.25"], &["2024-03-01T09:30:15.250Z"]);
    check("UTC", &["2024-03-01T09:30:00Z"], &["2024-03-01T09:30:00Z"]);
    check("UTC", &["2024-03-01 09:30:00-05:00"], &["2024-03-01T14:30:00Z"]);
    check("UTC", &["2024-03-01T09:30:00+0530"], &["2024-03-01T04:00:00Z"]);
    check("UTC", &["20240301"], &["2024-03-01T00:00:00Z"]);
    check("UTC", &["20240301093000"], &["2024-03-01T09:30:00Z"]);
    check("UTC", &["2262-01-01"].map(|_| "2261-12-31"), &["2261-12-31T00:00:00Z"]);
    check("UTC", &["1678-01-01"], &["1678-01-01T00:00:00Z"]);
}

#[test]
fn epoch_numbers_keep_one_unit() {
    check("UTC", &["1709285400"], &["2024-03-01T09:30:00Z"]);
    check("UTC", &["1709285400.5"], &["2024-03-01T09:30:00.500Z"]);
    check(
        "UTC",
        &["1709285400000", "1709285460000"].map(|t| t),
        &["2024-03-01T09:30:00Z", "2024-03-01T09:31:00Z"],
    );
    check("UTC", &["1709285400000000"], &["2024-03-01T09:30:00Z"]);
    check("UTC", &["1709285400000000000"], &["2024-03-01T09:30:00Z"]);
    // Milliseconds through 1970 are small without being seconds.
    check("UTC", &["-126230400000", "0"], &["1966-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]);
    refuse("UTC", &["1709285400", "1709285460000"], Kind::MixedUnits);
    refuse("UTC", &["1709285400000", "1709285460"], Kind::MixedUnits);
}

#[test]
fn spring_and_autumn_are_told_apart() {
    check("America/New_York", &["2024-03-08 09:30"], &["2024-03-08T14:30:00Z"]);
    refuse("America/New_York", &["2024-03-10 02:30"], Kind::NonexistentTime);
    refuse("America/New_York", &["2024-11-03 01:30"], Kind::AmbiguousTime);
    check(
        "America/New_York",
        &["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 01:30", "2024-11-03 02:30"],
        &[
            "2024-11-03T04:30:00Z",
            "2024-11-03T05:30:00Z",
            "2024-11-03T06:30:00Z",
            "2024-11-03T07:30:00Z",
        ],
    );
}

#[test]
fn zones_may_not_be_mixed() {
    refuse("UTC", &["2024-03-01T09:30:00Z", "2024-03-01T09:31:00"], Kind::MixedZones);
    refuse("UTC", &["2024-03-01 09:30", "2024-03-01T09:31:00+01:00"], Kind::MixedZones);
    // Two offsets of one zone are no mixture.
    check(
        "UTC",
        &["2024-03-08T00:00:00-05:00", "2024-03-11T00:00:00-04:00"],
        &["2024-03-08T05:00:00Z", "2024-03-11T04:00:00Z"],
    );
}

#[test]
fn local_midnights_are_dates() {
    for offsets in [["-05:00", "-04:00"], ["+13:00", "+12:00"], ["+01:00", "+02:00"]] {
        let mut reader = reader("UTC");
        for (day, offset) in [("2024-03-08", offsets[0]), ("2024-04-11", offsets[1])] {
            let nanos = reader.read(&format!("{day} 00:00:00{offset}")).unwrap();
            let date = Timestamp::from_nanos(reader.as_date(nanos)).to_string();
            assert_eq!(date, format!("{day}T00:00:00Z"));
        }
        assert!(reader.are_dates());
    }
}

#[test]
fn a_pattern_decides_what_is_ambiguous() {
    let mut reader = Reader::new(Zone::named("UTC").unwrap(), Some("%d/%m/%Y"));
    let nanos = reader.read("03/04/2024").unwrap();
    assert_eq!(Timestamp::from_nanos(nanos).to_string(), "2024-04-03T00:00:00Z");
    assert_eq!(reader.read("2024-04-03").unwrap_err().kind, Kind::BadTime);
}
