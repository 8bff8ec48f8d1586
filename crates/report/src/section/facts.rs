//! What stands behind the numbers: every metric with its meaning, the data, the configuration, and
//! how to run it again.

use super::{
    close, close_table,
    heading::{figure, metric_tone},
    open, open_table,
};
use crate::{
    format::{float, grouped},
    html::{Html, Text},
    sheet::{Metric, Source, TearSheet},
};

/// Most metrics shown.
const METRICS_MAX: usize = 200;
/// Most sources of data shown.
const SOURCES_MAX: usize = 200;
/// Longest configuration shown, in characters.
const CONFIG_CHARS_MAX: usize = 30_000;

/// All metrics with their meaning.
pub(crate) fn metrics(out: &mut Html, metrics: &[Metric<'_>], currency: &str) {
    open(out, "metrics", "All metrics");
    open_table(out, "All metrics", "metrics");
    out.push(
        "<thead><tr><th scope=\"col\">Metric</th><th scope=\"col\" class=\"number\">Value</th>\
         <th scope=\"col\">Meaning</th></tr></thead><tbody>",
    );
    for Metric { key, label, value, format, meaning, headline: _ } in
        metrics.iter().take(METRICS_MAX)
    {
        out.put(format_args!(
            "<tr><th scope=\"row\"><bdi>{}</bdi> <code>{}</code></th><td class=\"number {}\">{}</td>\
             <td><bdi>{}</bdi></td></tr>",
            Text::line(label),
            Text::line(key),
            metric_tone(*value, *format),
            figure(*value, *format, currency),
            Text::line(meaning)
        ));
    }
    close_table(out);
    close(out);
}

/// Where the data came from.
pub(crate) fn provenance(out: &mut Html, sources: &[Source<'_>]) {
    open(out, "data", "Data");
    if sources.is_empty() {
        out.push("<p class=\"empty\">No source was recorded.</p>");
        return close(out);
    }
    open_table(out, "Sources of the data", "data");
    out.push(
        "<thead><tr><th scope=\"col\">Source</th><th scope=\"col\" class=\"number\">Rows</th>\
         <th scope=\"col\">Adjustment</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>",
    );
    for Source { name, sha256, rows, adjustment } in sources.iter().take(SOURCES_MAX) {
        out.put(format_args!(
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"number\">{}</td>\
             <td><bdi>{}</bdi></td><td><code>{}</code></td></tr>",
            Text::line(name),
            grouped(float(usize::try_from(*rows).unwrap_or(usize::MAX)), 0),
            Text::line(adjustment),
            Text::line(sha256)
        ));
    }
    close_table(out);
    if sources.len() > SOURCES_MAX {
        out.put(format_args!(
            "<p class=\"note\">The first {SOURCES_MAX} of {}.</p>",
            sources.len()
        ));
    }
    close(out);
}

/// The resolved configuration.
pub(crate) fn config(out: &mut Html, config: &str) {
    open(out, "config", "Configuration");
    out.put(format_args!(
        "<pre class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Configuration\">{}</pre>",
        Text::cut(config, CONFIG_CHARS_MAX)
    ));
    if config.chars().nth(CONFIG_CHARS_MAX).is_some() {
        let shown = grouped(float(CONFIG_CHARS_MAX), 0);
        out.put(format_args!("<p class=\"note\">The first {shown} characters.</p>"));
    }
    close(out);
}

/// How to get the same page again.
pub(crate) fn reproduce(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "reproduce", "Reproduce");
    out.put(format_args!(
        "<p>The same file, seed and data give the same digest on any machine:</p>\
         <pre class=\"scroll command\" tabindex=\"0\" role=\"region\" aria-label=\"Command\">\
         <code id=\"command\">{}</code></pre><p class=\"digest\">Digest <code>{}</code></p>",
        Text::cut(sheet.reproduce, 1_000),
        Text::line(sheet.digest)
    ));
    close(out);
}
