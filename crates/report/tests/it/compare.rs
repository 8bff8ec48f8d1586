//! What holds for every page that compares runs.

use dirigent_core::Timestamp;
use dirigent_report::{
    Better, Compared, ComparedMetric, Comparison, Curve, Difference, Format, RUNS_MAX,
    render_comparison,
};

use crate::page::{check_page, data, markup};

const MINUTE: i64 = 60_000_000_000;

/// A page of `count` runs over the given equity; every text is `name`.
fn page(count: usize, equity: &[f64], name: &str) -> String {
    let time: Vec<_> =
        (0..).map(|bar: i64| Timestamp::from_nanos(bar * MINUTE)).take(equity.len()).collect();
    let symbols = vec![name.to_owned(); 20];
    let run = Compared {
        name,
        run_id: name,
        strategy: name,
        symbols: &symbols,
        timeframe: name,
        digest: name,
        initial_equity: equity.first().copied().unwrap_or(0.0),
        equity: Curve { time: &time, value: equity },
        rebased: equity,
        drawdown: equity,
        warnings: 3,
    };
    let metric = ComparedMetric {
        label: name,
        meaning: name,
        format: Format::Change,
        better: Better::Higher,
        values: (0..10_u8).map(|n| Some(f64::from(n) / 7.0)).collect(),
    };
    let difference = Difference { path: name.to_owned(), values: vec![name.to_owned(); count] };
    let page = render_comparison(&Comparison {
        runs: &vec![run; count],
        metrics: &vec![metric; 40],
        differences: &vec![difference; 500],
        correlations: &vec![vec![Some(0.5), None, Some(f64::NAN)]; count],
        common_days: 7,
        warnings: &[name.to_owned()],
    });
    check_page(&page);
    page
}

#[test]
fn hostile_texts_are_shown_as_text() {
    for text in ["<img onerror=alert(1)>", "</script><script>", "\" onmouseover=\"a", "' x='"] {
        let page = page(2, &[1.0, 2.0], text);
        assert!(!markup(&page).contains("\" onmouse") && !markup(&page).contains("' x="), "{text}");
    }
}

#[test]
fn runs_of_any_shape_make_a_page() {
    for equity in [&[][..], &[100.0], &[f64::NAN; 5], &[f64::INFINITY, -1.0], &[f64::MIN, f64::MAX]]
    {
        for count in [0, 1, 2, RUNS_MAX, RUNS_MAX + 3] {
            let page = page(count, equity, "plain");
            let lines = data(&page)["lines"].as_object().unwrap().len();
            assert_eq!(lines, 2 * count.min(RUNS_MAX));
        }
    }
}

#[test]
fn a_million_bars_of_every_run_fit_with_every_text_at_its_longest() {
    let equity: Vec<f64> = (0..1_000_000).map(|bar| (f64::from(bar) / 1e4).sin() + 2.0).collect();
    let page = page(RUNS_MAX, &equity, &"<&\"'".repeat(10_000));
    let points = data(&page)["lines"]["worth run0"]["t"].as_array().unwrap().len();
    assert!((1_000..=1_250).contains(&points), "{points}");
    assert!(page.contains("The first 200 of 500 settings."));
}
