//! The walk forward: both curves, the windows below them on the same time, and what each chose.

use dirigent_core::Timestamp;

use super::{
    Walk, Window,
    draw::{self, LEFT, Scale, WIDTH},
};
use crate::{
    format::metric,
    html::{Html, Text},
    section::{close, close_table, open, open_table, stamp},
    sheet::{Curve, Format},
    thin::envelope,
};

/// Height of the curves.
const CURVES: f64 = 300.0;
/// Height of one window.
const ROW: f64 = 16.0;
/// Windows that are drawn one below the other.
const ROWS_MAX: usize = 60;
/// Windows that are listed.
const LISTED_MAX: usize = 500;
/// Points of a curve.
const POINTS_MAX: usize = 1_000;
/// Height of the ratios.
const RATIOS: f64 = 220.0;

pub(super) fn walk(out: &mut Html, walk: &Walk<'_>) {
    open(out, "walk", "Walk forward");
    out.push(
        "<p class=\"legend\"><span><i class=\"key inside\"></i>With the parameters that all bars \
         chose</span><span><i class=\"key\"></i>The tests, one after the other</span>\
         <span><i class=\"key train\"></i>Training</span><span><i class=\"key test\"></i>Test</span></p>",
    );
    curves(out, walk);
    let note = match walk.is_chosen {
        true => {
            "Growth of one unit of money. Each window searched its training anew and traded its test \
                 with what it found; what it found had seen no bar of the test."
        }
        false => {
            "Growth of one unit of money. The parameters are the same in every test, so that these \
                  figures tell of time alone."
        }
    };
    out.put(format_args!("<p class=\"note\">{note}</p>"));
    ratios(out, &walk.windows);
    table(out, &walk.windows, "Windows");
    close(out);
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn seconds(time: Timestamp) -> f64 {
    time.as_nanos() as f64 / 1e9
}

fn curves(out: &mut Html, walk: &Walk<'_>) {
    let drawn = &walk.windows[..walk.windows.len().min(ROWS_MAX)];
    let height = CURVES + 24.0 + ROW * crate::format::float(drawn.len());
    let times = walk.inside.time.iter().chain(walk.outside.time).map(|time| seconds(*time));
    let values = walk.inside.value.iter().chain(walk.outside.value).copied();
    let across = Scale::of(times, LEFT, WIDTH);
    let up = Scale::of(values, CURVES - 6.0, 6.0);
    let (Some(across), Some(up)) = (across, up) else { return };
    draw::open(out, height, "Growth in the sample and out of it, and the windows");
    for window in walk.windows.iter().step_by(2) {
        let (from, to) = (seconds(window.test.0), seconds(window.test.1));
        draw::block(out, "shade", (across.at(from), 0.0), (across.at(to), CURVES));
    }
    draw::levels(out, &up, Format::Ratio);
    line(out, "inside", walk.inside, &across, &up);
    line(out, "outside", walk.outside, &across, &up);
    years(out, walk.inside, &across);
    for (row, window) in drawn.iter().enumerate() {
        let y = CURVES + 24.0 + ROW * crate::format::float(row);
        let bar = |out: &mut Html, class: &str, (from, to): (Timestamp, Timestamp)| {
            let (from, to) = (across.at(seconds(from)), across.at(seconds(to)));
            draw::block(out, class, (from, y + 3.0), (to, y + ROW - 3.0));
        };
        if let Some(train) = window.train {
            bar(out, "train", train);
        }
        bar(out, "test", window.test);
    }
    draw::close(out);
    if drawn.len() < walk.windows.len() {
        out.put(format_args!(
            "<p class=\"note\">The first {ROWS_MAX} of {} windows are drawn.</p>",
            walk.windows.len()
        ));
    }
}

fn line(out: &mut Html, class: &str, curve: Curve<'_>, across: &Scale, up: &Scale) {
    out.put(format_args!("<path class=\"{class}\" d=\""));
    let values = &curve.value[..curve.len()];
    let known = envelope(values, POINTS_MAX).into_iter().filter(|bar| values[*bar].is_finite());
    for (at, bar) in known.enumerate() {
        let (x, y) = (across.at(seconds(curve.time[bar])), up.at(values[bar]));
        out.put(format_args!("{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" }));
    }
    out.push("\"/>");
}

