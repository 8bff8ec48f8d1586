//! The page of a validation: the verdict with its reasons at the top, and a picture of every check.
//!
//! Promises: as the tear sheet, a pure function to one self-contained file; this page runs no code
//! at all. What is a bar or a color in a picture stands beside it as a number.
//! Not here: what the figures mean for the verdict, which is given.

mod checks;
mod draw;
mod walk;

use dirigent_core::Timestamp;

use crate::{
    csp,
    format::metric,
    html::{Html, Text},
    section::{close, close_table, open, open_table},
    sheet::{Curve, Format},
};

const STYLE: &str =
    concat!(include_str!("../assets/report.css"), include_str!("../assets/validation.css"));
/// Open checks and reasons that are listed.
const REASONS_MAX: usize = 40;
/// Longest sentence of a reason, in characters.
const SENTENCE_CHARS_MAX: usize = 400;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct ValidationPage<'a> {
    /// Name of the workflow.
    pub title: &'a str,
    /// The strategy with the parameters that are doubted.
    pub strategy: &'a str,
    /// What is thought of it.
    pub verdict: Verdict,
    /// Why, the gravest first.
    pub reasons: Vec<Reason<'a>>,
    /// Labels and values of the run.
    pub facts: Vec<(&'static str, String)>,
    /// In-sample and out-of-sample figures side by side.
    pub beside: Vec<Beside>,
    /// Windows and their joined tests.
    pub walk: Option<Walk<'a>>,
    /// Folds, each the test once.
    pub folds: Vec<Window>,
    /// The Sharpe ratios of combinatorial paths.
    pub paths: &'a [f64],
    /// Distributions of what could have happened.
    pub drawn: Vec<Drawn<'a>>,
    /// The neighbors of the parameters.
    pub surface: Option<Surface<'a>>,
    /// Logits of the cross-validation of the choice.
    pub logits: &'a [f64],
    /// Figures of luck: label, value as printed, and what it says.
    pub luck: Vec<(&'static str, String, &'static str)>,
    /// Sharpe ratios under rising costs, and with later decisions.
    pub stress: Vec<Stress>,
}

/// What is thought of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that was tried broke it.
    Robust,
    /// Something did, or too little was tried.
    Fragile,
    /// Chance would look as good.
    LikelyLuck,
}

/// One reason in a sentence.
#[derive(Clone, Debug)]
pub struct Reason<'a> {
    /// What it does to the result.
    pub finding: Finding,
    /// The sentence.
    pub text: &'a str,
}

/// What a check does to a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Speaks for it.
    Supports,
    /// Leaves doubt.
    Weakens,
    /// Speaks for luck.
    Refutes,
    /// Was not made.
    Open,
}

/// A figure in the sample, with hindsight over the tests, and out of the sample.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Name for people.
    pub label: &'static str,
    /// How it is printed.
    pub format: Format,
    /// The values.
    pub values: [Option<f64>; 3],
}

/// A walk forward.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    /// Growth of the whole run with the parameters that all of the data chose.
    pub inside: Curve<'a>,
    /// Growth of the joined tests.
    pub outside: Curve<'a>,
    /// The windows.
    pub windows: Vec<Window>,
    /// Whether each was searched anew.
    pub is_chosen: bool,
}

/// A window, or a fold.
#[derive(Clone, Debug)]
pub struct Window {
    /// First and last time of the training; none for a fold, which trains on all others.
    pub train: Option<(Timestamp, Timestamp)>,
    /// First and last time of the test.
    pub test: (Timestamp, Timestamp),
    /// What was chosen.
    pub params: String,
    /// Sharpe ratio where it was chosen.
    pub inside: Option<f64>,
    /// Sharpe ratio in the test.
    pub outside: Option<f64>,
}

/// The distribution of a figure.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// Name for people.
    pub label: &'static str,
    /// How values are printed.
    pub format: Format,
    /// What happened.
    pub actual: Option<f64>,
    /// The interval that holds most.
    pub interval: Option<(f64, f64)>,
    /// Values at equal steps of probability.
    pub values: &'a [f64],
}

