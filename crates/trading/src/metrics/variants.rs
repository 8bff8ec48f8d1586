//! Every convention in use for the common metrics, side by side under names that say which.
//!
//! Promises: the same names whatever the input; what it does not define is `None`.
//! Formulas and the libraries that share them: `docs/concepts/metrics.md`.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;

use super::{
    Error, Relative, Returns, check_length,
    drawdown::{summary, ulcer},
    float, growth_path,
    moments::Spread,
    ratio,
    tail::Tails,
};

/// The rate in the variants that are named after it.
const TWO_PERCENT: f64 = 0.02;
/// A Julian year, 365.25 days, in nanoseconds.
const YEAR_NANOS: f64 = 31_557_600.0 * 1e9;

/// A metric by name.
type Named = (&'static str, Option<f64>);

/// All variants of all metrics of `returns`; `times[i]` is the end of the period of return i.
///
/// # Errors
/// Numbers that are not finite, a benchmark or times of another length, or a number of periods
/// that is not above zero.
pub fn variants(
    returns: &[f64],
    benchmark: Option<&[f64]>,
    times: Option<&[Timestamp]>,
    periods_per_year: f64,
) -> Result<BTreeMap<&'static str, Option<f64>>, Error> {
    let sample = Returns::new(returns, periods_per_year)?;
    let relative = benchmark.map(|benchmark| Relative::new(&sample, benchmark)).transpose()?;
    if let Some(times) = times {
        check_length("times", times.len(), returns.len())?;
    }
    let path = growth_path(returns);
    let calendar = times.and_then(|times| cagr_calendar(&path, times));
    let mut all = BTreeMap::new();
    all.extend(growth(&sample, calendar));
    all.extend(deviation(&sample));
    all.extend(drawdown(&sample, &path, calendar));
    all.extend(tails(&sample));
    all.extend(shape(&sample));
    all.extend(wins(&sample));
    all.extend(against(&sample, relative.as_ref()));
    Ok(all)
}

/// Growth between the ends of the first and of the last period, per Julian year (ffn).
fn cagr_calendar(path: &[f64], times: &[Timestamp]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    #[expect(clippy::cast_precision_loss, reason = "a span of nanoseconds needs no last digit")]
    let years = last.as_nanos().checked_sub(first.as_nanos())? as f64 / YEAR_NANOS;
    let growth = ratio(*path.last()?, *path.get(1)?)?;
    if years <= 0.0 || growth < 0.0 {
        return None;
    }
    super::finite(growth.powf(1.0 / years) - 1.0)
}

fn growth(sample: &Returns<'_>, calendar: Option<f64>) -> [Named; 7] {
    [
        ("total_return", sample.total_return()),
        ("cagr_periods", sample.cagr()),
        ("cagr_calendar_31557600s", calendar),
        ("mean_annual_arith", sample.mean().map(|mean| mean * sample.periods_per_year())),
        ("best", sample.mean().map(|_| sample.spread.max)),
        ("worst", sample.mean().map(|_| sample.spread.min)),
        ("stability_r2", sample.stability()),
    ]
}

fn deviation(sample: &Returns<'_>) -> [Named; 11] {
    let root = sample.periods_per_year().sqrt();
    let volatility = sample.volatility();
    let downside = sample.downside_deviation(0.0);
    let negative = Spread::of(sample.values().iter().copied().filter(|&x| x < 0.0));
    let clipped = Spread::of(sample.values().iter().map(|x| x.min(0.0)));
    let over = |below: Option<f64>| ratio(sample.spread.mean * root, below?);
    let geometric = sample.cagr().zip(volatility).and_then(|(cagr, risk)| ratio(cagr, risk));
    let geo_rate = sample.per_period(TWO_PERCENT);
    [
        ("vol_ann_ddof1", volatility),
        ("vol_ann_ddof0", sample.spread.deviation(0).map(|risk| risk * root)),
        ("sharpe_rf0_ddof1", sample.sharpe(0.0)),
        ("sharpe_rf2pct_geo_ddof1", sample.sharpe(geo_rate)),
        ("sharpe_rf2pct_simple_ddof1", sample.sharpe(TWO_PERCENT / sample.periods_per_year())),
        ("sharpe_geometric", geometric),
        ("downside_dev_ann_target0_full_n", downside.map(|risk| risk * root)),
        ("sortino_target0_full_n", sample.sortino(0.0)),
        ("sortino_std_of_negatives_ddof1", over(negative.deviation(1))),
        ("sortino_std_of_clipped_ddof1", over(clipped.deviation(1))),
        ("exposure_nonzero", ratio(float(sample.wins + sample.defeats), count(sample))),
    ]
}

