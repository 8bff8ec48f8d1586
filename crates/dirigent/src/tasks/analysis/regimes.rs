//! Kinds of market: how long they last, what follows them, and what prices did in them.

use dirigent_core::Timestamp;
use dirigent_research::regime::{
    self, Durations, RegimeReturns, Series, predictive_gain, returns_by_regime, summary,
};
use dirigent_workflow::port::{TaskError, Watch};
use serde_json::{Value, json};

use super::unusable;
use crate::{
    config::workflow::Regimes,
    regimes::{self, Labels},
    setup::{Setup, failure},
    tasks::backtest::load::Stock,
};

/// The regimes of the market as the file asks for them; of bars before the first that is traded,
/// labels may be known, but nothing is told.
pub(super) fn of(
    setup: &Setup,
    stock: &Stock,
    per_year: f64,
    watch: &Watch,
) -> Result<(Value, (Series, Labels)), TaskError> {
    let settings = setup.workflow.regimes.clone().unwrap_or_default();
    let bars = stock.with_past();
    let found = regimes::of_bars(&settings, (&bars, stock.acts()), &setup.master_seed(), &|| {
        watch.stopped()
    });
    let (all, returns) = found.map_err(|error| {
        if error.source == regime::Error::Stopped {
            return TaskError::Stopped;
        }
        let mut failure = failure("config_invalid", error.to_string());
        failure.hint = Some("choose another `regimes.method`, or other settings of it".into());
        TaskError::Hopeless(failure)
    })?;
    let score = predictive_gain(&all.numbers(), &returns, all.names.len()).map_err(unusable)?;
    let first = stock.traded().iter().filter_map(|bars| bars.time.first()).min().copied();
    let (series, labels) = from(first, all, returns);
    let value = document(&settings, &labels, &series, (per_year, score))?;
    Ok((value, (series, labels)))
}

/// The part from `first` on.
fn from(first: Option<Timestamp>, all: Labels, returns: Vec<f64>) -> (Series, Labels) {
    let start = all.times.partition_point(|time| first.is_some_and(|first| *time < first));
    let times = all.times[start..].to_vec();
    let labels =
        Labels { names: all.names, times: times.clone(), labels: all.labels[start..].to_vec() };
    (Series { times, returns: returns[start..].to_vec() }, labels)
}

fn document(
    settings: &Regimes,
    labels: &Labels,
    series: &Series,
    (per_year, score): (f64, f64),
) -> Result<Value, TaskError> {
    let numbers = labels.numbers();
    let counted = summary(&numbers, labels.names.len()).map_err(unusable)?;
    let simple: Vec<f64> = series.returns.iter().map(|x| libm::expm1(*x)).collect();
    let earned = returns_by_regime(&numbers, &simple, labels.names.len(), per_year);
    let earned = earned.map_err(unusable)?;
    let known: usize = counted.bars.iter().sum();
    let rows = labels.names.iter().zip(&counted.bars).zip(&counted.durations).zip(&earned);
    let rows: Vec<Value> = rows
        .map(|(((name, bars), lasted), earned)| row(name, (*bars, known), lasted, earned))
        .collect();
    let switches: usize = counted
        .steps
        .iter()
        .enumerate()
        .map(|(from, row)| row.iter().sum::<usize>() - row[from])
        .sum();
    let last = labels.labels.iter().rposition(Option::is_some);
    let current = last.and_then(|at| labels.labels[at]);
    let since = last.map(|at| {
        let changed = labels.labels[..at].iter().rposition(|own| *own != current);
        labels.times[changed.map_or(0, |at| at + 1)]
    });
    Ok(json!({
        "method": settings.method,
        "symbol": settings.symbol,
        "names": labels.names,
        "bars": known,
        "bars_unknown": labels.labels.len() - known,
        "switches": switches,
        "score": score,
        "current": current.map(|label| &labels.names[usize::from(label)]),
        "since": since,
        "by_regime": rows,
        "transition": counted.transition,
        "stationary": counted.stationary,
    }))
}

fn row(
    name: &str,
    (bars, known): (usize, usize),
    lasted: &Durations,
    earned: &RegimeReturns,
) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "counts of bars")]
    let share = (known > 0).then(|| bars as f64 / known as f64);
    let mut row = json!({
        "regime": name,
        "bars": bars,
        "share": share,
        "runs": lasted.runs,
        "mean_duration": lasted.mean,
        "median_duration": lasted.median,
        "longest": lasted.max,
    });
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), returns(earned)) {
        row.extend(more);
    }
    row
}

/// What was earned while a regime was known.
pub(super) fn returns(earned: &RegimeReturns) -> Value {
    json!({
        "returns": earned.bars,
        "total_return": earned.total_return,
        "mean_annual": earned.mean_annual,
        "volatility": earned.volatility,
        "sharpe": earned.sharpe,
        "sortino": earned.sortino,
        "win_rate": earned.win_rate,
        "max_drawdown": earned.max_drawdown,
    })
}
