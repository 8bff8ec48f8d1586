//! Trades become bars of time, volume, value and count, exactly.

use std::fs;

use dirigent_core::Timestamp;
use dirigent_trading::{
    Money, Price, Quantity,
    data::{
        BarRule, Error, Kind, Loaded, OnError, Outcome, PartialBar, Request, Session, Source, Tick,
        TickBar, load, tick_bars,
    },
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000_000;

fn text(text: &str, rule: BarRule, change: impl Fn(&mut Request)) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.csv");
    fs::write(&path, text).unwrap();
    let mut request = Request::new(Source::Csv { path: path.to_str().unwrap().into() }, &["A"]);
    request.bars = Some(rule);
    change(&mut request);
    load(&request)
}

/// Time, open, high, low, close and volume of each bar.
#[track_caller]
fn check(loaded: Result<Loaded, Error>, expected: &[&str]) -> Loaded {
    let loaded = loaded.unwrap_or_else(|e| panic!("{e}\nhint: {}", e.hint()));
    let bars = &loaded.bars[0];
    let row = |t: usize| {
        let [o, h, l, c] = [&bars.open, &bars.high, &bars.low, &bars.close].map(|c| c[t]);
        format!("{} {o} {h} {l} {c} {}", &bars.time[t].to_string()[11..], bars.volume[t])
    };
    assert_eq!((0..bars.len()).map(row).collect::<Vec<_>>(), expected);
    loaded
}

/// Seven trades: 100 units for 1,007.5.
const TRADES: &str = "time,price,size\n\
                      2024-03-08T15:00:00Z,10,20\n\
                      2024-03-08T15:00:10Z,10.5,10\n\
                      2024-03-08T15:00:10Z,9.5,25\n\
                      2024-03-08T15:01:00Z,10,5\n\
                      2024-03-08T15:01:30Z,10.25,10\n\
                      2024-03-08T15:03:00Z,10,10\n\
                      2024-03-08T15:03:59Z,10.25,20\n";

fn units(text: &str) -> BarRule {
    BarRule::Volume(text.parse().unwrap())
}

fn drop_partial(request: &mut Request) {
    request.partial_bar = PartialBar::Drop;
}

#[test]
fn bars_of_volume_end_with_the_trade_that_fills_them() {
    let bars = [
        "15:00:10Z 10 10.5 10 10.5 30",
        "15:01:00Z 9.5 10 9.5 10 30",
        "15:03:59Z 10.25 10.25 10 10.25 40",
    ];
    check(text(TRADES, units("30"), |_| ()), &bars);
    // Exactly at the size; beyond it by a nano the bar waits for the next trade.
    check(
        text(TRADES, units("30.000000001"), drop_partial),
        &["15:00:10Z 10 10.5 9.5 9.5 55", "15:03:59Z 10 10.25 10 10.25 45"],
    );
    let kept = check(
        text(TRADES, units("60"), |_| ()),
        &["15:01:00Z 10 10.5 9.5 10 60", "15:03:59Z 10.25 10.25 10 10.25 40"],
    );
    assert!(kept.notes.iter().any(|n| n.contains("1 bars ended before they were full; kept")));
    check(text(TRADES, units("60"), drop_partial), &["15:01:00Z 10 10.5 9.5 10 60"]);
    // A size below that of every trade: each is a bar, and equal times are told apart.
    check(
        text(TRADES, units("1"), |_| ()),
        &[
            "15:00:00Z 10 10 10 10 20",
            "15:00:10Z 10.5 10.5 10.5 10.5 10",
            "15:00:10.000000001Z 9.5 9.5 9.5 9.5 25",
            "15:01:00Z 10 10 10 10 5",
            "15:01:30Z 10.25 10.25 10.25 10.25 10",
            "15:03:00Z 10 10 10 10 10",
            "15:03:59Z 10.25 10.25 10.25 10.25 20",
        ],
    );
}

#[test]
fn bars_of_value_and_of_count_end_with_the_trade_that_fills_them() {
    // 200, 305, 542.5, 592.5: the second bar begins with nothing.
    let value = |text: &str| BarRule::Value(text.parse().unwrap());
    let bars = ["15:00:10Z 10 10.5 9.5 9.5 55", "15:03:59Z 10 10.25 10 10.25 45"];
    check(text(TRADES, value("400"), |_| ()), &bars);
    check(text(TRADES, value("542.5"), drop_partial), &bars[..1]);
    check(text(TRADES, value("542.500000001"), drop_partial), &["15:01:00Z 10 10.5 9.5 10 60"]);
    check(
        text(TRADES, BarRule::Trades(3), |_| ()),
        &[
            "15:00:10Z 10 10.5 9.5 9.5 55",
            "15:03:00Z 10 10.25 10 10 25",
            "15:03:59Z 10.25 10.25 10.25 10.25 20",
        ],
    );
}

