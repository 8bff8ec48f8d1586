//! References of indicators: series over the bars of a file, or over a handful of invented bars.
//!
//! Each is computed as a user would ask for it, by an expression of the rules language.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use dirigent_core::Timestamp;
use dirigent_trading::indicator::{Input, find};
use dirigent_trading::rules::{Columns, compile_expression};
use dirigent_trading::{Bars, Price};
use serde_json::Value;

use super::compare::{Comparison, Scale, Tolerance};
use super::line::{Line, Outcome};
use super::source::Root;
use super::{Reference, json};

/// If the file states none.
const TOLERANCE: f64 = 1e-9;
const NANOS_PER_DAY: i64 = 86_400 * 1_000_000_000;

/// Indicators that TA-Lib calls otherwise than we, in lower case, do.
const NAMES: &[(&str, &str)] = &[
    ("KC", "keltner"),
    ("KCclose", "keltner_close"),
    ("MACDplain", "macd_plain"),
    ("MAX", "highest"),
    ("MIN", "lowest"),
    ("VWAP_cum", "vwap"),
];

const COLUMNS: [&str; 5] = ["open", "high", "low", "close", "volume"];

pub(super) fn check(reference: &Reference, root: &Root) -> Vec<Line> {
    let gold = &reference.content;
    let lines = if gold.get("cases").is_some() { cases(gold) } else { file(gold, root) };
    lines.unwrap_or_else(|error| vec![Line::failed("", &error)])
}

/// Bars as columns of doubles; NaN where a value is missing.
#[derive(Default)]
struct Market {
    time: Vec<Timestamp>,
    /// Open, high, low, close, volume.
    columns: [Vec<f64>; 5],
}

impl Market {
    fn of(bars: Bars) -> Self {
        let doubles = |prices: Vec<Price>| prices.into_iter().map(Price::to_f64).collect();
        let Bars { time, open, high, low, close, volume, .. } = bars;
        let columns = [doubles(open), doubles(high), doubles(low), doubles(close), volume];
        Self { time: time.to_vec(), columns }
    }

    /// Daily bars from rows of five numbers.
    fn invented(rows: &[Value]) -> Result<Self> {
        let mut market = Self::default();
        for (day, row) in (0_i64..).zip(rows) {
            let row = row.as_array().filter(|row| row.len() == 5);
            let row = row.context("a bar in `ohlcv` has not five numbers")?;
            market.time.push(Timestamp::from_nanos(day * NANOS_PER_DAY));
            for (column, value) in market.columns.iter_mut().zip(row) {
                column.push(value.as_f64().unwrap_or(f64::NAN));
            }
        }
        Ok(market)
    }

    /// How many bars come before the first with a missing value.
    fn whole_bars(&self) -> usize {
        let gap = |column: &Vec<f64>| column.iter().position(|x| x.is_nan());
        self.columns.iter().filter_map(gap).min().unwrap_or(self.time.len())
    }

    /// The first output of an expression over all bars.
    fn evaluate(&self, expression: &str) -> Result<Vec<f64>> {
        let compiled =
            compile_expression(expression, &BTreeMap::new(), None).map_err(|errors| {
                let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
                anyhow::anyhow!("`{expression}`: {}", texts.join("; "))
            })?;
        let [open, high, low, close, volume] = &self.columns;
        let columns = Columns { time: &self.time, open, high, low, close, volume, foreign: &[] };
        let mut outputs = vec![Vec::new(); compiled.outputs().len()];
        compiled.start().run(&columns, &mut outputs);
        outputs.into_iter().next().with_context(|| format!("`{expression}` has no output"))
    }
}

/// The expression for a series such as `MACD(12,26,9).signal` or `BETA(high,low,20)`.
fn expression(series: &str) -> Result<String> {
    let unknown = || format!("unknown: there is no indicator for `{series}`");
    // `[own]` only says who computed the reference.
    let series = series.replace("[own]", "");
    let (call, output) = match series.rsplit_once('.') {
        Some((call, output)) if !output.contains(')') => (call, Some(output)),
        _ => (series.as_str(), None),
    };
    let (base, arguments) = match call.split_once('(') {
        None => (call, ""),
        Some((base, rest)) => (base, rest.strip_suffix(')').with_context(unknown)?),
    };
    let renamed = NAMES.iter().find(|(theirs, _)| *theirs == base);
    let name = renamed.map_or_else(|| base.to_lowercase(), |(_, ours)| (*ours).to_owned());
    let definition = find(&name).with_context(unknown)?;
    let (mut inputs, mut params) = (Vec::new(), Vec::new());
    for argument in arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
        if COLUMNS.contains(&argument) {
            inputs.push(argument);
        } else if argument.parse::<f64>().is_ok() {
            params.push(argument);
        } else if argument != "EMA" || name != "ppo" {
            bail!("unknown: `{argument}` in `{series}`");
        }
    }
    let wanted =
        definition.inputs.iter().filter(|input| matches!(input, Input::Argument(_))).count();
    if inputs.is_empty() {
        inputs = vec!["close"; wanted];
    }
    inputs.extend(params);
    let call = format!("{name}({})", inputs.join(", "));
    Ok(output.map_or(call.clone(), |output| format!("{call}.{output}")))
}

