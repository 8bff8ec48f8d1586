//! The page that compares runs: their figures side by side, their curves over each other, and what
//! differs between them.
//!
//! Promises: those of the tear sheet: a pure function to one self-contained file of bounded size.
//! Not here: figures and correlations, which are given; which runs can be compared.

mod tables;

use crate::{
    figure::{self, Line},
    format::float,
    html::{Html, Text},
    page::{head, scripts},
    payload::{curve_of, is_daily, list, put},
    section::{
        self,
        charts::{Chart, bounds, close_chart, open_chart, place},
    },
    sheet::{Curve, Format},
    thin::POINTS_MAX,
};

/// Most runs on one page: as many as there are colors that can be told apart.
pub const RUNS_MAX: usize = 8;
/// Most points of all lines of one chart.
const POINTS_TOTAL_MAX: usize = 10_000;
/// The lines of the charts, by run.
const WORTH: [&str; RUNS_MAX] = [
    "line worth run0",
    "line worth run1",
    "line worth run2",
    "line worth run3",
    "line worth run4",
    "line worth run5",
    "line worth run6",
    "line worth run7",
];
const DEPTH: [&str; RUNS_MAX] = [
    "line depth run0",
    "line depth run1",
    "line depth run2",
    "line depth run3",
    "line depth run4",
    "line depth run5",
    "line depth run6",
    "line depth run7",
];

/// Everything one page shows.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The runs, at most [`RUNS_MAX`].
    pub runs: &'a [Compared<'a>],
    /// Their figures, a row each.
    pub metrics: &'a [ComparedMetric<'a>],
    /// The settings and data that are not the same in all of them.
    pub differences: &'a [Difference],
    /// Correlations of their daily returns, a row for each run; `None` where undefined.
    pub correlations: &'a [Vec<Option<f64>>],
    /// Days that all runs have in common, from whose returns the correlations are.
    pub common_days: usize,
    /// What the reader should doubt, one sentence each.
    pub warnings: &'a [String],
}

/// One of the runs.
#[derive(Clone, Debug)]
pub struct Compared<'a> {
    /// Name of its workflow.
    pub name: &'a str,
    /// Its id.
    pub run_id: &'a str,
    /// Its strategy with the parameters.
    pub strategy: &'a str,
    /// What it traded.
    pub symbols: &'a [String],
    /// Length of a bar.
    pub timeframe: &'a str,
    /// Its digest; empty if it has none.
    pub digest: &'a str,
    /// Equity before the first bar.
    pub initial_equity: f64,
    /// Equity after each bar.
    pub equity: Curve<'a>,
    /// The same with 100 for `initial_equity`.
    pub rebased: &'a [f64],
    /// Drawdown at each bar, as a fraction at or below zero.
    pub drawdown: &'a [f64],
    /// How many warnings its own report has.
    pub warnings: usize,
}

/// One figure of all runs.
#[derive(Clone, Debug)]
pub struct ComparedMetric<'a> {
    /// Name for people.
    pub label: &'a str,
    /// What it says.
    pub meaning: &'a str,
    /// How it is printed.
    pub format: Format,
    /// Which value is the best.
    pub better: Better,
    /// One value for each run.
    pub values: Vec<Option<f64>>,
}

/// Which of several values is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The highest.
    Higher,
    /// The lowest.
    Lower,
    /// None is better than another.
    Neither,
}

/// A setting that is not the same in all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its path: `strategy.params.fast`.
    pub path: String,
    /// Its value in each run; empty where it is not set.
    pub values: Vec<String>,
}

/// The comparison as one HTML file, at most about 1.5 MB.
pub fn render_comparison(comparison: &Comparison<'_>) -> String {
    let runs = &comparison.runs[..comparison.runs.len().min(RUNS_MAX)];
    let mut page = Html::default();
    let out = &mut page;
    let title = format!("Comparison of {} runs", runs.len());
    head(out, &title, "Dirigent");
    out.put(format_args!(
        "<header class=\"masthead\"><div class=\"bar\"><p class=\"brand\">Dirigent \
         <span>comparison</span></p><div class=\"tools\" id=\"page-tools\"></div></div>\
         <div class=\"lead\"><div><h1>{title}</h1></div></div></header>\n"
    ));
    out.push("<nav aria-label=\"Sections\">");
    for (id, name) in [
        ("runs", "Runs"),
        ("equity", "Equity"),
        ("drawdown", "Drawdown"),
        ("metrics", "Metrics"),
        ("differences", "Differences"),
        ("correlation", "Correlation"),
        ("months", "Months"),
    ] {
        out.put(format_args!("<a href=\"#{id}\">{name}</a>"));
    }
    out.push("</nav>\n<main id=\"main\">\n");
    section::heading::warnings(out, comparison.warnings);
    tables::runs(out, runs);
    curves(out, runs);
    tables::metrics(out, runs, comparison.metrics);
    tables::differences(out, runs, comparison.differences);
    tables::correlations(out, runs, comparison);
    tables::months(out, runs);
    out.push(
        "</main>\n<footer>Of many runs the best looks better than it is: chance chose it too. Past \
         results, simulated or not, do not promise future ones.</footer>\n",
    );
    scripts(out, &payload(runs));
    page.finish()
}