#[test]
fn bars_of_time_begin_with_their_time() {
    let minutes = |request: &mut Request| request.timeframe = Some("1m".parse().unwrap());
    let bars = [
        "15:00:00Z 10 10.5 9.5 9.5 55",
        "15:01:00Z 10 10.25 10 10.25 15",
        "15:03:00Z 10 10.25 10 10.25 30",
    ];
    let loaded = check(text(TRADES, BarRule::Time, minutes), &bars);
    assert_eq!(loaded.timeframe.to_string(), "1m");
    let session = |request: &mut Request| {
        minutes(request);
        let (open, close) = (15 * HOUR + HOUR / 60, 16 * HOUR);
        request.session = Some(Session { open, close, timezone: "UTC".into() });
    };
    let loaded = check(text(TRADES, BarRule::Time, session), &bars[1..]);
    assert!(loaded.notes.iter().any(|n| n.contains("3 trades outside of the session")));
}

#[test]
fn a_bar_ends_with_its_session() {
    let days = "time,price,size\n2024-03-07T20:00:00Z,1,5\n2024-03-08T14:00:00Z,2,5\n\
                2024-03-08T15:00:00Z,3,5\n2024-03-11T15:00:00Z,4,5\n";
    let ends = |partial_bar| {
        move |request: &mut Request| {
            let timezone = "UTC".into();
            request.session = Some(Session { open: 14 * HOUR, close: 21 * HOUR, timezone });
            request.partial_bar = partial_bar;
        }
    };
    let full = "15:00:00Z 2 3 2 3 10";
    let all = ["20:00:00Z 1 1 1 1 5", full, "15:00:00Z 4 4 4 4 5"];
    check(text(days, units("10"), ends(PartialBar::Keep)), &all);
    check(text(days, units("10"), ends(PartialBar::Drop)), &[full]);
    check(text(days, units("10"), |_| ()), &["14:00:00Z 1 2 1 2 10", "15:00:00Z 3 4 3 4 10"]);
}

#[test]
fn wrong_trades_are_refused_with_their_rows() {
    let wrong = "time,px,qty\n2024-03-08T15:00:00Z,10,20\n2024-03-08T15:00:09Z,0,10\n\
                 2024-03-08T15:00:10Z,9.5,-1\n2024-03-08T15:00:08Z,9,5\n2024-03-08T15:00:11Z,x,5\n";
    let error = text(wrong, units("10"), |_| ()).unwrap_err();
    let Error::Refused(report) = error else { panic!("{error}") };
    let mut rows: Vec<(u64, Kind)> = report.examples.iter().map(|p| (p.row, p.kind)).collect();
    rows.sort_unstable();
    use Kind as K;
    let expected =
        [(3, K::NotPositive), (4, K::NegativeVolume), (5, K::OutOfOrder), (6, K::NotANumber)];
    assert_eq!(rows, expected);
    let policy = |policy| move |request: &mut Request| request.on_error = policy;
    check(text(wrong, units("10"), policy(OnError::Drop)), &["15:00:00Z 10 10 10 10 20"]);
    let late = "time,px,qty\n2024-03-08T15:00:01Z,2,5\n2024-03-08T15:00:00Z,1,5\n\
                2024-03-08T15:00:02Z,3,5\n";
    let loaded = check(
        text(late, BarRule::Trades(1), policy(OnError::Repair)),
        &["15:00:00Z 1 1 1 1 5", "15:00:01Z 2 2 2 2 5", "15:00:02Z 3 3 3 3 5"],
    );
    assert_eq!(loaded.report.total(Outcome::Repaired), 1);
    for (file, says) in [
        ("time,size\n2024-03-08T15:00:00Z,1\n", "no column for the price"),
        ("time,price\n2024-03-08T15:00:00Z,1\n", "no column for the size"),
        ("price,size\n1,1\n", "no column for the time"),
    ] {
        let error = text(file, units("1"), |_| ()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(text(TRADES, units("0"), |_| ()).is_err());
    assert!(text(TRADES, units("1000"), drop_partial).is_err());
}

#[test]
fn a_file_may_hold_the_trades_of_several_symbols() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.csv");
    fs::write(&path, "time,sym,px,sz\n1709910000,B,1,1\n1709910001,A,2,1\n1709910002,B,3,1\n")
        .unwrap();
    let mut request =
        Request::new(Source::Csv { path: path.to_str().unwrap().into() }, &["A", "B"]);
    request.bars = Some(BarRule::Trades(2));
    request.columns.insert("size".into(), "sz".into());
    let loaded = load(&request).unwrap();
    assert_eq!(loaded.bars.iter().map(|b| b.volume.clone()).collect::<Vec<_>>(), [[1.0], [2.0]]);
    request.symbols.push("C".into());
    assert!(load(&request).unwrap_err().to_string().contains("no row of symbol `C`"));
}

fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let tick = (0_i64..3, 1_i64..5_000_000_000_000, 1_i64..50_000_000_000);
    prop::collection::vec(tick, 1..300).prop_map(|ticks| {
        let mut now = 0;
        let made = ticks.into_iter().map(|(pause, price, size)| {
            now += pause;
            let (price, size) = (Price::from_raw(price), Quantity::from_raw(size));
            Tick { time: Timestamp::from_nanos(now), price, size }
        });
        made.collect()
    })
}

