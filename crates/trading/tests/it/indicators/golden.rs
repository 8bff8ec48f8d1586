//! Indicators against the values of TA-Lib; see `tests/data/golden/indicators/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use dirigent_trading::indicator::{CATALOGUE, Column, find};
use serde_json::{Map, Value};

use super::{Frame, run};

/// Which indicator of ours a golden series is, by its base name.
const CALLS: &[(&str, &str)] = &[
    ("AD", "ad"),
    ("ADOSC", "adosc"),
    ("ADX", "adx"),
    ("ADXR", "adxr"),
    ("AROON", "aroon"),
    ("ATR", "atr"),
    ("BBANDS", "bbands"),
    ("BETA", "beta"),
    ("BOP", "bop"),
    ("CCI", "cci"),
    ("CMF", "cmf"),
    ("CMO", "cmo"),
    ("CORREL", "correl"),
    ("DEMA", "dema"),
    ("DONCHIAN", "donchian"),
    ("DX", "dx"),
    ("EMA", "ema"),
    ("HMA", "hma"),
    ("KAMA", "kama"),
    ("KC", "keltner"),
    ("KCclose", "keltner_close"),
    ("LINEARREG_SLOPE", "linearreg_slope"),
    ("MACD", "macd"),
    ("MACDplain", "macd_plain"),
    ("MAX", "highest"),
    ("MFI", "mfi"),
    ("MIN", "lowest"),
    ("MINUS_DI", "minus_di"),
    ("MOM", "mom"),
    ("NATR", "natr"),
    ("OBV", "obv"),
    ("PLUS_DI", "plus_di"),
    ("PPO", "ppo"),
    ("RMA", "rma"),
    ("ROC", "roc"),
    ("RSI", "rsi"),
    ("SAR", "sar"),
    ("SMA", "sma"),
    ("STDDEV", "stddev"),
    ("STOCH", "stoch"),
    ("STOCHRSI", "stochrsi"),
    ("SUPERTREND", "supertrend"),
    ("T3", "t3"),
    ("TEMA", "tema"),
    ("TRANGE", "trange"),
    ("TRIMA", "trima"),
    ("TRIX", "trix"),
    ("ULTOSC", "ultosc"),
    ("VAR", "var"),
    ("VORTEX", "vortex"),
    ("VWAP_cum", "vwap"),
    ("VWAP_roll", "vwap_roll"),
    ("VWMA", "vwma"),
    ("WILLR", "willr"),
    ("WMA", "wma"),
    ("ZLEMA", "zlema"),
];

/// Relative, or as a share of the largest value of the series.
const TOLERANCE: f64 = 1e-9;

#[test]
fn trd_19_daily_bars_of_ibm_give_the_values_of_talib() {
    check_symbol("IBM");
}

#[test]
fn daily_bars_of_msft_give_the_values_of_talib() {
    check_symbol("MSFT");
}

