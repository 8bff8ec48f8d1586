//! The figures of a comparison: metrics side by side, correlations, and what differs.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;
use dirigent_report::{Better, ComparedMetric, Difference};
use dirigent_trading::metrics::{Relative, Returns};
use serde_json::Value;

use super::recorded::Recorded;
use crate::sheet::METRICS;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;
/// Below so many common days a correlation says nothing.
const DAYS_MIN: usize = 20;

/// Metrics of which a higher value is better: losses are negative, so those too.
const HIGHER: [&str; 15] = [
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "var_95",
    "cvar_95",
    "skew",
    "win_rate",
    "profit_factor",
    "avg_trade",
    "expectancy",
    "alpha",
    "information_ratio",
];
/// Those of which a lower value is better.
const LOWER: [&str; 3] = ["volatility", "max_drawdown_days", "kurtosis"];

/// The metrics that any of the runs has.
pub(super) fn metrics(runs: &[Recorded]) -> Vec<ComparedMetric<'static>> {
    let row = |&(key, label, format, meaning, _): &(&'static str, _, _, _, _)| ComparedMetric {
        label,
        meaning,
        format,
        better: match key {
            _ if HIGHER.contains(&key) => Better::Higher,
            _ if LOWER.contains(&key) => Better::Lower,
            _ => Better::Neither,
        },
        values: runs.iter().map(|run| run.metrics[key].as_f64()).collect(),
    };
    let rows = METRICS.iter().map(row);
    rows.filter(|row| row.values.iter().any(Option::is_some)).collect()
}

/// Settings and files that are not the same in all runs, by path.
pub(super) fn differences(runs: &[Recorded]) -> Vec<Difference> {
    let mut leaves: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let none = || vec![String::new(); runs.len()];
    for (at, run) in runs.iter().enumerate() {
        settings(String::new(), &run.config, &mut |path, value| {
            leaves.entry(path).or_insert_with(none)[at] = value;
        });
        for (name, sha256) in &run.data {
            let content = format!("content {}", sha256.get(..12).unwrap_or(sha256));
            leaves.entry(format!("file {name}")).or_insert_with(none)[at] = content;
        }
    }
    let differs = |values: &[String]| values.iter().any(|value| *value != values[0]);
    let differing = leaves.into_iter().filter(|(_, values)| differs(values));
    differing.map(|(path, values)| Difference { path, values }).collect()
}

/// Tells every setting below `value` with its path; a list of plain values is one setting.
fn settings(path: String, value: &Value, tell: &mut dyn FnMut(String, String)) {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| settings(below(key), item, tell));
        }
        Value::Array(items) if !items.iter().all(is_plain) => {
            for (at, item) in items.iter().enumerate() {
                settings(below(&at.to_string()), item, tell);
            }
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(shown).collect();
            tell(path, texts.join(", "));
        }
        plain => tell(path, shown(plain)),
    }
}

/// A plain setting as the file would have it; nothing for null.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What makes the comparison lame.
pub(super) fn warnings(runs: &[Recorded]) -> Vec<String> {
    let mut warnings = Vec::new();
    let ends = |run: &Recorded| Some((day(*run.time.first()?), day(*run.time.last()?)));
    if runs.iter().any(|run| ends(run) != ends(&runs[0])) {
        warnings.push(
            "The runs do not cover the same days: total returns, drawdowns and counts are not of \
             the same time."
                .to_owned(),
        );
    }
    if runs.iter().any(|run| run.data != runs[0].data) {
        warnings.push("The runs did not read the same files; see what differs.".to_owned());
    }
    warnings
}

/// The correlation of daily returns between all runs, over the days that all of them have, and how
/// many those are.
pub(super) fn correlations(runs: &[Recorded]) -> (Vec<Vec<Option<f64>>>, usize) {
    let days: Vec<BTreeMap<i64, f64>> =
        runs.iter().map(|run| daily(&run.time, &run.equity)).collect();
    let common: Vec<i64> = days[0]
        .keys()
        .copied()
        .filter(|day| days.iter().all(|other| other.contains_key(day)))
        .collect();
    let returns: Vec<Vec<f64>> = days
        .iter()
        .map(|levels| {
            common.windows(2).map(|pair| levels[&pair[1]] / levels[&pair[0]] - 1.0).collect()
        })
        .collect();
    let row = |own: &Vec<f64>| returns.iter().map(|other| correlation(own, other)).collect();
    (returns.iter().map(row).collect(), common.len())
}

