//! What each strategy and each symbol added to the result and its risk.

use super::{close, close_table, heading::figure, open, open_table};
use crate::{
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
    if sheet.attribution.is_empty() {
        return;
    }
    open(out, "parts", "Gain and risk by part");
    out.push(
        "<p class=\"note\">Net gains add up to the gain of the account, contributions to its total \
         return. A share in the risk is that in the variance of returns; below zero it calms.</p>",
    );
    for parts in sheet.attribution {
        table(out, parts, sheet.currency);
    }
    close(out);
}

fn table(out: &mut Html, parts: &Parts<'_>, currency: &str) {
    open_table(out, &format!("Attribution by {}", Text::line(parts.of)), "metrics");
    out.put(format_args!("<thead><tr><th scope=\"col\">{}</th>", Text::line(parts.of)));
    for name in ["Gross", "Costs", "Income", "Net", "Contribution", "Risk"] {
        out.put(format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
    }
    out.push("</tr></thead><tbody>");
    for part in parts.rows.iter().take(ROWS_MAX) {
        out.put(format_args!("<tr><th scope=\"row\"><bdi>{}</bdi></th>", Text::line(part.name)));
        let cells = [
            (Some(part.gross), Format::Profit),
            (Some(part.costs), Format::Money),
            (Some(part.income), Format::Profit),
            (Some(part.net), Format::Profit),
            (Some(part.contribution), Format::Change),
            (part.risk, Format::Change),
        ];
        for (value, format) in cells {
            let text = figure(value, format, currency);
            out.put(format_args!("<td class=\"number\">{text}</td>"));
        }
        out.push("</tr>");
    }
    close_table(out);
    if parts.rows.len() > ROWS_MAX {
        let all = parts.rows.len();
        out.put(format_args!("<p class=\"note\">The first {ROWS_MAX} of {all}.</p>"));
    }
}
