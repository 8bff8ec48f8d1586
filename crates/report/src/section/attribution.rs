//! What each strategy and each symbol added to the result and its risk.

use super::{breakdowns::Scale, close, close_table, open, open_table};
use crate::{
    format::{metric, tone},
    html::{Html, Text},
    sheet::{Format, TearSheet},
};

/// Most rows of one table shown.
const ROWS_MAX: usize = 500;

/// One part of the result.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Whose it is.
    pub name: &'a str,
    /// The gain before all costs, dividends and interest, in the currency of the sheet.
    pub gross: f64,
    /// Commissions and slippage.
    pub costs: f64,
    /// Dividends and interest, less fees for what was borrowed.
    pub income: f64,
    /// What is left.
    pub net: f64,
    /// Its part of the total return, as a fraction.
    pub contribution: f64,
    /// Its share in the variance of the returns.
    pub risk: Option<f64>,
}

/// Parts that together are the whole.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// What each part is: `Strategy`.
    pub of: &'a str,
    /// The parts.
    pub rows: Vec<Part<'a>>,
}

/// A table for each way of taking the result apart.
pub(crate) fn attribution(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "attribution", "Who brought it");
    out.put(format_args!(
        "<p class=\"note\">In {}. Net gains add up to the gain of the account, contributions to its \
         total return. A share in the risk is that in the variance of returns; below zero it \
         calms.</p>",
        Text::line(sheet.currency)
    ));
    for parts in sheet.attribution {
        table(out, parts);
    }
    close(out);
}

fn table(out: &mut Html, parts: &Parts<'_>) {
    let Parts { of, rows } = parts;
    out.put(format_args!("<h3>By {}</h3>", Text::line(&of.to_lowercase())));
    open_table(out, &format!("Attribution by {}", Text::line(of)), "shares sortable");
    out.put(format_args!("<thead><tr><th scope=\"col\" class=\"text\">{}</th>", Text::line(of)));
    for name in ["Gross", "Costs", "Income", "Net", "Contribution", "Of risk"] {
        out.put(format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
    }
    out.push("<th scope=\"col\"><span class=\"hidden\">Picture</span></th></tr></thead><tbody>");
    let scale = Scale::of(rows.iter().map(|part| part.net));
    for part in rows.iter().take(ROWS_MAX) {
        row(out, part, &scale);
    }
    close_table(out);
    if rows.len() > ROWS_MAX {
        let all = rows.len();
        out.put(format_args!("<p class=\"note\">The first {ROWS_MAX} of {all}.</p>"));
    }
}

fn row(out: &mut Html, part: &Part<'_>, scale: &Scale) {
    out.put(format_args!("<tr><th scope=\"row\"><bdi>{}</bdi></th>", Text::line(part.name)));
    let cells = [
        (Some(part.gross), Format::Profit, "flat"),
        (Some(part.costs), Format::Money, "flat"),
        (Some(part.income), Format::Profit, "flat"),
        (Some(part.net), Format::Profit, tone(part.net)),
        (Some(part.contribution), Format::Change, "flat"),
        (part.risk, Format::Change, "flat"),
    ];
    for (value, format, tone) in cells {
        out.put(format_args!("<td class=\"number {tone}\">{}</td>", metric(value, format)));
    }
    out.push("<td class=\"small\">");
    scale.bar(out, 0.0, part.net);
    out.push("</td></tr>");
}