/// Scores over two parameters, or over one.
#[derive(Clone, Debug)]
pub struct Surface<'a> {
    /// Name and values of the parameter across.
    pub across: (&'a str, Vec<f64>),
    /// Those of the one down; none if there is only one.
    pub down: Option<(&'a str, Vec<f64>)>,
    /// The scores, row by row; none makes no strategy.
    pub scores: Vec<Option<f64>>,
    /// Column and row of the chosen point.
    pub center: (usize, usize),
    /// What is held fixed or left out, in words.
    pub note: String,
}

/// Scores at rising levels of stress.
#[derive(Clone, Debug)]
pub struct Stress {
    /// What rises.
    pub title: &'static str,
    /// Levels and their Sharpe ratios, the first without stress.
    pub bars: Vec<(String, Option<f64>)>,
}

/// The page as one HTML file.
pub fn render_validation(page: &ValidationPage<'_>) -> String {
    let mut out = Html::default();
    head(&mut out, page);
    reasons(&mut out, page);
    beside(&mut out, &page.beside);
    if let Some(walk) = &page.walk {
        walk::walk(&mut out, walk);
    }
    checks::folds(&mut out, page);
    checks::drawn(&mut out, &page.drawn);
    if let Some(surface) = &page.surface {
        checks::surface(&mut out, surface);
    }
    checks::stress(&mut out, &page.stress);
    checks::luck(&mut out, page);
    out.push(
        "</main>\n<footer>Past results, simulated or not, do not promise future ones.</footer>\n\
         </body></html>\n",
    );
    out.finish()
}

fn head(out: &mut Html, page: &ValidationPage<'_>) {
    let (class, word) = match page.verdict {
        Verdict::Robust => ("robust", "Robust"),
        Verdict::Fragile => ("fragile", "Fragile"),
        Verdict::LikelyLuck => ("luck", "Likely luck"),
    };
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – validation</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <header class=\"masthead\"><div class=\"bar\"><p class=\"brand\">Dirigent \
         <span>validation</span></p></div><div class=\"lead\"><div><h1><bdi>{}</bdi></h1>\
         <p class=\"strategy\"><bdi>{}</bdi></p></div>\
         <p class=\"verdict {class}\">{word}</p></div>\n<dl class=\"facts\">",
        csp::policy(STYLE, ""),
        Text::line(page.title),
        Text::line(page.title),
        Text::line(page.strategy)
    ));
    for (label, value) in &page.facts {
        out.put(format_args!("<div><dt>{label}</dt><dd>{}</dd></div>", Text::line(value)));
    }
    out.push("</dl></header>\n<main id=\"main\">\n");
}

fn reasons(out: &mut Html, page: &ValidationPage<'_>) {
    open(out, "reasons", "Why");
    open_table(out, "Reasons of the verdict", "reasons");
    out.push("<tbody>");
    for reason in page.reasons.iter().take(REASONS_MAX) {
        let word = match reason.finding {
            Finding::Supports => "supports",
            Finding::Weakens => "weakens",
            Finding::Refutes => "refutes",
            Finding::Open => "open",
        };
        out.put(format_args!(
            "<tr><td class=\"finding {word}\">{word}</td><td>{}</td></tr>",
            Text::cut(reason.text, SENTENCE_CHARS_MAX)
        ));
    }
    close_table(out);
    out.push(
        "<p class=\"note\">What refutes makes a result likely luck, what weakens makes it fragile; robust \
         needs neither, and that both the choice and the walk forward were looked at.</p>",
    );
    close(out);
}

fn beside(out: &mut Html, rows: &[Beside]) {
    open(out, "beside", "In the sample and out of it");
    open_table(out, "Figures in the sample and out of it", "data");
    out.push(
        "<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"number\">In the sample</th>\
         <th scope=\"col\" class=\"number\">With hindsight</th>\
         <th scope=\"col\" class=\"number\">Out of the sample</th></tr></thead><tbody>",
    );
    for row in rows {
        out.put(format_args!("<tr><th scope=\"row\">{}</th>", row.label));
        for value in row.values {
            out.put(format_args!("<td class=\"number\">{}</td>", metric(value, row.format)));
        }
        out.push("</tr>");
    }
    close_table(out);
    out.push(
        "<p class=\"note\">In the sample: the parameters that all bars chose, over all bars. With \
         hindsight: the same over the bars of the tests. Out of the sample: the tests one after the other, \
         each with what its past chose.</p>",
    );
    close(out);
}