/// The first bar of each year, thinned to a few.
fn years(out: &mut Html, curve: Curve<'_>, across: &Scale) {
    let mut last = None;
    let mut marks: Vec<(Timestamp, i64)> = Vec::new();
    for time in curve.time {
        let year = time.date().0;
        if last.is_some_and(|last| last != year) {
            marks.push((*time, year));
        }
        last = Some(year);
    }
    let every = marks.len().div_ceil(12).max(1);
    for (time, year) in marks.into_iter().step_by(every) {
        let x = across.at(seconds(time));
        out.put(format_args!("<path class=\"axis\" d=\"M{x:.1} 0V{CURVES}\"/>"));
        draw::text(out, (x, CURVES + 15.0), "middle", "", &year.to_string());
    }
}

/// Sharpe ratios where they were chosen, and in the test, window by window.
fn ratios(out: &mut Html, windows: &[Window]) {
    let shown = &windows[..windows.len().min(ROWS_MAX)];
    let values = shown.iter().flat_map(|window| [window.inside, window.outside]).flatten();
    let Some(up) = Scale::of(values.chain([0.0]), RATIOS - 26.0, 8.0) else { return };
    out.push("<h3>Sharpe ratio in training and in the test</h3>");
    draw::open(out, RATIOS, "Sharpe ratio in training and in the test of each window");
    draw::levels(out, &up, Format::Ratio);
    let width = (WIDTH - LEFT) / crate::format::float(shown.len().max(1));
    for (at, window) in shown.iter().enumerate() {
        let x = LEFT + width * crate::format::float(at);
        let bar = |out: &mut Html, class, value: Option<f64>, from: f64, to: f64| {
            let Some(value) = value else { return };
            let (from, to) = ((x + width * from, up.at(0.0)), (x + width * to, up.at(value)));
            draw::block(out, class, from, to);
        };
        bar(out, "bar plain", window.inside, 0.14, 0.48);
        let class = if window.outside.is_some_and(|x| x < 0.0) { "bar below" } else { "bar" };
        bar(out, class, window.outside, 0.52, 0.86);
        if shown.len() <= 20 {
            let name = (at + 1).to_string();
            draw::text(out, (x + width / 2.0, RATIOS - 6.0), "middle", "", &name);
        }
    }
    draw::close(out);
}

/// The windows, or folds, with what they chose.
pub(super) fn table(out: &mut Html, windows: &[Window], label: &str) {
    open_table(out, label, "data");
    out.push("<thead><tr><th scope=\"col\" class=\"number\">#</th>");
    let has_train = windows.iter().any(|window| window.train.is_some());
    if has_train {
        out.push("<th scope=\"col\">Training</th>");
    }
    out.push(
        "<th scope=\"col\">Test</th><th scope=\"col\">Chosen</th>\
         <th scope=\"col\" class=\"number\">Sharpe in training</th>\
         <th scope=\"col\" class=\"number\">Sharpe in the test</th></tr></thead><tbody>",
    );
    let span = |(from, to): (Timestamp, Timestamp)| {
        let is_daily = from.nanos_of_day() == 0 && to.nanos_of_day() == 0;
        format!("{} – {}", stamp(from, is_daily), stamp(to, is_daily))
    };
    for (at, window) in windows.iter().take(LISTED_MAX).enumerate() {
        out.put(format_args!("<tr><td class=\"number\">{}</td>", at + 1));
        if has_train {
            let train = window.train.map_or_else(String::new, span);
            out.put(format_args!("<td>{train}</td>"));
        }
        out.put(format_args!(
            "<td>{}</td><td><bdi>{}</bdi></td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td></tr>",
            span(window.test),
            Text::line(&window.params),
            metric(window.inside, Format::Ratio),
            metric(window.outside, Format::Ratio)
        ));
    }
    close_table(out);
}