fn drawdown(sample: &Returns<'_>, path: &[f64], calendar: Option<f64>) -> [Named; 9] {
    let n = sample.values().len();
    let (deepest, squares) = match sample.mean() {
        None => (None, None),
        Some(_) => summary(path).unzip(),
    };
    let (deepest_later, squares_later) = summary(&path[1..]).unzip();
    let over = |a: Option<f64>, depth: Option<f64>| ratio(a?, depth?.abs());
    [
        ("max_drawdown_with_initial", deepest),
        ("max_drawdown_without_initial", deepest_later),
        ("calmar_periods", over(sample.cagr(), deepest)),
        ("calmar_calendar", over(calendar, deepest_later)),
        ("ulcer_index_n-1", squares.and_then(|sum| ulcer(sum, n - 1))),
        ("ulcer_index_n_percent", squares_later.and_then(|sum| ulcer(sum * 1e4, n))),
        ("ulcer_index_prices_percent", squares.and_then(|sum| ulcer(sum * 1e4, n + 1))),
        ("recovery_factor_sum", over(Some(sample.sum.abs()), deepest)),
        ("recovery_factor_total", over(sample.total_return(), deepest)),
    ]
}

fn tails(sample: &Returns<'_>) -> [Named; 7] {
    let tails = Tails::of(sample.values());
    let normal = sample.value_at_risk_normal();
    [
        ("var95_hist_linear", tails.map(|t| t.quantile_05)),
        ("var95_normal", normal),
        ("cvar95_hist_partition", tails.map(|t| t.partition_mean_05)),
        ("cvar95_hist_leq_var", tails.and_then(|t| sample.mean_where(|x| x <= t.quantile_05))),
        ("cvar95_normal", sample.expected_shortfall_normal()),
        ("cvar95_below_normal_var", normal.and_then(|limit| sample.mean_where(|x| x < limit))),
        ("tail_ratio_95", tails.and_then(|t| ratio(t.quantile_95.abs(), t.quantile_05.abs()))),
    ]
}

fn shape(sample: &Returns<'_>) -> [Named; 6] {
    let population = (sample.shape.skew_population, sample.shape.kurtosis_population);
    let adjusted = (sample.skew(), sample.kurtosis());
    [
        ("skew_population", population.0),
        ("skew_adjusted", adjusted.0),
        ("kurt_excess_population", population.1),
        ("kurt_excess_adjusted", adjusted.1),
        ("psr_0_pop_moments", sample.probabilistic_sharpe(population.0, population.1)),
        ("psr_0_adj_moments", sample.probabilistic_sharpe(adjusted.0, adjusted.1)),
    ]
}

fn wins(sample: &Returns<'_>) -> [Named; 7] {
    let factor = sample.profit_factor();
    let payoff = sample.payoff_ratio();
    let kelly = sample.win_rate().zip(payoff).and_then(|(w, r)| Some(w - ratio(1.0 - w, r)?));
    [
        ("omega_0", factor),
        ("profit_factor_returns", factor),
        ("win_rate_nonzero", sample.win_rate()),
        ("win_rate_all", ratio(float(sample.wins), count(sample))),
        ("payoff_ratio", payoff),
        ("kelly", kelly),
        ("gain_to_pain", ratio(sample.sum, -sample.losses)),
    ]
}

fn against(sample: &Returns<'_>, relative: Option<&Relative<'_>>) -> [Named; 12] {
    let annual = sample.periods_per_year();
    let beta = relative.and_then(Relative::beta);
    let correlation = relative.and_then(Relative::correlation);
    let information = relative.and_then(Relative::information_ratio);
    let per_period = relative.and_then(|pair| pair.alpha_per_period(0.0));
    let compound = per_period.and_then(|alpha| super::finite((1.0 + alpha).powf(annual) - 1.0));
    [
        ("beta", beta),
        ("alpha_ann_arith", relative.and_then(|pair| pair.alpha(0.0))),
        ("alpha_ann_compound", compound),
        ("corr", correlation),
        ("r2", correlation.map(|r| r * r)),
        ("information_ratio_per_period", information),
        ("information_ratio_ann", information.map(|ratio| ratio * annual.sqrt())),
        ("tracking_error_ann", relative.and_then(Relative::tracking_error)),
        ("treynor_arith", beta.and_then(|beta| ratio(sample.mean()? * annual, beta))),
        ("treynor_total", beta.and_then(|beta| ratio(sample.total_return()?, beta))),
        ("up_capture_mean", relative.and_then(|pair| pair.capture(|b| b > 0.0))),
        ("down_capture_mean", relative.and_then(|pair| pair.capture(|b| b < 0.0))),
    ]
}

fn count(sample: &Returns<'_>) -> f64 {
    float(sample.values().len())
}
