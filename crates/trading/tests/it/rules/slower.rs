//! Slower timeframes in rules: the bars are those of resampling, each seen once it has closed.

use std::fmt::Write as _;

use dirigent_trading::{
    Bars,
    data::{PartialBar, Request, Session, Source, Timeframe, load},
};

use super::*;

const HOUR: i64 = 3_600_000_000_000;
const MINUTE: i64 = HOUR / 60;

/// 09:30 to 12:00 in New York.
fn morning() -> Session {
    Session { open: 19 * HOUR / 2, close: 12 * HOUR, timezone: "America/New_York".into() }
}

/// Rows of 15 minutes on weekdays around a change of clocks, one in six missing, whole days too.
fn quarters(random: &mut Stream) -> Vec<(Timestamp, [f64; 5])> {
    let start = Timestamp::from_date(2024, 2, 26).unwrap().as_nanos();
    let mut rows = Vec::new();
    for day in (0..24).filter(|day| day % 7 < 5 && *day != 9) {
        // New York is 5 hours behind UTC until 2024-03-10, then 4.
        let open = start + day * 24 * HOUR + if day < 13 { 29 * HOUR / 2 } else { 27 * HOUR / 2 };
        for quarter in 0..10 {
            if random.uniform() < 1.0 / 6.0 {
                continue;
            }
            let [a, b] = [(); 2].map(|()| (90.0 + 20.0 * random.uniform()).round());
            let (high, low, volume) =
                (a.max(b) + 1.0, a.min(b) - 1.0, (1e3 * random.uniform()).round());
            let time = Timestamp::from_nanos(open + quarter * 15 * MINUTE);
            rows.push((time, [a, high, low, b, volume]));
        }
    }
    rows
}

/// The bars that loading makes of rows, none that is not complete.
fn resampled(rows: &[(Timestamp, [f64; 5])], timeframe: &str, session: Option<&Session>) -> Bars {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.csv");
    let mut text = String::from("time,open,high,low,close,volume\n");
    for (time, [open, high, low, close, volume]) in rows {
        writeln!(text, "{time},{open},{high},{low},{close},{volume}").unwrap();
    }
    std::fs::write(&path, text).unwrap();
    let mut request = Request::new(Source::Csv { path: path.to_str().unwrap().into() }, &["A"]);
    request.timeframe = Some(timeframe.parse().unwrap());
    request.session = session.cloned();
    request.partial_bar = PartialBar::Drop;
    match load(&request) {
        Ok(mut loaded) => loaded.bars.remove(0),
        Err(error) => {
            assert!(error.to_string().contains("is not complete"), "{error}");
            Bars::default()
        }
    }
}

fn market(rows: &[(Timestamp, [f64; 5])]) -> Market {
    let column = |k: usize| rows.iter().map(|(_, values)| values[k]).collect();
    Market {
        time: rows.iter().map(|(time, _)| *time).collect(),
        columns: [0, 1, 2, 3, 4].map(column),
    }
}

/// The outputs of an expression on these bars, as bits.
fn evaluated(frame: &Frame, text: &str, market: &Market) -> Vec<Vec<u64>> {
    let expression = compile_expression(text, &BTreeMap::new(), Some(frame.clone())).unwrap();
    let mut out = vec![Vec::new(); expression.outputs().len()];
    expression.start().run(&market.slice(0..market.len(), &[]), &mut out);
    out.into_iter().map(|column| column.into_iter().map(f64::to_bits).collect()).collect()
}

/// At every bar, `text@timeframe` is what `text` is on the last bar that resampling makes of the
/// rows up to this one. A prefix of fewer than six rows is too short to be resampled.
#[track_caller]
fn check(rows: &[(Timestamp, [f64; 5])], session: Option<&Session>, timeframe: &str, skip: usize) {
    let frame = Frame { timeframe: "15m".parse().unwrap(), session: session.cloned() };
    let whole = market(rows);
    let texts = ["open", "high", "low", "close", "volume", "sma(close, 2)", "close[1] - open"];
    let slower = texts.map(|text| {
        let text = ["open", "high", "low", "close", "volume"]
            .iter()
            .fold(text.to_owned(), |text, name| text.replace(name, &format!("{name}@{timeframe}")));
        evaluated(&frame, &text, &whole).remove(0)
    });
    let mut seen = 0;
    for bar in skip..rows.len() {
        let bars = resampled(&rows[..=bar], timeframe, session);
        let double =
            |column: &[dirigent_trading::Price]| column.iter().map(|p| p.to_f64()).collect();
        let made = Market {
            time: bars.time.to_vec(),
            columns: [
                double(&bars.open),
                double(&bars.high),
                double(&bars.low),
                double(&bars.close),
                bars.volume.clone(),
            ],
        };
        for (text, slower) in texts.iter().zip(&slower) {
            let expected = evaluated(&frame, text, &made).remove(0);
            let expected = expected.last().copied().unwrap_or(f64::NAN.to_bits());
            let [found, expected] = [slower[bar], expected].map(f64::from_bits);
            let are_equal = found.to_bits() == expected.to_bits();
            let at = rows[bar].0;
            assert!(are_equal, "{text} of {timeframe} at {at}: {found}, not {expected}");
        }
        seen = seen.max(bars.len());
    }
    assert!(seen > 2, "{timeframe}: {seen} bars were compared");
}

#[test]
fn slower_bars_are_those_of_resampling_seen_once_they_closed() {
    for seed in 0..4 {
        let rows = quarters(&mut Seed::master(seed).child("quarters").stream());
        let morning = morning();
        for timeframe in ["30m", "1h", "2h", "1d", "2d"] {
            check(&rows, Some(&morning), timeframe, 6);
        }
        // The first week is over on Monday: before, nobody knew that weekends are free.
        let monday = rows.iter().position(|(time, _)| time.date().2 == 4).unwrap();
        check(&rows, Some(&morning), "1w", monday);
        check(&rows, None, "1h", 6);
    }
}

