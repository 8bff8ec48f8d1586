//! What regimes promise, whatever the method.

use dirigent_trading::Price;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const DAY: i64 = 86_400_000_000_000;

/// Days on which prices move by `risk(day)` at most times six.
fn market(days: i64, seed: u64, risk: impl Fn(i64) -> f64) -> Bars {
    let mut stream = Seed::master(seed).stream();
    let mut close = 100.0;
    let mut bars = Bars { symbol: format!("S{seed}"), ..Bars::default() };
    for day in 0..days {
        close *= 1.0 + risk(day) * stream.normal() / 6.0 * 2.5;
        let price: Price = format!("{close:.6}").parse().unwrap();
        bars.time.push(Timestamp::from_nanos(day * DAY));
        for prices in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
            prices.push(price);
        }
        bars.volume.push(1.0);
    }
    bars
}

/// 800 calm days, then 700 wild ones.
fn two_worlds() -> Bars {
    market(1500, 11, |day| if day < 800 { 0.015 } else { 0.05 })
}

fn settings(method: RegimeMethod) -> Regimes {
    Regimes { method, ..Regimes::default() }
}

fn found(settings: &Regimes, bars: &[Bars]) -> Labels {
    labels(settings, bars, &[], &Seed::master(42)).unwrap()
}

fn cut(bars: &Bars, end: usize) -> Bars {
    Bars {
        symbol: bars.symbol.clone(),
        time: bars.time[..end.min(bars.len())].to_vec().into(),
        open: bars.open[..end.min(bars.len())].to_vec(),
        high: bars.high[..end.min(bars.len())].to_vec(),
        low: bars.low[..end.min(bars.len())].to_vec(),
        close: bars.close[..end.min(bars.len())].to_vec(),
        volume: bars.volume[..end.min(bars.len())].to_vec(),
    }
}

#[test]
fn trd_20_phs_09_two_regimes_are_found_near_the_true_switch() {
    let bars = [two_worlds()];
    for method in [RegimeMethod::Hmm, RegimeMethod::Kmeans, RegimeMethod::ChangePoints] {
        let found = found(&settings(method), &bars);
        assert_eq!(found.names, ["calm", "wild"]);
        let share = |range: std::ops::Range<usize>, wanted: u8| {
            let hits = found.labels[range.clone()].iter().filter(|l| **l == Some(wanted));
            100 * hits.count() / range.len()
        };
        // Once both have been seen and fitted, each is told from the other.
        assert!(share(900..1500, 1) >= 95, "{method:?}: wild {}", share(900..1500, 1));
    }
    let found = found(&settings(RegimeMethod::ChangePoints), &bars);
    let first = found.labels.iter().position(|label| *label == Some(1)).unwrap();
    assert!((800..870).contains(&first), "switched at {first}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn trd_20_no_label_knows_a_later_bar(
        at in 0..RegimeMethod::ALL.len(),
        seed in 0_u64..1000,
        end in 1_usize..700,
        states in 2_u8..4,
        rolling in proptest::bool::ANY,
    ) {
        let window = if rolling { FitWindow::Rolling } else { FitWindow::Expanding };
        let method = RegimeMethod::ALL[at];
        let settings = Regimes { states, window, trend_band: 0.01, ..settings(method) };
        let turns = |day: i64| if day / 150 % 2 == 0 { 0.01 } else { 0.04 };
        let bars = [market(700, seed, turns), market(500, seed + 1, turns)];
        let all = found(&settings, &bars);
        let part = found(&settings, &[cut(&bars[0], end), cut(&bars[1], end)]);
        prop_assert_eq!(&part.labels[..], &all.labels[..end]);
        prop_assert!(all.labels[..252].iter().all(Option::is_none));
        let known = all.labels.iter().flatten();
        prop_assert!(known.clone().all(|label| usize::from(*label) < all.names.len()));
    }
}

#[test]
fn every_method_labels_what_it_names() {
    let bars = [market(900, 3, |day| if day / 100 % 2 == 0 { 0.01 } else { 0.04 })];
    for method in RegimeMethod::ALL {
        let settings = settings(method);
        let found = found(&settings, &bars);
        assert!(found.labels[300..].iter().all(Option::is_some), "{method:?}");
        let mut seen: Vec<u8> = found.labels.iter().flatten().copied().collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), found.names.len(), "{method:?}");
        let score = score(&settings, &bars, &[], &Seed::master(42)).unwrap();
        assert!(score > 0.0 || method == RegimeMethod::Trend, "{method:?}: {score}");
    }
}

#[test]
fn a_label_is_known_from_its_close_on() {
    let time = |day: i64| Timestamp::from_nanos(day * DAY);
    let labels = Labels {
        names: vec!["calm".into(), "wild".into()],
        times: vec![time(1), time(2), time(3), time(5)],
        labels: vec![None, Some(1), None, Some(0)],
    };
    let names: Vec<Option<&str>> = (0..7).map(|day| labels.name_at(time(day))).collect();
    let wild = Some("wild");
    assert_eq!(names, [None, None, wild, wild, wild, Some("calm"), Some("calm")]);
    let days: Vec<Timestamp> = (0..7).map(time).collect();
    let each: Vec<Option<usize>> = days.iter().map(|d| labels.at(*d).map(usize::from)).collect();
    assert_eq!(labels.along(&days), each);
}

#[test]
fn too_few_bars_and_prices_that_stand_still_have_no_regime() {
    for method in RegimeMethod::ALL {
        let few = found(&settings(method), &[market(90, 3, |_| 0.01)]);
        assert_eq!(few.labels, vec![None; 90], "{method:?}");
    }
    let still = market(600, 3, |_| 0.0);
    assert!(found(&settings(RegimeMethod::Hmm), &[still]).labels.iter().all(Option::is_none));
}

#[test]
fn what_an_empty_section_means_is_the_default() {
    let fields = crate::config::keys::REGIMES.fields;
    let default = serde_json::to_value(Regimes::default()).unwrap();
    let written = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    for field in fields {
        let expected = match field.need {
            dirigent_workflow::file::spec::Need::Default(text) => written(text),
            _ => Value::Null,
        };
        let own = &default[field.key];
        let same = match (own.as_f64(), expected.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-12,
            _ => *own == expected,
        };
        assert!(same, "{}: {own} is not {expected}", field.key);
    }
    assert_eq!(default.as_object().unwrap().len(), fields.len());
}

#[test]
fn opt_07_the_detector_has_a_space_of_its_own_settings() {
    for method in RegimeMethod::ALL {
        let space = dirigent_research::optimize::Space::new(space(method)).unwrap();
        for unit in [0.0, 0.37, 0.5, 1.0] {
            let point = space.decode(&vec![unit; space.dimensions()]);
            let params = space.to_json(&point);
            let found = settings(method).with(params.as_object().unwrap());
            assert!(found.is_ok(), "{method:?}: {params}: {found:?}");
        }
    }
}

#[test]
fn who_no_longer_waits_is_not_kept_waiting() {
    let bars = [two_worlds()];
    for method in [RegimeMethod::Hmm, RegimeMethod::Kmeans] {
        let asked = std::cell::Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > 2
        };
        let found = of_bars(&settings(method), (&bars, &[]), &Seed::master(42), &stop);
        assert_eq!(found.unwrap_err().source, regime::Error::Stopped);
        assert_eq!(asked.get(), 3);
    }
}
