//! How strategies voted: the weight of each over time, and the share of all behind each side.

use dirigent_core::Timestamp;

use super::{charts::place_in, close, close_table, open, open_table};
use crate::{
    figure::{self, Line},
    format::grouped,
    html::{Html, Text},
    sheet::Curve,
};

/// Strategies that are drawn and listed.
const SHOWN_MAX: usize = 50;
/// Colors of lines.
const COLORS: [&str; 7] =
    ["line c0", "line c1", "line c2", "line c3", "line c4", "line c5", "line c6"];
const KEYS: [&str; 7] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6"];

/// How strategies voted.
#[derive(Clone, Debug)]
pub struct VotePaths<'a> {
    /// The times of votes.
    pub time: &'a [Timestamp],
    /// Each strategy with its share of the weight over time.
    pub weights: Vec<VotePath<'a>>,
    /// The share of the weight for long, the mean of all symbols.
    pub long: &'a [f64],
    /// The share of the weight for short, the mean of all symbols.
    pub short: &'a [f64],
    /// The least share that a side needs.
    pub agreement: f64,
}

/// The weight of one strategy over time.
#[derive(Clone, Copy, Debug)]
pub struct VotePath<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its share of the weight, from 0 to 1.
    pub weight: &'a [f64],
}

/// The section of an ensemble.
pub(crate) fn votes(out: &mut Html, votes: &VotePaths<'_>) {
    open(out, "votes", "Votes");
    weights(out, votes);
    let needed = vec![votes.agreement; votes.time.len()];
    let has_short = votes.short.iter().any(|share| *share > 0.0);
    let mut lines = vec![("line equity", "equity", "For long", votes.long)];
    if has_short {
        lines.push(("line c1", "c1", "For short", votes.short));
    }
    lines.push(("line benchmark", "benchmark", "Needed", &needed));
    picture(out, votes.time, &lines);
    out.put(format_args!(
        "<p class=\"note\">The share of the weight behind each side at each close, the mean of all \
         symbols; a side needs {}% of it in a symbol.</p>",
        grouped(100.0 * votes.agreement, 0)
    ));
    close(out);
}

/// The weights: a table, and their paths where they change.
fn weights<'a>(out: &mut Html, votes: &VotePaths<'a>) {
    let shown = &votes.weights[..votes.weights.len().min(SHOWN_MAX)];
    let moves =
        |path: &VotePath<'_>| path.weight.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.0);
    if shown.iter().any(moves) {
        let line = |(at, path): (usize, &VotePath<'a>)| {
            (COLORS[at % COLORS.len()], KEYS[at % KEYS.len()], path.name, path.weight)
        };
        let lines: Vec<_> = shown.iter().enumerate().map(line).collect();
        picture(out, votes.time, &lines);
        out.push("<p class=\"note\">The share of the weight that each strategy has, which follows the regime.</p>");
    }
    open_table(out, "Weights of strategies", "metrics");
    out.push(
        "<thead><tr><th scope=\"col\">Strategy</th><th scope=\"col\" class=\"number\">Least weight</th>\
         <th scope=\"col\" class=\"number\">Greatest weight</th></tr></thead><tbody>",
    );
    for path in shown {
        let least = path.weight.iter().copied().fold(f64::INFINITY, f64::min);
        let most = path.weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.put(format_args!(
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"number\">{}%</td>\
             <td class=\"number\">{}%</td></tr>",
            Text::line(path.name),
            grouped(100.0 * least, 1),
            grouped(100.0 * most, 1)
        ));
    }
    close_table(out);
}

/// A line for each of (class, class of its key, name, values).
fn picture(out: &mut Html, time: &[Timestamp], lines: &[(&'static str, &str, &str, &[f64])]) {
    out.push("<figure class=\"chart\"><p class=\"legend\">");
    for (_, key, name, _) in lines {
        let name = Text::line(name);
        out.put(format_args!("<span><i class=\"key {key}\"></i><bdi>{name}</bdi></span>"));
    }
    out.push("</p>");
    let place = |values| place_in(Curve { time, value: values });
    let places: Vec<_> = lines.iter().map(|(.., values)| place(*values)).collect();
    let drawn: Vec<Line<'_>> = lines
        .iter()
        .zip(&places)
        .map(|((class, _, _, values), place)| Line { class, place, values })
        .collect();
    figure::lines(out, &drawn);
    out.push("</figure>");
}
