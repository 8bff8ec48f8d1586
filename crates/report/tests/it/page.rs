//! What holds for every page, and what single pages say.

use serde_json::Value;

use crate::run::Run;

/// Size of the largest page, in bytes: with texts that grow when they are escaped.
const PAGE_BYTES_MAX: usize = 4_000_000;
/// Size of the largest page of a usual run of any length.
const USUAL_BYTES_MAX: usize = 2_200_000;

/// The page without its own script, style and data: what the run put there.
pub(crate) fn markup(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let (body, _) = body.split_once("<script type=\"application/json\"").unwrap();
    format!("{head}{body}")
}

/// The data of the charts, which must be JSON.
pub(crate) fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"run-data\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

/// What holds for every page whatsoever.
#[track_caller]
fn check(run: &Run) -> String {
    let page = run.render();
    assert!(page == run.render(), "same input, same bytes");
    check_page(&page);
    page
}

/// What holds for every page of this crate that has charts.
#[track_caller]
pub(crate) fn check_page(page: &str) {
    assert!(page.len() <= PAGE_BYTES_MAX, "{} bytes", page.len());
    for wrong in ["http:", "https:", " src=", "@import", "url(h", "url(/", "unsafe-", "eval("] {
        assert!(!page.contains(wrong), "`{wrong}`");
    }
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    let markup = markup(page);
    for wrong in ["NaN", "inf%", "inf<", "-inf", "<img", "<svg onload", " style=\""] {
        assert!(!markup.contains(wrong), "`{wrong}`");
    }
    for link in markup.split("href=\"").skip(1) {
        assert!(link.starts_with('#'), "{link:.20}");
    }
    data(page);
}

#[test]
fn hostile_texts_are_shown_as_text() {
    let mut run = Run::wave(50, 5);
    for text in [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "\" onmouseover=\"alert(1)",
        "' onclick='alert(1)",
        "]]>\u{2028}\u{2029}\u{0}\u{1b}[31m",
    ] {
        run.name = text.to_owned();
        run.symbols = vec![text.to_owned()];
        run.warnings = vec![text.to_owned()];
        let page = run.render();
        let markup = markup(&page);
        assert!(!markup.contains("<img") && !markup.contains("<!--"));
        assert!(!markup.contains("\" onmouse") && !markup.contains("' onclick"));
        assert_eq!(page.matches("</script>").count(), 2, "{text}");
        assert_eq!(data(&page)["prices"][0]["symbol"], text);
        assert_eq!(data(&page)["benchmarkName"], text);
    }
    run.name = "<img src=x onerror=alert(1)>".to_owned();
    let expected = "<h1><bdi>&lt;img src=x onerror=alert(1)&gt;</bdi></h1>";
    assert!(run.render().contains(expected));
}

#[test]
fn names_of_any_script_stay_whole_and_isolated() {
    let mut run = Run::wave(50, 5);
    for name in ["אסטרטגיית מומנטום", "استراتيجية", "動量策略", "\u{202e}evil", "🦀 α β"]
    {
        run.name = name.to_owned();
        run.symbols = vec![name.to_owned()];
        assert!(check(&run).contains(&format!("<h1><bdi>{name}</bdi></h1>")));
    }
}

#[test]
fn runs_of_any_shape_make_a_page() {
    let nothing = Run::over(vec![], 0);
    let mut uneven = Run::wave(500, 3);
    uneven.drawdown.truncate(7);
    uneven.time.truncate(450);
    for run in [
        nothing,
        uneven,
        Run::over(vec![], 3),
        Run::over(vec![100.0], 0),
        Run::over(vec![100.0], 1),
        Run::over(vec![0.0; 10], 2),
        Run::over(vec![-5.0, 5.0, -5.0], 2),
        Run::over(vec![f64::NAN; 3_000], 2),
        Run::over(vec![f64::INFINITY, 1.0, f64::NEG_INFINITY], 2),
        Run::over(vec![f64::MIN, f64::MAX], 2),
        Run::over(vec![5e-324, f64::MIN_POSITIVE], 2),
    ] {
        check(&run);
    }
}

