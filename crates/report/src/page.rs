//! The page as a whole: head, sections in reading order, data and script.

use crate::{
    csp,
    html::{Html, Text},
    payload::{Bins, payload},
    search,
    section::{
        account, attribution, breakdowns, charts, excursions, facts, heading, months, position,
        sample, trades, votes,
    },
    sheet::TearSheet,
};

pub(crate) const STYLE: &str =
    concat!(include_str!("../assets/report.css"), include_str!("../assets/search.css"));
/// One block, so that nothing leaks into the page's global names.
pub(crate) const SCRIPT: &str = concat!(
    "'use strict';\n{\n",
    include_str!("../assets/scale.js"),
    include_str!("../assets/view.js"),
    include_str!("../assets/chart.js"),
    include_str!("../assets/market.js"),
    include_str!("../assets/still.js"),
    include_str!("../assets/page.js"),
    "}\n"
);

/// Sections named in the navigation, where they are there.
const NAVIGATION: [(&str, &str); 18] = [
    ("sample", "Samples"),
    ("equity", "Equity"),
    ("drawdown", "Drawdown"),
    ("exposure", "Exposure"),
    ("price", "Price"),
    ("months", "Months"),
    ("benchmark", "Benchmark"),
    ("sharpe", "Sharpe"),
    ("excursions", "Excursions"),
    ("breakdowns", "When"),
    ("votes", "Votes"),
    ("costs", "Costs"),
    ("attribution", "Parts"),
    ("search", "Search"),
    ("trades", "Trades"),
    ("metrics", "Metrics"),
    ("data", "Data"),
    ("config", "Config"),
];

/// The tear sheet as one HTML file, at most about 2 MB for a run of any length; texts that
/// have to be escaped throughout can double that.
pub fn render(sheet: &TearSheet<'_>) -> String {
    let mut out = Html::default();
    let (body, bins) = body(sheet);
    head(&mut out, sheet.title, "tear sheet");
    heading::masthead(&mut out, sheet);
    navigation(&mut out, &body);
    out.push("<main id=\"main\">\n").push(&body);
    out.push(
        "</main>\n<footer>Past results, simulated or not, do not promise future ones.</footer>\n",
    );
    scripts(&mut out, &payload(sheet, &bins));
    out.finish()
}

/// The data of the charts, the script, and the end of the page.
pub(crate) fn scripts(out: &mut Html, data: &str) {
    out.put(format_args!(
        "<script type=\"application/json\" id=\"run-data\">{data}</script>\n\
         <script>{SCRIPT}</script>\n</body></html>\n"
    ));
}

/// The sections, and the bins that their histograms show.
fn body(sheet: &TearSheet<'_>) -> (String, Bins) {
    let mut page = Html::default();
    let out = &mut page;
    heading::warnings(out, sheet.warnings);
    heading::reading(out, sheet);
    heading::headlines(out, sheet.metrics, sheet.currency);
    if let Some(of) = &sheet.in_sample {
        sample::sample(out, of, sheet.metrics, sheet.currency);
    }
    charts::equity(out, sheet);
    charts::drawdown(out, sheet);
    charts::prices(out, sheet);
    position::exposure(out, sheet);
    months::months(out, sheet);
    position::relative(out, sheet);
    charts::rolling_sharpe(out, sheet);
    out.push("<div class=\"pair\">");
    let returns = charts::distribution(out, sheet);
    let holding = excursions::holding(out, sheet);
    out.push("</div>");
    excursions::excursions(out, sheet);
    breakdowns::breakdowns(out, sheet);
    if let Some(of) = &sheet.votes {
        votes::votes(out, of);
    }
    account::account(out, sheet);
    match sheet.attribution {
        [] => account::shares(out, sheet),
        _ => attribution::attribution(out, sheet),
    }
    search::section(out, sheet.searched);
    trades::trades(out, sheet);
    facts::metrics(out, sheet.metrics, sheet.currency);
    facts::provenance(out, sheet.provenance);
    facts::config(out, sheet.config);
    facts::reproduce(out, sheet);
    (page.finish(), Bins { returns, holding })
}

/// The head of a page that is called `title` and is a `kind`.
pub(crate) fn head(out: &mut Html, title: &str, kind: &str) {
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – {kind}</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        csp::policy(STYLE, SCRIPT),
        Text::line(title)
    ));
}

fn navigation(out: &mut Html, body: &str) {
    out.push("<nav aria-label=\"Sections\">");
    let is_there = |id: &str| body.contains(&format!("<section id=\"{id}\""));
    for (id, name) in NAVIGATION.into_iter().filter(|(id, _)| is_there(id)) {
        out.put(format_args!("<a href=\"#{id}\">{name}</a>"));
    }
    out.push("</nav>\n");
}
