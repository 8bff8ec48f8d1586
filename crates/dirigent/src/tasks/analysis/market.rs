//! What returns are like, when they come, and how they go together.

use dirigent_core::Timestamp;
use dirigent_research::{
    regime::{Series, log_returns},
    study::{Group, autocorrelations, correlations as pairs, groups},
};
use dirigent_trading::{
    Bars,
    analysis::{hour_of, month_of, weekday_of},
    corporate::Action,
    metrics::{Drawdown, Returns, drawdowns, growth_path, max_drawdown},
};
use dirigent_workflow::port::TaskError;
use serde_json::{Value, json};

use super::unusable;

/// Drawdowns that are told of each symbol.
const DRAWDOWNS: usize = 5;
/// Symbols whose correlations are all in the result; those of more are in the file alone.
const MATRIX_MAX: usize = 30;
/// What the equal-weight mean of all symbols is called.
pub(super) const ALL: &str = "all";

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The simple returns of a symbol, each with its time; the first bar has none.
pub(super) fn simple(bars: &Bars, actions: &[Action]) -> Vec<(Timestamp, f64)> {
    let found = bars.time.iter().copied().zip(log_returns(bars, actions));
    found.filter_map(|(time, found)| Some((time, libm::expm1(found?)))).collect()
}

/// The returns of a series, without its first bar, which has none.
pub(super) fn of_series(series: &Series) -> Vec<f64> {
    series.returns.iter().skip(1).map(|x| libm::expm1(*x)).collect()
}

/// The returns of each symbol, and of all together.
pub(super) fn returns(
    bars: &[Bars],
    actions: &[Action],
    market: &Series,
    (per_year, lags): (f64, u32),
) -> Result<Value, TaskError> {
    let lags = usize::try_from(lags).unwrap_or(usize::MAX);
    let mut rows = Vec::with_capacity(bars.len() + 1);
    for own in bars {
        let found = simple(own, actions);
        let returns: Vec<f64> = found.iter().map(|(_, x)| *x).collect();
        let first = own.time.first().copied();
        let times: Vec<Timestamp> =
            first.into_iter().chain(found.iter().map(|(time, _)| *time)).collect();
        rows.push(row(&own.symbol, &times, &returns, (per_year, lags))?);
    }
    if bars.len() > 1 {
        rows.push(row(ALL, &market.times, &of_series(market), (per_year, lags))?);
    }
    Ok(rows.into())
}

/// One series: `times` has the start beside that of each return.
fn row(
    name: &str,
    times: &[Timestamp],
    returns: &[f64],
    (per_year, lags): (f64, usize),
) -> Result<Value, TaskError> {
    let measured = Returns::new(returns, per_year).map_err(unusable)?;
    let path = growth_path(returns);
    let mut falls = drawdowns(&path);
    falls.sort_by(|a, b| a.depth.total_cmp(&b.depth).then(a.peak_bar.cmp(&b.peak_bar)));
    let fall = |fall: &Drawdown| {
        json!({
            "depth": fall.depth,
            "peak": times[fall.peak_bar],
            "valley": times[fall.valley_bar],
            "recovery": fall.recovery_bar.map(|bar| times[bar]),
            "bars_underwater": fall.bars_underwater,
        })
    };
    let mut sorted = returns.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tail = tail(&sorted);
    let squares: Vec<f64> = returns.iter().map(|x| x * x).collect();
    Ok(json!({
        "symbol": name,
        "returns": returns.len(),
        "total_return": measured.total_return(),
        "cagr": measured.cagr(),
        "mean_annual": measured.mean().map(|mean| mean * per_year),
        "volatility": measured.volatility(),
        "sharpe": measured.sharpe(0.0),
        "sortino": measured.sortino(0.0),
        "skew": measured.skew(),
        "excess_kurtosis": measured.kurtosis(),
        "win_rate": measured.win_rate(),
        "best": sorted.last(),
        "worst": sorted.first(),
        "value_at_risk_95": tail.map(|(edge, _)| edge),
        "expected_shortfall_95": tail.map(|(_, mean)| mean),
        "max_drawdown": max_drawdown(&path),
        "drawdowns": falls.iter().take(DRAWDOWNS).map(fall).collect::<Vec<_>>(),
        "autocorrelation": autocorrelations(returns, lags),
        "autocorrelation_of_squares": autocorrelations(&squares, lags),
    }))
}

