//! How much of the differences between trials each parameter explains by itself.
//!
//! The share is the variance of the means of its parts over the variance of all (the correlation
//! ratio); what parameters do together is in none of them.

use super::{
    Searched,
    heat::Parts,
    plot::{LEFT, WIDTH, canvas_of, close},
};
use crate::{
    format::float,
    html::{Html, Text},
};

/// Parts that the values of a parameter are put into.
const PARTS_MAX: usize = 10;
/// Parameters that are listed.
const LISTED_MAX: usize = 12;

/// The share of each parameter, from 0 to 1.
pub(super) fn shares(one: &Searched) -> Vec<f64> {
    (0..one.axes.len()).map(|axis| share(one, axis)).collect()
}

fn share(one: &Searched, axis: usize) -> f64 {
    let points = || one.points.iter().filter(|p| p.goal.is_finite() && p.values[axis].is_finite());
    let count = float(points().count());
    let mean = points().map(|point| point.goal).sum::<f64>() / count;
    let all: f64 = points().map(|point| (point.goal - mean).powi(2)).sum();
    let Some(parts) = Parts::of(one, axis, PARTS_MAX) else { return 0.0 };
    let mut sums = vec![(0.0_f64, 0.0_f64); parts.count()];
    for point in points() {
        let sum = &mut sums[parts.place(point.values[axis])];
        *sum = (sum.0 + point.goal, sum.1 + 1.0);
    }
    let between = sums.iter().filter(|(_, count)| *count > 0.0);
    let between: f64 = between.map(|(sum, n)| n * (sum / n - mean).powi(2)).sum();
    if all > 0.0 { (between / all).clamp(0.0, 1.0) } else { 0.0 }
}

/// A bar for each parameter.
pub(super) fn picture(out: &mut Html, one: &Searched, shares: &[f64]) {
    if one.axes.len() < 2 || one.best().is_none() {
        return;
    }
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    let title = "How much of the differences each parameter explains by itself";
    let (left, row) = (LEFT + 90.0, 30.0);
    canvas_of(out, title, 20.0 + row * float(order.len().min(LISTED_MAX)));
    for (at, axis) in order.iter().take(LISTED_MAX).enumerate() {
        let y = 14.0 + row * float(at);
        let width = (WIDTH - left - 60.0) * shares[*axis];
        out.put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"share\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{:.0} %</text>",
            left - 8.0,
            y + row * 0.5,
            Text::cut(&one.axes[*axis].name, 22),
            width.max(1.0),
            row * 0.6,
            left + width + 6.0,
            y + row * 0.5,
            100.0 * shares[*axis],
        ));
    }
    close(
        out,
        &format!(
            "{title}: the variance of the means of up to {PARTS_MAX} parts of its values, of the \
             variance of all trials. What parameters do together is in none of them; a method that \
             learns tries good parts more often, which shifts these shares."
        ),
    );
}