fn correlation(own: &[f64], other: &[f64]) -> Option<f64> {
    if own.len() + 1 < DAYS_MIN {
        return None;
    }
    let returns = Returns::new(own, 1.0).ok()?;
    Relative::new(&returns, other).ok()?.correlation()
}

/// The last level of each day.
fn daily(time: &[Timestamp], level: &[f64]) -> BTreeMap<i64, f64> {
    time.iter().map(|time| day(*time)).zip(level.iter().copied()).collect()
}

fn day(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(NANOS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(equity: &[f64], config: Value) -> Recorded {
        let time = (0..).map(|day: i64| Timestamp::from_nanos(day * NANOS_PER_DAY));
        Recorded {
            name: "a".into(),
            id: "run_a".into(),
            strategy: String::new(),
            symbols: Vec::new(),
            timeframe: "1d".into(),
            digest: String::new(),
            initial_cash: 100.0,
            time: time.take(equity.len()).collect(),
            equity: equity.to_vec(),
            metrics: json!({"sharpe": 1.0, "turnover": null}),
            config,
            data: vec![("A.csv".into(), "0123456789abcdef".into())],
            warnings: 0,
        }
    }

    fn path(moves: impl Fn(i32) -> f64) -> Vec<f64> {
        let mut level = 100.0;
        let mut next = |day| {
            level *= 1.0 + moves(day);
            level
        };
        (0..40).map(&mut next).collect()
    }

    #[test]
    fn runs_that_move_alike_or_opposite_are_found_out() {
        let wave = |day: i32| f64::from(day % 5 - 2) / 100.0;
        let runs = [
            run(&path(wave), json!({})),
            run(&path(|day| wave(day) / 2.0), json!({})),
            run(&path(|day| -wave(day)), json!({})),
            run(&[100.0; 40], json!({})),
        ];
        let (found, days) = correlations(&runs);
        assert_eq!(days, 40);
        assert!((found[0][1].unwrap() - 1.0).abs() < 1e-9);
        assert!((found[0][2].unwrap() + 1.0).abs() < 1e-9);
        assert_eq!(found[0][3], None, "what stands still moves with nothing");
        let short = [run(&path(wave)[..5], json!({})), run(&path(wave), json!({}))];
        assert_eq!(correlations(&short).1, 5);
        assert_eq!(correlations(&short).0[0][1], None, "too few days");
    }

    #[test]
    fn only_what_differs_is_listed() {
        let one = run(&[100.0], json!({"a": {"b": 1, "c": true}, "gone": "x", "s": ["A"]}));
        let mut two =
            run(&[100.0], json!({"a": {"b": 2, "c": true}, "s": ["A", "B"], "new": null}));
        two.data[0].1 = "fedcba9876543210".into();
        let found = differences(&[one, two]);
        let lines: Vec<String> =
            found.iter().map(|d| format!("{}: {}", d.path, d.values.join(" | "))).collect();
        let expected = [
            "a.b: 1 | 2",
            "file A.csv: content 0123456789ab | content fedcba987654",
            "gone: x | ",
            "s: A | A, B",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn other_days_and_other_files_are_warned_of() {
        let one = || run(&[100.0, 101.0], json!({}));
        assert_eq!(warnings(&[one(), one()]), Vec::<String>::new());
        let mut other = run(&[100.0], json!({}));
        other.data.clear();
        assert_eq!(warnings(&[one(), other]).len(), 2);
    }

    #[test]
    fn metrics_that_no_run_has_are_left_out() {
        let rows = metrics(&[run(&[100.0], json!({}))]);
        let labels: Vec<&str> = rows.iter().map(|row| row.label).collect();
        assert_eq!(labels, ["Sharpe"]);
        assert_eq!(rows[0].better, Better::Higher);
    }
}
