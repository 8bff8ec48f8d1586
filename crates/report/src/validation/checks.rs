//! The pictures of all other checks: folds and paths, what could have happened, neighbors, stress, luck.

use super::{
    Drawn, Stress, Surface, ValidationPage,
    draw::{self, LEFT, Scale, WIDTH},
    walk,
};
use crate::{
    format::{float, metric},
    histogram::histogram,
    html::{Html, Text},
    section::{close, close_table, count, open, open_table},
    sheet::Format,
};

/// Height of a histogram.
const HEIGHT: f64 = 420.0;
/// Height of one bar of stress.
const BAR: f64 = 34.0;
/// Height of one row of neighbors.
const CELL: f64 = 44.0;

pub(super) fn folds(out: &mut Html, page: &ValidationPage<'_>) {
    if page.folds.is_empty() && page.paths.is_empty() {
        return;
    }
    open(out, "folds", "Folds and paths");
    if !page.folds.is_empty() {
        out.push(
            "<p class=\"note\">Chosen among the trials on all other folds, measured on the fold: \
             here the future helps to choose, the walk forward is stricter.</p>",
        );
        walk::table(out, &page.folds, "Folds");
    }
    if !page.paths.is_empty() {
        let lost = page.paths.iter().filter(|sharpe| **sharpe <= 0.0).count();
        out.put(format_args!(
            "<h3>Sharpe ratios of {}, {lost} of them at zero or below</h3>",
            count(page.paths.len(), "path")
        ));
        dots(out, page.paths);
    }
    close(out);
}

/// Each value as a mark on one line.
fn dots(out: &mut Html, values: &[f64]) {
    let ends = values.iter().copied().chain([0.0]);
    let Some(across) = Scale::of(ends, LEFT, WIDTH - 40.0) else { return };
    draw::open(out, 70.0, "Sharpe ratios of the paths");
    let zero = across.at(0.0);
    out.put(format_args!("<path class=\"axis\" d=\"M{LEFT} 24H{WIDTH}\"/>"));
    out.put(format_args!("<path class=\"zero\" d=\"M{zero:.1} 6V42\"/>"));
    for value in values {
        out.put(format_args!(
            "<circle class=\"mark\" cx=\"{:.1}\" cy=\"24\" r=\"6\"/>",
            across.at(*value)
        ));
    }
    draw::numbers(out, &across, 62.0, Format::Ratio);
    draw::close(out);
}

pub(super) fn drawn(out: &mut Html, all: &[Drawn<'_>]) {
    if all.is_empty() {
        return;
    }
    open(out, "drawn", "What could have happened");
    out.push(
        "<p class=\"note\">Dark bins lie in the interval, the strong line is what happened. Returns are \
         drawn in blocks; shuffled trades are the same trades in other orders, so that only falls and \
         streaks move.</p><div class=\"trio\">",
    );
    for one in all {
        out.put(format_args!("<figure><h3>{}</h3>", one.label));
        distribution(out, one);
        out.put(format_args!("<figcaption>{}</figcaption></figure>", words(one)));
    }
    out.push("</div>");
    close(out);
}

fn words(one: &Drawn<'_>) -> String {
    let print = |value: f64| metric(Some(value), one.format);
    let mut words = match one.interval {
        Some((low, high)) => format!("{} to {}", print(low), print(high)),
        None => "No interval".to_owned(),
    };
    if let Some(actual) = one.actual {
        words += &format!("; it was {}", print(actual));
    }
    words + "."
}

fn distribution(out: &mut Html, one: &Drawn<'_>) {
    let Some(bins) = histogram(&mut one.values.to_vec()) else { return };
    let last = bins.edge(bins.counts.len());
    let ends = [bins.edge(0), last].into_iter().chain(one.actual);
    let Some(across) = Scale::of(ends, 10.0, WIDTH - 10.0) else { return };
    let most = float(bins.counts.iter().copied().max().unwrap_or(1).max(1));
    let floor = HEIGHT - 48.0;
    draw::open(out, HEIGHT, one.label);
    for (bin, found) in bins.counts.iter().enumerate() {
        let (from, to) = (bins.edge(bin), bins.edge(bin + 1));
        let middle = f64::midpoint(from, to);
        let is_within = one.interval.is_some_and(|(low, high)| (low..=high).contains(&middle));
        let class = if is_within { "bin within" } else { "bin" };
        let top = floor - (floor - 10.0) * float(*found) / most;
        draw::block(out, class, (across.at(from) + 1.0, floor), (across.at(to) - 1.0, top));
    }
    if let Some(actual) = one.actual {
        let x = across.at(actual);
        out.put(format_args!("<path class=\"actual\" d=\"M{x:.1} 4V{floor}\"/>"));
    }
    for tick in across.ticks() {
        let text = draw::short(tick, one.format);
        out.put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            across.at(tick),
            HEIGHT - 10.0
        ));
    }
    draw::close(out);
}