/// The letter by which the page calls a run.
fn letter(index: usize) -> char {
    char::from(b'A' + u8::try_from(index).expect("there are few runs"))
}

fn curves(out: &mut Html, runs: &[Compared<'_>]) {
    section::open(out, "equity", "Equity, rebased to 100");
    chart(out, runs, "equity", &WORTH, |run| run.rebased);
    close_chart(out, "Each run starts at 100 before its first bar.", thinned(runs));
    section::close(out);
    section::open(out, "drawdown", "Drawdown");
    chart(out, runs, "drawdown", &DEPTH, |run| run.drawdown);
    close_chart(out, "Depth below the last high of each run.", None);
    section::close(out);
}

fn chart(
    out: &mut Html,
    runs: &[Compared<'_>],
    key: &'static str,
    classes: &[&'static str; RUNS_MAX],
    values: for<'r> fn(&'r Compared<'_>) -> &'r [f64],
) {
    let names: Vec<String> =
        runs.iter().enumerate().map(|(i, run)| format!("{} {}", letter(i), run.name)).collect();
    let line = |index: usize| classes[index].trim_start_matches("line ");
    let color = |index: usize| line(index).split_once(' ').map_or("", |(_, color)| color);
    let legend: Vec<_> =
        names.iter().enumerate().map(|(i, name)| (color(i), name.as_str(), line(i))).collect();
    open_chart(out, &Chart { key, label: key, legend: &legend });
    let edges = runs.iter().filter(|run| !run.equity.is_empty()).map(|run| bounds(&run.equity));
    let whole = edges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
    let curves = runs.iter().map(|run| run.equity);
    let places: Vec<_> = curves.map(|curve| move |bar| place(whole, curve, bar)).collect();
    let lines: Vec<Line<'_>> = runs
        .iter()
        .zip(&places)
        .enumerate()
        .map(|(index, (run, place))| {
            let values = values(run);
            Line {
                class: classes[index],
                place,
                values: &values[..values.len().min(run.equity.len())],
            }
        })
        .collect();
    figure::lines(out, &lines);
}

fn points_max(runs: &[Compared<'_>]) -> usize {
    POINTS_MAX.min(POINTS_TOTAL_MAX / runs.len().max(1))
}

fn thinned(runs: &[Compared<'_>]) -> Option<String> {
    let longest = runs.iter().map(|run| run.equity.len()).max().unwrap_or(0);
    let drawn = points_max(runs);
    (longest > drawn).then(|| {
        let drawn = crate::format::grouped(float(drawn), 0);
        format!("Drawn with at most {drawn} points a run; figures are computed from every bar.")
    })
}

/// The data of the charts, in the shape that the script of the tear sheet reads.
fn payload(runs: &[Compared<'_>]) -> String {
    let mut out = String::with_capacity(1 << 18);
    let are_daily = runs.iter().all(|run| is_daily(run.equity.time));
    put(&mut out, format_args!("{{\"currency\":\"\",\"dates\":{are_daily},\"lines\":{{"));
    let lines = runs.iter().enumerate().flat_map(|(index, run)| {
        [(WORTH[index], run.rebased), (DEPTH[index], run.drawdown)]
            .map(|(class, value)| (class, Curve { time: run.equity.time, value }))
    });
    list(&mut out, lines, |out, (class, curve)| {
        put(out, format_args!("\"{}\":", class.trim_start_matches("line ")));
        curve_of(out, curve, points_max(runs));
    });
    out.push_str("},\"charts\":{");
    list(&mut out, [("equity", WORTH), ("drawdown", DEPTH)], |out, (chart, classes)| {
        put(out, format_args!("\"{chart}\":["));
        list(out, &classes[..runs.len()], |out, class| {
            put(out, format_args!("\"{}\"", class.trim_start_matches("line ")));
        });
        out.push(']');
    });
    out.push_str("},\"prices\":[],\"trades\":[],\"reasons\":[]}");
    out
}

/// The key of a run and its letter.
fn tag(index: usize) -> String {
    format!("<i class=\"key run{index}\"></i>{}", letter(index))
}

/// A name behind its tag.
fn named(index: usize, run: &Compared<'_>) -> String {
    format!("{} <bdi>{}</bdi>", tag(index), Text::cut(run.name, 40))
}
