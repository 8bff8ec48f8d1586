//! The page of a validation: what it shows, and what it never does.

use dirigent_core::Timestamp;
use dirigent_report::{
    Beside, Curve, Drawn, Finding, Format, Reason, Stress, Surface, ValidationPage, Verdict, Walk,
    Window, render_validation,
};

fn day(number: i64) -> Timestamp {
    Timestamp::from_nanos(number * 86_400_000_000_000)
}

/// Everything there is, with texts that would be markup.
fn whole<'a>(times: &'a [Timestamp], growth: &'a [f64], values: &'a [f64]) -> ValidationPage<'a> {
    let curve = Curve { time: times, value: growth };
    let window = |at: i64| Window {
        train: Some((day(0), day(10 * at))),
        test: (day(10 * at), day(10 * at + 9)),
        params: format!("<b>{at}</b>"),
        inside: Some(1.5),
        outside: Some(-0.25),
    };
    ValidationPage {
        title: "<script>alert(1)</script>",
        strategy: "a & b",
        verdict: Verdict::Fragile,
        reasons: vec![
            Reason { finding: Finding::Weakens, text: "<img src=x>" },
            Reason { finding: Finding::Open, text: "costs" },
        ],
        facts: vec![("Bars", "100".into())],
        beside: vec![Beside {
            label: "Sharpe ratio",
            format: Format::Ratio,
            values: [Some(1.25), None, Some(-0.5)],
        }],
        walk: Some(Walk {
            inside: curve,
            outside: curve,
            windows: (1..4).map(window).collect(),
            is_chosen: true,
        }),
        folds: vec![window(1)],
        paths: values,
        drawn: vec![Drawn {
            label: "Sharpe ratio",
            format: Format::Ratio,
            actual: Some(0.5),
            interval: Some((0.25, 0.75)),
            values,
        }],
        surface: Some(Surface {
            across: ("slow", vec![10.0, 20.0, 30.0]),
            down: Some(("fast", vec![2.0, 2.5])),
            scores: vec![Some(1.0), None, Some(-2.0), Some(0.5), Some(0.25), Some(0.0)],
            center: (1, 1),
            note: "5 neighbors.".into(),
        }),
        logits: values,
        luck: vec![("Deflated Sharpe ratio", "81.0%".into(), "That it is above luck")],
        stress: vec![Stress {
            title: "Costs",
            bars: vec![("as they are".into(), Some(1.0)), ("costs × 2".into(), Some(-1.0))],
        }],
    }
}

fn values() -> (Vec<Timestamp>, Vec<f64>, Vec<f64>) {
    let times = (0..100).map(day).collect();
    let growth = (0..100).map(|at| 1.0 + f64::from(at % 7) / 10.0).collect();
    let values = (0..200).map(|at| f64::from(at) / 200.0 - 0.25).collect();
    (times, growth, values)
}

#[test]
fn the_verdict_and_every_number_stand_on_the_page() {
    let (times, growth, values) = values();
    let page = render_validation(&whole(&times, &growth, &values));
    for wrong in ["http:", "https:", "@import", "url(", "unsafe-", " style=\"", "href="] {
        assert!(!page.contains(wrong), "`{wrong}`");
    }
    assert!(page == render_validation(&whole(&times, &growth, &values)), "same input, same bytes");
    for shown in [
        "<p class=\"verdict fragile\">Fragile</p>",
        "<td class=\"finding weakens\">weakens</td><td>&lt;img src=x&gt;</td>",
        "<td class=\"finding open\">open</td><td>costs</td>",
        "<td class=\"number\">1.25</td><td class=\"number\">–</td><td class=\"number\">−0.50</td>",
        "0.25 to 0.75; it was 0.50.",
        "<td class=\"number\">81.0%</td>",
        "Sharpe ratios of 200 paths, 51 of them at zero or below",
        "class=\"bar below\"",
        "class=\"chosen\"",
        "class=\"none\"",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    // Texts are never markup, and nothing runs.
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>1</b>"));
}

#[test]
fn what_was_not_looked_at_leaves_no_section() {
    let page = ValidationPage {
        walk: None,
        folds: Vec::new(),
        paths: &[],
        drawn: Vec::new(),
        surface: None,
        logits: &[],
        luck: Vec::new(),
        stress: Vec::new(),
        ..whole(&[], &[], &[])
    };
    let page = render_validation(&page);
    for id in ["walk", "folds", "drawn", "neighbors", "luck", "stress"] {
        assert!(!page.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
}

/// Numbers that cannot be drawn are not drawn.
#[test]
fn odd_numbers_break_no_picture() {
    let times: Vec<_> = (0..3).map(day).collect();
    for growth in [[1.0, 1.0, 1.0], [f64::NAN; 3], [0.0, f64::INFINITY, 1.0]] {
        let page = render_validation(&whole(&times, &growth, &[2.5]));
        let (_, body) = page.split_once("</style>").unwrap();
        for attribute in body.split("=\"").skip(1) {
            let value = attribute.split('"').next().unwrap();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
        }
    }
}