pub(super) fn surface(out: &mut Html, surface: &Surface<'_>) {
    open(out, "neighbors", "Neighbors of the parameters");
    let (name, columns) = &surface.across;
    let (down, rows) = match &surface.down {
        Some((name, values)) => (Some(*name), values.clone()),
        None => (None, vec![f64::NAN]),
    };
    let top = 30.0;
    let height = top + CELL * float(rows.len()) + 24.0;
    let width = (WIDTH - LEFT) / float(columns.len().max(1));
    let found = surface.scores.iter().flatten().copied().filter(|score| score.is_finite());
    let most = found.fold(0.0_f64, |most, score| most.max(score.abs())).max(1e-12);
    draw::open(out, height, "Sharpe ratio of the neighbors");
    for (column, value) in columns.iter().enumerate() {
        let x = LEFT + width * (float(column) + 0.5);
        draw::text(out, (x, 20.0), "middle", "", &number(*value));
    }
    for (row, value) in rows.iter().enumerate() {
        let y = top + CELL * float(row);
        if down.is_some() {
            draw::text(out, (LEFT - 8.0, y + CELL / 2.0 + 4.5), "end", "", &number(*value));
        }
        for column in 0..columns.len() {
            let x = LEFT + width * float(column);
            let score = surface.scores.get(row * columns.len() + column).copied().flatten();
            cell(out, (x, y), (width, CELL), score, most);
            if surface.center == (column, row) {
                draw::block(out, "chosen", (x + 2.0, y + 2.0), (x + width - 2.0, y + CELL - 2.0));
            }
        }
    }
    draw::close(out);
    let down =
        down.map_or_else(String::new, |down| format!(", down: <bdi>{}</bdi>", Text::line(down)));
    out.put(format_args!(
        "<p class=\"note\">Sharpe ratio; across: <bdi>{}</bdi>{down}. The chosen point has a frame. \
         {}</p>",
        Text::line(name),
        Text::cut(&surface.note, 400)
    ));
    close(out);
}

fn cell(
    out: &mut Html,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    score: Option<f64>,
    most: f64,
) {
    let text = metric(score, Format::Ratio);
    let (class, opacity) = match score {
        None => ("none", 1.0),
        Some(score) if score < 0.0 => ("heat below", 0.1 + 0.6 * -score / most),
        Some(score) => ("heat", 0.1 + 0.6 * score / most),
    };
    out.put(format_args!(
        "<rect class=\"{class}\" fill-opacity=\"{opacity:.2}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
         height=\"{:.1}\"/>",
        x + 1.0,
        y + 1.0,
        width - 2.0,
        height - 2.0
    ));
    draw::text(out, (x + width / 2.0, y + height / 2.0 + 4.5), "middle", "strong", &text);
}

/// A parameter as it is written.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn stress(out: &mut Html, all: &[Stress]) {
    if all.is_empty() {
        return;
    }
    open(out, "stress", "Higher costs, later decisions");
    out.push("<p class=\"note\">Sharpe ratio of the whole run.</p><div class=\"pair\">");
    for stress in all {
        out.put(format_args!("<figure><h3>{}</h3>", stress.title));
        bars(out, stress);
        out.push("</figure>");
    }
    out.push("</div>");
    close(out);
}

fn bars(out: &mut Html, stress: &Stress) {
    const NAMES: f64 = 250.0;
    const PLACE: f64 = 120.0;
    let values = stress.bars.iter().filter_map(|(_, value)| *value).chain([0.0]);
    let Some(across) = Scale::of(values, NAMES + PLACE, WIDTH - PLACE) else { return };
    draw::open(out, 1.6 * BAR * float(stress.bars.len()), stress.title);
    for (row, (name, value)) in stress.bars.iter().enumerate() {
        let y = 1.6 * BAR * float(row);
        let base = y + BAR * 0.85;
        out.put(format_args!("<text x=\"0\" y=\"{base:.1}\">{}</text>", Text::line(name)));
        let Some(value) = value else { continue };
        let (zero, end) = (across.at(0.0), across.at(*value));
        let class = match (row, *value < 0.0) {
            (_, true) => "bar below",
            (0, false) => "bar plain",
            (_, false) => "bar",
        };
        draw::block(out, class, (zero.min(end), y + 4.0), (zero.max(end), y + BAR));
        let (x, anchor) = if *value < 0.0 { (end - 8.0, "end") } else { (end + 8.0, "start") };
        out.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{base:.1}\" text-anchor=\"{anchor}\">{}</text>",
            metric(Some(*value), Format::Ratio)
        ));
    }
    draw::close(out);
}

pub(super) fn luck(out: &mut Html, page: &ValidationPage<'_>) {
    if page.luck.is_empty() {
        return;
    }
    open(out, "luck", "Is it luck?");
    open_table(out, "Figures of luck", "metrics");
    out.push("<tbody>");
    for (label, value, meaning) in &page.luck {
        out.put(format_args!(
            "<tr><th scope=\"row\">{label}</th><td class=\"number\">{}</td><td>{meaning}</td></tr>",
            Text::line(value)
        ));
    }
    close_table(out);
    if !page.logits.is_empty() {
        out.push("<h3>Where the best of one half of the time stands in the other</h3>");
        logits(out, page.logits);
        out.push(
            "<p class=\"note\">Logit of its rank among all trials: above zero it is better than the \
             median, at zero or below (red) it is not, which counts as overfitting.</p>",
        );
    }
    close(out);
}

fn logits(out: &mut Html, values: &[f64]) {
    let Some(bins) = histogram(&mut values.to_vec()) else { return };
    let ends = [bins.edge(0), bins.edge(bins.counts.len()), 0.0];
    let Some(across) = Scale::of(ends.into_iter(), LEFT, WIDTH - 10.0) else { return };
    let most = float(bins.counts.iter().copied().max().unwrap_or(1).max(1));
    let (height, floor) = (200.0, 172.0);
    draw::open(out, height, "Logits of the ranks");
    for (bin, found) in bins.counts.iter().enumerate() {
        let (from, to) = (bins.edge(bin), bins.edge(bin + 1));
        let class = if to <= 1e-12 { "bin bad" } else { "bin within" };
        let top = floor - (floor - 8.0) * float(*found) / most;
        draw::block(out, class, (across.at(from) + 1.0, floor), (across.at(to) - 1.0, top));
    }
    let zero = across.at(0.0);
    out.put(format_args!("<path class=\"actual\" d=\"M{zero:.1} 4V{floor}\"/>"));
    draw::numbers(out, &across, 194.0, Format::Ratio);
    draw::close(out);
}
