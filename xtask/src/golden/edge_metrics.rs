//! References of metrics on a handful of invented returns, where libraries run into limits.
//!
//! `own` has the variants by formula, or is a text where one of them could not be computed. Then
//! the answers of the libraries serve, in `libs`: a number must be met, and what no library
//! defines must be undefined. Where all returns are equal, or there is one only, libraries make
//! up numbers (a Sharpe ratio of 10^16, a beta of 0); there the product may say "undefined".

use anyhow::{Context, Result};
use dirigent_core::Timestamp;
use dirigent_trading::metrics::variants;
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::json;
use super::line::{Line, Outcome};
use super::metrics::{Variants, variant_line};
use super::source::timestamp;

/// The references are daily.
const PERIODS_PER_YEAR: f64 = 252.0;
const TOLERANCE: Tolerance = Tolerance { floor: 1e-12, ..Tolerance::relative(1e-9) };

const NANOS_PER_DAY: i64 = 86_400 * 1_000_000_000;
/// 2020-01-01, a Wednesday: the first of the business days if a case names none.
const FIRST_DAY: i64 = 18_262;

/// Our variant for what a library computes.
const CONCEPTS: &[(&str, &str)] = &[
    ("empyrical.cum_returns_final", "total_return"),
    ("empyrical.annual_return", "cagr_periods"),
    ("empyrical.annual_volatility", "vol_ann_ddof1"),
    ("empyrical.sharpe_ratio", "sharpe_rf0_ddof1"),
    ("empyrical.sharpe_ratio(rf=.02/P per period)", "sharpe_rf2pct_simple_ddof1"),
    ("empyrical.sortino_ratio", "sortino_target0_full_n"),
    ("empyrical.downside_risk", "downside_dev_ann_target0_full_n"),
    ("empyrical.max_drawdown", "max_drawdown_with_initial"),
    ("empyrical.calmar_ratio", "calmar_periods"),
    ("empyrical.omega_ratio", "omega_0"),
    ("empyrical.value_at_risk", "var95_hist_linear"),
    ("empyrical.conditional_value_at_risk", "cvar95_hist_partition"),
    ("empyrical.tail_ratio", "tail_ratio_95"),
    ("empyrical.beta", "beta"),
    ("empyrical.alpha", "alpha_ann_compound"),
    ("empyrical.stability", "stability_r2"),
    ("empyrical.excess_sharpe", "information_ratio_per_period"),
    ("quantstats.comp", "total_return"),
    ("quantstats.cagr", "cagr_periods"),
    ("quantstats.volatility", "vol_ann_ddof1"),
    ("quantstats.sharpe", "sharpe_rf0_ddof1"),
    ("quantstats.sharpe(rf=0.02)", "sharpe_rf2pct_geo_ddof1"),
    ("quantstats.sortino", "sortino_target0_full_n"),
    ("quantstats.max_drawdown", "max_drawdown_with_initial"),
    ("quantstats.calmar", "calmar_periods"),
    ("quantstats.omega", "omega_0"),
    ("quantstats.skew", "skew_adjusted"),
    ("quantstats.kurtosis", "kurt_excess_adjusted"),
    ("quantstats.value_at_risk", "var95_normal"),
    ("quantstats.cvar", "cvar95_normal"),
    ("quantstats.cvar(historical)", "cvar95_hist_partition"),
    ("quantstats.tail_ratio", "tail_ratio_95"),
    ("quantstats.win_rate", "win_rate_nonzero"),
    ("quantstats.profit_factor", "profit_factor_returns"),
    ("quantstats.payoff_ratio", "payoff_ratio"),
    ("quantstats.kelly", "kelly"),
    ("quantstats.information_ratio", "information_ratio_per_period"),
    ("quantstats.beta", "beta"),
    ("quantstats.alpha", "alpha_ann_arith"),
    ("quantstats.r_squared", "r2"),
    ("quantstats.treynor", "treynor_total"),
    ("quantstats.ulcer_index", "ulcer_index_n-1"),
    ("quantstats.recovery_factor", "recovery_factor_sum"),
    ("quantstats.psr", "psr_0_adj_moments"),
    ("quantstats.gain_to_pain", "gain_to_pain"),
    ("ffn.calc_cagr(prices)", "cagr_calendar_31557600s"),
    ("ffn.calc_max_drawdown", "max_drawdown_without_initial"),
    ("ffn.calmar", "calmar_calendar"),
    ("ffn.calc_sharpe", "sharpe_rf0_ddof1"),
    ("ffn.calc_sharpe(rf=.02)", "sharpe_rf2pct_geo_ddof1"),
    ("ffn.calc_sortino", "sortino_target0_full_n"),
    ("ffn.information_ratio", "information_ratio_per_period"),
    ("ffn.to_ulcer_index", "ulcer_index_n_percent"),
];

