//! The best trials as lines over all parameters: where they agree, a parameter matters.

use std::fmt::Write as _;

use super::{
    SearchPoint, Searched,
    plot::{BOTTOM, HEIGHT, TOP, WIDTH, canvas, close, share, short},
    span,
};
use crate::{
    format::float,
    html::{Html, Text},
};

/// Lines of the picture.
const LINES_MAX: usize = 60;
/// Parameters of the picture.
const AXES_MAX: usize = 9;
const EDGE: f64 = 46.0;

/// The best trials.
pub(super) fn parallel(out: &mut Html, one: &Searched) {
    let axes = one.axes.len().min(AXES_MAX);
    let mut top: Vec<&SearchPoint> =
        one.points.iter().filter(|point| point.goal.is_finite()).collect();
    if axes < 2 || top.len() < 2 {
        return;
    }
    top.sort_by(|a, b| b.goal.total_cmp(&a.goal).then(a.trial.cmp(&b.trial)));
    top.truncate(LINES_MAX.min(top.len().div_ceil(2)));
    let values = |point: &SearchPoint, axis: usize| {
        if axis == axes { point.goal } else { point.values[axis] }
    };
    // A parameter spans all that was tried, the goal what the best reached.
    let spans: Vec<(f64, f64)> = (0..=axes)
        .map(|axis| match axis == axes {
            true => span(top.iter().map(|point| point.goal)),
            false => span(one.points.iter().map(|point| point.values[axis])),
        })
        .map(|ends| ends.unwrap_or((0.0, 1.0)))
        .collect();
    let x = |axis: usize| EDGE + (WIDTH - 2.0 * EDGE) * float(axis) / float(axes);
    let y = |axis: usize, value: f64| {
        TOP + 16.0 + (HEIGHT - TOP - BOTTOM - 16.0) * (1.0 - share(value, spans[axis]))
    };
    let title = format!("The best {} trials over all parameters", top.len());
    canvas(out, &title);
    for (rank, point) in top.iter().enumerate().rev() {
        let mut path = String::new();
        for axis in (0..=axes).filter(|axis| values(point, *axis).is_finite()) {
            let mark = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{mark}{:.1} {:.1}", x(axis), y(axis, values(point, axis)));
        }
        let class = if rank == 0 { "way first" } else { "way" };
        out.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }
    for (axis, (low, high)) in spans.iter().enumerate() {
        let own = one.axes.get(axis).filter(|_| axis < axes);
        let text = |value: f64| own.map_or_else(|| short(value), |own| own.text(value));
        let at = x(axis);
        out.put(format_args!(
            "<path class=\"axis\" d=\"M{at:.1} {:.1}V{:.1}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"name\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            TOP + 16.0,
            HEIGHT - BOTTOM,
            TOP + 8.0,
            Text::cut(&text(*high), 12),
            HEIGHT - BOTTOM + 14.0,
            Text::cut(&text(*low), 12),
            HEIGHT - 8.0,
            Text::cut(own.map_or(&one.goal, |own| &own.name), 16),
        ));
    }
    let more = one.axes.len() - axes;
    let left_out =
        if more > 0 { format!(" {more} more parameters are not drawn.") } else { String::new() };
    close(
        out,
        &format!(
            "{title}, each axis from the least to the greatest value that was tried. Where the lines \
             gather, a parameter matters; where they cross all over, it does not. The thick line is \
             the best.{left_out}"
        ),
    );
}
