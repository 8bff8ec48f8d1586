//! The table of trades.

use super::{close, close_table, count, open, open_table, stamp};
use crate::{
    format::{change, exact, exact_signed, float, grouped, tone},
    html::{Html, Text},
    payload::is_daily,
    sheet::{Leg, Side, TearSheet, Trade},
};

/// Most trades in the table.
pub(crate) const ROWS_MAX: usize = 500;
/// Longest reason or symbol in a cell, in characters.
const CELL_CHARS_MAX: usize = 32;

const COLUMNS: [(&str, &str); 13] = [
    ("#", "number"),
    ("Symbol", "text"),
    ("Side", "text"),
    ("Quantity", "number"),
    ("Entry", "text"),
    ("Price", "number"),
    ("Reason", "text"),
    ("Exit", "text"),
    ("Price", "number"),
    ("Reason", "text"),
    ("Profit", "number"),
    ("Return", "number"),
    ("Bars", "number"),
];

/// The first trades, and where the others are.
pub(crate) fn trades(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "trades", "Trades");
    if sheet.trades.is_empty() {
        out.push("<p class=\"empty\">The strategy never traded.</p>");
        return close(out);
    }
    let note = match sheet.trades.len() {
        all if all > ROWS_MAX => format!(
            "The first {ROWS_MAX} of {} trades; <code>trades.csv</code> of the run has all.",
            grouped(float(all), 0)
        ),
        all => count(all, "trade") + ".",
    };
    out.put(format_args!(
        "<p class=\"note\">{note} Profit in {}, after costs.</p>",
        Text::line(sheet.currency)
    ));
    open_table(out, "Trades", "trades sortable");
    out.push("<thead><tr>");
    for (name, kind) in COLUMNS {
        out.put(format_args!("<th scope=\"col\" class=\"{kind}\">{name}</th>"));
    }
    out.push("</tr></thead><tbody>\n");
    let is_daily = is_daily(sheet.equity.time);
    for (index, trade) in sheet.trades.iter().take(ROWS_MAX).enumerate() {
        row(out, index + 1, trade, is_daily);
    }
    close_table(out);
    close(out);
}

fn row(out: &mut Html, number: usize, trade: &Trade<'_>, is_daily: bool) {
    let side = match trade.side {
        Side::Long => "Long",
        Side::Short => "Short",
    };
    out.put(format_args!(
        "<tr><td class=\"number\"><a href=\"#price\">{number}</a></td><td><bdi>{}</bdi></td><td>{side}</td>\
         <td class=\"number\">{}</td>",
        Text::cut(trade.symbol, CELL_CHARS_MAX),
        Text::cut(&exact(&trade.quantity.text), CELL_CHARS_MAX)
    ));
    leg(out, &trade.entry, is_daily);
    match &trade.exit {
        Some(exit) => leg(out, exit, is_daily),
        None => {
            out.push("<td>open</td><td></td><td></td>");
        }
    }
    let tone = tone(trade.pnl.value);
    out.put(format_args!(
        "<td class=\"number {tone}\">{}</td><td class=\"number {tone}\">{}</td>\
         <td class=\"number\">{}</td></tr>\n",
        Text::cut(&exact_signed(trade.pnl.value, &trade.pnl.text), CELL_CHARS_MAX),
        change(trade.return_fraction, 2),
        trade.bars
    ));
}

fn leg(out: &mut Html, leg: &Leg<'_>, is_daily: bool) {
    out.put(format_args!(
        "<td>{}</td><td class=\"number\">{}</td><td><bdi>{}</bdi></td>",
        stamp(leg.time, is_daily),
        Text::cut(&exact(&leg.price.text), CELL_CHARS_MAX),
        Text::cut(leg.reason, CELL_CHARS_MAX)
    ));
}
