//! The table of monthly returns: a row per year, colored by size.
//!
//! Not here: the arithmetic; see `monthly`.

use super::{close, close_table, open, open_table};
use crate::{
    format::{MISSING, signed},
    html::Html,
    monthly,
    sheet::TearSheet,
};

/// Most years shown; the latest are kept.
const YEARS_MAX: usize = 150;
pub(crate) const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From these absolute returns on a cell is one shade stronger; the same for every run, so that
/// pages can be compared.
const SHADES: [f64; 4] = [0.002, 0.02, 0.05, 0.1];

/// Monthly returns.
pub(crate) fn months(out: &mut Html, sheet: &TearSheet<'_>) {
    let years = monthly::years(sheet.initial_equity, &sheet.equity);
    open(out, "months", "Monthly returns");
    if years.is_empty() {
        out.push("<p class=\"empty\">No complete bar.</p>");
        return close(out);
    }
    out.push("<p class=\"note\">In percent.</p>");
    open_table(out, "Monthly returns in percent", "months");
    out.push("<thead><tr><th scope=\"col\">Year</th>");
    for name in NAMES {
        out.put(format_args!("<th scope=\"col\">{name}</th>"));
    }
    out.push("<th scope=\"col\">Total</th></tr></thead><tbody>");
    for year in years.iter().skip(years.len().saturating_sub(YEARS_MAX)) {
        out.put(format_args!("<tr><th scope=\"row\">{}</th>", year.year));
        for month in year.months {
            cell(out, month, "");
        }
        cell(out, year.total, " total");
        out.push("</tr>");
    }
    close_table(out);
    close(out);
}

/// A return in percent, colored by its size.
pub(crate) fn cell(out: &mut Html, value: Option<f64>, class: &str) {
    match value {
        Some(value) => {
            let text = signed(100.0 * value, 1);
            out.put(format_args!("<td class=\"{}{class}\">{text}</td>", shade(value)))
        }
        None => out.put(format_args!("<td class=\"none{class}\">{MISSING}</td>")),
    };
}

fn shade(value: f64) -> String {
    let strength = SHADES.iter().filter(|&&from| value.abs() >= from).count();
    format!("{}{strength}", if value < 0.0 { "n" } else { "p" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_grow_with_the_return_on_both_sides() {
        for (value, expected) in
            [(0.0, "p0"), (-0.001, "n0"), (0.03, "p2"), (-0.05, "n3"), (9.0, "p4")]
        {
            assert_eq!(shade(value), expected);
        }
    }
}
