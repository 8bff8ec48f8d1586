//! Metrics against other libraries' numbers (`tests/data/golden/metrics`, made by `make.py`).

use std::{collections::BTreeMap, fs, path::PathBuf};

use dirigent_core::Timestamp;
use dirigent_trading::metrics::{
    Curve, Error, Performance, TradeResult, drawdowns, growth_path, monthly_returns, returns_of,
    variants,
};
use serde_json::Value;

type Variants = BTreeMap<&'static str, Option<f64>>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/metrics")
}

fn json(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// Times, returns and the benchmark's returns of a fixture.
fn fixture(name: &str) -> (Vec<Timestamp>, Vec<f64>, Vec<f64>) {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        columns.0.push(format!("{}T00:00:00Z", cells[0]).parse().unwrap());
        columns.1.push(cells[1].parse().unwrap());
        columns.2.push(cells[2].parse().unwrap());
    }
    columns
}

/// 1e-9 relative, and zero for what is zero but for rounding.
fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs()) + 1e-14
}

#[track_caller]
fn check_variants(found: &Variants, expected: &serde_json::Map<String, Value>) {
    for (name, expected) in expected {
        let expected = expected.get("value").unwrap_or(expected).as_f64();
        let found = found[name.as_str()];
        let same = match (found, expected) {
            (Some(found), Some(expected)) => close(found, expected),
            (found, expected) => found == expected,
        };
        assert!(same, "{name}: {found:?}, not {expected:?}");
    }
    assert_eq!(found.len(), expected.len(), "a variant has no reference");
}

#[track_caller]
fn check_fixture(name: &str, periods_per_year: f64) {
    let gold = json(&format!("{name}.json"));
    let (times, returns, benchmark) = fixture(&format!("{name}.csv"));
    let found = variants(&returns, Some(&benchmark), Some(&times), periods_per_year).unwrap();
    check_variants(&found, gold["variants"].as_object().unwrap());
    let mut episodes = drawdowns(&growth_path(&returns));
    assert_eq!(episodes.len() as u64, gold["drawdowns"]["episodes"].as_u64().unwrap());
    episodes.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    for (found, expected) in episodes.iter().zip(gold["drawdowns"]["top5"].as_array().unwrap()) {
        assert_eq!(expected["peak_bar"], found.peak_bar);
        assert_eq!(expected["valley_bar"], found.valley_bar);
        assert_eq!(expected["recovery_bar"].as_u64(), found.recovery_bar.map(|bar| bar as u64));
        assert_eq!(expected["bars_underwater"], found.bars_underwater);
        assert!(close(found.depth, expected["depth"].as_f64().unwrap()));
    }
}

#[test]
fn daily_metrics_equal_the_libraries() {
    check_fixture("ibm_vs_msft_daily", 252.0);
}

#[test]
fn monthly_metrics_equal_the_libraries() {
    check_fixture("ibm_vs_msft_monthly", 12.0);
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Business days from 2020-01-01, a Wednesday, as the reference has them.
fn business_days(count: usize) -> Vec<Timestamp> {
    let day = |n: i64| Timestamp::from_nanos((18_262 + n) * 86_400_000_000_000);
    (0..).filter(|n| (n + 2) % 7 < 5).map(day).take(count).collect()
}

fn edge_case(name: &str) -> (Variants, Value) {
    let case = json("edge_cases.json")[name].take();
    let (returns, benchmark) = (numbers(&case["ret"]), numbers(&case["bench"]));
    let times = business_days(returns.len());
    (variants(&returns, Some(&benchmark), Some(&times), 252.0).unwrap(), case)
}

#[test]
fn edge_cases_equal_the_reference_where_it_has_numbers() {
    for name in ["ten_mixed", "first_is_loss", "ruin"] {
        let (found, case) = edge_case(name);
        check_variants(&found, case["own"].as_object().unwrap());
    }
}

/// `Some(number)` must be met, `None` must be undefined.
#[track_caller]
fn check_edge(name: &str, expected: &[(&str, Option<f64>)]) {
    let (found, _) = edge_case(name);
    for (metric, expected) in expected {
        let same = match (found[metric], *expected) {
            (Some(found), Some(expected)) => close(found, expected),
            (found, expected) => found == expected,
        };
        assert!(same, "{name} {metric}: {:?}, not {expected:?}", found[metric]);
    }
}

#[test]
fn constant_returns_have_no_ratio_to_their_deviation() {
    check_edge(
        "constant",
        &[
            ("vol_ann_ddof1", Some(0.0)),
            ("sharpe_rf0_ddof1", None),
            ("sharpe_rf2pct_geo_ddof1", None),
            ("sortino_target0_full_n", None),
            ("skew_adjusted", None),
            ("psr_0_adj_moments", None),
            ("var95_normal", None),
            ("var95_hist_linear", Some(0.001)),
            ("calmar_periods", None),
            ("beta", Some(0.0)),
            ("corr", None),
            ("treynor_arith", None),
            ("cagr_periods", Some(0.286_434_044_376_154_6)),
            ("stability_r2", Some(1.0)),
        ],
    );
    check_edge("all_zero", &[("total_return", Some(0.0)), ("win_rate_nonzero", None)]);
}

#[test]
fn gains_alone_have_no_ratio_to_losses() {
    check_edge(
        "all_positive",
        &[
            ("sharpe_rf0_ddof1", Some(45.179_641_432_840_08)),
            ("sortino_target0_full_n", None),
            ("omega_0", None),
            ("kelly", None),
            ("max_drawdown_with_initial", Some(0.0)),
            ("psr_0_adj_moments", None),
            ("kurt_excess_adjusted", Some(-2.571_428_571_428_571)),
        ],
    );
}

#[test]
fn one_return_has_no_deviation_and_none_has_nothing() {
    check_edge(
        "single",
        &[
            ("total_return", Some(0.01)),
            ("vol_ann_ddof1", None),
            ("var95_normal", None),
            ("beta", None),
            ("var95_hist_linear", Some(0.01)),
        ],
    );
    let nothing = variants(&[], Some(&[]), Some(&[]), 252.0).unwrap();
    assert!(nothing.values().all(Option::is_none), "{nothing:?}");
}

#[test]
fn what_is_not_a_number_is_refused() {
    let refused = |returns: &[f64], benchmark: Option<&[f64]>, periods| {
        variants(returns, benchmark, None, periods).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&[0.1, f64::NAN], None, 252.0),
        "return number 1 is `NaN`, which is not a finite number"
    );
    assert_eq!(refused(&[0.1], Some(&[]), 252.0), "benchmark has 0 values where 1 are needed");
    assert!(refused(&[0.1], None, 0.0).starts_with("`0` periods per year"));
}