/// Series over the bars of a file.
fn file(gold: &Value, root: &Root) -> Result<Vec<Line>> {
    let market = Market::of(root.bars_of_file(json::text(gold, "data")?)?);
    let stated = gold.get("tolerance").and_then(Value::as_str).unwrap_or_default();
    let limit = json::number_after(stated, "rel ").unwrap_or(TOLERANCE);
    let mut lines = Vec::new();
    if gold.get("rows").is_some() {
        let mut comparison = Comparison::default();
        comparison.fact("count", market.time.len(), json::count(gold, "rows")?);
        lines.push(comparison.line("rows"));
    }
    for (series, expected) in json::object(gold, "series")? {
        lines.push(match summary_line(series, expected, &market, limit) {
            Ok(line) => line,
            Err(error) => Line::failed(series, &error),
        });
    }
    Ok(lines)
}

/// A series that is summed up: its first bar, number of values, sum, and values at some bars.
fn summary_line(series: &str, gold: &Value, market: &Market, limit: f64) -> Result<Line> {
    let ours = market.evaluate(&expression(series)?)?;
    let known = || ours.iter().copied().filter(|x| !x.is_nan());
    let mut comparison = Comparison::default();
    let first = gold.get("first").and_then(Value::as_u64);
    comparison.fact("first", ours.iter().position(|x| !x.is_nan()).map(|bar| bar as u64), first);
    if gold.get("n").is_some() {
        comparison.fact("n", known().count(), json::count(gold, "n")?);
    }
    let at = json::object(gold, "at")?;
    let largest = at.values().filter_map(Value::as_f64).map(f64::abs).fold(0.0, f64::max);
    for (bar, expected) in at {
        let found = bar.parse().ok().and_then(|bar: usize| ours.get(bar).copied());
        let found = found.filter(|x| !x.is_nan());
        comparison.maybe(format!("bar {bar}"), found, expected.as_f64(), near(limit, largest));
    }
    if let Some(sum) = gold.get("sum").and_then(Value::as_f64) {
        let size = known().map(f64::abs).sum();
        comparison.number("sum", known().sum(), sum, near(limit, size));
    }
    Ok(comparison.line(series))
}

/// Relative to the largest value of a series.
fn near(limit: f64, largest: f64) -> Tolerance {
    Tolerance { limit, scale: Scale::Of(largest), floor: 0.0 }
}

/// Whole series over invented bars. Behind a missing value the reference's indicators stay
/// unknown for good and ours start over, so the comparison ends there.
fn cases(gold: &Value) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (case, content) in json::object(gold, "cases")? {
        let market = Market::invented(json::list(content, "ohlcv")?)?;
        for (series, expected) in json::object(content, "series")? {
            let item = format!("{case} {series}");
            lines.push(match case_line(&item, series, expected, &market) {
                Ok(line) => line,
                Err(error) => Line::failed(item, &error),
            });
        }
    }
    Ok(lines)
}

fn case_line(item: &str, series: &str, gold: &Value, market: &Market) -> Result<Line> {
    let ours = market.evaluate(&expression(series)?)?;
    let Some(gold) = gold.as_array() else {
        return Ok(Line::new(item, Outcome::Fail("is not a list".to_owned())));
    };
    let largest = gold.iter().filter_map(Value::as_f64).map(f64::abs).fold(1.0, f64::max);
    let mut comparison = Comparison::default();
    comparison.fact("length", ours.len(), gold.len());
    for (bar, (found, expected)) in ours.iter().zip(gold).enumerate().take(market.whole_bars()) {
        let found = (!found.is_nan()).then_some(*found);
        let place = format!("bar {bar}");
        comparison.maybe(place, found, expected.as_f64(), near(TOLERANCE, largest));
    }
    Ok(comparison.line(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_become_expressions() {
        let check = |series: &str, expected: &str| {
            assert_eq!(expression(series).expect("known"), expected);
        };
        check("SMA(20)", "sma(close, 20)");
        check("BOP", "bop()");
        check("ATR(14)", "atr(14)");
        check("T3(5,0.7)", "t3(close, 5, 0.7)");
        check("PPO(12,26,EMA)", "ppo(close, 12, 26)");
        check("BETA(high,low,20)", "beta(high, low, 20)");
        check("MACD(12,26,9).signal", "macd(close, 12, 26, 9).signal");
        check("KCclose(20,10,2)[own].upper", "keltner_close(20, 10, 2).upper");
    }

    #[test]
    fn unknown_series_are_refused() {
        for series in ["NEW(3)", "SMA(20", "SMA(x)", "", "EMA(EMA)"] {
            assert!(expression(series).is_err(), "{series}");
        }
    }
}