/// The return at the edge of the worst twentieth, and the mean of those; none of fewer than twenty.
fn tail(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len() / 20;
    let worst = sorted.get(..count).filter(|worst| !worst.is_empty())?;
    #[expect(clippy::cast_precision_loss, reason = "a count of bars")]
    let mean = worst.iter().sum::<f64>() / count as f64;
    Some((worst[count - 1], mean))
}

/// The mean return of all symbols by month, weekday and, of bars shorter than a day, hour.
pub(super) fn seasonality(market: &Series, is_dated: bool) -> Value {
    let returns = of_series(market);
    let times = market.times.get(1..).unwrap_or_default();
    let by = |of: fn(Timestamp) -> usize, labels: &[String]| -> Value {
        let found = groups(&returns, |at| of(times[at]), labels.len());
        let rows = labels.iter().zip(&found).filter(|(_, group)| group.count > 0);
        rows.map(|(label, group)| bucket(label, group)).collect()
    };
    let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    json!({
        "month": by(month_of, &texts(&MONTHS)),
        "weekday": by(weekday_of, &texts(&WEEKDAYS)),
        "hour": if is_dated { Value::Null } else { by(hour_of, &hours) },
    })
}

fn bucket(label: &str, group: &Group) -> Value {
    json!({
        "label": label,
        "returns": group.count,
        "mean": group.mean,
        "t": group.t,
        "win_rate": group.win_rate,
    })
}

/// The correlation of each symbol with each.
pub(super) type Matrix = Vec<Vec<Option<f64>>>;

/// How the returns of symbols go together.
pub(super) fn correlations(bars: &[Bars], actions: &[Action]) -> (Value, Matrix) {
    let names: Vec<&str> = bars.iter().map(|own| own.symbol.as_str()).collect();
    let series: Vec<Vec<(Timestamp, f64)>> = bars.iter().map(|own| simple(own, actions)).collect();
    let found = pairs(&series);
    let mut known: Vec<(f64, &str, &str)> = Vec::new();
    for (row, cells) in found.iter().enumerate() {
        let cells = cells.iter().take(row).enumerate();
        known.extend(cells.filter_map(|(column, x)| Some(((*x)?, names[column], names[row]))));
    }
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let pair = |of: Option<&(f64, &str, &str)>| {
        of.map(|(x, a, b)| json!({"symbols": [a, b], "correlation": x}))
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of pairs")]
    let mean = (!known.is_empty())
        .then(|| known.iter().map(|(x, _, _)| x).sum::<f64>() / known.len() as f64);
    let value = json!({
        "symbols": names,
        "mean": mean,
        "lowest": pair(known.first()),
        "highest": pair(known.last()),
        "matrix": if names.len() <= MATRIX_MAX { json!(found) } else { Value::Null },
        "pairs": known.len(),
    });
    (value, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_the_worst_twentieth() {
        let sorted: Vec<f64> = (0..40).map(|i| f64::from(i) - 20.0).collect();
        assert_eq!(tail(&sorted), Some((-19.0, -19.5)));
        assert_eq!(tail(&sorted[..19]), None);
    }

    #[test]
    fn months_count_from_january() {
        let time = Timestamp::from_date(2024, 1, 31).unwrap();
        assert_eq!((MONTHS[month_of(time)], WEEKDAYS[weekday_of(time)]), ("Jan", "Wed"));
    }
}
