//! How much was held and traded, and how the run stands against its benchmark.

use super::{
    charts::{Chart, close_chart, open_chart, place_in},
    close,
    heading::{figure, metric_tone},
    open,
};
use crate::{
    figure::{self as still, Line},
    html::{Html, Text},
    sheet::{Curve, Metric, TearSheet},
};

/// Exposure over time, and turnover.
pub(crate) fn exposure(out: &mut Html, sheet: &TearSheet<'_>) {
    let Some(exposure) = sheet.analysis.exposure else { return };
    open(out, "exposure", "Exposure and turnover");
    let has_shorts = has_shorts(sheet);
    let mut legend =
        vec![("gross", if has_shorts { "Long plus short" } else { "Invested" }, "gross")];
    legend.extend(has_shorts.then_some(("net", "Long less short", "net")));
    open_chart(out, &Chart { key: "exposure", label: "Exposure", legend: &legend });
    let curve = Curve { time: sheet.equity.time, value: exposure.gross };
    let place = place_in(curve);
    let mut lines =
        vec![Line { class: "line gross", place: &place, values: &curve.value[..curve.len()] }];
    if has_shorts {
        let values = &exposure.net[..exposure.net.len().min(curve.len())];
        lines.push(Line { class: "line net", place: &place, values });
    }
    still::lines(out, &lines);
    close_chart(out, "The value of positions at each close, as a share of the equity.", None);
    figures(out, sheet.analysis.activity, sheet.currency);
    close(out);
}

/// Whether net and gross exposure ever differ.
pub(crate) fn has_shorts(sheet: &TearSheet<'_>) -> bool {
    sheet.analysis.exposure.is_some_and(|exposure| {
        exposure.gross.iter().zip(exposure.net).any(|(gross, net)| net < gross)
    })
}

/// The run against its benchmark.
pub(crate) fn relative(out: &mut Html, sheet: &TearSheet<'_>) {
    let (Some(benchmark), false) = (&sheet.benchmark, sheet.analysis.relative.is_empty()) else {
        return;
    };
    open(out, "benchmark", "Against the benchmark");
    out.put(format_args!(
        "<p class=\"note\">The benchmark is <bdi>{}</bdi>; returns are compared bar by bar.</p>",
        Text::line(benchmark.name)
    ));
    figures(out, sheet.analysis.relative, sheet.currency);
    close(out);
}

/// Figures with their meaning under them.
fn figures(out: &mut Html, metrics: &[Metric<'_>], currency: &str) {
    if metrics.is_empty() {
        return;
    }
    out.push("<dl class=\"figures\">");
    for Metric { label, value, format, meaning, .. } in metrics {
        out.put(format_args!(
            "<div><dt>{}</dt><dd class=\"{}\">{}</dd><dd class=\"meaning\">{}</dd></div>",
            Text::line(label),
            metric_tone(*value, *format),
            figure(*value, *format, currency),
            Text::line(meaning)
        ));
    }
    out.push("</dl>");
}