#[test]
fn odd_bars_give_the_values_of_talib() {
    let golden = golden("edge_cases");
    for (case, data) in golden["cases"].as_object().unwrap() {
        let mut frame = Frame::default();
        for bar in data["ohlcv"].as_array().unwrap() {
            let value = |k: usize| bar[k].as_f64().unwrap_or(f64::NAN);
            frame.push(std::array::from_fn(value));
        }
        let gap = frame.close.iter().position(|x| x.is_nan()).unwrap_or(frame.len());
        for (name, expected) in data["series"].as_object().unwrap() {
            let expected: Vec<Option<f64>> =
                expected.as_array().unwrap().iter().map(Value::as_f64).collect();
            let largest = largest(expected.iter().flatten().copied()).max(1.0);
            let got = evaluate(name, &frame);
            assert_eq!(got.len(), expected.len(), "{case} {name}");
            for (bar, (got, expected)) in got.iter().zip(&expected).take(gap).enumerate() {
                let expected = expected.unwrap_or(f64::NAN);
                assert!(
                    close(*got, expected, largest),
                    "{case} {name} bar {bar}: {got}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn every_indicator_has_golden_values() {
    let golden = golden("IBM");
    let series = golden["series"].as_object().unwrap();
    let checked: BTreeSet<&str> = series.keys().map(|name| parse(name).0).collect();
    let all: BTreeSet<&str> = CATALOGUE.iter().map(|definition| definition.name).collect();
    assert_eq!(checked, all);
}

fn check_symbol(symbol: &str) {
    let golden = golden(symbol);
    let frame = daily(symbol);
    let series = golden["series"].as_object().unwrap();
    let failures: BTreeMap<&String, String> = series
        .iter()
        .filter_map(|(name, expected)| {
            let failure = difference(&evaluate(name, &frame), expected.as_object().unwrap())?;
            Some((name, failure))
        })
        .collect();
    assert_eq!(failures, BTreeMap::new(), "{symbol}");
    assert!(series.len() > 70, "{symbol} has only {} series", series.len());
}

/// What is wrong with `got`, if anything.
fn difference(got: &[f64], expected: &Map<String, Value>) -> Option<String> {
    let number = |key: &str| expected[key].as_f64().unwrap();
    let first = got.iter().position(|x| !x.is_nan());
    let values: Vec<f64> = got.iter().copied().filter(|x| !x.is_nan()).collect();
    let at = expected["at"].as_object().unwrap();
    let largest = largest(at.values().filter_map(Value::as_f64));
    let sum: f64 = values.iter().sum();
    let total: f64 = values.iter().map(|x| x.abs()).sum();
    if first.map(|first| first as u64) != expected["first"].as_u64() {
        return Some(format!("starts at {first:?}, not at {}", expected["first"]));
    }
    if values.len() as u64 != expected["n"].as_u64()? {
        return Some(format!("has {} values, not {}", values.len(), expected["n"]));
    }
    if !close(sum, number("sum"), total) {
        return Some(format!("sums to {sum}, not {}", expected["sum"]));
    }
    at.iter().find_map(|(bar, value)| {
        let (got, value) = (got[bar.parse::<usize>().unwrap()], value.as_f64().unwrap());
        (!close(got, value, largest)).then(|| format!("bar {bar}: {got}, not {value}"))
    })
}

fn close(got: f64, expected: f64, scale: f64) -> bool {
    if got.is_nan() || expected.is_nan() {
        return got.is_nan() && expected.is_nan();
    }
    (got - expected).abs() <= TOLERANCE * (expected.abs() + scale)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).fold(0.0, f64::max)
}

/// Our values of a golden series such as `MACD(12,26,9).signal`.
fn evaluate(series: &str, frame: &Frame) -> Vec<f64> {
    let (name, numbers, output) = parse(series);
    let definition = find(name).unwrap();
    let params = definition.parameters(&numbers).unwrap();
    let arguments: &[Column] =
        if series.contains("(high,low") { &[Column::High, Column::Low] } else { &[Column::Close] };
    let mut outputs = run(definition, &params, &frame.inputs(definition, arguments), &[]);
    let place = output
        .map_or(0, |output| definition.outputs.iter().position(|name| *name == output).unwrap());
    outputs.swap_remove(place)
}

/// Our name, the parameters, and the output if it names one. What is no number in the brackets
/// names a series or a kind of average.
fn parse(series: &str) -> (&'static str, Vec<f64>, Option<&str>) {
    let end = series.rfind([')', ']']).map_or(0, |end| end + 1);
    let (call, output) = match series[end..].split_once('.') {
        Some((rest, output)) => (&series[..end + rest.len()], Some(output)),
        None => (series, None),
    };
    let (base, rest) = call.split_once('(').unwrap_or((call, ""));
    let numbers = rest.split([',', ')']).filter_map(|number| number.parse().ok()).collect();
    let (_, name) = CALLS.iter().find(|(golden, _)| *golden == base).unwrap();
    (find(name).unwrap().name, numbers, output)
}

fn golden(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/golden/indicators")
        .join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The bars of `examples/data/daily`, as doubles.
fn daily(symbol: &str) -> Frame {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/daily")
        .join(format!("{symbol}.csv"));
    let mut frame = Frame::default();
    for line in fs::read_to_string(path).unwrap().lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        frame.push(std::array::from_fn(|k| fields[k + 1].parse().unwrap()));
    }
    frame
}