/// What a library computes that has no variant of ours.
const OTHER: &[(&str, &str)] =
    &[("quantstats.exposure", "is rounded up to a whole percent in quantstats")];

pub(super) fn check(content: &Value) -> Vec<Line> {
    let Some(cases) = content.as_object() else {
        return vec![Line::new("", Outcome::Fail("is neither metrics nor cases".to_owned()))];
    };
    let lines = |(name, case): (&String, &Value)| {
        check_case(name, case).unwrap_or_else(|error| vec![Line::failed(name, &error)])
    };
    cases.iter().flat_map(lines).collect()
}

fn check_case(case: &str, gold: &Value) -> Result<Vec<Line>> {
    let returns = json::numbers(gold, "ret")?;
    let benchmark = json::numbers(gold, "bench")?;
    let times = times(gold, returns.len())?;
    let ours = variants(&returns, Some(&benchmark), Some(&times), PERIODS_PER_YEAR)?;
    if let Some(own) = json::field(gold, "own")?.as_object() {
        let line = |(name, expected): (&String, &Value)| {
            variant_line(&format!("{case} {name}"), name, &ours, expected, TOLERANCE)
        };
        return Ok(own.iter().map(line).collect());
    }
    let degenerate = returns.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    let libraries = json::object(gold, "libs")?;
    let line = |(library, answer): (&String, &Value)| {
        library_line(&format!("{case} {library}"), library, answer, &ours, degenerate)
    };
    Ok(libraries.iter().map(line).collect())
}

fn library_line(
    item: &str,
    library: &str,
    answer: &Value,
    ours: &Variants,
    degenerate: bool,
) -> Line {
    if let Some((_, why)) = OTHER.iter().find(|(name, _)| *name == library) {
        return Line::new(item, Outcome::Skipped((*why).to_owned()));
    }
    let Some((_, name)) = CONCEPTS.iter().find(|(name, _)| *name == library) else {
        let why = format!("unknown: no variant is known for `{library}`");
        return Line::new(item, Outcome::Fail(why));
    };
    let found = ours.get(name).copied().flatten();
    if let (None, Some(answer), true) = (found, answer.as_f64(), degenerate) {
        return Line::new(item, Outcome::Ok(format!("undefined; the library says {answer}")));
    }
    let mut comparison = Comparison::default();
    comparison.maybe(*name, found, answer.as_f64(), TOLERANCE);
    comparison.line(item)
}

/// The times of a case, or business days.
fn times(gold: &Value, count: usize) -> Result<Vec<Timestamp>> {
    if gold.get("timestamps").is_some() {
        return json::texts(gold, "timestamps")?.iter().map(|text| timestamp(text)).collect();
    }
    // 1970-01-01 was a Thursday, so weekends are 2 and 3 days after one.
    let business = (FIRST_DAY..).filter(|day| !(2..=3).contains(&day.rem_euclid(7)));
    let times = business.map(|day| day.checked_mul(NANOS_PER_DAY).map(Timestamp::from_nanos));
    times.take(count).collect::<Option<_>>().context("has too many returns")
}