/// A curve with its daily times.
struct Run {
    time: Vec<Timestamp>,
    equity: Vec<f64>,
    benchmark: Vec<f64>,
}

fn run() -> Run {
    let (mut time, returns, benchmark) = fixture("ibm_vs_msft_daily.csv");
    time.insert(0, "2004-01-02T00:00:00Z".parse().unwrap());
    let scaled = |returns: &[f64]| growth_path(returns).iter().map(|x| x * 1e5).collect();
    Run { time, equity: scaled(&returns), benchmark: scaled(&benchmark) }
}

#[test]
fn performance_of_a_curve_takes_one_convention_of_each_metric() {
    let run = run();
    let curve = Curve {
        time: &run.time,
        equity: &run.equity,
        benchmark: Some(&run.benchmark),
        risk_free_rate: 0.02,
        ..Curve::default()
    };
    let record = Performance::of(&curve).unwrap();
    let gold = &json("ibm_vs_msft_daily.json")["variants"];
    #[rustfmt::skip]
    let pairs = [
        (record.total_return, "total_return"),
        (record.cagr, "cagr_periods"),
        (record.volatility, "vol_ann_ddof1"),
        (record.sharpe, "sharpe_rf2pct_geo_ddof1"),
        (record.max_drawdown, "max_drawdown_with_initial"),
        (record.calmar, "calmar_periods"),
        (record.var_95, "var95_hist_linear"),
        (record.cvar_95, "cvar95_hist_partition"),
        (record.skew, "skew_adjusted"),
        (record.kurtosis, "kurt_excess_adjusted"),
        (record.beta, "beta"),
        (record.information_ratio, "information_ratio_per_period"),
    ];
    for (found, name) in pairs {
        let (found, expected) = (found.unwrap(), gold[name]["value"].as_f64().unwrap());
        assert!(close(found, expected), "{name}: {found}, not {expected}");
    }
    // 2004-02-04 to 2006-12-27, the longest stay under water.
    let longest = &json("ibm_vs_msft_daily.json")["drawdowns"]["longest"];
    let at = |end: &str| -> Timestamp {
        let text = longest[end].as_str().unwrap().replace(' ', "T");
        format!("{text}Z").parse().unwrap()
    };
    let days = at("recovery").since(at("peak")).as_secs() / 86_400;
    assert_eq!(record.max_drawdown_days.map(|found| found.to_string()), Some(days.to_string()));
}

#[test]
fn without_a_rate_alpha_and_sortino_equal_the_libraries() {
    let run = run();
    let curve = Curve {
        time: &run.time,
        equity: &run.equity,
        benchmark: Some(&run.benchmark),
        periods_per_year: Some(252.0),
        ..Curve::default()
    };
    let record = Performance::of(&curve).unwrap();
    let gold = &json("ibm_vs_msft_daily.json")["variants"];
    for (found, name) in [
        (record.sharpe, "sharpe_rf0_ddof1"),
        (record.sortino, "sortino_target0_full_n"),
        (record.alpha, "alpha_ann_arith"),
    ] {
        assert!(close(found.unwrap(), gold[name]["value"].as_f64().unwrap()), "{name} {found:?}");
    }
}

