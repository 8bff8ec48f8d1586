//! Days that were searched beside days that nobody has searched.

use super::{close, close_table, heading::figure, open, open_table};
use crate::{
    html::{Html, Text},
    sheet::Metric,
};

/// Metrics that are set side by side.
const KEYS: [&str; 10] = [
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "trades",
    "win_rate",
    "exposure",
];

/// What the same settings came to on the days that they were found on.
#[derive(Clone, Copy, Debug)]
pub struct InSample<'a> {
    /// Its first day and its last, and those of the sheet.
    pub days: [&'a str; 4],
    /// The figures, in the order of the sheet's metrics.
    pub values: &'a [Option<f64>],
}

/// The figures side by side.
pub(crate) fn sample(out: &mut Html, of: &InSample<'_>, metrics: &[Metric<'_>], currency: &str) {
    open(out, "sample", "In sample and out of sample");
    let [from, to, first, last] = of.days.map(Text::line);
    out.put(format_args!(
        "<p>Found on {from} to {to}; tested on {first} to {last}, which no search has seen.</p>"
    ));
    open_table(out, "In sample and out of sample", "metrics");
    out.push(
        "<thead><tr><th scope=\"col\">Metric</th><th scope=\"col\" class=\"number\">In sample</th>\
         <th scope=\"col\" class=\"number\">Out of sample</th></tr></thead><tbody>",
    );
    let both = metrics.iter().zip(of.values.iter().copied().chain(std::iter::repeat(None)));
    for (Metric { key, label, value, format, .. }, before) in both {
        if KEYS.contains(key) {
            out.put(format_args!(
                "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"number\">{}</td>\
                 <td class=\"number\">{}</td></tr>",
                Text::line(label),
                figure(before, *format, currency),
                figure(*value, *format, currency),
            ));
        }
    }
    close_table(out);
    close(out);
}