#[test]
fn a_million_bars_and_many_trades_fit_with_every_text_at_its_longest() {
    let mut run = Run::wave(1_000_000, 20_000);
    run.name = "<&\"'".repeat(50_000);
    run.symbols = (0..60).map(|i| format!("{i}{}", "<&\"'".repeat(100))).collect();
    run.warnings = (0..1_000).map(|_| "&".repeat(10_000)).collect();
    let page = check(&run);
    assert!(page.contains("The first 500 of 20,000 trades"));
    assert!(page.contains("Marked are the 2,000 trades with the largest gains and losses"));
    assert!(page.contains("The first 30 of 60 symbols"));
    assert!(page.contains("Of 40,000 orders, 2,500 can be seen, those of marked trades first"));
    assert!(page.contains("Of 40,000 fills, 2,500 can be seen"));
    assert!(
        page.contains(
            "at most 2,000 points, the lowest and highest of equal stretches of 1,000,000"
        )
    );
    assert!(page.contains("and 950 more"));
}

#[test]
fn a_million_bars_with_usual_texts_make_a_page_of_about_two_megabytes_at_most() {
    let page = check(&Run::wave(1_000_000, 20_000));
    assert!(page.len() <= USUAL_BYTES_MAX, "{} bytes", page.len());
}

#[test]
fn thinning_keeps_the_ends_and_extremes() {
    let run = Run::wave(100_000, 0);
    let data = data(&check(&run));
    let drawn: Vec<f64> =
        data["equity"]["v"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let times = data["equity"]["t"].as_array().unwrap();
    assert_eq!(times.iter().map(|t| t.as_i64().unwrap()).sum::<i64>(), 99_999 * 60);
    assert!(drawn.len() <= 2_000 && drawn.len() == times.len());
    for pick in [f64::min, f64::max] {
        let of = |values: &[f64]| values.iter().copied().reduce(pick).unwrap();
        assert!((of(&drawn) - of(&run.equity)).abs() < 0.01);
    }
    assert!((drawn[0] - run.equity[0]).abs() < 0.01);
    assert!((drawn[drawn.len() - 1] - run.equity[99_999]).abs() < 0.01);
}

#[test]
fn a_run_of_losses_shows_no_gain() {
    let run = Run::over((0..400).map(|bar| 1000.0 - f64::from(bar)).collect(), 40);
    let markup = markup(&check(&run));
    assert!(markup.contains("<dt>Total return</dt><dd class=\"loss\">−39.90%</dd>"));
    assert!(markup.contains("It ended 39.90% below the high of <time>1970-01-01 00:00</time>."));
    assert!(markup.contains("39 trades closed, 0 with a gain."));
    assert!(!markup.contains("class=\"gain\"") && !markup.contains(">+"));
}

#[test]
fn few_or_no_trades_are_said_to_prove_little() {
    assert!(check(&Run::wave(50, 0)).contains("The strategy never traded."));
    let few = check(&Run::wave(50, 5));
    assert!(few.contains("4 trades closed, 0 with a gain. So few trades prove little"));
    assert!(few.contains("made +3.27%: the strategy ended level with it."));
    assert!(few.contains("1 position still open at the end."));
    assert!(!check(&Run::wave(50, 31)).contains("prove little"));
}

#[test]
fn the_numbers_are_there_without_javascript() {
    let mut run = Run::wave(50, 5);
    run.warnings = vec!["prices are not adjusted".to_owned()];
    let markup = markup(&check(&run));
    let warning = markup.find("prices are not adjusted").unwrap();
    assert!(warning < markup.find("Key metrics").unwrap(), "warnings come before the numbers");
    for expected in
        ["154,898.04 <small>USD</small>", "−25.00%", "<path class=\"line equity\" d=\"M"]
    {
        assert!(markup.contains(expected), "{expected}");
    }
    run.warnings.clear();
    assert!(!run.render().contains("id=\"warnings\""));
}

#[test]
fn each_way_to_take_a_result_apart_is_a_table() {
    let page = Run::wave(50, 3).render();
    let (_, table) = page.split_once("aria-label=\"Attribution by plain\">").unwrap();
    let (table, _) = table.split_once("</table>").unwrap();
    assert_eq!(table.matches("<tr>").count(), 3, "a head and two parts: {table}");
    assert!(table.contains("-2.50%") || table.contains("−2.50%"), "{table}");
    assert!(
        table.contains("-20.00%") || table.contains("−20.00%"),
        "the share in the risk: {table}"
    );
}
