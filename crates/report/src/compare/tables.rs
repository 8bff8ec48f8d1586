//! The tables of a comparison.

use std::collections::BTreeMap;

use super::{Better, Compared, ComparedMetric, Comparison, Difference, named, tag};
use crate::{
    format::{MISSING, float, grouped, metric},
    html::{Html, Text},
    monthly,
    payload::is_daily,
    section::{
        close, close_table, count,
        heading::metric_tone,
        months::{NAMES, cell},
        open, open_table, stamp,
    },
};

/// Most settings that differ and are listed.
const DIFFERENCES_MAX: usize = 200;
/// Longest value of a setting, in characters.
const VALUE_CHARS_MAX: usize = 120;
/// Most months that are listed; the latest are kept.
const MONTHS_MAX: usize = 480;
/// Most symbols that are named.
const SYMBOLS_MAX: usize = 8;

/// What the runs are.
pub(super) fn runs(out: &mut Html, runs: &[Compared<'_>]) {
    open(out, "runs", "Runs");
    open_table(out, "Runs", "compare");
    out.push("<thead><tr><th scope=\"col\">Run</th>");
    for name in ["Strategy", "Symbols", "Period (UTC)", "Bars", "Warnings", "Id and digest"] {
        out.put(format_args!("<th scope=\"col\">{name}</th>"));
    }
    out.push("</tr></thead><tbody>");
    for (index, run) in runs.iter().enumerate() {
        out.put(format_args!(
            "<tr><th scope=\"row\">{}</th><td class=\"text\"><bdi>{}</bdi></td><td>{}</td><td>{}</td>\
             <td>{}, {}</td><td>{}</td><td><code>{}</code><br><code>{}</code></td></tr>",
            named(index, run),
            Text::line(run.strategy),
            symbols(run.symbols),
            period(run),
            grouped(float(run.equity.len()), 0),
            Text::cut(run.timeframe, 20),
            if run.warnings > 0 { run.warnings.to_string() } else { MISSING.to_owned() },
            Text::cut(run.run_id, 60),
            Text::cut(run.digest, 16),
        ));
    }
    close_table(out);
    close(out);
}

fn symbols(symbols: &[String]) -> String {
    let named: Vec<String> = symbols
        .iter()
        .take(SYMBOLS_MAX)
        .map(|symbol| format!("<bdi>{}</bdi>", Text::cut(symbol, 20)))
        .collect();
    match symbols.len().saturating_sub(SYMBOLS_MAX) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn period(run: &Compared<'_>) -> String {
    let time = &run.equity.time[..run.equity.len()];
    let is_daily = is_daily(time);
    match (time.first(), time.last()) {
        (Some(first), Some(last)) => {
            format!("{} to {}", stamp(*first, is_daily), stamp(*last, is_daily))
        }
        _ => MISSING.to_owned(),
    }
}

/// A head with one column for each run.
fn head(out: &mut Html, first: &str, runs: &[Compared<'_>]) {
    out.put(format_args!("<thead><tr><th scope=\"col\">{first}</th>"));
    for (index, run) in runs.iter().enumerate() {
        out.put(format_args!(
            "<th scope=\"col\" class=\"number\" title=\"{}\">{}</th>",
            Text::line(run.name),
            tag(index)
        ));
    }
    out.push("</tr></thead><tbody>");
}

/// Figures side by side, the best of each marked.
pub(super) fn metrics(out: &mut Html, runs: &[Compared<'_>], metrics: &[ComparedMetric<'_>]) {
    open(out, "metrics", "Metrics");
    out.push(
        "<p class=\"note\">The best of a row is marked where one value is better than another.</p>",
    );
    open_table(out, "Metrics", "compare");
    head(out, "", runs);
    for row in metrics {
        out.put(format_args!(
            "<tr><th scope=\"row\" title=\"{}\">{}</th>",
            Text::line(row.meaning),
            Text::line(row.label)
        ));
        let best = best(row);
        for value in row.values.iter().take(runs.len()) {
            let is_best = best.is_some() && value.map(f64::to_bits) == best;
            let (mark, word) =
                if is_best { (" best", "<span class=\"hidden\"> (best)</span>") } else { ("", "") };
            out.put(format_args!(
                "<td class=\"number {}{mark}\">{}{word}</td>",
                metric_tone(*value, row.format),
                metric(*value, row.format)
            ));
        }
        out.push("</tr>");
    }
    close_table(out);
    close(out);
}

/// The bits of the best value of a row; none if no value is better than the others.
fn best(row: &ComparedMetric<'_>) -> Option<u64> {
    let values: Vec<f64> = row.values.iter().flatten().copied().filter(|x| x.is_finite()).collect();
    let best = match row.better {
        Better::Higher => values.iter().copied().reduce(f64::max),
        Better::Lower => values.iter().copied().reduce(f64::min),
        Better::Neither => None,
    }?;
    let is_alone = values.iter().any(|value| value.to_bits() != best.to_bits());
    is_alone.then_some(best.to_bits())
}

/// What is not the same in all runs.
pub(super) fn differences(out: &mut Html, runs: &[Compared<'_>], differences: &[Difference]) {
    open(out, "differences", "What differs");
    if differences.is_empty() {
        out.push("<p class=\"empty\">Configuration and data are the same in all of them.</p>");
        return close(out);
    }
    open_table(out, "What differs", "compare");
    head(out, "Setting", runs);
    for Difference { path, values } in differences.iter().take(DIFFERENCES_MAX) {
        out.put(format_args!("<tr><th scope=\"row\"><code>{}</code></th>", Text::cut(path, 80)));
        for value in values.iter().take(runs.len()) {
            let shown = if value.is_empty() { MISSING } else { value };
            out.put(format_args!(
                "<td class=\"text number\"><bdi>{}</bdi></td>",
                Text::cut(shown, VALUE_CHARS_MAX)
            ));
        }
        out.push("</tr>");
    }
    close_table(out);
    if differences.len() > DIFFERENCES_MAX {
        let all = count(differences.len(), "setting");
        out.put(format_args!("<p class=\"note\">The first {DIFFERENCES_MAX} of {all}.</p>"));
    }
    close(out);
}

/// Correlations of daily returns.
pub(super) fn correlations(out: &mut Html, runs: &[Compared<'_>], comparison: &Comparison<'_>) {
    open(out, "correlation", "Correlation of daily returns");
    out.put(format_args!(
        "<p class=\"note\">Over the {} that all runs have in common. Runs that move alike are one bet.</p>",
        count(comparison.common_days, "day")
    ));
    open_table(out, "Correlation of daily returns", "compare");
    head(out, "", runs);
    for ((index, run), row) in runs.iter().enumerate().zip(comparison.correlations) {
        out.put(format_args!("<tr><th scope=\"row\">{}</th>", named(index, run)));
        for value in row.iter().take(runs.len()) {
            let text = value.map_or(MISSING.to_owned(), |value| grouped(value, 2));
            out.put(format_args!("<td class=\"number\">{text}</td>"));
        }
        out.push("</tr>");
    }
    close_table(out);
    close(out);
}

/// Monthly returns side by side.
pub(super) fn months(out: &mut Html, runs: &[Compared<'_>]) {
    let mut rows: BTreeMap<(i64, usize), Vec<Option<f64>>> = BTreeMap::new();
    for (index, run) in runs.iter().enumerate() {
        for year in monthly::years(run.initial_equity, &run.equity) {
            // The year itself stands before its months.
            let months = year.months.iter().enumerate().map(|(month, value)| (month + 1, *value));
            for (place, value) in [(0, year.total)].into_iter().chain(months) {
                if value.is_some() {
                    let none = || vec![None; runs.len()];
                    rows.entry((year.year, place)).or_insert_with(none)[index] = value;
                }
            }
        }
    }
    open(out, "months", "Monthly returns");
    out.push(
        "<p class=\"note\">In percent. The first and the last month of a run may be parts of one.</p>\
         <div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Monthly returns\">\
         <table class=\"months months-compare\">",
    );
    head(out, "Month", runs);
    for ((year, place), values) in rows.iter().skip(rows.len().saturating_sub(MONTHS_MAX)) {
        let (class, name) = match place {
            0 => (" class=\"year\"", year.to_string()),
            month => ("", format!("{} {year}", NAMES[month - 1])),
        };
        out.put(format_args!("<tr{class}><th scope=\"row\">{name}</th>"));
        for value in values {
            cell(out, *value, "");
        }
        out.push("</tr>");
    }
    close_table(out);
    close(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Format;

    #[track_caller]
    fn check(better: Better, values: &[f64], expected: Option<f64>) {
        let values = values.iter().map(|value| Some(*value).filter(|x| !x.is_nan())).collect();
        let row = ComparedMetric { label: "", meaning: "", format: Format::Ratio, better, values };
        assert_eq!(best(&row), expected.map(f64::to_bits));
    }

    #[test]
    fn the_best_is_marked_where_there_is_one() {
        check(Better::Neither, &[1.0, 2.0], None);
        check(Better::Higher, &[], None);
        check(Better::Higher, &[2.0, 2.0], None);
        check(Better::Higher, &[-0.5, -0.2, f64::NAN], Some(-0.2));
        check(Better::Lower, &[3.0, 1.0, 1.0], Some(1.0));
        check(Better::Higher, &[f64::INFINITY, 1.0, 0.5], Some(1.0));
    }
}
