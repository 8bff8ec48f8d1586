//! The page as a whole: head, sections in reading order, data and script.

use crate::{
    csp,
    html::{Html, Text},
    payload::payload,
    section::{charts, facts, heading, months, trades},
    sheet::TearSheet,
};

const STYLE: &str = include_str!("../assets/report.css");
/// One block, so that nothing leaks into the page's global names.
const SCRIPT: &str = concat!(
    "'use strict';\n{\n",
    include_str!("../assets/scale.js"),
    include_str!("../assets/view.js"),
    include_str!("../assets/chart.js"),
    include_str!("../assets/page.js"),
    "}\n"
);

/// Sections named in the navigation.
const NAVIGATION: [(&str, &str); 9] = [
    ("equity", "Equity"),
    ("drawdown", "Drawdown"),
    ("price", "Price"),
    ("months", "Months"),
    ("sharpe", "Sharpe"),
    ("trades", "Trades"),
    ("metrics", "Metrics"),
    ("data", "Data"),
    ("config", "Config"),
];

/// The tear sheet as one HTML file, at most about 1.5 MB for a run of any length.
pub fn render(sheet: &TearSheet<'_>) -> String {
    let mut out = Html::default();
    head(&mut out, sheet.title);
    heading::masthead(&mut out, sheet);
    navigation(&mut out);
    out.push("<main id=\"main\">\n");
    heading::warnings(&mut out, sheet.warnings);
    heading::reading(&mut out, sheet);
    heading::headlines(&mut out, sheet.metrics, sheet.currency);
    charts::equity(&mut out, sheet);
    charts::drawdown(&mut out, sheet);
    charts::prices(&mut out, sheet);
    months::months(&mut out, sheet);
    out.push("<div class=\"pair\">");
    charts::rolling_sharpe(&mut out, sheet);
    let bins = charts::distribution(&mut out, sheet);
    out.push("</div>");
    trades::trades(&mut out, sheet);
    facts::metrics(&mut out, sheet.metrics, sheet.currency);
    facts::provenance(&mut out, sheet.provenance);
    facts::config(&mut out, sheet.config);
    facts::reproduce(&mut out, sheet);
    out.push(
        "</main>\n<footer>Past results, simulated or not, do not promise future ones.</footer>\n",
    );
    out.put(format_args!(
        "<script type=\"application/json\" id=\"run-data\">{}</script>\n<script>{SCRIPT}</script>\n\
         </body></html>\n",
        payload(sheet, bins.as_ref())
    ));
    out.finish()
}

fn head(out: &mut Html, title: &str) {
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – tear sheet</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        csp::policy(STYLE, SCRIPT),
        Text::line(title)
    ));
}

fn navigation(out: &mut Html) {
    out.push("<nav aria-label=\"Sections\">");
    for (id, name) in NAVIGATION {
        out.put(format_args!("<a href=\"#{id}\">{name}</a>"));
    }
    out.push("</nav>\n");
}
