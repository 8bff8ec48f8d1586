//! The windows of the walk forward, joined to one curve.

use std::io::{self, Write};

use dirigent_research::validate::{Estimate, Track};
use dirigent_trading::metrics;
use dirigent_workflow::port::TaskError;
use serde_json::{Map, Value, json};

use super::super::{Doubt, float, forward::Window};
use crate::setup::failure;

/// All windows, and what the tests came to one after the other.
pub(in crate::tasks::validation) struct Forward {
    pub(super) windows: Vec<Window>,
    /// The bars of the joined tests.
    pub(in crate::tasks::validation) bars: Vec<usize>,
    /// Their returns.
    pub(in crate::tasks::validation) returns: Vec<f64>,
    /// The same run with hindsight: the parameters that all of the data chose, over these bars.
    pub(super) hindsight: Value,
    /// Figures of the joined tests.
    pub(super) out_of_sample: Value,
    /// The Sharpe ratio of the joined tests, for a year.
    pub(super) sharpe: Option<f64>,
    /// The probability that the true one is above zero.
    pub(super) probability: Option<f64>,
    /// That ratio over the mean of those where it was chosen.
    pub(super) efficiency: Option<f64>,
    /// Whether each window chose anew.
    pub(super) is_chosen: bool,
}

impl Forward {
    /// Joins what the shares found; `None` if they found nothing.
    pub(super) fn of(doubt: &Doubt<'_>, shares: &[Value]) -> Result<Option<Self>, TaskError> {
        let mut windows: Vec<Window> = Vec::new();
        for share in shares {
            let found: Vec<Window> =
                serde_json::from_value(share["windows"].clone()).map_err(|error| {
                    let message =
                        format!("the windows of the walk forward cannot be read: {error}");
                    TaskError::Failed(failure("record_invalid", message))
                })?;
            windows.extend(found);
        }
        windows.sort_by_key(|window| window.window);
        if windows.is_empty() {
            return Ok(None);
        }
        let (mut bars, mut returns) = (Vec::new(), Vec::new());
        for (at, window) in windows.iter().enumerate() {
            // Where tests overlap, the later choice takes over.
            let until = windows.get(at + 1).map_or(usize::MAX, |next| next.test.first);
            let kept = window.returns.len().min(until.saturating_sub(window.test.first));
            bars.extend(window.test.first..window.test.first + kept);
            returns.extend_from_slice(&window.returns[..kept]);
        }
        let periods_per_year = doubt.base.periods_per_year();
        let track = Track::of(&returns, Estimate::Population).ok();
        let sharpe = track.map(|track| track.sharpe * periods_per_year.sqrt());
        let own = doubt.base.returns();
        let hindsight: Vec<f64> = bars.iter().filter_map(|bar| own.get(*bar).copied()).collect();
        Ok(Some(Self {
            efficiency: efficiency(&windows, sharpe),
            out_of_sample: of_returns(&returns, periods_per_year),
            hindsight: of_returns(&hindsight, periods_per_year),
            sharpe,
            probability: track.and_then(|track| track.probabilistic(0.0)),
            is_chosen: windows.iter().any(|window| window.trials.is_some()),
            windows,
            bars,
            returns,
        }))
    }

    /// What is told of it, without the returns.
    pub(super) fn told(&self) -> Value {
        let window = |window: &Window| {
            let mut told = json!(window);
            if let Some(told) = told.as_object_mut() {
                told.shift_remove("returns");
            }
            told
        };
        json!({
            "chosen_anew": self.is_chosen,
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
            "efficiency": self.efficiency,
            "probability": self.probability,
            "hindsight": self.hindsight,
            "stability": self.stability(),
        })
    }

    /// The least, the greatest and the mean of what windows chose, by parameter.
    fn stability(&self) -> Map<String, Value> {
        let mut found = Map::new();
        let chosen: Vec<Map<String, Value>> =
            self.windows.iter().map(|window| flat(&window.params)).collect();
        for name in chosen.first().map(|first| first.keys().cloned()).into_iter().flatten() {
            let values = chosen.iter().filter_map(|params| params.get(&name));
            let numbers: Vec<f64> = values.filter_map(Value::as_f64).collect();
            if numbers.is_empty() {
                continue;
            }
            let mean = numbers.iter().sum::<f64>() / float(numbers.len());
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            found.insert(name, json!({"min": low, "mean": mean, "max": high}));
        }
        found
    }

    /// A row for each window.
    pub(super) fn write_windows(&self, out: &mut dyn Write) -> io::Result<()> {
        let first = self.windows.first().map(|window| flat(&window.params)).unwrap_or_default();
        let names: Vec<&String> = first.keys().collect();
        write!(out, "window,train_from,train_to,test_from,test_to")?;
        for name in &names {
            write!(out, ",{name}")?;
        }
        writeln!(
            out,
            ",in_sample_sharpe,in_sample_return,out_of_sample_sharpe,out_of_sample_return,\
             out_of_sample_drawdown,out_of_sample_trades"
        )?;
        for window in &self.windows {
            let (train, test) = (&window.train, &window.test);
            write!(out, "{},{},{}", window.window, train.from, train.to)?;
            write!(out, ",{},{}", test.from, test.to)?;
            let params = flat(&window.params);
            for name in &names {
                write!(out, ",{}", cell(params.get(*name)))?;
            }
            let (inside, outside) = (&window.in_sample, &window.out_of_sample);
            for value in [
                &inside["sharpe"],
                &inside["total_return"],
                &outside["sharpe"],
                &outside["total_return"],
                &outside["max_drawdown"],
                &outside["trades"],
            ] {
                write!(out, ",{}", cell(Some(value)))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// The joined tests, bar by bar.
    pub(super) fn write_curve(&self, doubt: &Doubt<'_>, out: &mut dyn Write) -> io::Result<()> {
        let times = doubt.base.times();
        writeln!(out, "time,return,growth")?;
        let mut growth = 1.0;
        for (bar, change) in self.bars.iter().zip(&self.returns) {
            growth *= 1.0 + change;
            let Some(time) = times.get(*bar) else { continue };
            writeln!(out, "{time},{change},{growth}")?;
        }
        Ok(())
    }
}

/// Parameters by one name: `trend.fast` of the strategy `trend` among several.
fn flat(params: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, value) in params.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(own) => {
                let own = own.iter().map(|(of, value)| (format!("{name}.{of}"), value.clone()));
                found.extend(own);
            }
            None => {
                found.insert(name.clone(), value.clone());
            }
        }
    }
    found
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => format!("\"{}\"", text.replace('"', "'")),
        Some(value) => value.to_string(),
    }
}

fn efficiency(windows: &[Window], outside: Option<f64>) -> Option<f64> {
    let inside = windows.iter().filter_map(|window| window.in_sample["sharpe"].as_f64());
    let inside: Vec<f64> = inside.collect();
    let mean = inside.iter().sum::<f64>() / float(inside.len().max(1));
    (mean > 0.0).then(|| outside.map(|outside| outside / mean))?
}

/// Figures of returns that stand in a row.
pub(super) fn of_returns(returns: &[f64], periods_per_year: f64) -> Value {
    let measured = metrics::Returns::new(returns, periods_per_year).ok();
    json!({
        "sharpe": measured.as_ref().and_then(|returns| returns.sharpe(0.0)),
        "total_return": measured.as_ref().and_then(|returns| returns.total_return()),
        "max_drawdown": metrics::max_drawdown(&metrics::growth_path(returns)),
    })
}