#[test]
fn trades_and_costs_are_counted_after_costs() {
    let trade =
        |net_pnl: f64, return_fraction: f64| TradeResult { net_pnl, return_fraction, bars: 1 };
    let trades = [trade(30.0, 0.03), trade(-10.0, -0.01), trade(0.0, 0.0), trade(20.0, 0.02)];
    let time = business_days(253);
    let equity = vec![1000.0; 253];
    let mut exposure = vec![0.0; 253];
    exposure[1..24].fill(0.5);
    let record = Performance::of(&Curve {
        time: &time,
        equity: &equity,
        exposure: &exposure,
        traded_notional: 4000.0,
        fees: 12.5,
        slippage_cost: 3.0,
        trades: &trades,
        ..Curve::default()
    })
    .unwrap();
    assert_eq!(record.trades, 4);
    assert_eq!(record.win_rate, Some(0.5));
    assert_eq!(record.profit_factor, Some(5.0));
    assert_eq!(record.avg_trade, Some(10.0));
    assert!(close(record.expectancy.unwrap(), 0.01));
    assert!(close(record.turnover.unwrap(), 2.0));
    assert!(close(record.exposure.unwrap(), 23.0 / 253.0));
    assert_eq!((record.fees, record.slippage_cost), (12.5, 3.0));
    assert_eq!((record.sharpe, record.calmar, record.beta), (None, None, None));
}

#[test]
fn an_undefined_metric_prints_as_null_and_the_order_is_fixed() {
    let time = business_days(1);
    let curve = Curve { time: &time, equity: &[100.0], ..Curve::default() };
    let text = serde_json::to_string(&Performance::of(&curve).unwrap()).unwrap();
    assert_eq!(
        text,
        "{\"total_return\":null,\"cagr\":null,\"volatility\":null,\"sharpe\":null,\
         \"sortino\":null,\"calmar\":null,\"max_drawdown\":0.0,\"max_drawdown_days\":0.0,\
         \"var_95\":null,\"cvar_95\":null,\"skew\":null,\"kurtosis\":null,\"exposure\":null,\
         \"turnover\":null,\"trades\":0,\"win_rate\":null,\"profit_factor\":null,\
         \"avg_trade\":null,\"expectancy\":null,\"fees\":0.0,\"slippage_cost\":0.0,\
         \"alpha\":null,\"beta\":null,\"information_ratio\":null}"
    );
}

#[test]
fn a_curve_that_cannot_be_judged_is_refused() {
    let time = business_days(2);
    let refused = |curve: Curve<'_>| Performance::of(&curve).unwrap_err();
    let curve = Curve { time: &time, equity: &[100.0, 101.0], ..Curve::default() };
    assert_eq!(
        refused(Curve { equity: &[0.0, 1.0], ..curve }),
        Error::NotPositive { what: "equity", index: 0, value: 0.0 }
    );
    assert_eq!(
        refused(Curve { benchmark: Some(&[1.0, -1.0]), ..curve }),
        Error::NotPositive { what: "benchmark", index: 1, value: -1.0 }
    );
    assert_eq!(
        refused(Curve { time: &time[..1], ..curve }),
        Error::Length { what: "time", found: 1, expected: 2 }
    );
    assert_eq!(refused(Curve { risk_free_rate: -1.0, ..curve }), Error::RiskFreeRate(-1.0));
    assert!(matches!(refused(Curve { fees: f64::NAN, ..curve }), Error::NotFinite { .. }));
}

#[test]
fn after_ruin_nothing_is_earned() {
    assert_eq!(returns_of(&[100.0, 0.0, 5.0]), [-1.0, 0.0]);
    let time = business_days(3);
    let curve = Curve { time: &time, equity: &[100.0, -50.0, -60.0], ..Curve::default() };
    let record = Performance::of(&curve).unwrap();
    assert_eq!(record.total_return, Some(-1.6));
    assert_eq!(record.cagr, Some(-1.0));
}

#[test]
fn rounding_alone_is_no_risk() {
    // A curve that grows by the same rate has returns that differ in the 16th digit.
    let equity: Vec<f64> = (0..500).map(|bar| 100.0 * 1.001_f64.powi(bar)).collect();
    let time = business_days(500);
    let curve = Curve { time: &time, equity: &equity, ..Curve::default() };
    let record = Performance::of(&curve).unwrap();
    assert_eq!((record.volatility, record.sharpe, record.skew), (Some(0.0), None, None));
}

#[test]
fn months_compound_to_the_total_return() {
    let run = run();
    let years = monthly_returns(&run.time, &run.equity);
    assert_eq!(years.len(), 6);
    let months = years.iter().flat_map(|row| row.months.into_iter().flatten());
    let total = months.fold(1.0, |level, month| level * (1.0 + month)) - 1.0;
    assert!(close(total, run.equity[run.equity.len() - 1] / run.equity[0] - 1.0));
    let by_year = years.iter().fold(1.0, |level, row| level * (1.0 + row.total)) - 1.0;
    assert!(close(total, by_year));
}