/// The values of a text on hours with these closes, from midnight of a Thursday on.
#[track_caller]
fn check_values(text: &str, closes: &[f64], expected: &[f64]) {
    let found = evaluated(&hourly(), text, &Market::closing_at(closes)).remove(0);
    let found: Vec<f64> = found.into_iter().map(f64::from_bits).collect();
    let are_equal = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(are_equal),
        "{text}: {found:?}"
    );
}

#[test]
fn a_slower_bar_counts_once_and_holds_until_the_next_is_over() {
    const U: f64 = f64::NAN;
    let closes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    check_values("close@2h", &closes, &[U, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0]);
    check_values("close@2h[1]", &closes, &[U, U, U, 2.0, 2.0, 4.0, 4.0, 6.0]);
    check_values("sma(close@2h, 2)", &closes, &[U, U, U, 3.0, 3.0, 5.0, 5.0, 7.0]);
    // Where timeframes meet, the bars of the data count.
    check_values("close - close@2h", &closes, &[U, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    check_values("(close@2h + 0 * close)[1]", &closes, &[U, U, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0]);
    check_values("close@4h - close@2h", &closes, &[U, U, U, 0.0, 0.0, -2.0, -2.0, 0.0]);
    // What an indicator reads without naming it is of the timeframe that its call or argument has.
    check_values("trange()@4h", &closes, &[U, U, U, U, U, U, U, 6.0]);
    check_values("vwma(close@2h, 1)", &closes, &[U, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0]);
}

#[test]
fn what_crosses_on_a_slower_timeframe_crosses_once() {
    let closes = [5.0, 4.0, 4.0, 3.0, 3.0, 9.0, 9.0, 9.0, 9.0, 1.0];
    let text = "if(cross_above(close@2h, sma(close@2h, 2)), 1, 0)";
    let u = f64::NAN;
    check_values(text, &closes, &[u, u, u, u, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let still = "if(close@2h > sma(close@2h, 2), 1, 0)";
    check_values(still, &closes, &[u, u, u, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn no_rule_acts_before_the_slower_bars_of_every_rule_are_known() {
    let market = Market::closing_at(&[1.0; 60]);
    let first = |entry: &str, exit: &str| {
        let set = RuleSet { frame: Some(hourly()), ..set(entry, exit) };
        let mut signals = vec![Signal::NONE; market.len()];
        compile(&set).unwrap().start().run(&market.slice(0..market.len(), &[]), &mut signals);
        signals.iter().position(|signal| !signal.is_none())
    };
    assert_eq!(first("true", "false"), Some(0));
    assert_eq!(first("close@4h > 0", "false"), Some(3));
    assert_eq!(first("true", "sma(close@4h, 3) > 9"), Some(11));
    assert_eq!(first("true", "sma(close@1d, 2) > 9 or close@4h > 9"), Some(47));
    // Two more bars of the data after the first slower one; twenty that do not wait for it.
    assert_eq!(first("true", "(close - close@4h)[2] > 9"), Some(5));
    assert_eq!(first("close@4h > 0", "close[20] > 9"), Some(20));
}

#[test]
fn a_week_ends_on_friday_for_those_who_rest_and_on_sunday_for_others() {
    let frame = Frame { timeframe: Timeframe::DAILY, session: None };
    let known = |days: &[i64]| {
        let mut market = Market::closing_at(&vec![1.0; days.len()]);
        // From Monday 2024-01-01 on.
        let start = Timestamp::from_date(2024, 1, 1).unwrap().as_nanos();
        market.time =
            days.iter().map(|day| Timestamp::from_nanos(start + day * 24 * HOUR)).collect();
        market.columns[3] =
            days.iter().map(|day| f64::from(i32::try_from(*day).unwrap())).collect();
        let week = evaluated(&frame, "close@1w", &market).remove(0);
        let changes = (1..week.len()).filter(|bar| week[*bar] != week[bar - 1]);
        changes.map(|bar| (days[bar], f64::from_bits(week[bar]))).collect::<Vec<_>>()
    };
    let rests: Vec<i64> = (0..26).filter(|day| day % 7 < 5).collect();
    assert_eq!(known(&rests), [(7, 4.0), (11, 11.0), (18, 18.0), (25, 25.0)]);
    let never_rests: Vec<i64> = (0..22).collect();
    assert_eq!(known(&never_rests), [(6, 6.0), (13, 13.0), (20, 20.0)]);
    // Friday is a holiday: on Monday it is known that the week was over.
    let holiday: Vec<i64> = rests.iter().copied().filter(|day| *day != 11).collect();
    assert_eq!(known(&holiday), [(7, 4.0), (14, 10.0), (18, 18.0), (25, 25.0)]);
    // The first Saturday comes after its week was seen; the week stays what it was.
    let saturday: Vec<i64> = (0..26).filter(|day| day % 7 < 5 || *day == 12).collect();
    assert_eq!(known(&saturday), [(7, 4.0), (11, 11.0), (21, 18.0)]);
}

#[test]
fn bars_that_reach_into_the_next_slower_one_are_refused() {
    let set = RuleSet { frame: Some(hourly()), ..set("close > close@4h", "false") };
    let program = compile(&set).unwrap();
    let times = |minute: i64| [2, 3, 4].map(|h| Timestamp::from_nanos(h * HOUR + minute * MINUTE));
    assert_eq!(program.reaches_over(&times(0)), None);
    let end = Timestamp::from_nanos(4 * HOUR);
    assert_eq!(program.reaches_over(&times(30)), Some((times(30)[1], end)));
}