fn rules() -> impl Strategy<Value = BarRule> {
    prop_oneof![
        (1_i64..200_000_000_000).prop_map(|raw| BarRule::Volume(Quantity::from_raw(raw))),
        (1_i64..900_000_000_000_000).prop_map(|raw| BarRule::Value(Money::from_raw(raw.into()))),
        (1_u64..20).prop_map(BarRule::Trades),
    ]
}

fn is_full(bar: &TickBar, rule: BarRule) -> bool {
    match rule {
        BarRule::Volume(size) => bar.size_raw >= size.raw().into(),
        BarRule::Value(value) => bar.value_raw >= value.raw() * 1_000_000_000,
        BarRule::Trades(count) => bar.trades >= count,
        BarRule::Time => unreachable!(),
    }
}

proptest! {
    /// Units and money are conserved, every bar but the last was filled by its last trade, none is
    /// split, and times rise.
    #[test]
    fn bars_hold_every_trade_once_and_end_when_they_are_full(ticks in ticks(), rule in rules()) {
        let made = tick_bars(&ticks, rule, PartialBar::Keep).unwrap();
        let size: i128 = ticks.iter().map(|t| i128::from(t.size.raw())).sum();
        let value: i128 =
            ticks.iter().map(|t| i128::from(t.price.raw()) * i128::from(t.size.raw())).sum();
        prop_assert_eq!(made.bars.iter().map(|b| b.size_raw).sum::<i128>(), size);
        prop_assert_eq!(made.bars.iter().map(|b| b.value_raw).sum::<i128>(), value);
        prop_assert!(made.bars.windows(2).all(|pair| pair[0].time < pair[1].time));
        let mut rest = &ticks[..];
        for (index, bar) in made.bars.iter().enumerate() {
            let (own, after) = rest.split_at(usize::try_from(bar.trades).unwrap());
            rest = after;
            prop_assert_eq!((bar.open, bar.close), (own[0].price, own[own.len() - 1].price));
            prop_assert_eq!(Some(bar.high), own.iter().map(|t| t.price).max());
            prop_assert_eq!(Some(bar.low), own.iter().map(|t| t.price).min());
            let is_last = index + 1 == made.bars.len();
            prop_assert!(is_full(bar, rule) || is_last && made.partial == 1);
            let (last, before) = (own[own.len() - 1], own.len() as u64 - 1);
            let without = TickBar {
                size_raw: bar.size_raw - i128::from(last.size.raw()),
                value_raw: bar.value_raw
                    - i128::from(last.price.raw()) * i128::from(last.size.raw()),
                trades: before,
                ..*bar
            };
            prop_assert!(before == 0 || !is_full(&without, rule));
        }
        prop_assert!(rest.is_empty());
    }

    /// Trades that come later change no bar that is full.
    #[test]
    fn the_future_changes_no_bar(ticks in ticks(), rule in rules(), share in 0.0..1.0_f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
        let cut = (share * ticks.len() as f64) as usize;
        let all = tick_bars(&ticks, rule, PartialBar::Drop).unwrap();
        let part = tick_bars(&ticks[..cut], rule, PartialBar::Drop).unwrap();
        prop_assert_eq!(&all.bars[..part.bars.len()], &part.bars[..]);
    }
}
