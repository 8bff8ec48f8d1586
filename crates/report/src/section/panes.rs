//! What lies over the prices and in panes under them: columns of the strategy, and levels of orders.

use super::charts::{Chart, close_chart, open_chart, place_in};
use crate::{
    figure::{self, Line},
    format::grouped,
    html::Html,
    market::{ColumnSeries, Role},
    payload::charted,
    sheet::{Curve, TearSheet},
};

/// Most columns that have a line and a name.
const COLUMNS_MAX: usize = 16;
/// Most panes.
const PANES_MAX: usize = 4;
/// Names of the panes in the data, their lines, the lines of columns, and their colors.
const PANES: [&str; PANES_MAX] = ["pane0", "pane1", "pane2", "pane3"];
const LINES: [&str; COLUMNS_MAX] = [
    "col0", "col1", "col2", "col3", "col4", "col5", "col6", "col7", "col8", "col9", "col10",
    "col11", "col12", "col13", "col14", "col15",
];
const TINTS: [&str; 8] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
const STROKES: [&str; 8] =
    ["line c0", "line c1", "line c2", "line c3", "line c4", "line c5", "line c6", "line c7"];

/// The columns of the first symbol in `pane`, or over the prices, with their place among all.
fn columns<'s, 'a>(
    sheet: &'s TearSheet<'a>,
    pane: Option<usize>,
) -> impl Iterator<Item = (usize, &'s ColumnSeries<'a>)> {
    let all = sheet.market.columns.first().into_iter().flatten();
    all.take(COLUMNS_MAX).enumerate().filter(move |(_, column)| column.pane == pane)
}

/// What the legend of the price chart says beside prices and trades: class, name and line.
pub(super) fn legend<'a>(sheet: &TearSheet<'a>) -> Vec<(&'static str, &'a str, &'static str)> {
    let mut entries: Vec<_> = columns(sheet, None)
        .map(|(at, column)| (TINTS[at % TINTS.len()], column.label, LINES[at]))
        .collect();
    let has = |role| {
        sheet.market.orders.iter().any(|order| order.role == role && !order.levels.is_empty())
    };
    for (role, class, name) in [
        (Role::Stop, "level-stop", "Stop"),
        (Role::Target, "level-target", "Target"),
        (Role::Plain, "level-plain", "Waiting order"),
    ] {
        entries.extend(has(role).then_some((class, name, "")));
    }
    entries
}

/// The lines over the prices, for the still picture; `place` is where each bar of the prices is.
pub(super) fn over<'s>(
    sheet: &'s TearSheet<'_>,
    place: &'s dyn Fn(usize) -> f64,
    bars: usize,
) -> impl Iterator<Item = Line<'s>> {
    columns(sheet, None).map(move |(at, column)| Line {
        class: STROKES[at % STROKES.len()],
        place,
        values: &column.last[..column.last.len().min(bars)],
    })
}

/// A chart for each pane.
pub(super) fn panes(out: &mut Html, sheet: &TearSheet<'_>) {
    let Some(first) = charted(sheet).first() else { return };
    for (pane, key) in PANES.into_iter().enumerate().take(sheet.market.guides.len()) {
        let columns: Vec<_> = columns(sheet, Some(pane)).collect();
        let legend: Vec<_> = columns
            .iter()
            .map(|(at, column)| (TINTS[at % TINTS.len()], column.label, LINES[*at]))
            .collect();
        if legend.is_empty() {
            continue;
        }
        open_chart(out, &Chart { key, label: "Indicator", legend: &legend });
        let curve = Curve { time: first.time, value: first.close };
        let place = place_in(curve);
        let lines: Vec<Line<'_>> = columns
            .iter()
            .map(|(at, column)| Line {
                class: STROKES[at % STROKES.len()],
                place: &place,
                values: &column.last[..column.last.len().min(curve.len())],
            })
            .collect();
        figure::lines(out, &lines);
        close_chart(out, &guides(&sheet.market.guides[pane]), None);
    }
}

fn guides(guides: &[f64]) -> String {
    let shown =
        |value: &f64| grouped(*value, 4).trim_end_matches('0').trim_end_matches('.').to_owned();
    let texts: Vec<String> = guides.iter().take(8).map(shown).collect();
    if texts.is_empty() { String::new() } else { format!("Compared with {}.", texts.join(", ")) }
}
