//! Still pictures for readers without JavaScript: shapes only, stretched to any width; their
//! numbers stand beside them as text.

use crate::{format::float, html::Html, thin::envelope};

/// Points of a line in a still picture.
const POINTS_MAX: usize = 400;
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 240.0;

/// A line to draw: where each value stands from 0 to 1, the values, and its class.
pub(crate) struct Line<'a> {
    /// Class that gives color and dash.
    pub(crate) class: &'static str,
    /// Place of a bar on the horizontal axis, from 0 to 1.
    pub(crate) place: &'a dyn Fn(usize) -> f64,
    /// Value of each bar.
    pub(crate) values: &'a [f64],
}

/// Lines on one common scale, as an inline SVG.
pub(crate) fn lines(out: &mut Html, lines: &[Line<'_>]) {
    let finite = || lines.iter().flat_map(|line| line.values).copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    open(out);
    for line in lines {
        out.put(format_args!("<path class=\"{}\" d=\"", line.class));
        let mut is_down = false;
        for bar in envelope(line.values, POINTS_MAX) {
            let value = line.values[bar];
            if value.is_finite() {
                let x = WIDTH * (line.place)(bar);
                let y = HEIGHT * (1.0 - share(value, low, high));
                // `h0` makes a dot of a point that stands alone.
                match is_down {
                    true => out.put(format_args!("L{x:.1} {y:.1}")),
                    false => out.put(format_args!("M{x:.1} {y:.1}h0")),
                };
            }
            is_down = value.is_finite();
        }
        out.push("\"/>");
    }
    out.push("</svg>");
}

/// Bars of the given heights, as an inline SVG; `class` names each bar's tone.
pub(crate) fn columns(out: &mut Html, heights: &[usize], class: &dyn Fn(usize) -> &'static str) {
    let highest = float(heights.iter().copied().max().unwrap_or(0).max(1));
    let width = WIDTH / float(heights.len().max(1));
    open(out);
    for (index, &count) in heights.iter().enumerate() {
        let height = HEIGHT * float(count) / highest;
        out.put(format_args!(
            "<rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            class(index),
            float(index) * width + 1.0,
            HEIGHT - height,
            (width - 2.0).max(1.0),
        ));
    }
    out.push("</svg>");
}

/// Dots at (x, y) on their own scales, zero included; gains and losses by the sign of y.
pub(crate) fn dots(out: &mut Html, points: impl Iterator<Item = (f64, f64)>) {
    let points: Vec<(f64, f64)> = points.collect();
    let nothing = (0.0_f64, 0.0_f64, 0.0_f64);
    let (right, low, high) = points
        .iter()
        .fold(nothing, |(right, low, high), (x, y)| (right.max(*x), low.min(*y), high.max(*y)));
    open(out);
    for (class, is_gain) in [("dots exit-loss", false), ("dots exit-gain", true)] {
        out.put(format_args!("<path class=\"{class}\" d=\""));
        let every = points.len().div_ceil(POINTS_MAX);
        for (x, y) in points.iter().step_by(every.max(1)).filter(|(_, y)| (*y > 0.0) == is_gain) {
            let (x, y) = (WIDTH * share(*x, 0.0, right), HEIGHT * (1.0 - share(*y, low, high)));
            out.put(format_args!("M{x:.1} {y:.1}h0"));
        }
        out.push("\"/>");
    }
    out.push("</svg>");
}

fn open(out: &mut Html) {
    out.put(format_args!(
        "<svg class=\"still\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">"
    ));
}

/// Where `value` lies between `low` and `high`; the middle when they are the same.
fn share(value: f64, low: f64, high: f64) -> f64 {
    let range = high - low;
    if range > 0.0 && range.is_finite() { (value - low) / range } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], expected: &str) {
        let count = values.len();
        let place = |bar: usize| float(bar) / float(count.max(2) - 1);
        let mut out = Html::default();
        lines(&mut out, &[Line { class: "a", place: &place, values }]);
        let page = out.finish();
        let path = page.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(path, Some(expected));
    }

    #[test]
    fn gaps_are_not_drawn_and_flat_lines_are_in_the_middle() {
        check(&[], "");
        check(&[f64::NAN], "");
        check(&[7.0], "M0.0 120.0h0");
        check(&[0.0, f64::NAN, 1.0], "M0.0 240.0h0M1000.0 0.0h0");
        check(&[f64::MIN, f64::MAX], "M0.0 120.0h0L1000.0 120.0");
    }
}
